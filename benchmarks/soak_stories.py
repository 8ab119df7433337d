"""Who says what of the day of `soak.py`: the script, the program without mishaps, and the history that it wrote."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from config.calibration import CalibrationSection, SectionName
from config.settings import load_settings
from firmware_bridge.recordings import Recorder, open_recording
from lumbar.analysis import calibrate_recording
from lumbar.days import findings_of
from lumbar.pipeline import LivePipeline
from lumbar.review import review
from lumbar.wear_day import recorded_chunks
from posture.events import ActivityEpisode, PostureEpisode, PostureState

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from analytics.findings import Findings
    from firmware_bridge.virtual import SimulatedWearer
    from lumbar.history.store import History
    from posture.calibration import Calibration

__all__ = [
    "RATE_HZ",
    "SHORTEST_EPISODE_S",
    "Recorded",
    "Story",
    "calibration_of",
    "recorded",
    "remembered",
    "script_of",
    "undisturbed",
]

RATE_HZ = 100.0
CALIBRATION_S = 70.0
GAP_S = 1.0
COARSE_SHARE = 0.6
"""A second with a smaller share of its samples came from the sensor's log, which has a quarter of them."""

SHORTEST_EPISODE_S = 6.0
"""Slouches with so many seconds of samples are episodes; the program takes 5 s to settle."""


@dataclass(frozen=True)
class Recorded:
    """What of the day there are samples of.

    Parameters
    ----------
    samples_n
        How many.
    gaps
        The stretches of more than `GAP_S` without.
    span
        First and last.
    coarse
        For each second from the first on, whether it is from the sensor's log.

    """

    samples_n: int
    gaps: list[tuple[float, float]]
    span: tuple[float, float]
    coarse: NDArray[np.bool_]

    @property
    def first_second(self) -> int:
        """The second of the first sample."""
        return int(self.span[0])

    def seconds(self, start: float, end: float) -> float:
        """Return how many seconds of a stretch there are samples of."""
        start, end = max(start, self.span[0]), min(end, self.span[1])
        lost = sum(max(0.0, min(end, b) - max(start, a)) for a, b in self.gaps)
        return max(0.0, end - start - lost)

    def has(self, at: float) -> bool:
        """Return whether there are samples of a moment."""
        return self.span[0] <= at <= self.span[1] and not any(a < at < b for a, b in self.gaps)

    def marked(self, stretches: list[tuple[float, float]], reach_s: float = 0.0) -> NDArray[np.bool_]:
        """Return for each second whether a stretch touches it, from so much before to so much after."""
        marks = np.zeros(len(self.coarse), bool)
        for start, end in stretches:
            first, last = int(start - reach_s) - self.first_second, int(np.ceil(end + reach_s)) - self.first_second
            marks[max(first, 0) : max(last, 0)] = True
        return marks

    def second_of(self, times: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return which second of the day each time is in."""
        return np.clip(np.floor(times).astype(np.int64) - self.first_second, 0, len(self.coarse) - 1)


def recorded(folder: Path) -> Recorded:
    """Return what was recorded in the folders of the days; checks that time rises strictly."""
    gaps: list[tuple[float, float]] = []
    counts: dict[int, int] = {}
    samples_n, first, last = 0, np.inf, -np.inf
    for day in sorted(path for path in folder.iterdir() if path.is_dir()):
        for chunk in recorded_chunks(day):
            times = chunk.time if samples_n == 0 else np.concatenate([[last], chunk.time])
            steps = np.diff(times)
            if not (steps > 0).all():
                raise ValueError(f"{day}: samples out of order")
            gaps += [(float(times[i]), float(times[i + 1])) for i in np.flatnonzero(steps > GAP_S)]
            first, last, samples_n = min(first, float(times[0])), float(times[-1]), samples_n + len(chunk)
            for second, n in zip(*np.unique(chunk.time.astype(np.int64), return_counts=True), strict=True):
                counts[int(second)] = counts.get(int(second), 0) + int(n)
    in_second = np.array([counts.get(second, 0) for second in range(int(first), int(last) + 1)])
    return Recorded(samples_n, gaps, (first, last), in_second < COARSE_SHARE * RATE_HZ)


@dataclass(frozen=True)
class Story:
    """What somebody says of the day."""

    step_times: NDArray[np.float64]
    activities: list[tuple[str, float, float]]
    slouches: list[tuple[float, float]]

    def of(self, activity: str) -> list[tuple[float, float]]:
        """Return the stretches of an activity."""
        return [(start, end) for kind, start, end in self.activities if kind == activity]

    def within(self, covered: Recorded) -> dict[str, float]:
        """Return the totals of the time with samples."""
        minutes = {
            f"{name}_min": sum(covered.seconds(*stretch) for stretch in self.of(name)) / 60
            for name in ("sitting", "walking")
        }
        slouched_s = [covered.seconds(*slouch) for slouch in self.slouches]
        return minutes | {
            "steps": sum(covered.has(at) for at in self.step_times.tolist()),
            "slouch_episodes": sum(seconds >= SHORTEST_EPISODE_S for seconds in slouched_s),
            "slouched_min": sum(slouched_s) / 60,
        }


def script_of(wearer: SimulatedWearer) -> Story:
    """Return what really happened."""
    truth = wearer.truth()
    return Story(
        truth.step_times,
        [(activity.activity, activity.start, activity.end) for activity in truth.activities],
        [(slouch.settled, slouch.end) for slouch in truth.slouches],
    )


def undisturbed(wearer: SimulatedWearer, calibration: Calibration) -> Story:
    """Return what the program says of the same movements without Bluetooth, when nothing goes wrong."""
    settings = load_settings()
    pipeline = LivePipeline(settings, RATE_HZ, calibration)
    for chunk in wearer.chunks(60.0):
        pipeline.push(chunk)
    pipeline.flush()
    return _told(review(pipeline, settings, ()).findings)


def remembered(history: History, covered: Recorded) -> Story:
    """Return what the history says."""
    return _told(findings_of(history.episodes("me", covered.span[0] - 1, covered.span[1] + 1)))


def _told(findings: Findings) -> Story:
    events = findings.events
    return Story(
        np.array(findings.step_times),
        [(event.activity.value, event.start, event.end) for event in events if isinstance(event, ActivityEpisode)],
        [
            (event.start, event.end)
            for event in events
            if isinstance(event, PostureEpisode) and event.state is PostureState.SLOUCHED
        ],
    )


def calibration_of(wearer: SimulatedWearer, folder: Path) -> Calibration:
    """Return the wearer's own calibration, from the guided one with which the day begins."""
    with Recorder(folder, "calibration", RATE_HZ, 1e-3, 1e-4) as recorder:
        recorder.append(next(wearer.chunks(CALIBRATION_S)))
    sections = [CalibrationSection(SectionName(s.section), s.start, s.end) for s in wearer.truth().calibration]
    return calibrate_recording(open_recording(folder), sections)
