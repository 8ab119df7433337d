"""Oracles for `posture_ceiling.py`: what can be told of posture by who knows the wearer and the edges of each bout."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lumbar.validation.labels import CLASSES
from posture.activity import transition_scores
from posture.rotations import angle_between, unit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from posture.seconds import SecondFeatures

LYING, SITTING, STANDING, WALKING = range(len(CLASSES))

FULL_WORTH_S = 10.0
"""A shorter bout tells less of how one does it."""
LEAST_VARIANCE = np.array([1.0, 1.0, 0.05**2, 0.05**2])
"""Of two angles in deg, and of the decadic logarithms of movement and gait."""
NEVER = -1e9
AROUND_EDGE_S = 3
LONGEST_CHANGE_S = 10
USUAL = np.array([[0.0, -5.0, -5.0, -5.5], [-5.0, 0.0, -5.5, -6.0], [-5.0, -5.5, 0.0, -3.0], [-6.0, -6.0, -2.5, 0.0]])
"""How likely the decoder holds each change in any second (`posture.activity.transition_scores`), heights aside."""
NOT_CHANGED = -100.0


class Bout(NamedTuple):
    """The seconds [start, stop), as rows, with one label."""

    number: int
    start: int
    stop: int

    @property
    def length_s(self) -> int:
        """Return the seconds of the bout."""
        return self.stop - self.start


@dataclass(frozen=True, eq=False)
class Bouts:
    """The labelled bouts of a recording, at least one, and its seconds."""

    features: SecondFeatures
    every: Sequence[Bout]

    @cached_property
    def numbers(self) -> NDArray[np.int64]:
        """Return the true activity of each bout."""
        return np.array([bout.number for bout in self.every])

    @cached_property
    def lengths_s(self) -> NDArray[np.int64]:
        """Return the seconds of each bout."""
        return np.array([bout.length_s for bout in self.every])

    @cached_property
    def truth(self) -> NDArray[np.int64]:
        """Return the true activity of each second, -1 where there is none."""
        truth = np.full(len(self.features), -1)
        for bout in self.every:
            truth[bout.start : bout.stop] = bout.number
        return truth

    @cached_property
    def tilts_deg(self) -> NDArray[np.float64]:
        """Return the tilt of each bout from how the wearer truly stands (else walks)."""
        upright = self.first_up((STANDING, WALKING, SITTING, LYING))
        return self.medians(np.degrees(angle_between(self.features.up, upright)))

    @cached_property
    def ways(self) -> NDArray[np.float64]:
        """Return how each bout is, shape (bouts, 4).

        Tilt and flexion from the wearer's true walking (else standing), in deg; logarithms of movement and gait.
        Flexion is towards where the wearer truly leans in sitting.
        """
        upright = self.first_up((WALKING, STANDING, SITTING, LYING))
        seated = self.up_in(SITTING)
        back = np.zeros(3) if seated is None else unit(seated - (seated @ upright) * upright)
        up = self.features.up
        ways = (
            np.degrees(angle_between(up, upright)),
            np.degrees(np.arctan2(up @ back, up @ upright)),
            np.log10(self.features.movement + 0.01),
            np.log10(self.features.gait + 0.005),
        )
        return np.column_stack([self.medians(way) for way in ways])

    def up_in(self, number: int) -> NDArray[np.float64] | None:
        """Return the median direction in an activity, shape (3,); None where there is none of it."""
        where = self.truth == number
        return unit(np.median(self.features.up[where], axis=0)) if where.any() else None

    def first_up(self, order: Sequence[int]) -> NDArray[np.float64]:
        """Return up in the first of these activities that the wearer does, shape (3,)."""
        return next(up for number in order if (up := self.up_in(number)) is not None)

    def medians(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the median of the values, one for each second, in each bout."""
        return np.array([np.median(values[bout.start : bout.stop]) for bout in self.every])


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """How the bouts of one activity are in a set, shape (4,) each: mean, and variance between and within people."""

    mean: NDArray[np.float64]
    between: NDArray[np.float64]
    within: NDArray[np.float64]


def bouts_of(second: NDArray[np.int64], truth: NDArray[np.int64]) -> list[Bout]:
    """Return the stretches of one label without a hole."""
    cuts = np.flatnonzero((np.diff(truth) != 0) | (np.diff(second) != 1)) + 1
    edges = np.unique([0, *cuts, len(truth)]).tolist()
    return [Bout(int(truth[start]), start, stop) for start, stop in pairwise(edges) if truth[start] >= 0]


