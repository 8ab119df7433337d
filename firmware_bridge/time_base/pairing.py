"""Accelerometer and gyroscope packets of a sensor that sends neither times nor numbers, put together again."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from firmware_bridge.devices.driver import Packet

__all__ = ["Pairing"]

STEADY_PACKETS = 40
"""A change in how far the one is ahead of the other that stays for so many packets is no chance: some were lost."""


class Pairing:
    """Joins packets of the accelerometer with those of the gyroscope by their order.

    Both are sampled together and sent in turn, and Bluetooth keeps the order; so the nth of the one belongs to the nth
    of the other. Clocks of their own would drift apart by as much as is not known of either.

    Attributes
    ----------
    unpaired
        Accelerometer samples left out since the gyroscope's were lost.

    """

    def __init__(self) -> None:
        self.unpaired = 0
        self._begin()

    def _begin(self) -> None:
        self._acc: deque[Packet] = deque()
        self._gyr: deque[Packet] = deque()
        self._began = False
        self._ahead = 0
        self._recent: deque[int] = deque(maxlen=STEADY_PACKETS)
        self._usual: int | None = None

    def push(self, packet: Packet) -> Packet | None:
        """Return the whole packet that this one completes, if it does."""
        (self._gyr if packet.acc is None else self._acc).append(packet)
        if not self._began:
            self._begin_together()
        else:
            self._ahead += 1 if packet.acc is None else -1
            self._look_for_loss()
        if not (self._acc and self._gyr):
            return None
        acc, gyr = self._acc.popleft(), self._gyr.popleft()
        if acc.acc is None or gyr.gyr is None:
            return None
        n = min(len(acc.acc), len(gyr.gyr))
        self.unpaired += len(acc.acc) - n
        return replace(acc, acc=acc.acc[:n], gyr=gyr.gyr[:n])

    def flush(self) -> None:
        """Give up what waits; the connection has ended."""
        self._drop_acc(len(self._acc))
        self._begin()

    def _begin_together(self) -> None:
        """Leave out what one of them sent before the other was switched on."""
        if self._acc and self._gyr:
            self._drop_acc(len(self._acc) - 1)
            self._drop_gyr(len(self._gyr) - 1)
            self._began = True

    def _look_for_loss(self) -> None:
        """Find out by how many packets the one has fallen behind, and leave out as many of the other."""
        self._recent.append(self._ahead)
        if len(self._recent) < STEADY_PACKETS:
            return
        if self._usual is None:
            self._usual = max(self._recent)
        surplus = max(self._recent) - self._usual
        if surplus == 0 or surplus > len(self._gyr) or -surplus > len(self._acc):
            return
        self._drop_gyr(surplus)
        self._drop_acc(-surplus)
        self._ahead -= surplus
        self._recent.clear()

    def _drop_acc(self, n: int) -> None:
        for _ in range(n):
            dropped = self._acc.popleft().acc
            self.unpaired += 0 if dropped is None else len(dropped)

    def _drop_gyr(self, n: int) -> None:
        for _ in range(n):
            self._gyr.popleft()
