"""Scores slouching told by a guided calibration, learnt without one, and by an oracle who sees the true angles.

Run as ``python benchmarks/slouching.py DATA [--days N]``; DATA holds the set synthetic_day, of which the true angles
are known. The oracle judges the true tilt at the sensor, or the true flexion of the lumbar spine, by the same rules:
what it misses, no program sees with this sensor. N days of the virtual wearer, another simulator, are learnt as well.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from config.calibration import SectionName
from config.settings import load_settings
from firmware_bridge.recordings.labelled import find_labelled
from firmware_bridge.recordings.read import open_recording
from firmware_bridge.virtual import Person, SensorModel, SimulatedWearer, desk_day
from lumbar.analysis import analyze_recording
from lumbar.pipeline import LivePipeline
from lumbar.review import review
from lumbar.validation.labels import Labels
from lumbar.validation.matching import match_episodes
from posture.calibration import SittingRange
from posture.events import Activity, Alert, AlertKind, PostureEpisode, PostureState
from posture.slouch import SlouchTracker
from posture.timeline import PostureSeconds

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd
    from numpy.typing import NDArray

    from config.settings import Settings
    from firmware_bridge.recordings.labelled import LabelledRecording

POSTURE, SLOUCH = "posture:", "posture:slouch"
SENSOR, SPINE = "sensor_tilt_deg", "lumbar_flexion_deg"
VIRTUAL_HOURS, VIRTUAL_HZ = 6.0, 50.0
ALERT_LATE_S = 15.0


@dataclass(frozen=True, slots=True)
class Tally:
    """Minutes found by label, and episodes: labelled, found and matched; alerts at a slouch and at none."""

    minutes: Counter[str]
    episodes: tuple[int, int, int]
    alerts: tuple[int, int]

    def __add__(self, other: Tally) -> Tally:
        """Return both together."""
        labelled, found, matched = np.add(self.episodes, other.episodes).tolist()
        at_slouch, at_none = np.add(self.alerts, other.alerts).tolist()
        return Tally(self.minutes + other.minutes, (labelled, found, matched), (at_slouch, at_none))


def main() -> int:
    """Print the figures; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--days", type=int, default=6)
    options = parser.parse_args()
    settings = load_settings()
    recordings = find_labelled(options.data / "synthetic_day")
    for labelled in recordings:
        print(f"{labelled.name}: {known_after(labelled, settings)}")
    show("guided", [analysed(each, settings, guided=True) for each in recordings])
    show("learnt", [analysed(each, settings, guided=False) for each in recordings])
    show("oracle: tilt at the sensor", [told_by_truth(each, settings, SENSOR) for each in recordings])
    show("oracle: flexion of the spine", [told_by_truth(each, settings, SPINE) for each in recordings])
    if options.days:
        show("virtual days, learnt", [virtual(seed, settings) for seed in range(options.days)])
    return 0


def show(what: str, tallies: list[Tally]) -> None:
    """Print the figures of all recordings together."""
    first, *others = tallies
    total = sum(others, start=first)
    labelled, found, matched = total.episodes
    minutes = "  ".join(
        f"{name.removeprefix(POSTURE)} {minutes:.1f}" for name, minutes in sorted(total.minutes.items())
    )
    print(
        f"{what:30} episodes {matched} of {labelled}, {found} found; alerts at a slouch {total.alerts[0]}, at none ",
        end="",
    )
    print(f"{total.alerts[1]}; minutes slouched while {minutes}")


def known_after(labelled: LabelledRecording, settings: Settings) -> str:
    """Return after how much sitting live slouches are first judged without a guided calibration."""
    events = analyze_recording(open_recording(labelled.path), settings).events
    judged_from = min((event.start for event in events if isinstance(event, PostureEpisode)), default=np.inf)
    sat = Labels(labelled.labels).of("sitting")
    sat_s = np.clip(np.minimum(sat[:, 1], judged_from) - sat[:, 0], 0, None).sum()
    return f"learnt live after {sat_s / 60:.0f} of {np.ptp(sat, axis=1).sum() / 60:.0f} min of sitting"


def analysed(labelled: LabelledRecording, settings: Settings, *, guided: bool) -> Tally:
    """Return what Lumbar says of a recording: episodes in review, alerts live."""
    labels = Labels(labelled.labels)
    sections = labels.sections() if guided else ()
    analysis = analyze_recording(open_recording(labelled.path), settings, sections=sections)
    return tallied(labels, [*analysis.review.findings.of(PostureEpisode), *of_alerts(analysis.events)])


