"""A whole recording looked at again at its end, with all of it known."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from analytics.exercises.records import CountedRepetition, ExerciseSet
from analytics.findings import Findings, SittingKnown
from analytics.sit_to_stand import five_rises
from analytics.steps import Step
from analytics.walking import WalkingBout, WalkingBouts
from lumbar.noticed import calibration_in_use
from lumbar.trackers import PostureTrackers
from posture.calibration import by_mounting
from posture.decoder import smooth_over_mountings
from posture.events import Alert, AlertResolved, Transition
from posture.mounting_search import posture_in_any_mounting
from posture.remounting import learn_mountings
from posture.sitting_habit import what_was_learnt
from posture.sitting_ways import SittingKnowledge, SittingSource
from posture.timeline import PostureSeconds, posture_over_mountings
from posture.transition_extent import timed
from posture.wear import not_worn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from config.settings import Settings
    from lumbar.pipeline import LivePipeline
    from lumbar.trackers import Noticed
    from posture.calibration import Calibration, Mounting

__all__ = ["Review", "review"]

REVIEW_BLOCK_S = 6 * 3600
"""Long recordings are reviewed in blocks, so that memory stays flat."""


@dataclass(frozen=True, slots=True)
class Review:
    """A whole recording looked at again, with all of it known.

    Parameters
    ----------
    mountings
        How the sensor sat, in order of time.
    calibration, sitting
        What is known of the mounting that lasted longest, and of the wearer's sitting at its end.
    seconds
        Posture second by second.
    findings
        All that was noticed.

    """

    mountings: tuple[Mounting, ...]
    calibration: Calibration
    seconds: PostureSeconds
    findings: Findings
    sitting: SittingKnowledge


def review(
    live: LivePipeline,
    settings: Settings,
    alerts: Sequence[Alert | AlertResolved],
    sets: Sequence[ExerciseSet] | None = None,
) -> Review:
    """Return the refined answer for a recording that has been through the live pipeline.

    Knows the future: activities are smoothed backwards, what was learnt of the wearer holds for the whole recording,
    and time in which the sensor lay somewhere is unknown. The alerts stay those the wearer was given, and the exercise
    sets those that were counted: given as `sets` where the pipeline did not count them all itself.
    """
    counted = live.sets if sets is None else tuple(sets)
    start, features = live.coverage.start, live.features
    walking = bouts_of(live.step_times)
    if features is None or start is None:
        empty = np.empty(0)
        nothing = PostureSeconds(empty.astype(np.int64), (), empty, empty, empty)
        covered = worn(live.coverage.covered, nothing.second)
        findings = Findings((*alerts, *walking, *counted), wear=covered, gaps=tuple(live.coverage.gaps))
        return Review(live.mountings, live.calibration, nothing, findings, SittingKnowledge())
    mountings = learn_mountings(features, live.mountings, live.calibration.acc_offset_ms2)
    is_known = mountings[0].calibration.upright is not None
    lying_about = not_worn(features)
    if is_known:
        seconds = posture_over_mountings(features, smooth_over_mountings(features, mountings), mountings)
    else:
        seconds = posture_in_any_mounting(features)
    seconds = seconds.marked_unknown(lying_about)
    parts = [
        (calibration, _known_pieces(seconds.rows(first, last), calibration, settings))
        for first, last, calibration in by_mounting(seconds.second, mountings)
    ]
    pieces = [piece for _, known_pieces in parts for piece in known_pieces]
    trackers = PostureTrackers(settings, delay_s=0.0)
    noticed = [event for piece, known in pieces for event in _followed(trackers, piece, known)] + trackers.flush()
    said_otherwise = Alert | AlertResolved | Step | CountedRepetition | Transition
    events = [event for event in noticed if not isinstance(event, said_otherwise)]
    changes = timed([event for event in noticed if isinstance(event, Transition)], features)
    findings = Findings(
        events=(
            *(calibration_in_use(each.calibration, max(each.start, start)) for each in mountings),
            *_sitting_known(pieces),
            *events,
            *changes,
            *five_rises(features, seconds if is_known else None, counted),
            *walking,
            *counted,
            *alerts,
        ),
        wear=worn(live.coverage.covered, features.second[lying_about]),
        gaps=tuple(live.coverage.gaps),
        step_times=live.step_times,
    )
    calibration, longest = max(parts, key=lambda part: sum(len(piece) for piece, _ in part[1]))
    return Review(tuple(mountings), calibration, seconds, findings, longest[-1][1])


def _known_pieces(
    seconds: PostureSeconds, calibration: Calibration, settings: Settings
) -> list[tuple[PostureSeconds, SittingKnowledge]]:
    """Return the seconds of one mounting in pieces within which the same is known of the wearer's sitting."""
    if calibration.sitting is not None:
        return [(seconds, SittingKnowledge(SittingSource.SHOWN, calibration.sitting))]
    learnt = what_was_learnt(seconds, calibration, settings.slouch)
    edges = [*(row for row, _ in learnt), len(seconds)]
    return [
        (seconds.rows(start, stop), known) for (start, stop), (_, known) in zip(pairwise(edges), learnt, strict=True)
    ]


def _followed(trackers: PostureTrackers, seconds: PostureSeconds, known: SittingKnowledge) -> list[Noticed]:
    blocks = (seconds.rows(start, start + REVIEW_BLOCK_S) for start in range(0, len(seconds), REVIEW_BLOCK_S))
    return [event for block in blocks for event in trackers.follow(block, known.sitting)]


def _sitting_known(pieces: Sequence[tuple[PostureSeconds, SittingKnowledge]]) -> list[SittingKnown]:
    return [
        SittingKnown(float(seconds.second[0]), float(seconds.second[-1] + 1), known.source, float(known.seen_s))
        for seconds, known in pieces
        if len(seconds)
    ]


def bouts_of(step_times: Sequence[float]) -> list[WalkingBout]:
    """Return the walking bouts of all steps of a recording."""
    bouts = WalkingBouts()
    return [*bouts.push([Step(time) for time in step_times], np.inf), *bouts.flush()]


def worn(
    covered: Sequence[tuple[float, float]], not_worn_seconds: NDArray[np.int64]
) -> tuple[tuple[float, float], ...]:
    """Return the covered stretches without the seconds in which the sensor was not worn."""
    cuts = np.flatnonzero(np.diff(not_worn_seconds) != 1) + 1
    stretches = [(float(part[0]), float(part[-1] + 1)) for part in np.split(not_worn_seconds, cuts) if len(part)]
    kept: list[tuple[float, float]] = []
    for start, end in covered:
        inside = [(max(a, start), min(b, end)) for a, b in stretches if a < end and b > start]
        edges = [start, *(edge for pair in inside for edge in pair), end]
        kept += [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if b > a]
    return tuple(kept)
