"""One local day of wearing: recorded, followed live, and summed up."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from analytics.exercises.records import CountedRepetition, ExerciseSet
from config.errors import RecordingError
from firmware_bridge.recordings.raw_source import RawSource
from firmware_bridge.recordings.recorder import Recorder
from firmware_bridge.recordings.rows import cut
from firmware_bridge.recordings.segments import list_late, list_segments
from lumbar.analysis import CHUNK_S, by_the_hour
from lumbar.day_sets import SOUGHT_SUFFIX, DaySets
from lumbar.days import keep_recording
from lumbar.given_alerts import GivenAlerts, still_new
from lumbar.pipeline import LivePipeline
from lumbar.review import review
from posture.events import Alert, AlertResolved

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from analytics.findings import Findings
    from analytics.summary_model import DailySummary
    from config.settings import Settings
    from firmware_bridge.devices.driver import Resolution
    from firmware_bridge.imu import ImuChunk
    from lumbar.exercises_sought import ExercisesSought
    from lumbar.history.store import History
    from lumbar.pipeline import Noticed
    from posture.calibration import Calibration

__all__ = ["DayKeeper", "WearDay", "day_folder", "findings_anew", "keep_day", "recorded_chunks"]

GIVEN_SUFFIX = ".alerts.jsonl"


class DayKeeper:
    """What all days of one sensor and one wearer have in common.

    Parameters
    ----------
    folder
        Holds a recording for each day.
    sensor
        The sensor's name.
    rate_hz
        Its nominal rate.
    resolution
        Size of its counts.
    settings
        The wearer and the thresholds.
    calibration
        The wearer's, from a profile; None where the program calibrates itself, each day anew.

    """

    def __init__(
        self,
        folder: Path,
        sensor: str,
        rate_hz: float,
        resolution: Resolution,
        settings: Settings,
        calibration: Calibration | None,
    ) -> None:
        self.folder = folder
        self.sensor = sensor
        self.rate_hz = rate_hz
        self.resolution = resolution
        self.settings = settings
        self.calibration = calibration

    def recorder(self, day: date) -> Recorder:
        """Open the recording of a day, to be written.

        Raises
        ------
        RecordingError
            It cannot be written, or is that of a sensor with other settings.

        """
        folder = self.folder_of(day)
        is_new = not is_recorded(folder)
        recorder = Recorder(folder, self.sensor, self.rate_hz, self.resolution.acc_ms2, self.resolution.gyr_rad_s)
        if is_new:
            given_file(folder).begin()
        return recorder

    def folder_of(self, day: date) -> Path:
        """Return where the recording of a day is kept."""
        return day_folder(self.folder, day, self.sensor)

    def newest_given(self) -> GivenAlerts | None:
        """Return where the alerts of the last day are kept; None before the first."""
        files = self.folder.glob(f"????-??-??-{self.sensor}{GIVEN_SUFFIX}")
        newest = max(files, default=None)
        return None if newest is None else GivenAlerts(newest)

    def left_open(self, before: date) -> WearDay | None:
        """Return the last day before another one where an exercise was still counted when the program ended."""
        files = self.folder.glob(f"????-??-??-{self.sensor}{SOUGHT_SUFFIX}")
        earlier = [day for file in files if (day := date.fromisoformat(file.name[: len("2026-01-05")])) < before]
        if not earlier or self.sets_of(max(earlier)).counted is None:
            return None
        return WearDay(max(earlier), self)

    def sets_of(self, day: date) -> DaySets:
        """Return the exercise sets of a day."""
        return DaySets(self.folder_of(day), self.settings)

    def pipeline(self) -> LivePipeline:
        """Return a fresh pipeline."""
        return LivePipeline(self.settings, self.rate_hz, self.calibration)


def day_folder(folder: Path, day: date, sensor: str) -> Path:
    """Return where the recording of a day is kept."""
    return folder / f"{day.isoformat()}-{sensor}"


class WearDay:
    """A day that goes on.

    One that was begun before the program started is taken up again: what was recorded goes through the pipeline, which
    then knows the same as if it had run all along.

    Parameters
    ----------
    day
        The local day.
    keeper
        What it has in common with others.

    Attributes
    ----------
    day
        The local day.
    has_late
        Whether samples came late, so that the pipeline has not seen them.
    left_over
        Sets that were over when the program was killed, and that nobody was told of.

    Raises
    ------
    RecordingError
        The recording cannot be read or written.

    """

    def __init__(self, day: date, keeper: DayKeeper) -> None:
        self.day = day
        self.has_late = False
        self._keeper = keeper
        self._folder = keeper.folder_of(day)
        # A day without samples leaves nothing behind.
        self._recorder = keeper.recorder(day) if is_recorded(self._folder) else None
        self._pipeline = keeper.pipeline()
        self._alerts: list[Alert | AlertResolved] = []
        self._untold: list[Alert | AlertResolved] = []
        self._end_s = -1.0
        self._given = given_file(self._folder)
        self._sets = keeper.sets_of(day)
        self._open_sets: list[ExerciseSet] = []
        noticed = self._sets.follow(self._pipeline, self._recorded())
        self._alerts += alerts_among(noticed)
        self.left_over = self._sets.keep(noticed)
        if self._recorder is not None:
            self._remember()

    def _recorded(self) -> Iterable[ImuChunk]:
        for chunk in recorded_chunks(self._folder):
            self._end_s = float(chunk.time[-1])
            yield chunk

    def _remember(self) -> None:
        given = self._given.load()
        if given is None:
            self._given.add(self._alerts)
            self._given.told(len(self._alerts))
        else:
            self._alerts = given

    @property
    def pipeline(self) -> LivePipeline:
        """The pipeline that follows the day."""
        return self._pipeline

    @property
    def counted(self) -> str | None:
        """Id of the exercise that is counted now; None where none is."""
        return self._sets.counted

    @property
    def end_s(self) -> float:
        """Time of the last sample; negative before the first."""
        return self._end_s

    def push(self, chunk: ImuChunk) -> list[Noticed]:
        """Record samples and return what they let one notice, but for alerts that the wearer was given before.

        Alerts that come out are kept, on the disk, before the samples are: a recording says of no alert that was not
        kept. They are to be marked as `told`.

        Raises
        ------
        RecordingError
            The samples are not later than those before, or the disk refuses.

        """
        if chunk.time[0] <= self._end_s:
            raise RecordingError(
                self._folder, "the samples are not later than those before; check the computer's clock"
            )
        noticed = self._new(self._follow(chunk))
        self._give(alerts_among(noticed))
        recorder = self._open()
        recorder.append(chunk)
        if any(isinstance(event, CountedRepetition | ExerciseSet) for event in noticed):
            recorder.sync()  # counted again after a restart, what was told is found again
        self._sets.keep(noticed)
        return noticed

    def seek(self, exercises: ExercisesSought | None) -> list[Noticed]:
        """Count an exercise from now on, or none any more; return what is still open of the one before.

        Raises
        ------
        RecordingError
            The disk refuses.

        """
        self._open()  # what is counted is written beside the recording
        return self._sets.seek(self._pipeline, exercises, self._end_s)

    def told(self, event: Noticed) -> None:
        """Mark an alert as told.

        Raises
        ------
        RecordingError
            The disk refuses.

        """
        if event in self._untold:
            self._untold.remove(event)
            self._given.told()

    def insert(self, chunk: ImuChunk, rate_hz: float) -> int:
        """Record samples that came late; returns how many were new. On return they are on the disk."""
        n_new = self._open().insert(chunk, rate_hz)
        self.has_late |= n_new > 0
        return n_new

    def end(self, *, goes_on: bool) -> list[Noticed]:
        """Return what is still open at the end of the day, and close the recording.

        Where the day goes on when the program is started again, a set that is open does, too: it is among the findings,
        and told when it is over.
        """
        noticed = self._new(self._pipeline.flush())
        self._give([event for event in noticed if isinstance(event, Alert)])
        # Their ends are not kept on the disk: a day that is taken up again has not ended.
        self._alerts += [event for event in noticed if isinstance(event, AlertResolved)]
        if goes_on:
            self._open_sets = [event for event in noticed if isinstance(event, ExerciseSet)]
            noticed = [event for event in noticed if not isinstance(event, ExerciseSet)]
        else:
            self._sets.keep(noticed)
            if self.counted is not None:
                self._sets.seek(self._pipeline, None, self._end_s)
        if self._recorder is not None:
            self._recorder.close()
        return noticed

    def findings(self) -> Findings:
        """Return the refined answer for the day so far.

        Raises
        ------
        RecordingError
            Samples came late, so that the recording must be gone over anew, and it cannot be read.

        """
        sets = [*self._sets.sets, *self._open_sets]
        if self.has_late:
            return findings_anew(self._keeper, self.day, tuple(self._alerts), sets)
        return review(self._pipeline, self._keeper.settings, self._alerts, sets).findings

    def _open(self) -> Recorder:
        if self._recorder is None:
            self._recorder = self._keeper.recorder(self.day)
        return self._recorder

    def _follow(self, *chunks: ImuChunk) -> list[Noticed]:
        noticed = self._pipeline.push(*chunks)
        self._end_s = float(chunks[-1].time[-1])
        return noticed

    def _new(self, noticed: list[Noticed]) -> list[Noticed]:
        new = still_new(alerts_among(noticed), self._alerts)
        return [event for event in noticed if event in new or not isinstance(event, Alert | AlertResolved)]

    def _give(self, alerts: list[Alert | AlertResolved]) -> None:
        if alerts:
            self._open()  # the file of a new day says first that there were none
            self._given.add(alerts)
            self._untold += alerts
            self._alerts += alerts


def alerts_among(noticed: Iterable[Noticed]) -> list[Alert | AlertResolved]:
    """Return the alerts raised and resolved."""
    return [event for event in noticed if isinstance(event, Alert | AlertResolved)]


def given_on(keeper: DayKeeper, day: date) -> list[Alert | AlertResolved] | None:
    """Return the alerts that the wearer was given on a day; None where nobody remembers."""
    return given_file(keeper.folder_of(day)).load()


def given_file(folder: Path) -> GivenAlerts:
    """Return where the alerts of the day with this recording are kept."""
    return GivenAlerts(folder.with_name(folder.name + GIVEN_SUFFIX))


def findings_anew(
    keeper: DayKeeper,
    day: date,
    alerts: Iterable[Alert | AlertResolved] | None = None,
    sets: Sequence[ExerciseSet] | None = None,
) -> Findings:
    """Return what the whole recording of a day says, samples that came late among it.

    Parameters
    ----------
    keeper, day
        Which recording.
    alerts
        Those that the wearer was given; None to look them up, and to take the recording's where nobody remembers.
    sets
        Those that were counted; None to look them up.

    Raises
    ------
    RecordingError
        It cannot be read.

    """
    pipeline = keeper.pipeline()
    found: list[Noticed] = []
    for hour in by_the_hour(recorded_chunks(keeper.folder_of(day))):
        found += pipeline.push(*hour)
    found += pipeline.flush()
    given = alerts if alerts is not None else given_on(keeper, day)
    given = given if given is not None else alerts_among(found)
    counted = keeper.sets_of(day).sets if sets is None else sets
    return review(pipeline, keeper.settings, tuple(given), counted).findings


def is_recorded(folder: Path) -> bool:
    """Return whether a folder holds a recording, be it only of samples that came late."""
    return folder.is_dir() and bool(list_segments(folder) or list_late(folder))


def recorded_chunks(folder: Path) -> Iterable[ImuChunk]:
    """Yield what has been recorded in a folder, however little it is."""
    if is_recorded(folder):
        yield from cut(RawSource(folder).rows(gyro=True), CHUNK_S)


def keep_day(history: History, findings: Findings, settings: Settings, source: str) -> dict[date, DailySummary]:
    """Put findings in the history in the place of those of the same time; returns the summaries of their days."""
    if not findings.wear and not findings.gaps:
        return {}
    spans = [*findings.wear, *findings.gaps]
    span = (min(start for start, _ in spans), max(end for _, end in spans))
    return keep_recording(history, findings, span, source, settings)