def told_by_truth(labelled: LabelledRecording, settings: Settings, column: str) -> Tally:
    """Return what the rules say of the true angles, given for each second of sitting."""
    truth = labelled.read_truth()
    if truth is None:
        raise ValueError(f"{labelled.name} has no true angles")
    labels = Labels(labelled.labels)
    angle_deg = truth[column].to_numpy(dtype=np.float64)
    none = np.zeros(len(truth))
    second = truth["time_s"].to_numpy(dtype=np.int64)
    seconds = PostureSeconds(second, (Activity.SITTING,) * len(truth), angle_deg, none, none)
    tracker = SlouchTracker(settings.slouch, settings.alerts)
    tracker.sitting = SittingRange(0.0, shown_slouch_deg(truth, labels, column))
    return tallied(labels, [*tracker.push(seconds), *tracker.flush()])


def shown_slouch_deg(truth: pd.DataFrame, labels: Labels, column: str) -> float:
    """Return the true angle of the slouch shown in the guided calibration; all angles are against upright sitting."""
    (shown,) = [each for each in labels.sections() if each.name is SectionName.SLOUCHED_SIT]
    inside = truth["time_s"].between(shown.start + 1, shown.end - 1)
    return float(truth.loc[inside, column].mean())


def virtual(seed: int, settings: Settings) -> Tally:
    """Return what is learnt of a day of the virtual wearer, whose every posture is known."""
    script = tuple(desk_day(seed, VIRTUAL_HOURS))
    wearer = SimulatedWearer(
        script, seed, rate_hz=VIRTUAL_HZ, person=Person.drawn(seed), sensor=SensorModel.drawn(seed)
    )
    pipeline = LivePipeline(settings, VIRTUAL_HZ)
    events = [event for chunk in wearer.chunks(600.0) for event in [*pipeline.push(chunk)]]
    events += pipeline.flush()
    truth = wearer.truth()
    calibrated = max(section.end for section in truth.calibration)
    slouches = np.array([(each.settled, each.end) for each in truth.slouches if each.settled > calibrated])
    found = [*review(pipeline, settings, []).findings.of(PostureEpisode), *of_alerts(events)]
    return scored({SLOUCH: slouches}, found, calibrated)


def of_alerts(events: Iterable[object]) -> list[Alert]:
    """Return the alerts among events."""
    return [event for event in events if isinstance(event, Alert)]


def tallied(labels: Labels, events: Iterable[object]) -> Tally:
    """Return the figures of one recording of synthetic_day, from the end of its calibration on."""
    names = sorted(name for name in labels.names if name.startswith(POSTURE))
    return scored({name: labels.of(name) for name in names}, events, max(each.end for each in labels.sections()))


def scored(labelled: dict[str, NDArray[np.float64]], events: Iterable[object], since: float) -> Tally:
    """Return the figures for labelled stretches, shape (n, 2) each, and the events from a time on."""
    episodes, alerts = [], []
    for event in events:
        if isinstance(event, PostureEpisode) and event.state is PostureState.SLOUCHED and event.start > since:
            episodes.append((event.start, event.end))
        elif isinstance(event, Alert) and event.kind is AlertKind.SLOUCH:
            alerts.append(event.time)
    found = np.array(episodes, dtype=np.float64).reshape(-1, 2)
    minutes = Counter({name: overlap_min(found, spans) for name, spans in labelled.items()})
    slouches = labelled[SLOUCH]
    at_slouch = sum(bool(np.any((slouches[:, 0] <= time) & (time <= slouches[:, 1] + ALERT_LATE_S))) for time in alerts)
    matches = match_episodes(slouches, found)
    return Tally(minutes, (len(slouches), len(found), len(matches)), (at_slouch, len(alerts) - at_slouch))


def overlap_min(found: NDArray[np.float64], spans: NDArray[np.float64]) -> float:
    """Return the minutes that two sets of stretches share."""
    starts = np.maximum(found[:, np.newaxis, 0], spans[np.newaxis, :, 0])
    ends = np.minimum(found[:, np.newaxis, 1], spans[np.newaxis, :, 1])
    return float(np.clip(ends - starts, 0, None).sum() / 60)


if __name__ == "__main__":
    sys.exit(main())
