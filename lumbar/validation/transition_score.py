"""Changes of posture, one to one against the labelled ones."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lumbar.validation.detection import Counts, detection, total, worst_person
from lumbar.validation.labels import TRANSITIONS, is_activity, is_within
from lumbar.validation.matching import match_times
from lumbar.validation.report import TransitionAnswer, TransitionScores
from posture.events import Transition, TransitionKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lumbar.validation.case import Case, Named

__all__ = ["AnswerCounts", "TransitionCounts", "count_transitions", "report_transitions"]

TOLERANCE_S = 3.0
SIT_STAND = (TransitionKind.SIT_TO_STAND, TransitionKind.STAND_TO_SIT)


@dataclass(frozen=True, slots=True)
class AnswerCounts:
    """One answer's transitions by kind, and the labels at those found wrongly."""

    by_kind: Mapping[TransitionKind, Counts]
    wrong_during: Counter[str]


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
    for kind in TransitionKind:
        truth = case.labels.of(kind.value)
        times = np.array([event.time for event in found if event.kind is kind])
        pairs = match_times(truth, times, TOLERANCE_S)
        alone = np.delete(times, pairs[:, 1])
        wrong = alone[is_within(alone, labelled_time)]
        by_kind[kind] = Counts(len(truth), len(pairs), len(wrong), len(alone) - len(wrong))
        wrong_during.update(" + ".join(case.labels.at(time)) for time in wrong.tolist())
    return AnswerCounts(by_kind, wrong_during)


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
    )
