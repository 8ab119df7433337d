"""The manners in which an exercise that is taught may be seen, as definitions to try and to keep."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from analytics.exercises.candidates import Signal
from config.exercise import Axis, Counting, Dose, Exercise, Hold, Motion, Observability, Position, Sides, Tempo, Way

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analytics.exercises.records import Repetition

__all__ = ["Manner", "Outcome", "definition", "manners", "trials"]

STEP = 2.0**0.5
SMALLEST, N_SIZES = {"deg": 2.0, "cm": 6.0}, {"deg": 12, "cm": 8}
"""Sizes tried: from what can be told from rest to 90 deg and 70 cm, in half octaves."""

BELOW, ABOVE = 0.6, 1.7
TRIAL_TEMPO_S = (1.0, 37.0)
SHORTEST_S = 0.5
SHORTEST_HOLD_S = 1.0
LARGEST_DEG = 180.0

WORDS = {
    (Axis.FLEXION, Way.FORWARD): "tilts forward",
    (Axis.FLEXION, Way.BACKWARD): "tilts backward",
    (Axis.FLEXION, Way.EITHER): "tilts one way and then the other",
    (Axis.LATERAL_BEND, Way.EITHER): "tilts to the side",
    (Axis.AXIAL_ROTATION, Way.EITHER): "turns to the side",
    (Axis.RISE, Way.UP): "rises",
    (Axis.RISE, Way.DOWN): "sinks",
}


@dataclass(frozen=True, slots=True)
class Manner:
    """From which position what moves which way, and what counts as one."""

    position: Position
    signal: Signal
    axis: Axis
    way: Way
    counting: Counting = Counting.EACH
    sides: Sides = Sides.NONE

    @property
    def goes_two_ways(self) -> bool:
        """Whether one repetition goes another way than the one before, or both ways."""
        return self.counting is Counting.BOTH_WAYS or self.sides is Sides.ALTERNATE

    @property
    def unit(self) -> str:
        """Unit of its size."""
        return "cm" if self.axis is Axis.RISE else "deg"


def manners(position: Position, *, mounting_known: bool) -> list[Manner]:
    """Return the manners in which a movement from a position may be seen.

    Tilt takes a known mounting. Height is twice integrated and forgotten within seconds: upright it is the plainest
    sign of all, on the mat a lift is too small for it and tilts, too.
    """
    upright = position in (Position.STANDING, Position.SEATED)
    found = [Manner(position, Signal.HEIGHT, Axis.RISE, way) for way in (Way.UP, Way.DOWN)] if upright else []
    if mounting_known:
        found += [
            Manner(position, Signal.TILT, Axis.FLEXION, Way.FORWARD),
            Manner(position, Signal.TILT, Axis.FLEXION, Way.BACKWARD),
            Manner(position, Signal.TILT, Axis.FLEXION, Way.EITHER, Counting.BOTH_WAYS),
            *_sided(position, Signal.TILT, Axis.LATERAL_BEND),
        ]
    if upright or mounting_known:
        found += _sided(position, Signal.TURN if upright else Signal.TILT, Axis.AXIAL_ROTATION)
    return found


def _sided(position: Position, signal: Signal, axis: Axis) -> list[Manner]:
    return [Manner(position, signal, axis, Way.EITHER, sides=sides) for sides in (Sides.SWITCH, Sides.ALTERNATE)]


def trials(number: int, manner: Manner) -> list[Exercise]:
    """Return definitions of a manner for movements of any size, with ids of their own for each number."""
    first = SMALLEST[manner.unit]
    scales = [first * STEP**step for step in range(N_SIZES[manner.unit])]
    return [
        _exercise(f"trial_{number}_{step}", manner, (BELOW * scale, ABOVE * scale), TRIAL_TEMPO_S)
        for step, scale in enumerate(scales)
    ]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Repetitions seen in a manner."""

    manner: Manner
    repetitions: tuple[Repetition, ...]

    @property
    def sizes(self) -> list[float]:
        """How far each repetition went, in deg or cm, each way."""
        ways = 2.0 if self.manner.counting is Counting.BOTH_WAYS else 1.0
        return [(each.range_deg or each.range_cm or 0.0) / ways for each in self.repetitions]

    @property
    def lengths_s(self) -> list[float]:
        """How long each repetition took."""
        return [each.end - each.start for each in self.repetitions]

    @property
    def is_its_manner(self) -> bool:
        """Whether sides are changed as its manner says: where they are switched, once."""
        changes = sum(before.side is not after.side for before, after in pairwise(self.repetitions))
        return self.manner.sides is not Sides.SWITCH or changes <= 1

    def described(self) -> str:
        """Return what the lower back does in words, with the sizes shown."""
        low, high = round(min(self.sizes)), round(max(self.sizes))
        by = f"{low}" if low == high else f"{low} to {high}"
        return f"the lower back {WORDS[self.manner.axis, self.manner.way]} by {by} {self.manner.unit}"


def definition(identifier: str, title: str, shown: Outcome, width: float) -> Exercise:
    """Return the exercise that some repetitions are examples of.

    Parameters
    ----------
    identifier, title
        What it is called.
    shown
        The examples.
    width
        Range, tempo and hold reach from the least divided by this to the greatest times this.

    Raises
    ------
    ValueError
        It cannot be called so.

    """
    shortest_s, longest_s = _between(shown.lengths_s, width)
    exercise = _exercise(
        identifier, shown.manner, _between(shown.sizes, width), (max(SHORTEST_S, shortest_s), longest_s)
    )
    holds_s = [each.hold_s for each in shown.repetitions]
    hold_s = float(round(median(holds_s))) if median(holds_s) >= SHORTEST_HOLD_S else 0.0
    words = shown.described()
    learnt = {
        "title": title,
        "sees": f"{words[0].upper()}{words[1:]}.",
        "hold": Hold(hold_s=_between(holds_s, width) if hold_s else (0.0, 0.0)),
        "dose": Dose(sets=1, repetitions=10, hold_s=hold_s),
        "source": (
            f"Taught by the wearer with {len(shown.repetitions)} repetitions: range, tempo and hold reach from the "
            f"least shown divided by {width:g} to the greatest times {width:g}. The dose is assumed."
        ),
    }
    return Exercise.model_validate(exercise.model_dump(by_alias=True) | learnt)


def _between(values: Sequence[float], width: float) -> tuple[float, float]:
    return round(min(values) / width, 1), round(max(values) * width, 1)


def _exercise(
    identifier: str,
    manner: Manner,
    reach: tuple[float, float],
    tempo_s: tuple[float, float],
) -> Exercise:
    rises = manner.axis is Axis.RISE
    return Exercise(
        id=identifier,
        title="Trial",
        observability=Observability.STRONG,
        start=manner.position,
        sees="A movement of the lower back.",
        motion=Motion(
            axis=manner.axis,
            way=manner.way,
            range_deg=None if rises else (reach[0], min(reach[1], LARGEST_DEG)),
            range_cm=reach if rises else None,
        ),
        tempo=Tempo(repetition_s=tempo_s),
        counting=manner.counting,
        sides=manner.sides,
        positive_side="right" if manner.axis is Axis.LATERAL_BEND else "left",
        instructions=("Do it as you have shown it.",),
        dose=Dose(sets=1, repetitions=10),
        source="On trial.",
    )
