"""How the link to a sensor does: rate, loss, jitter and latency over some seconds."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np

from config.errors import SensorError
from firmware_bridge.devices.catalogue import driver_named
from firmware_bridge.link.radio import LINK_ERRORS
from firmware_bridge.link.require import require_serial
from firmware_bridge.link.scanner import SensorScanner
from firmware_bridge.time_base.stream import SampleStream
from lumbar.sensors.documents import SensorTestReport, Spread
from lumbar.sensors.visit import Visit, find, visit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from config.known_sensors import KnownSensor
    from firmware_bridge.devices.driver import Packet
    from firmware_bridge.imu import ImuChunk
    from firmware_bridge.link.radio import Radio
    from firmware_bridge.link.scanner import Sighting

__all__ = ["try_sensor"]

FIRST_SAMPLE_S = 10.0
LOOK_EVERY_S = 1.0
SETTLE_S = 2.0
"""The clock fit moves most while it has seen few packets; latencies from then are not counted."""


class _Trial(Visit):
    """Takes the account of what comes."""

    def __init__(self, sensor: KnownSensor, sighting: Sighting, utc_now: Callable[[], float]) -> None:
        driver = driver_named(sensor.driver)
        super().__init__(driver)
        self.settings = driver.settings_with(sensor.settings)
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
        self._latencies_s: list[tuple[float, float]] = []
        self._notifications_before = 0

    def take(self, packet: Packet, arrival_s: float) -> None:
        super().take(packet, arrival_s)
        if packet.acc is None and packet.gyr is None:
            return
        if not self.streaming.is_set():
            self.began_s = arrival_s
            self._notifications_before = self.notifications - 1
            self.streaming.set()
        if not self._arrivals_s or arrival_s > self._arrivals_s[-1]:
            self._arrivals_s.append(arrival_s)
        self._enter(self._stream.push(packet, arrival_s), arrival_s)

    def _enter(self, chunks: Sequence[ImuChunk], arrival_s: float) -> None:
        for chunk in chunks:
            self._latencies_s.append((arrival_s, arrival_s + self._utc_offset_s - float(chunk.time[-1])))

    def end(self) -> None:
        """Take the samples that are held."""
        self.ended_s = self._loop.time()
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
            latency=self._latency(now_s),
            broken_after_s=duration_s if self.gone.is_set() else None,
            battery_percent=self.battery_percent,
            signal_dbm=self._sighting.signal_dbm,
        )

    def _latency(self, now_s: float) -> Spread | None:
        settled_s = self.began_s + min(SETTLE_S, (now_s - self.began_s) / 2)
        counted = [latency_s for arrival_s, latency_s in self._latencies_s if arrival_s >= settled_s]
        least_s = min(counted, default=0.0)
        return _spread([latency_s - least_s for latency_s in counted])


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
    while not trial.gone.is_set() and (left_s := end_s - loop.time()) > 0:
        with suppress(TimeoutError):
            await asyncio.wait_for(trial.gone.wait(), min(left_s, LOOK_EVERY_S))
        on_progress(trial.report())
