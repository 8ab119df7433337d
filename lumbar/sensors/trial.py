"""How the link to a sensor does: rate, loss, jitter and latency over some seconds."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np

from config.errors import SensorError
from firmware_bridge.link.radio import LINK_ERRORS
from firmware_bridge.link.require import require_serial
from firmware_bridge.link.scanner import SensorScanner
from firmware_bridge.time_base.envelope import hull_slope
from firmware_bridge.time_base.stream import SampleStream
from lumbar.sensors.chosen import driver_of
from lumbar.sensors.documents import SensorTestReport, Spread
from lumbar.sensors.visit import Visit, find, visit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from config.known_sensors import KnownSensor
    from firmware_bridge.devices.driver import Packet
    from firmware_bridge.link.radio import Radio
    from firmware_bridge.link.scanner import Sighting

__all__ = ["try_sensor"]

FIRST_SAMPLE_S = 10.0
LOOK_EVERY_S = 1.0
MOMENT_S = 1e-3
"""Less than this is not waited for: the loop's clock might not feel it."""

SETTLE_S = 2.0
"""At first the clock fit moves much, and some sensors still send at another rate: latencies from then do not count."""


class _Trial(Visit):
    """Takes the account of what comes."""

    def __init__(self, sensor: KnownSensor, sighting: Sighting, utc_now: Callable[[], float]) -> None:
        driver, values = driver_of(sensor)
        super().__init__(driver)
        self.settings = values
        self.streaming = asyncio.Event()
        self.began_s = 0.0
        self.ended_s: float | None = None
        self._sensor = sensor
        self._sighting = sighting
        self._loop = asyncio.get_running_loop()
        now_s = self._loop.time()
        self._utc_offset_s = utc_now() - now_s
        has_gyroscope = driver.resolution(self.settings).gyr_rad_s is not None
        self._stream = SampleStream(
            driver.clock, self.settings["rate_hz"], now_s, now_s + self._utc_offset_s, gyroscope=has_gyroscope
        )
        self._arrivals_s: list[float] = []
        self._newest: list[tuple[float, float]] = []
        """Time of the newest sample of each arrival, and of the arrival, both on the loop's clock or near it."""
        self._samples_n = 0
        self._broke = False
        self._notifications_before = 0

    def take(self, packet: Packet, arrival_s: float) -> None:
        if self.ended_s is not None:
            return
        super().take(packet, arrival_s)
        if packet.acc is None and packet.gyr is None:
            return
        if not self.streaming.is_set():
            self.began_s = arrival_s
            self._notifications_before = self.notifications - 1
            self.streaming.set()
        if not self._arrivals_s or arrival_s > self._arrivals_s[-1]:
            self._arrivals_s.append(arrival_s)
        chunks = self._stream.push(packet, arrival_s)
        if self.driver.clock is None:
            # Its samples are its clock; the stream takes half a minute to find their rate.
            values = packet.gyr if packet.acc is None else packet.acc
            self._samples_n += 0 if values is None else len(values)
            newest_s = self._samples_n / self.settings["rate_hz"]
        elif chunks:
            newest_s = float(chunks[-1].time[-1]) - self._utc_offset_s
        else:
            return
        if arrival_s >= self.began_s + SETTLE_S:
            self._newest.append((newest_s, arrival_s))

    def count(self, characteristic: str, data: bytes) -> None:
        if self.ended_s is None:
            super().count(characteristic, data)

    def end(self) -> None:
        """Take the samples that are held, and no more."""
        self.ended_s = self._loop.time()
        self._broke = self.gone.is_set()
        self._stream.flush()

    def report(self) -> SensorTestReport:
        """Return the account so far."""
        now_s = self.ended_s or self._loop.time()
        duration_s = now_s - self.began_s
        total = self._stream.ledger.total
        notifications = self.notifications - self._notifications_before
        intervals_s = np.diff(self._arrivals_s)
        return SensorTestReport(
            sensor=self._sensor.name,
            duration_s=duration_s,
            samples=total.received,
            samples_a_second=total.received / duration_s if duration_s else 0.0,
            nominal_rate_hz=self.settings["rate_hz"],
            notifications=notifications,
            notifications_a_second=notifications / duration_s if duration_s else 0.0,
            lost_samples=total.lost,
            lost_is_estimate=self.driver.clock is None,
            unreadable=self.connection.unreadable + self.connection.overflowed,
            interval=_spread(intervals_s.tolist()),
            interval_jitter_ms=1000 * float(intervals_s.std()) if len(intervals_s) else None,
            latency=self._latency(),
            broken_after_s=duration_s if self._broke else None,
            battery_percent=self.battery_percent,
            signal_dbm=self._sighting.signal_dbm,
        )

    def _latency(self) -> Spread | None:
        if not self._newest:
            return None
        points = [(taken_s, arrival_s - taken_s) for taken_s, arrival_s in self._newest]
        slope = hull_slope(points, 0.0)
        late_s = [offset_s - slope * taken_s for taken_s, offset_s in points]
        return _spread([each_s - min(late_s) for each_s in late_s])


def _spread(values_s: Sequence[float]) -> Spread | None:
    if not values_s:
        return None
    median, p95, worst = (1000 * np.percentile(values_s, (50, 95, 100))).tolist()
    return Spread(median_ms=median, p95_ms=p95, worst_ms=worst)


async def try_sensor(
    radio: Radio,
    sensor: KnownSensor,
    seconds: float,
    on_progress: Callable[[SensorTestReport], None] = lambda _: None,
    utc_now: Callable[[], float] = time.time,
) -> SensorTestReport:
    """Stream from a sensor over one connection and return how the link does.

    Parameters
    ----------
    radio
        Bluetooth.
    sensor
        Which.
    seconds
        How long, from the first sample on; shorter where the connection breaks.
    on_progress
        Gets the account so far, each second.
    utc_now
        The computer's clock, seconds since the Unix epoch.

    Raises
    ------
    SensorError
        It cannot be reached, is another one, or sends no samples.

    """
    sighting = await find(SensorScanner(radio), sensor.address, sensor.name)
    trial = _Trial(sensor, sighting, utc_now)
    async with visit(radio, sighting, sensor.name, trial.settings, trial):
        await require_serial(trial.connection, sensor)
        await trial.ask_battery()
        await trial.connection.play(trial.driver.start(trial.settings))
        try:
            await asyncio.wait_for(trial.streaming.wait(), FIRST_SAMPLE_S)
        except TimeoutError:
            raise SensorError(
                f"{sensor.name} is connected, but sent no sample within {FIRST_SAMPLE_S:g} s; switch it off and on"
            ) from None
        await _watch(trial, seconds, on_progress)
        trial.end()
        if not trial.gone.is_set():
            with suppress(SensorError, *LINK_ERRORS):
                await trial.connection.play(trial.driver.stop(trial.settings))
    return trial.report()


async def _watch(trial: _Trial, seconds: float, on_progress: Callable[[SensorTestReport], None]) -> None:
    loop = asyncio.get_running_loop()
    end_s = trial.began_s + seconds
    while not trial.gone.is_set() and (left_s := end_s - loop.time()) > MOMENT_S:
        with suppress(TimeoutError):
            await asyncio.wait_for(trial.gone.wait(), min(left_s, LOOK_EVERY_S))
        on_progress(trial.report())
