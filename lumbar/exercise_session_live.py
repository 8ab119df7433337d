"""A guided session with a live sensor: link, recording and session."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Protocol

from firmware_bridge.link.link import SensorLink
from firmware_bridge.link.scanner import SensorScanner
from firmware_bridge.recordings.recorder import Recorder
from lumbar.sensors.chosen import driver_of
from lumbar.stopping import until_first

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import ExitStack
    from pathlib import Path

    from config.known_sensors import KnownSensor
    from firmware_bridge.imu import ImuChunk
    from firmware_bridge.link.listener import SensorState
    from firmware_bridge.link.radio import Radio

__all__ = ["LiveRun", "SessionListener", "run_live"]

LOOK_EVERY_S = 0.2


class LiveRun(Protocol):
    """What a wearer is led through with a live sensor: a session, or a lesson."""

    @property
    def done(self) -> bool:
        """Whether it is over."""

    def samples(self, chunk: ImuChunk) -> None:
        """Take samples, in order of time."""

    def show_link(self, text: str) -> None:
        """Show how the link to the sensor stands."""


class SessionListener:
    """Takes what the link brings: recorded first, then followed.

    Parameters
    ----------
    run
        The session.
    open_recorder
        Opens the recording, with the first sample.

    """

    def __init__(self, run: LiveRun, open_recorder: Callable[[], Recorder]) -> None:
        self._run = run
        self._open_recorder = open_recorder
        self._recorder: Recorder | None = None

    def samples(self, chunk: ImuChunk) -> None:
        """Take live samples."""
        self._recording().append(chunk)
        self._run.samples(chunk)

    def late_samples(self, chunk: ImuChunk, rate_hz: float) -> None:
        """Take samples of the offline log: for the recording; the session went on without them."""
        self._recording().insert(chunk, rate_hz)

    def state(self, state: SensorState) -> None:
        """Take a change of the link."""
        self._run.show_link("sensor connected" if state.connected else state.problem)

    def _recording(self) -> Recorder:
        if self._recorder is None:
            self._recorder = self._open_recorder()
        return self._recorder


async def run_live(
    sensor: KnownSensor,
    radio: Radio,
    run: LiveRun,
    folder: Path,
    stack: ExitStack,
    stop: asyncio.Event,
    utc_now: Callable[[], float] = time.time,
) -> None:
    """Lead through a session until it is over or `stop` is set.

    Parameters
    ----------
    sensor
        The wearer's.
    radio
        Bluetooth.
    run
        The session.
    folder
        Of the recording; made with the first sample.
    stack
        Closes the recording.
    stop
        Set from outside, by a signal for one.
    utc_now
        The computer's clock, seconds since the Unix epoch.

    Raises
    ------
    LumbarError
        Bluetooth, the disk or the outbox cannot be used.

    """
    driver, values = driver_of(sensor)
    size = driver.resolution(values)

    def open_recorder() -> Recorder:
        return stack.enter_context(Recorder(folder, sensor.name, values["rate_hz"], size.acc_ms2, size.gyr_rad_s))

    listener = SessionListener(run, open_recorder)
    link = SensorLink(sensor, radio, SensorScanner(radio), listener, utc_now)
    await until_first(link.run(), _until_done(run), stop.wait())


async def _until_done(run: LiveRun) -> None:
    while not run.done:  # noqa: ASYNC110 - what ends it are samples and commands, a fifth of a second is soon enough
        await asyncio.sleep(LOOK_EVERY_S)
