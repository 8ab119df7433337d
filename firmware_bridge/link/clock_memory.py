"""What is known of a sensor's clock, on the disk, so that a new start of the program does not begin with nothing."""

from __future__ import annotations

import json
import logging
import math
import os
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import numpy as np

from firmware_bridge.recordings.durable import sync_folder
from firmware_bridge.time_base.envelope import UNKNOWN, Rate

if TYPE_CHECKING:
    from pathlib import Path

    from firmware_bridge.devices.driver import Packet, SensorClock

__all__ = ["ClockMemory"]

logger = logging.getLogger(__name__)

BOOTS_KEPT = 8
"""A log seldom reaches over more starts of the sensor; what does is placed by the time the sensor was told."""

LOG_BOOTS = 8
ANCHORS_KEPT = 256
SAME_CLOCK_S, SAME_CLOCK_FRACTION = 1.0, 0.001
"""So far may two anchors of one boot be apart: a late notification, and a crystal."""

MICROSECONDS = 1e6


class ClockMemory:
    """A small file beside the recordings.

    Without it a log that was being fetched when the program was killed, or the sensor started anew, would be placed a
    second time by a clock that has only just been seen, or was set by the host: some ms off or more, enough to double
    or lose samples where two blocks meet. And without the clock's rate, which is the crystal's and so the same in every
    boot, the first minutes of each start would be some ms off.

    Parameters
    ----------
    path
        The file; it need not be there yet. None to keep nothing from one start of the program to the next.

    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._sensor, self._rate = "", UNKNOWN
        self._boots = self._read()

    def rate_of(self, sensor: str) -> Rate:
        """Return what was kept of the rate of a sensor's clock, by the sensor's address."""
        return self._rate if sensor == self._sensor else UNKNOWN

    def learn(self, sensor: str, rate: Rate) -> None:
        """Take what is known of the rate of a sensor's clock; the next `keep` puts it on the disk."""
        self._sensor, self._rate = sensor, rate

    def load(self, boot: int | None) -> list[tuple[float, float]]:
        """Return what was kept of a boot of the sensor: times on its clock, and UTC, in s; nothing for an unknown."""
        return [] if boot is None else list(self._boots.get(boot, ()))

    def keep(self, boot: int | None, points: list[tuple[float, float]]) -> None:
        """Keep what is known of a boot, and of the rate; a crash leaves the old or the new file."""
        if boot is not None and points:
            self._boots.pop(boot, None)
            self._boots[boot] = points
        elif self._rate.learnt_s == 0:
            return
        while len(self._boots) > BOOTS_KEPT:
            del self._boots[next(iter(self._boots))]
        if self._path is not None:
            self._write(self._path)

    def anchor(self, packet: Packet, clock: SensorClock, utc_s: float) -> bool:
        """Keep what the log says of the sensor's clock before its samples, where the packet says it; tell whether.

        What was placed by earlier anchors is placed the same again. Such a log counts boots modulo 8: of those that
        were kept only the one before can be told.
        """
        boot = packet.fields.get("log_boot")
        if not isinstance(boot, int) or packet.ticks is None or packet.acc is not None or packet.gyr is not None:
            return False
        for other in [one for one in self._boots if one not in {boot, (boot - 1) % LOG_BOOTS}]:
            del self._boots[other]
        at_s = packet.ticks / clock.tick_hz
        points = self.load(boot)
        if points and not _goes_on(points[-1], at_s, utc_s):
            points = []
        self.keep(boot, [*points, (at_s, utc_s)][-ANCHORS_KEPT:])
        return True

    def timed(self, packet: Packet, clock: SensorClock) -> Packet:
        """Return a packet of the log with the UTC time of its ticks, where its boot is known; else as it is.

        The ticks may be unwrapped or not.
        """
        boot = packet.fields.get("boot_id", packet.fields.get("log_boot"))
        known = self._boots.get(boot) if isinstance(boot, int) else None
        if packet.ticks is None or not known:
            return packet
        wrap_s = 2.0**clock.ticks_bits / clock.tick_hz
        device_s = packet.ticks / clock.tick_hz
        device_s += wrap_s * round((known[-1][0] - device_s) / wrap_s)
        at_s, utc_s = np.array(known).T
        # Straight between what is known, at the sensor's own rate outside.
        time_s = device_s + float(np.interp(device_s, at_s, utc_s - at_s))
        return replace(packet, fields={**packet.fields, "utc_us": round(time_s * MICROSECONDS)})

    def _read(self) -> dict[int, list[tuple[float, float]]]:
        if self._path is None or not self._path.exists():
            return {}
        try:
            kept = json.loads(self._path.read_text())
            boots = {
                int(one["boot"]): [(float(device_s), float(utc_s)) for device_s, utc_s in one["points"]]
                for one in kept["boots"]
            }
            self._rate = Rate(_finite(kept["slope"]), _finite(kept["learnt_s"]))
            self._sensor = str(kept["sensor"])
        except (OSError, ValueError, TypeError, KeyError) as error:
            logger.warning("%s cannot be read (%s); the sensor's clock is learnt anew", self._path, error)
            return {}
        return boots

    def _write(self, path: Path) -> None:
        fresh = path.with_suffix(".new")
        boots = [{"boot": boot, "points": points} for boot, points in self._boots.items()]
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with fresh.open("w") as file:
                json.dump({"sensor": self._sensor, **asdict(self._rate), "boots": boots}, file)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(path)
            sync_folder(path.parent)
        except OSError as error:
            logger.warning("%s cannot be written (%s)", path, error)


def _finite(value: float) -> float:
    """Return a number.

    Raises
    ------
    ValueError
        It is none: JSON as Python reads it knows NaN.

    """
    if not math.isfinite(value):
        raise ValueError(f"{value} is not a number")
    return float(value)


def _goes_on(last: tuple[float, float], at_s: float, utc_s: float) -> bool:
    """Return whether an anchor is of the same boot as the last one: its clock went on as time did."""
    device_s, host_s = at_s - last[0], utc_s - last[1]
    return device_s >= 0 and abs(host_s - device_s) <= SAME_CLOCK_S + SAME_CLOCK_FRACTION * device_s
