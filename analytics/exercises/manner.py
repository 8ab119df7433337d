"""How an exercise is done, beside what is counted of it: tells exercises apart that move about the same axis."""

from __future__ import annotations

from dataclasses import dataclass
from math import log, tanh
from statistics import median
from typing import TYPE_CHECKING

from config.exercise import Axis, Position

if TYPE_CHECKING:
    from collections.abc import Sequence

    from config.exercise import Exercise

__all__ = ["PLAIN", "Manner", "leaning", "stepping", "tipping"]


@dataclass(frozen=True, slots=True)
class Manner:
    """How one movement is done.

    Parameters
    ----------
    lean_deg
        Of a change of height: how much further forward the trunk leant on the way out than at either end of it.
    back
        Of a tilt: which part of it goes backward, -1 (all of it forward) to 1.
    heading_deg
        Turn about the vertical where it begins, to the left > 0; only means something against others of the same set.

    """

    lean_deg: float = 0.0
    back: float = 0.0
    heading_deg: float = 0.0


PLAIN = Manner()
"""Where nothing is to be recognised."""

LEANS_DEG, LEANS_SCALE_DEG = 6.0, 5.0
"""The trunk leans on the way from this on: 4-28 deg, median 13, in the sit-to-stands of UI-PRMD, 0-10 in its squats."""

TIPS_BACK, TIPS_BACK_SCALE = 0.25, 0.12
"""The pelvis tips back as well from this part of the tilt on: with a raised leg by 0.3-0.95 of it (UI-PRMD)."""

FEET_STAY_DEG = 3.0
"""Who exercises faces the same way each time: 1-4 deg from one repetition to the next in UI-PRMD, one set 8."""

IN_FAVOUR = 0.5
"""What speaks for an exercise counts so much of what speaks against it: many movements go without leaning."""


def leaning(exercise: Exercise, manners: Sequence[Manner]) -> float:
    """Return how surely the trunk leans, or does not, as it does where a rise begins, -1 to 1.

    Who stands up from a seat leans forward first, to have the feet below the centre of mass, and is upright again at
    both ends (Schenkman et al. 1990, doi:10.1093/ptj/70.10.638); who squats leans furthest at the lowest point.
    """
    if exercise.motion.axis is not Axis.RISE:
        return 0.0
    further = tanh((median(manner.lean_deg for manner in manners) - LEANS_DEG) / LEANS_SCALE_DEG)
    return _speaking(further if exercise.start is Position.SEATED else -further)


def tipping(exercise: Exercise, manners: Sequence[Manner]) -> float:
    """Return how surely a standing pelvis that bends sideways tips back too, or does not, as in the exercise, -1 to 1.

    Raising a leg tips the pelvis back, by a sixth of what the thigh moves (Murray et al. 2002,
    doi:10.1016/S0268-0033(01)00115-2), and hikes it on that side; bending the trunk sideways only bends it sideways.
    """
    motion = exercise.motion
    if motion.axis is not Axis.LATERAL_BEND or exercise.start is not Position.STANDING:
        return 0.0
    further = tanh((median(manner.back for manner in manners) - TIPS_BACK) / TIPS_BACK_SCALE)
    return _speaking(further if motion.tips_back else -further)


def stepping(manners: Sequence[Manner], every: int = 1) -> float:
    """Return by how many e-folds the wearer faces elsewhere from one repetition to the next than feet that stay allow.

    Bending for this and that in house and garden takes a step in between.

    Parameters
    ----------
    manners
        Of each repetition.
    every
        After so many repetitions the same side comes again: only those are compared.

    """
    turned_deg = [
        abs(after.heading_deg - before.heading_deg) for before, after in zip(manners, manners[every:], strict=False)
    ]
    return max(0.0, log(max(median(turned_deg), FEET_STAY_DEG) / FEET_STAY_DEG)) if turned_deg else 0.0


def _speaking(further: float) -> float:
    return min(further, IN_FAVOUR * further)
