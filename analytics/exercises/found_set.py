"""A finished chain of repetitions as one of the exercises sees it, and what such a set must show."""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from statistics import median
from typing import TYPE_CHECKING

from analytics.exercises.candidates import takes_turns

if TYPE_CHECKING:
    from analytics.exercises.candidates import Candidate
    from config.exercise import Exercise

__all__ = ["WEIGHTS", "FoundSet", "RecognitionWeights"]

SHARED = 0.3


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
    larger, sinks
        For the signal in which the rotation is larger, per e-fold; for a rise where the wearer sinks farther than the
        tilt explains.
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
    scatter, scatter_held
        Greatest sum of the mean deviations of all three: for each repetition, since the fewer there are, the more alike
        they must be; and for a few long holds in all, if that is more.
    in_turns, in_blocks
        Least share of changes of side where sides alternate, and greatest where one side follows after the other, or is
        done alone.
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
    sinks: float = 0.9
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
    scatter_held: float = 0.45
    in_turns: float = 0.6
    in_blocks: float = 0.25
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

    @property
    def every(self) -> int:
        """After how many repetitions the same side comes again."""
        return 2 if takes_turns(self.exercise) else 1

    def is_held(self, weights: RecognitionWeights) -> bool:
        """Return whether its repetitions are long holds, of which there are few."""
        return median(candidate.excursion.hold_s for candidate in self.chain) >= weights.long_hold_s

    def oddity(self, candidate: Candidate) -> float:
        """Return how far the size of one of its repetitions is from the usual one, in e-folds."""
        return abs(log(candidate.size / self.size))

    def overlaps(self, other: FoundSet) -> bool:
        """Whether a good part of the shorter one is done in the time of the other."""
        shared = min(self.end, other.end) - max(self.start, other.start)
        return shared > SHARED * min(self.end - self.start, other.end - other.start)
