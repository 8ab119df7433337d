"""From a chain of candidates to the repetitions of a set."""

from __future__ import annotations

from itertools import pairwise
from math import dist, log
from statistics import median
from typing import TYPE_CHECKING

from analytics.exercises.chains import COMPLETE, SET_PAUSE_S
from analytics.exercises.excursion import SHORTEST_HOLD_S
from analytics.exercises.missed import SHORT_S
from analytics.exercises.records import ExerciseSet, Repetition, Side
from config.exercise import Axis, Counting, Sides

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analytics.exercises.candidates import Candidate
    from config.exercise import Exercise

__all__ = ["joined", "parts_of", "repetitions_of", "sets_of"]

OWN = 7
"""The wearer's own usual size is the median of so many repetitions before."""

STRANGE_SMALL, STRANGE_LARGE = 0.85, log(1.0 / COMPLETE)
"""First and last repetitions that are smaller or larger than the others by more than this, in e-folds, are none."""

OTHER_SIZE, OTHER_DURATION = 0.75, 0.7
"""Where the usual size or duration changes by more than this, in e-folds, another movement has begun."""

FAR_OFF_S, UNLIKE, ENOUGH_TO_KNOW = 4.0, 0.4, 5
"""So are those a pause so much longer than usual away whose size and duration differ by more than this in all.

What is usual is known from so many repetitions on.
"""

INCOMPLETE = 0.15
"""Repetitions that stop short are noticed from this share of the usual size on."""

FROM_HERE = 0.2
"""They begin this near to the home of the set, as a share of the usual size."""

LONG, LONG_SCATTERS = 0.35, 4.0
"""An excursion is a rest where it is longer than usual by so many e-folds, and by so many standard deviations."""

NORMAL = 0.6745
"""Median distance from the median of a normal distribution, in standard deviations."""

NEIGHBOURS = 5
LEAST_OF_A_SET, LEAST_OF_A_PART = 2, 3
PAIR_PAUSE_S = 6.0
"""Longest pause between the two ways of a repetition that goes both ways."""


def sets_of(
    chain: Sequence[Candidate], others: Sequence[Candidate], exercise: Exercise, confidence: float
) -> list[ExerciseSet]:
    """Return the sets that a finished chain holds, in order of time: one, or one for each size of movement.

    Parameters
    ----------
    chain, others
        The chain, and what was seen beside it: incomplete repetitions are among it.
    exercise
        Its definition.
    confidence
        How sure the exercise is, 0 to 1.

    """
    sets = []
    for part in parts_of(chain, exercise):
        repetitions = repetitions_of(_with_incomplete(_without_strange_ends(part), others), exercise)
        if any(repetition.complete for repetition in repetitions):
            sets.append(
                ExerciseSet(exercise.id, repetitions[0].start, repetitions[-1].end, tuple(repetitions), confidence)
            )
    return sets


def joined(sets: Sequence[ExerciseSet]) -> list[ExerciseSet]:
    """Return the sets in order of time, those of one exercise with no long pause between them as one."""
    found: list[ExerciseSet] = []
    for each in sorted(sets, key=lambda one: one.start):
        last = found[-1] if found else None
        if last is None or last.exercise != each.exercise or each.start - last.end > SET_PAUSE_S:
            found.append(each)
            continue
        found[-1] = ExerciseSet(
            last.exercise,
            last.start,
            each.end,
            (*last.repetitions, *each.repetitions),
            max(last.confidence, each.confidence),
        )
    return found


def repetitions_of(chain: Sequence[Candidate], exercise: Exercise) -> list[Repetition]:
    """Return the repetitions of a chain, each judged by those before it, as they are announced."""
    if exercise.counting is Counting.BOTH_WAYS:
        return _both_ways(chain, exercise)
    return _whole([(candidate,) for candidate in chain], exercise)


def _both_ways(chain: Sequence[Candidate], exercise: Exercise) -> list[Repetition]:
    """Return one repetition for each excursion one way followed by one the other way.

    Where all go one way, the wearer begins at one end of the movement and each excursion is a whole repetition.
    """
    pairs: list[tuple[Candidate, ...]] = []
    first: Candidate | None = None
    for candidate in chain:
        if first is None or not _goes_back(first, candidate):
            first = candidate
            continue
        pairs.append((first, candidate))
        first = None
    return _whole(pairs or [(candidate,) for candidate in chain], exercise)


def _whole(parts: Sequence[tuple[Candidate, ...]], exercise: Exercise) -> list[Repetition]:
    """Return the repetitions that these parts are, each complete if it goes as far as the complete ones before it."""
    usual: list[float] = []
    repetitions = []
    for part in parts:
        size = sum(candidate.size for candidate in part)
        is_complete = not usual or size >= COMPLETE * median(usual[-OWN:])
        repetitions.append(_repetition(part, exercise, complete=is_complete))
        if is_complete:
            usual.append(size)
    return repetitions


def _goes_back(first: Candidate, second: Candidate) -> bool:
    if second.excursion.start - first.excursion.end > PAIR_PAUSE_S:
        return False
    return first.goes_with(second) < 0