def people_of(everybody: Sequence[Bouts]) -> list[People | None]:
    """Return how the bouts of each activity are in a set; None where there are none."""
    return [_people_of(everybody, number) for number in range(len(CLASSES))]


def _people_of(everybody: Sequence[Bouts], number: int) -> People | None:
    groups = [(its.ways[of_it], _worth(its)[of_it]) for its in everybody if (of_it := its.numbers == number).any()]
    if not groups:
        return None
    n = np.array([worth.sum() for _, worth in groups])
    centres = np.array([np.average(ways, axis=0, weights=worth) for ways, worth in groups])
    squares = [worth @ (ways - centre) ** 2 for (ways, worth), centre in zip(groups, centres, strict=True)]
    repeated = sum(worth.sum() * (1 - 1 / len(worth)) for _, worth in groups)
    within = np.maximum(np.sum(squares, axis=0) / max(repeated, 1.0), LEAST_VARIANCE)
    between = centres.var(axis=0) - within * np.mean(1 / n)
    return People(centres.mean(axis=0), np.maximum(between, LEAST_VARIANCE), within)


def _worth(bouts: Bouts) -> NDArray[np.float64]:
    return np.minimum(bouts.lengths_s / FULL_WORTH_S, 1.0)


def likelihoods(bouts: Bouts, people: Sequence[People | None]) -> NDArray[np.float64]:
    """Return the log likelihood of each activity for each bout, shape (bouts, 4), given all others of the wearer."""
    return np.stack([_likelihood(bouts, number, its) for number, its in enumerate(people)], axis=1)


def _likelihood(bouts: Bouts, number: int, people: People | None) -> NDArray[np.float64]:
    if people is None:
        return np.full(len(bouts.every), NEVER)
    worth = np.where(bouts.numbers == number, _worth(bouts), 0.0)[:, np.newaxis]
    n = worth.sum() - worth
    total = (worth * bouts.ways).sum(axis=0) - worth * bouts.ways
    doubt = 1 / (1 / people.between + n / people.within)
    expected = doubt * (people.mean / people.between + total / people.within)
    variance = people.within + doubt
    return np.asarray(-0.5 * ((bouts.ways - expected) ** 2 / variance + np.log(variance)).sum(axis=1))


def best_course(bouts: Bouts, likely: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the most likely activity of each bout, shape (bouts,), all bouts and the heights between them together."""
    second = bouts.features.second
    starts = [0, *(np.flatnonzero(np.diff(second) != 1) + 1).tolist(), len(second)]
    heights = np.concatenate([transition_scores(bouts.features.rows(*ends)) for ends in pairwise(starts)])
    score, ways = likely[0], []
    for (before, bout), its in zip(pairwise(bouts.every), likely[1:], strict=True):
        routes = score[:, np.newaxis] + _edge(second, heights, before, bout)
        ways.append(routes.argmax(axis=0))
        score = routes.max(axis=0) + its
    course = [int(score.argmax())]
    for way in reversed(ways):
        course.append(int(way[course[-1]]))
    return np.array(course[::-1])


def _edge(second: NDArray[np.int64], heights: NDArray[np.float64], before: Bout, bout: Bout) -> NDArray[np.float64]:
    """Return the log evidence for each activity turning into each other between two bouts, shape (4, 4)."""
    between_s = int(second[bout.start] - second[before.stop - 1]) - 1
    if between_s > LONGEST_CHANGE_S or between_s != bout.start - before.stop:
        return np.zeros_like(USUAL)
    rows = heights[max(before.stop - AROUND_EDGE_S, 0) : bout.start + AROUND_EDGE_S]
    turns = np.asarray(rows.max(axis=0)[: len(CLASSES), : len(CLASSES)] - USUAL)
    np.fill_diagonal(turns, 0.0 if between_s else NOT_CHANGED)
    return turns


def by_best_threshold(bouts: Bouts) -> NDArray[np.int64]:
    """Return the true activities, but sitting and standing by the tilt of the bout that parts them best."""
    numbers = bouts.numbers.copy()
    either = (numbers == SITTING) | (numbers == STANDING)
    sits = numbers[either] == SITTING
    if sits.all() or not sits.any():
        return numbers
    tilt_deg, lengths_s = bouts.tilts_deg[either], bouts.lengths_s[either]
    found = tilt_deg >= np.append(np.unique(tilt_deg), np.inf)[:, np.newaxis]
    weight = lengths_s / np.where(sits, lengths_s[sits].sum(), lengths_s[~sits].sum())
    best = found[int(((found == sits) @ weight).argmax())]
    numbers[either] = np.where(best, SITTING, STANDING)
    return numbers
