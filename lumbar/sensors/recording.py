"""A recording from a live sensor: link and recorder, nothing between them."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from config.errors import LumbarError, RecordingError
from firmware_bridge.link.link import SensorLink
from firmware_bridge.link.listener import SensorState
from firmware_bridge.link.scanner import SensorScanner
from firmware_bridge.recordings.durable import LOCK_NAME
from firmware_bridge.recordings.recorder import Recorder
from lumbar.sensors.chosen import driver_of
from lumbar.sensors.documents import RecordReport
from lumbar.stopping import until_first

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from config.known_sensors import KnownSensor
    from firmware_bridge.imu import ImuChunk
    from firmware_bridge.link.radio import Radio

__all__ = ["Progress", "record"]

LOOK_EVERY_S = 1.0
MOMENT_S = 1e-3
"""Less than this is not waited for: the loop's clock might not feel it."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How a recording stands.

    Parameters
    ----------
    state
        Of the link.
    duration_s
        Since the first sample.
    samples, late_samples, lost_samples
        Live ones, those from the sensor's memory, and those that the account of the stream counts as lost.

    """

    state: SensorState
    duration_s: float
    samples: int
    late_samples: int
    lost_samples: int


class _Listener:
    """Writes down what the link brings."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._failed = False
        self.newest_state = SensorState()
        self.began_s: float | None = None
        self.start: float | None = None
        self.samples_n = 0
        self.late_n = 0

    def samples(self, chunk: ImuChunk) -> None:
        if self._failed:
            return
        try:
            self._recorder.append(chunk)
        except RecordingError:
            # The link ends with this error, and on its way out hands over what it still held.
            self._failed = True
            raise
        self.samples_n += len(chunk)
        if self.start is None:
            self.start = float(chunk.time[0])
            # The first samples come together, when it is clear when they were taken.
            self.began_s = asyncio.get_running_loop().time() - float(chunk.time[-1] - chunk.time[0])

    def late_samples(self, chunk: ImuChunk, rate_hz: float) -> None:
        self.late_n += self._recorder.insert(chunk, rate_hz)

    def state(self, state: SensorState) -> None:
        self.newest_state = state


async def record(
    radio: Radio,
    sensor: KnownSensor,
    folder: Path,
    stop: asyncio.Event,
    seconds: float | None = None,
    on_progress: Callable[[Progress], None] = lambda _: None,
    utc_now: Callable[[], float] = time.time,
) -> RecordReport:
    """Record from a sensor until `stop` is set or the time is over; through broken links and all.

    Parameters
    ----------
    radio
        Bluetooth.
    sensor
        Which.
    folder
        Of the recording; one that is there is continued.
    stop
        Set from outside, by a signal for one.
    seconds
        How long, from the first sample on; None for as long as it takes.
    on_progress
        Gets how it stands, each second.
    utc_now
        The computer's clock, seconds since the Unix epoch.

    Raises
    ------
    LumbarError
        Bluetooth or the disk cannot be used. What was recorded until then is safe.

    """
    driver, values = driver_of(sensor)
    size = driver.resolution(values)
    made = [folder, *(parent for parent in folder.parents if not parent.exists())]
    recorder = Recorder(folder, sensor.name, values["rate_hz"], size.acc_ms2, size.gyr_rad_s)
    try:
        with recorder:
            listener = _Listener(recorder)
            link = SensorLink(sensor, radio, SensorScanner(radio), listener, utc_now)
            await _run(link, listener, stop, seconds, on_progress)
            return _report(sensor, folder, recorder, listener, _lost(link))
    finally:
        _leave_nothing_empty(made)


def _report(
    sensor: KnownSensor, folder: Path, recorder: Recorder, listener: _Listener, lost_samples: int
) -> RecordReport:
    start, end = listener.start, recorder.end_time_s
    if start is None or end is None:
        span: tuple[float, float] | None = None
    else:
        span = (start, end)
    return RecordReport(
        sensor=sensor.name,
        folder=str(folder),
        start=start,
        duration_s=0.0 if span is None else span[1] - span[0],
        samples=listener.samples_n,
        late_samples=listener.late_n,
        lost_samples=lost_samples,
        gaps=[] if span is None else list(recorder.gaps(*span)),
        battery_percent=listener.newest_state.battery_percent,
    )


def _leave_nothing_empty(made: Sequence[Path]) -> None:
    """Take away a folder in which nothing was recorded, and those around it that were made for it."""
    if [path.name for path in made[0].iterdir()] == [LOCK_NAME]:
        (made[0] / LOCK_NAME).unlink()
        for folder in made:
            folder.rmdir()


async def _run(
    link: SensorLink,
    listener: _Listener,
    stop: asyncio.Event,
    seconds: float | None,
    on_progress: Callable[[Progress], None],
) -> None:
    try:
        await until_first(link.run(), stop.wait(), _look(link, listener, seconds, on_progress))
    except ExceptionGroup as group:
        raise _plain(group) from group


async def _look(
    link: SensorLink, listener: _Listener, seconds: float | None, on_progress: Callable[[Progress], None]
) -> None:
    """Tell how it stands each second, until the time is over."""
    loop = asyncio.get_running_loop()
    while True:
        gone_s = 0.0 if listener.began_s is None else loop.time() - listener.began_s
        on_progress(Progress(listener.newest_state, gone_s, listener.samples_n, listener.late_n, _lost(link)))
        left_s = LOOK_EVERY_S if seconds is None else seconds - gone_s
        if left_s <= MOMENT_S:
            return
        await asyncio.sleep(min(LOOK_EVERY_S, left_s))


def _lost(link: SensorLink) -> int:
    return 0 if link.stream is None else link.stream.ledger.total.lost


def _plain(error: Exception) -> Exception:
    """Return the first error of ours within those that a task group bundles."""
    if not isinstance(error, ExceptionGroup):
        return error
    ours = error.subgroup(LumbarError)
    inner = error if ours is None else ours
    return _plain(inner.exceptions[0])
