"""One local day of wearing: recorded, followed live, and summed up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from firmware_bridge.recordings.raw_source import RawSource
from firmware_bridge.recordings.recorder import Recorder
from firmware_bridge.recordings.rows import cut
from firmware_bridge.recordings.segments import list_segments
from lumbar.analysis import CHUNK_S
from lumbar.days import keep_recording
from lumbar.given_alerts import GivenAlerts
from lumbar.pipeline import LivePipeline, review
from posture.events import Alert, AlertResolved

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date
    from pathlib import Path

    from analytics.findings import Findings
    from analytics.summary_model import DailySummary
    from config.settings import Settings
    from firmware_bridge.devices.driver import Resolution
    from firmware_bridge.imu import ImuChunk
    from lumbar.history.store import History
    from lumbar.pipeline import Noticed
    from posture.calibration import Calibration

__all__ = ["DayKeeper", "WearDay", "day_folder", "findings_anew", "keep_day"]


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
        folder = day_folder(self.folder, day, self.sensor)
        return Recorder(folder, self.sensor, self.rate_hz, self.resolution.acc_ms2, self.resolution.gyr_rad_s)

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

    Raises
    ------
    RecordingError
        The recording cannot be read or written.

    """

    def __init__(self, day: date, keeper: DayKeeper) -> None:
        self.day = day
        self.has_late = False
        self._keeper = keeper
        self._recorder = keeper.recorder(day)
        self._pipeline = keeper.pipeline()
        self._alerts: list[Alert | AlertResolved] = []
        self._end_s = -1.0
        folder = day_folder(keeper.folder, day, keeper.sensor)
        self._given = given_file(folder)
        for chunk in recorded_chunks(folder):
            self._alerts += alerts_among(self._follow(chunk))
        given = self._given.load()
        if given is None:
            self._given.add(self._alerts)
        else:
            self._alerts = given

    @property
    def pipeline(self) -> LivePipeline:
        """The pipeline that follows the day."""
        return self._pipeline

    @property
    def end_s(self) -> float:
        """Time of the last sample; negative before the first."""
        return self._end_s

    def push(self, chunk: ImuChunk) -> list[Noticed]:
        """Record samples and return what they let one notice.

        Raises
        ------
        RecordingError
            The disk refuses.

        """
        self._recorder.append(chunk)
        noticed = self._follow(chunk)
        fresh = [event for event in alerts_among(noticed) if event not in self._alerts]
        if fresh:
            self._given.add(fresh)
            self._alerts += fresh
        return noticed

    def insert(self, chunk: ImuChunk, rate_hz: float) -> int:
        """Record samples that came late; returns how many were new. On return they are on the disk."""
        n_new = self._recorder.insert(chunk, rate_hz)
        self.has_late |= n_new > 0
        return n_new

    def end(self) -> list[Noticed]:
        """Return what is still open at the end of the day, and close the recording."""
        noticed = self._pipeline.flush()
        # Not kept on the disk: a day that is taken up again has not ended.
        self._alerts += alerts_among(noticed)
        self._recorder.close()
        return noticed

    def findings(self) -> Findings:
        """Return the refined answer for the day so far.

        Raises
        ------
        RecordingError
            Samples came late, so that the recording must be gone over anew, and it cannot be read.

        """
        if self.has_late:
            return findings_anew(self._keeper, self.day, tuple(self._alerts))
        return review(self._pipeline, self._keeper.settings, self._alerts).findings

    def _follow(self, chunk: ImuChunk) -> list[Noticed]:
        noticed = self._pipeline.push(chunk)
        self._end_s = float(chunk.time[-1])
        return noticed


def alerts_among(noticed: Iterable[Noticed]) -> list[Alert | AlertResolved]:
    """Return the alerts raised and resolved."""
    return [event for event in noticed if isinstance(event, Alert | AlertResolved)]


def given_on(keeper: DayKeeper, day: date) -> list[Alert | AlertResolved] | None:
    """Return the alerts that the wearer was given on a day; None where nobody remembers."""
    return given_file(day_folder(keeper.folder, day, keeper.sensor)).load()


def given_file(folder: Path) -> GivenAlerts:
    """Return where the alerts of the day with this recording are kept."""
    return GivenAlerts(folder.with_name(f"{folder.name}.alerts.jsonl"))


def findings_anew(keeper: DayKeeper, day: date, alerts: Iterable[Alert | AlertResolved] | None = None) -> Findings:
    """Return what the whole recording of a day says, samples that came late among it.

    Parameters
    ----------
    keeper, day
        Which recording.
    alerts
        Those that the wearer was given; None to look them up, and to take the recording's where nobody remembers.

    Raises
    ------
    RecordingError
        It cannot be read.

    """
    pipeline = keeper.pipeline()
    found: list[Noticed] = []
    for chunk in recorded_chunks(day_folder(keeper.folder, day, keeper.sensor)):
        found += pipeline.push(chunk)
    found += pipeline.flush()
    given = alerts if alerts is not None else given_on(keeper, day)
    given = given if given is not None else alerts_among(found)
    return review(pipeline, keeper.settings, tuple(given)).findings


def recorded_chunks(folder: Path) -> Iterable[ImuChunk]:
    """Yield what has been recorded in a folder, however little it is."""
    if any(list_segments(folder)):
        yield from cut(RawSource(folder).rows(gyro=True), CHUNK_S)


def keep_day(history: History, findings: Findings, settings: Settings, source: str) -> dict[date, DailySummary]:
    """Put findings in the history in the place of those of the same time; returns the summaries of their days."""
    if not findings.wear and not findings.gaps:
        return {}
    spans = [*findings.wear, *findings.gaps]
    span = (min(start for start, _ in spans), max(end for _, end in spans))
    return keep_recording(history, findings, span, source, settings)
