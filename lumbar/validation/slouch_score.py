"""Slouching against labelled sitting postures, and how often the wearer is told."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analytics.spans import SpanSet
from lumbar.validation.case import middles
from lumbar.validation.detection import share
from lumbar.validation.labels import is_within
from lumbar.validation.matching import match_episodes
from lumbar.validation.report import EpisodeScores, SlouchScores
from posture.decoder import DECODER_DELAY_S
from posture.events import Alert, AlertKind, AlertResolved, PostureEpisode, PostureState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from lumbar.pipeline import Noticed
    from lumbar.validation.case import Case, Named

__all__ = ["EpisodeCounts", "SlouchCounts", "count_slouch", "report_episodes", "report_slouch"]

POSTURE, SLOUCH = "posture:", "posture:slouch"
TOLD_FROM_S = 60.0
"""Labelled slouches from this length on are to be told of."""
LATE_S = 10.0
"""An alert belongs to a slouch up to so long after it: the end of a slouch takes 5 s to settle, and 3 to smooth."""
ROUNDING_S = 2.0
"""Seconds that a gap cuts are not given out: one at either end."""


@dataclass(frozen=True, slots=True)
class EpisodeCounts:
    """Episodes labelled, found and matched."""

    labelled: int
    found: int
    matched: int


@dataclass(frozen=True, slots=True)
class SlouchAlerts:
    """Slouch alerts of one recording.

    Parameters
    ----------
    each
        How many each labelled slouch has that is long enough to be told of.
    told_before
        How many of them have none of their own, but began while an earlier alert was still active.
    outside
        Alerts that belong to no labelled slouch, long or short.

    """

    each: tuple[int, ...]
    told_before: int
    outside: int


@dataclass(frozen=True, slots=True)
class SlouchCounts:
    """What was found of one recording's slouching.

    `found_s` are seconds by label, `wrong_n` the episodes found at no labelled slouch, by what they mostly are instead.
    """

    labelled_s: int
    found_s: Counter[str]
    episodes: EpisodeCounts
    wrong_n: Counter[str]
    alerts: SlouchAlerts


def count_slouch(case: Case) -> SlouchCounts | None:
    """Return what was found of the slouching of a recording; None where its set labels none, or it has no postures."""
    postures = sorted(name for name in case.labels.names if name.startswith(POSTURE))
    if SLOUCH not in case.set_labels or not postures:
        return None
    truth = _intervals(SpanSet((start, end) for start, end in case.labels.of(SLOUCH).tolist()))
    times = middles(case.covered_seconds())
    number = case.labels.numbers(times, {name: index for index, name in enumerate(postures)})
    all_found = _slouches(case)
    slouched = is_within(times, all_found)
    # What lies in time without a label (the calibration, where one slouches on purpose) is neither right nor wrong.
    mostly = [_mostly(number[is_within(times, each[np.newaxis])]) for each in all_found]
    found = all_found[[index >= 0 for index in mostly]]
    matches = match_episodes(truth, found)
    named = [postures[index] for index in mostly if index >= 0]
    return SlouchCounts(
        labelled_s=int(is_within(times, truth)[number >= 0].sum()),
        found_s=Counter({name: int(slouched[number == index].sum()) for index, name in enumerate(postures)}),
        episodes=EpisodeCounts(len(truth), len(found), len(matches)),
        wrong_n=Counter(name for row, name in enumerate(named) if row not in matches[:, 1]),
        alerts=_alerts(case, truth),
    )


def _mostly(numbers: NDArray[np.int64]) -> int:
    """Return the most frequent of the numbers of labels; -1 where half or more of the time has none."""
    known = numbers[numbers >= 0]
    return int(np.bincount(known).argmax()) if 2 * len(known) > len(numbers) else -1


def _slouches(case: Case) -> NDArray[np.float64]:
    """Return start and end of each slouch, shape (n, 2); one that samples missing cut is one."""
    gaps = SpanSet(case.analysis.review.findings.gaps)
    episodes: list[tuple[float, float]] = []
    for episode in case.analysis.review.findings.of(PostureEpisode):
        if episode.state is not PostureState.SLOUCHED:
            continue
        if episodes:
            start, end = episodes[-1]
            seen_between_s = episode.start - end - gaps.overlap_s(end, episode.start)
            if seen_between_s <= ROUNDING_S:
                episodes[-1] = (start, episode.end)
                continue
        episodes.append((episode.start, episode.end))
    return _intervals(SpanSet(episodes))


def _intervals(spans: SpanSet) -> NDArray[np.float64]:
    return np.array([(span.start, span.end) for span in spans.spans], dtype=np.float64).reshape(-1, 2)


def _alerts(case: Case, truth: NDArray[np.float64]) -> SlouchAlerts:
    judged = _judged(case.analysis.events)
    # The latest slouch begun is the one an alert speaks of.
    owner = np.searchsorted(truth[:, 0], judged, side="right") - 1
    ends = np.append(truth[:, 1], -np.inf)
    # Before the first slouch the owner is -1, whose end is long past.
    in_time = judged <= ends[owner] + LATE_S
    n_alerts = np.bincount(owner[in_time], minlength=len(truth))
    long_enough = truth[:, 1] - truth[:, 0] >= TOLD_FROM_S
    active = np.array(
        [
            (event.raised - DECODER_DELAY_S, event.time)
            for event in case.analysis.events
            if isinstance(event, AlertResolved) and event.kind is AlertKind.SLOUCH
        ]
    ).reshape(-1, 2)
    told_before = is_within(truth[:, 0], active) & (n_alerts == 0)
    return SlouchAlerts(
        each=tuple(n_alerts[long_enough].tolist()),
        told_before=int(told_before[long_enough].sum()),
        outside=len(judged) - int(in_time.sum()),
    )


def _judged(events: Sequence[Noticed]) -> NDArray[np.float64]:
    """Return which second each slouch alert speaks of."""
    times = [event.time for event in events if isinstance(event, Alert) and event.kind is AlertKind.SLOUCH]
    return np.array(times, dtype=np.float64) - DECODER_DELAY_S


def report_slouch(scores: Sequence[Named[SlouchCounts]]) -> SlouchScores | None:
    """Return the scores of several recordings together."""
    if not scores:
        return None
    found_s = sum((each.score.found_s for each in scores), start=Counter[str]())
    labelled_min, found_min = sum(each.score.labelled_s for each in scores) / 60, found_s.total() / 60
    alerts = Counter(n for each in scores for n in each.score.alerts.each)
    return SlouchScores(
        labelled_min=labelled_min,
        found_min=found_min,
        error_percent=100 * (found_min / labelled_min - 1) if labelled_min else None,
        found_min_during={name: seconds / 60 for name, seconds in sorted(found_s.items())},
        episodes=report_episodes([each.score.episodes for each in scores]),
        wrong_episodes_during=dict(sorted(sum((each.score.wrong_n for each in scores), start=Counter[str]()).items())),
        alerts_per_episode={str(n): count for n, count in sorted(alerts.items())},
        told_before_n=sum(each.score.alerts.told_before for each in scores),
        alerts_outside_n=sum(each.score.alerts.outside for each in scores),
    )


def report_episodes(scores: Sequence[EpisodeCounts]) -> EpisodeScores:
    """Return the episodes of several recordings together."""
    labelled, found = sum(each.labelled for each in scores), sum(each.found for each in scores)
    matched = sum(each.matched for each in scores)
    return EpisodeScores(
        labelled_n=labelled,
        found_n=found,
        matched_n=matched,
        recall=share(matched, labelled),
        precision=share(matched, found),
    )
