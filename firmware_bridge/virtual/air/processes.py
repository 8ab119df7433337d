"""Hosts in processes of their own: the sensors live on when a host is killed.

The process with the air opens a Unix socket; whoever calls there has a radio of its own in the air and speaks HCI with
it, as with a Bluetooth adapter on a serial line. Both processes run on a `SharedLoop`, whose clocks agree.
"""

from __future__ import annotations

import asyncio
import selectors
import time
from typing import TYPE_CHECKING

from bumble.transport.common import StreamPacketSink, StreamPacketSource
from bumble.transport.unix import open_unix_client_transport

from firmware_bridge.virtual.air.air import CENTRAL_ADDRESS
from firmware_bridge.virtual.air.backend import DEFAULT_MTU, bumble_backends
from firmware_bridge.virtual.air.controller import attach_controller, device_over

if TYPE_CHECKING:
    from pathlib import Path

    from bleak.backends.client import BaseBleakClient
    from bleak.backends.scanner import BaseBleakScanner

    from firmware_bridge.virtual.air.air import Air

__all__ = ["SharedLoop", "backends_over", "open_to_hosts"]


class _Selector(selectors.DefaultSelector):
    """A selector that waits a fraction of the time, or, while time is skipped, not at all."""

    def __init__(self, zero_s: float, speed: float) -> None:
        super().__init__()
        self.zero_s = zero_s
        self.speed = speed
        self.skips_until_s = 0.0

    def now_s(self) -> float:
        return self.speed * (time.monotonic() - self.zero_s)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout <= 0:
            return super().select(timeout)
        skipped_s = min(timeout, self.skips_until_s - self.now_s())
        if skipped_s <= 0:
            return super().select(timeout / self.speed)
        ready = super().select(0)
        if not ready:
            self.zero_s -= skipped_s / self.speed
        return ready


class SharedLoop(asyncio.SelectorEventLoop):
    """An event loop with a clock that several processes of one computer can read alike.

    Parameters
    ----------
    zero_s
        When it read 0, by `time.monotonic` (which all processes of a computer share).
    speed
        Its seconds a real second.

    """

    def __init__(self, zero_s: float, speed: float = 1.0) -> None:
        self._shared = _Selector(zero_s, speed)
        super().__init__(self._shared)

    @property
    def zero_s(self) -> float:
        """When this clock read 0; for the loop of another process, as long as nothing is skipped."""
        return self._shared.zero_s

    def time(self) -> float:
        """Return seconds since `zero_s`, by this clock."""
        return self._shared.now_s()

    async def skip(self, seconds: float) -> None:
        """Let time pass as fast as the processor allows; only while no other process shares the clock."""
        self._shared.skips_until_s = self.time() + seconds
        await asyncio.sleep(seconds)


class _ToHost(StreamPacketSink):
    """Passes packets to a host, as long as it is there."""

    def on_packet(self, packet: bytes) -> None:
        if not self.transport.is_closing():
            super().on_packet(packet)


class _Caller(StreamPacketSource):
    """A host on the socket, with a radio in the air until the socket ends."""

    def __init__(self, air: Air) -> None:
        super().__init__()
        self._air = air

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.WriteTransport):
            raise TypeError("a host is expected on a stream")
        self._radio = attach_controller(self._air, self._air, "host", self, _ToHost(transport))

    def connection_lost(self, _error: Exception | None) -> None:
        self._radio.host = None
        self._air.remove(self._radio)
        self.on_transport_lost()


async def open_to_hosts(air: Air, path: Path) -> asyncio.Server:
    """Let hosts of other processes into the air; a host whose process ends is out of it at once.

    Parameters
    ----------
    air
        Of this process.
    path
        Unix socket, to be made.

    """
    return await asyncio.get_running_loop().create_unix_server(lambda: _Caller(air), path)


async def backends_over(path: Path, mtu: int = DEFAULT_MTU) -> tuple[type[BaseBleakScanner], type[BaseBleakClient]]:
    """Return bleak backends for the air of another process.

    Parameters
    ----------
    path
        Its socket.
    mtu
        What the host asks for on connecting.

    """
    source, sink = await open_unix_client_transport(str(path))
    central = device_over(source, sink, "central", CENTRAL_ADDRESS)
    await central.power_on()
    return bumble_backends(central, mtu)