def _repetition(parts: tuple[Candidate, ...], exercise: Exercise, *, complete: bool) -> Repetition:
    first, last = parts[0].excursion, parts[-1].excursion
    longest = max((part.excursion for part in parts), key=lambda excursion: excursion.hold_s)
    hold_s = longest.hold_s if longest.hold_s >= SHORTEST_HOLD_S else 0.0
    size = sum(part.size for part in parts)
    rises, still = exercise.motion.axis is Axis.RISE, exercise.motion.axis is Axis.STILL
    return Repetition(
        start=first.start,
        peak=first.peak,
        end=last.end,
        side=_side(parts[0], exercise),
        range_deg=None if rises or still else size,
        range_cm=size if rises else None,
        hold_s=hold_s,
        out_s=first.hold_start - first.start,
        back_s=last.end - last.hold_end,
        unsteadiness_deg=longest.unsteadiness if hold_s and not rises else None,
        complete=complete,
    )


def _side(candidate: Candidate, exercise: Exercise) -> Side | None:
    if exercise.sides is Sides.NONE or candidate.side is None:
        return None
    positive = Side(exercise.positive_side)
    return positive if candidate.side > 0 else (Side.RIGHT if positive is Side.LEFT else Side.LEFT)


def parts_of(chain: Sequence[Candidate], exercise: Exercise) -> list[list[Candidate]]:
    """Return a chain cut where another movement has begun, and where the wearer rested in another pose."""
    if exercise.motion.axis is Axis.STILL:
        return [list(chain)]
    return [part for alike in _cut_at_changes(chain) for part in _cut_at_rests(alike)]


def _cut_at_changes(chain: Sequence[Candidate]) -> list[list[Candidate]]:
    """Return a chain cut where the usual size or duration changes."""
    sizes = [log(candidate.size) for candidate in chain]
    durations = [log(candidate.duration_s) for candidate in chain]
    cuts = [
        cut
        for values, most in ((sizes, OTHER_SIZE), (durations, OTHER_DURATION))
        for cut in range(LEAST_OF_A_PART, len(chain) - LEAST_OF_A_PART + 1)
        if abs(_step(values, cut)) > most
    ]
    if not cuts:
        return [list(chain)]
    cut = min(cuts, key=lambda each: _left_over(sizes, each) + _left_over(durations, each))
    return [*_cut_at_changes(chain[:cut]), *_cut_at_changes(chain[cut:])]


def _step(values: Sequence[float], cut: int) -> float:
    """Return by how much the usual value changes at a cut."""
    return median(values[cut : cut + NEIGHBOURS]) - median(values[max(0, cut - NEIGHBOURS) : cut])


def _left_over(values: Sequence[float], cut: int) -> float:
    """Return how far the values are from the usual one of their part, in all."""
    total = 0.0
    for part in (values[:cut], values[cut:]):
        usual = median(part)
        total += sum(abs(value - usual) for value in part)
    return total


def _cut_at_rests(chain: Sequence[Candidate]) -> list[list[Candidate]]:
    """Return a chain cut where an excursion is much longer than usual: a rest in another pose, as between sets.

    How much longer follows from how regular the others are.
    """
    durations = [log(candidate.duration_s) for candidate in chain]
    usual = median(durations)
    scatter = median(abs(duration - usual) for duration in durations) / NORMAL
    longest = usual + max(LONG, LONG_SCATTERS * scatter)
    parts: list[list[Candidate]] = [[]]
    for candidate, duration in zip(chain, durations, strict=True):
        if duration > longest and candidate.duration_s > SET_PAUSE_S:
            parts.append([])
        else:
            parts[-1].append(candidate)
    return [part for part in parts if part]


def _with_incomplete(chain: list[Candidate], others: Sequence[Candidate]) -> list[Candidate]:
    """Return a chain with what was done between its repetitions, from the same home but not far enough to link."""
    found = list(chain)
    for candidate in sorted(others, key=lambda other: -other.size):
        if not chain[0].excursion.end <= candidate.excursion.start <= chain[-1].excursion.start:
            continue
        usual = median([other.size for other in chain if other.excursion.peak < candidate.excursion.peak][-OWN:])
        if (
            INCOMPLETE * usual < candidate.size < COMPLETE * usual
            and _is_from_here(candidate, chain, usual)
            and not any(candidate.shared_s(other) > SHORT_S for other in found)
        ):
            found.append(candidate)
    return sorted(found, key=lambda candidate: candidate.excursion.peak)


def _is_from_here(candidate: Candidate, chain: Sequence[Candidate], usual: float) -> bool:
    last = max(
        (other for other in chain if other.excursion.end <= candidate.excursion.start + SHORT_S),
        key=lambda other: other.excursion.end,
        default=chain[0],
    )
    return dist(last.excursion.home, candidate.excursion.home) < FROM_HERE * usual


def _without_strange_ends(chain: list[Candidate]) -> list[Candidate]:
    """Return a chain without those at its ends that are none of its repetitions: other sizes, or far off and unlike."""
    if len(chain) <= LEAST_OF_A_SET:
        return chain
    size = median(candidate.size for candidate in chain)
    duration_s = median(candidate.duration_s for candidate in chain)
    pauses = [after.excursion.start - before.excursion.end for before, after in pairwise(chain)]
    longest = median(pauses) + FAR_OFF_S

    def is_strange(candidate: Candidate, pause_s: float) -> bool:
        larger = log(candidate.size / size)
        unlike = abs(larger) + abs(log(candidate.duration_s / duration_s))
        if not -STRANGE_SMALL <= larger <= STRANGE_LARGE:
            return True
        return len(chain) >= ENOUGH_TO_KNOW and pause_s > longest and unlike > UNLIKE

    first, last = 0, len(chain) - 1
    while last - first >= LEAST_OF_A_SET and is_strange(chain[first], pauses[first]):
        first += 1
    while last - first >= LEAST_OF_A_SET and is_strange(chain[last], pauses[last - 1]):
        last -= 1
    return chain[first : last + 1]
