"""Which exercise a set is: the definitions compete for the same time, and a poor fit is an unknown exercise."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from math import cos, exp, log, radians
from statistics import fmean, median
from typing import TYPE_CHECKING

from analytics.exercises.candidates import Signal, signal_of, takes_turns, usual_range
from analytics.exercises.chains import ChainWeights
from analytics.exercises.manner import leaning, stepping, tipping
from analytics.exercises.regularity import scatter, spread
from config.exercise_library import Counting, Observability, Position, Sides
from posture.events import Activity

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from analytics.exercises.candidates import Candidate
    from analytics.exercises.records import ExerciseSet
    from config.exercise_library import Exercise

__all__ = ["FoundSet", "RecognitionWeights", "Winner", "chosen", "fit", "is_enough"]


@dataclass(frozen=True, slots=True)
class RecognitionWeights:
    """What a definition must show to win, per repetition on the scale of the chain's score.

    Parameters
    ----------
    range_z, tempo_z, hold_z
        Against range and tempo off the middle of the usual ones, per squared standard deviation (a quarter of the range
        in e-folds); against holds off that of the usual dose (z in `hold_scale` e-folds of seconds + 1), per
        log(1 + z^2): many hold longer or shorter than they are told.
    hold_scale
        See above.
    medium
        Against exercises that the sensor sees less well.
    planned
        For those of the plan.
    larger
        For the signal in which the movement is larger, per e-fold.
    rested
        For each end of a repetition, beyond one, at which the wearer rested.
    waited
        For the rest at the home of the first repetition, before it.
    turns_off, ways_off
        Share of what a chain scores for changes of side, and for going both ways, that is taken off.
    leans, tips_back
        For a rise from a seat where the trunk leans on the way, against it where it does not, and the other way round
        for the others; the same for a raised leg where the pelvis tips back as well.
    stands
        Against standing where the exercise is done seated, for which upright sitting may be taken.
    steps
        Against facing elsewhere each time, per e-fold beyond feet that stay.
    least
        A set scores at least so much per repetition.
    known, few_known
        From this on it is one of the exercises; below, the wearer repeats something, and it is unknown what. The latter
        for fewer repetitions than `few_held`, of which there are not enough to be regular.
    few
        Chains have at least so many repetitions; those held for `long_hold_s` and more at least `few_held`.
    few_held, long_hold_s
        See above.
    size_scatter, duration_scatter, period_scatter
        Greatest median deviation, in e-folds: exercise is regular, everyday movement is not.
    scatter
        Greatest sum of the mean deviations of all three, for each repetition: the fewer, the more alike they must be.
    in_turns
        Least share of changes of side where sides alternate, unless one side follows after the other or is done alone.
    sided
        Least part of the movement about the axis that tells the side.
    sure
        How much surer each step ahead of the next best exercise makes.

    """

    range_z: float = 0.25
    tempo_z: float = 0.05
    hold_z: float = 0.25
    hold_scale: float = 0.8
    medium: float = -0.1
    planned: float = 0.5
    larger: float = 0.6
    rested: float = 0.3
    turns_off: float = 0.7
    ways_off: float = 0.35
    leans: float = 0.6
    tips_back: float = 0.6
    steps: float = 0.6
    stands: float = 0.6
    waited: float = 0.4
    least: float = 0.36
    known: float = 0.4
    few_known: float = 0.6
    few: int = 5
    few_held: int = 3
    long_hold_s: float = 8.0
    size_scatter: float = 0.2
    duration_scatter: float = 0.25
    period_scatter: float = 0.4
    scatter: float = 0.1
    in_turns: float = 0.6
    sided: float = 0.2
    sure: float = 4.0


WEIGHTS = RecognitionWeights()


@dataclass(frozen=True, slots=True)
class FoundSet:
    """A finished chain, as one of the exercises sees it.

    Parameters
    ----------
    exercise
        Its definition.
    chain, others
        The repetitions, and what else was seen in their time.
    score
        Of the chain.
    planned
        Whether the exercise is on the wearer's plan.

    """

    exercise: Exercise
    chain: tuple[Candidate, ...]
    others: tuple[Candidate, ...]
    score: float
    planned: bool = False

    @property
    def start(self) -> float:
        """When its first repetition begins."""
        return self.chain[0].excursion.start

    @property
    def end(self) -> float:
        """When its last repetition ends."""
        return self.chain[-1].excursion.end

    @property
    def size(self) -> float:
        """Median size of its repetitions, deg or cm."""
        return median(candidate.size for candidate in self.chain)

    def oddity(self, candidate: Candidate) -> float:
        """Return how far the size of one of its repetitions is from the usual one, in e-folds."""
        return abs(log(candidate.size / self.size))

    def overlaps(self, other: FoundSet) -> bool:
        """Whether a good part of the shorter one is done in the time of the other."""
        shared = min(self.end, other.end) - max(self.start, other.start)
        return shared > SHARED * min(self.end - self.start, other.end - other.start)


@dataclass(frozen=True, slots=True)
class Winner:
    """A set that no other explanation of the same time beats.

    Parameters
    ----------
    found
        The set, as its exercise sees it.
    confidence
        How sure the exercise is, 0 to 1.
    known
        False where it fits even the best of the exercises badly.

    """

    found: FoundSet
    confidence: float
    known: bool


LEAST_OF_A_SIDE = 3
"""Repetitions of one side before all of the other side follow."""

LEAST_COUNT, LEAST_HELD = 4, 2
"""Complete repetitions that a set is told from: one less than a chain must have, for what an end may lose."""

SHARED = 0.3
DOING_OTHER = 0.3
"""A set is none where the wearer does what does not go with it in more than this share of its repetitions."""

SHORTEST_PERIOD_S = 0.1
ALTERNATES = ChainWeights().alternates
"""What a chain scores for each change of side: taken off, since exercises without sides cannot score it."""

ROTATION = {Signal.TILT, Signal.TURN}

HINGE_CM, LEAST_CM = 25.0, 8.0
"""A tilt about the hips lowers the lower back from so far above them; less height than the least tells nothing."""


def fit(found: FoundSet, weights: RecognitionWeights = WEIGHTS) -> float:
    """Return how well a set fits its exercise, per repetition."""
    exercise, chain = found.exercise, found.chain
    low, high = usual_range(exercise)
    off = fmean(_off(candidate.size, low, high) ** 2 for candidate in chain)
    slow = fmean(_off(candidate.duration_s, *exercise.tempo.repetition_s) ** 2 for candidate in chain)
    usual_hold_s = exercise.dose.hold_s
    held = median(candidate.excursion.hold_s for candidate in chain)
    hold = log(1.0 + (log((held + 1.0) / (usual_hold_s + 1.0)) / weights.hold_scale) ** 2)
    off_turns = weights.ways_off if exercise.counting is Counting.BOTH_WAYS else weights.turns_off
    manners = [candidate.manner for candidate in chain]
    changes = sum((a.side or 0.0) * (b.side or 0.0) < 0 for a, b in pairwise(chain)) if takes_turns(exercise) else 0
    return (
        (found.score - off_turns * ALTERNATES * changes) / len(chain)
        + weights.rested * (fmean(candidate.excursion.rested for candidate in chain) - 1.0)
        + weights.waited * chain[0].begun_from_rest
        + weights.leans * leaning(exercise, manners)
        + weights.tips_back * tipping(exercise, manners)
        - weights.steps * stepping(manners)
        - weights.range_z * off
        - weights.tempo_z * slow
        - weights.hold_z * hold
        + (weights.medium if exercise.observability is not Observability.STRONG else 0.0)
        + (weights.planned if found.planned else 0.0)
    )


def chosen(
    sets: Sequence[FoundSet],
    activity_at: Callable[[float], Activity | None],
    weights: RecognitionWeights = WEIGHTS,
) -> list[Winner]:
    """Return the sets that win over those they overlap with, in order of time.

    Parameters
    ----------
    sets
        All that overlap with one another are there.
    activity_at
        What the wearer did at a time, as far as known.
    weights
        What a definition must show.

    """
    able = [found for found in sets if _has_enough(found, weights) and _is_possible(found, activity_at)]
    marks = {id(found): _mark(found, able, weights) - weights.stands * _stands(found, activity_at) for found in able}
    winners: list[Winner] = []
    for found in sorted(able, key=lambda each: -marks[id(each)] * log(1.0 + len(each.chain))):
        if marks[id(found)] < weights.least or any(found.overlaps(winner.found) for winner in winners):
            continue
        rivals = [marks[id(other)] for other in able if other is not found and found.overlaps(other)]
        gap = marks[id(found)] - max(rivals, default=0.0)
        known = weights.known if len(found.chain) >= weights.few_held else weights.few_known
        winners.append(Winner(found, 1.0 / (1.0 + exp(-weights.sure * gap)), known=marks[id(found)] >= known))
    return _apart(sorted(winners, key=lambda winner: winner.found.start))


def _apart(winners: list[Winner]) -> list[Winner]:
    """Return sets that do not overlap: of two the end that is less like the rest of its set is not part of it."""
    for index in range(1, len(winners)):
        before, after = winners[index - 1].found, winners[index].found
        while before.end > after.start and len(before.chain) > 1 and len(after.chain) > 1:
            if before.oddity(before.chain[-1]) > after.oddity(after.chain[0]):
                before = replace(before, chain=before.chain[:-1])
            else:
                after = replace(after, chain=after.chain[1:])
        winners[index - 1] = replace(winners[index - 1], found=before)
        winners[index] = replace(winners[index], found=after)
    return winners


def _mark(found: FoundSet, others: Sequence[FoundSet], weights: RecognitionWeights) -> float:
    """Return the fit, less where the same time shows a larger rotation in another signal."""
    mark = fit(found, weights)
    signal = signal_of(found.exercise)
    larger = [
        other.size
        for other in others
        if found.overlaps(other) and signal_of(other.exercise) != signal and signal_of(other.exercise) in ROTATION
    ]
    if signal in ROTATION and larger:
        mark -= weights.larger * max(0.0, log(max(larger) / found.size))
    heights_cm = [
        other.size for other in others if found.overlaps(other) and signal_of(other.exercise) is Signal.HEIGHT
    ]
    if signal is Signal.TILT and heights_cm:
        explained_cm = HINGE_CM * (1.0 - cos(radians(found.size))) + LEAST_CM
        mark -= weights.larger * max(0.0, log(max(heights_cm) / explained_cm))
    return mark


def is_enough(found: ExerciseSet, exercise: Exercise | None, weights: RecognitionWeights = WEIGHTS) -> bool:
    """Return whether a set still has complete repetitions enough to be told, now that its ends are known.

    Parameters
    ----------
    found
        What is left of a winner.
    exercise
        Its definition; None where it is unknown what is done, which takes as many as if nothing were held.
    weights
        What a definition must show.

    """
    if exercise is None:
        return found.count >= LEAST_COUNT
    if signal_of(exercise) is Signal.STILL:
        return True
    held = median(repetition.hold_s for repetition in found.repetitions) >= weights.long_hold_s
    return found.count >= (LEAST_HELD if held else LEAST_COUNT)


def _has_enough(found: FoundSet, weights: RecognitionWeights) -> bool:
    if signal_of(found.exercise) is Signal.STILL:
        return True
    held = median(candidate.excursion.hold_s for candidate in found.chain)
    few = weights.few_held if held >= weights.long_hold_s else weights.few
    if found.exercise.counting is Counting.BOTH_WAYS and not _goes_forward_only(found):
        few *= 2
    if found.exercise.sides is Sides.SWITCH or found.exercise.counting is Counting.HOLD:
        few = (few + 1) // 2
    return len(found.chain) >= few and _is_regular(found, weights) and _changes_sides(found, weights)


def _goes_forward_only(found: FoundSet) -> bool:
    """Whether a movement both ways is done from one end of it to the other: only forward, from where it begins.

    Backward only is a press-up.
    """
    return all((candidate.amount or 0.0) > 0.0 for candidate in found.chain)


def _is_regular(found: FoundSet, weights: RecognitionWeights) -> bool:
    """Whether sizes, durations and rhythm hardly vary; where sides alternate, each side is compared with itself."""
    chain = found.chain
    step = 2 if takes_turns(found.exercise) else 1
    starts = [candidate.excursion.start for candidate in chain]
    periods = [max(after - before, SHORTEST_PERIOD_S) for before, after in zip(starts, starts[step:], strict=False)]
    sides = [chain[side::step] for side in range(step)]
    sizes = [[each.size for each in side] for side in sides]
    durations = [[each.duration_s for each in side] for side in sides]
    return (
        all(scatter(side) <= weights.size_scatter for side in sizes)
        and all(scatter(side) <= weights.duration_scatter for side in durations)
        and scatter(periods) <= weights.period_scatter
        and max(map(spread, sizes)) + max(map(spread, durations)) + spread(periods) <= weights.scatter * len(chain)
    )


def _changes_sides(found: FoundSet, weights: RecognitionWeights) -> bool:
    """Whether the wearer goes one way and the other, in turns or one after the other, or does one side only."""
    if not takes_turns(found.exercise):
        return True
    if found.exercise.counting is Counting.BOTH_WAYS and _goes_forward_only(found):
        return True
    sides = [candidate.side or 0.0 for candidate in found.chain]
    changes = sum(before * after < 0 for before, after in pairwise(sides))
    one_side = sum(side > 0 for side in sides)
    switches = changes == 1 and LEAST_OF_A_SIDE <= one_side <= len(sides) - LEAST_OF_A_SIDE
    stays = changes == 0 and found.exercise.counting is not Counting.BOTH_WAYS
    if not (switches or stays) and changes < weights.in_turns * (len(sides) - 1):
        return False
    parts = [abs(side) / candidate.size for side, candidate in zip(sides, found.chain, strict=True)]
    return median(parts) > weights.sided


def _is_possible(found: FoundSet, activity_at: Callable[[float], Activity | None]) -> bool:
    """Whether the wearer was not walking about, and did not sit where the exercise is done standing.

    Sitting and standing take turns where the height changes; nobody lies then.
    """
    seen = _seen(found, activity_at)
    moving = sum(activity in (Activity.WALKING, Activity.RUNNING, Activity.CYCLING) for activity in seen)
    if moving > DOING_OTHER * len(seen):
        return False
    if signal_of(found.exercise) is Signal.HEIGHT:
        return sum(activity is Activity.LYING for activity in seen) <= DOING_OTHER * len(seen)
    return found.exercise.start is not Position.STANDING or seen.count(Activity.STANDING) >= seen.count(
        Activity.SITTING
    )


def _stands(found: FoundSet, activity_at: Callable[[float], Activity | None]) -> float:
    """Return in which share of its repetitions, 0 to 1, the wearer stood more than sat, though it is done seated."""
    if found.exercise.start is not Position.SEATED or signal_of(found.exercise) is Signal.HEIGHT:
        return 0.0
    seen = _seen(found, activity_at)
    return max(0.0, (seen.count(Activity.STANDING) - seen.count(Activity.SITTING)) / len(seen))


def _seen(found: FoundSet, activity_at: Callable[[float], Activity | None]) -> list[Activity | None]:
    """Return what the wearer did in each repetition, as far as known."""
    return [activity_at(candidate.excursion.peak) for candidate in found.chain]


def _off(value: float, low: float, high: float) -> float:
    """Return how many standard deviations a value is from the middle of a usual range, in e-folds."""
    return (log(value) - 0.5 * (log(low) + log(high))) / (0.25 * log(high / low))
