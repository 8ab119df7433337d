"""Changes of posture, one to one against the labelled ones."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lumbar.validation.detection import Counts, detection, total, worst_person
from lumbar.validation.labels import TRANSITIONS, is_activity, is_within
from lumbar.validation.matching import match_times
from lumbar.validation.report import DurationScores, TransitionAnswer, TransitionScores
from posture.events import Transition, TransitionKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from lumbar.validation.case import Case, Named

__all__ = [
    "AGREEMENT",
    "SIT_STAND",
    "AnswerCounts",
    "TimedPair",
    "TransitionCounts",
    "count_transitions",
    "report_transitions",
]

TOLERANCE_S = 3.0
AGREEMENT = 1.96
"""Limits of agreement in standard deviations: Bland & Altman, Lancet 1 (1986) 307-310."""
SIT_STAND = (TransitionKind.SIT_TO_STAND, TransitionKind.STAND_TO_SIT)


class TimedPair(NamedTuple):
    """How long a change of posture took, labelled and found, and how late it was said to begin and to end."""

    kind: TransitionKind
    labelled_s: float
    found_s: float
    start_late_s: float
    end_late_s: float


@dataclass(frozen=True, slots=True)
class AnswerCounts:
    """One answer's transitions by kind, and the labels at those found wrongly."""

    by_kind: Mapping[TransitionKind, Counts]
    wrong_during: Counter[str]
    durations: tuple[TimedPair, ...]
    """Of the matched ones whose duration was told."""


@dataclass(frozen=True, slots=True)
class TransitionCounts:
    """Both answers' transitions; `kinds` are those labelled anywhere in the set."""

    kinds: frozenset[TransitionKind]
    live: AnswerCounts
    smoothed: AnswerCounts


def count_transitions(case: Case) -> TransitionCounts | None:
    """Return what was found of the transitions of a recording; None where its set labels none, or it has no labels."""
    kinds = frozenset(TransitionKind(name) for name in case.set_labels & TRANSITIONS)
    if not kinds or not len(case.labels):
        return None
    live = [event for event in case.analysis.events if isinstance(event, Transition)]
    return TransitionCounts(kinds, _count(case, live), _count(case, case.analysis.review.findings.of(Transition)))


def _count(case: Case, found: Sequence[Transition]) -> AnswerCounts:
    labelled_time = case.labels.where(is_activity)
    by_kind: dict[TransitionKind, Counts] = {}
    wrong_during: Counter[str] = Counter()
    durations: list[TimedPair] = []
    for kind in TransitionKind:
        truth = case.labels.of(kind.value)
        its = [event for event in found if event.kind is kind]
        times = np.array([event.time for event in its])
        pairs = match_times(truth, times, TOLERANCE_S)
        durations += [pair for row, column in pairs if (pair := _timed(truth[row], its[column])) is not None]
        alone = np.delete(times, pairs[:, 1])
        wrong = alone[is_within(alone, labelled_time)]
        by_kind[kind] = Counts(len(truth), len(pairs), len(wrong), len(alone) - len(wrong))
        wrong_during.update(" + ".join(case.labels.at(time)) for time in wrong.tolist())
    return AnswerCounts(by_kind, wrong_during, tuple(durations))


def _timed(truth: NDArray[np.float64], found: Transition) -> TimedPair | None:
    if found.duration_s is None:
        return None
    start, end = truth.tolist()
    late_s = found.time - (start + end) / 2
    longer_s = found.duration_s - (end - start)
    return TimedPair(found.kind, end - start, found.duration_s, late_s - longer_s / 2, late_s + longer_s / 2)


def report_transitions(scores: Sequence[Named[TransitionCounts]]) -> TransitionScores | None:
    """Return the scores of several recordings together."""
    if not scores:
        return None
    kinds = frozenset[TransitionKind]().union(*(each.score.kinds for each in scores))
    return TransitionScores(
        live=_answer([(each.person, each.score.live) for each in scores], kinds),
        smoothed=_answer([(each.person, each.score.smoothed) for each in scores], kinds),
    )


def _answer(scores: Sequence[tuple[str, AnswerCounts]], labelled_kinds: frozenset[TransitionKind]) -> TransitionAnswer:
    by_kind = {kind: total(score.by_kind[kind] for _, score in scores) for kind in TransitionKind}
    sit_stand = [(person, total(score.by_kind[kind] for kind in SIT_STAND)) for person, score in scores]
    has_sit_stand = not labelled_kinds.isdisjoint(SIT_STAND)
    wrong_during = sum((score.wrong_during for _, score in scores), start=Counter[str]())
    return TransitionAnswer(
        sit_stand=detection(total(counts for _, counts in sit_stand)) if has_sit_stand else None,
        all_kinds=detection(total(by_kind.values())),
        by_kind={kind: detection(counts) for kind, counts in by_kind.items()},
        wrong_during=dict(wrong_during.most_common()),
        worst=worst_person(sit_stand) if has_sit_stand else None,
        durations=_durations([pair for _, score in scores for pair in score.durations]),
    )


def _durations(pairs: Sequence[TimedPair]) -> dict[TransitionKind, DurationScores]:
    by_kind = {kind: [pair for pair in pairs if pair.kind is kind] for kind in TransitionKind}
    return {kind: _duration(its) for kind, its in by_kind.items() if its}


def _duration(pairs: Sequence[TimedPair]) -> DurationScores:
    labelled_s = np.array([pair.labelled_s for pair in pairs])
    error_s = np.array([pair.found_s for pair in pairs]) - labelled_s
    bias_s, spread_s = float(error_s.mean()), AGREEMENT * float(error_s.std())
    return DurationScores(
        timed_n=len(pairs),
        labelled_median_s=float(np.median(labelled_s)),
        median_error_s=float(np.median(np.abs(error_s))),
        bias_s=bias_s,
        agreement_s=(bias_s - spread_s, bias_s + spread_s),
        start_late_median_s=float(np.median([pair.start_late_s for pair in pairs])),
        end_late_median_s=float(np.median([pair.end_late_s for pair in pairs])),
    )
