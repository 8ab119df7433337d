"""What one exercise is: the tables and fields of its file."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = [
    "Axis",
    "Counting",
    "Dose",
    "Exercise",
    "Hold",
    "Motion",
    "Observability",
    "Position",
    "Sides",
    "Tempo",
    "Way",
]

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Sentence = Annotated[str, Field(min_length=3)]


class Observability(StrEnum):
    """How well one sensor on the lower back sees an exercise."""

    STRONG = "strong"
    MEDIUM = "medium"
    WEAK = "weak"
    NONE = "none"


class Position(StrEnum):
    """How the body is placed when an exercise begins."""

    SUPINE = "supine"
    PRONE = "prone"
    HANDS_AND_KNEES = "hands_and_knees"
    SIDE_LYING = "side_lying"
    SEATED = "seated"
    STANDING = "standing"


class Axis(StrEnum):
    """What the lower back does in a repetition.

    Flexion, lateral bend and axial rotation are rotations about the body's own axes (right, forward, and along the
    trunk); a rise is height lost or won; still is a position that is held; none is not to be seen at the lower back.
    """

    FLEXION = "flexion"
    LATERAL_BEND = "lateral_bend"
    AXIAL_ROTATION = "axial_rotation"
    RISE = "rise"
    STILL = "still"
    NONE = "none"


class Way(StrEnum):
    """Which way a repetition goes first.

    Forward is flexion and backward extension of the sensor (a posterior tilt of the pelvis, too); up and down belong to
    a rise. Either: one way or the other.
    """

    FORWARD = "forward"
    BACKWARD = "backward"
    UP = "up"
    DOWN = "down"
    EITHER = "either"


class Part(BaseModel):
    """A table of an exercise file: immutable, and strict about names and types."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Range = tuple[NotNegative, Positive]


class Motion(Part):
    """What the sensor sees of one repetition.

    Parameters
    ----------
    axis, way
        The primary motion.
    tips_back
        Whether the pelvis tips back, too, as a raised leg makes it, be it less than sideways or more: tells such a
        lateral bend from one of the trunk.
    range_deg
        Least and greatest usual excursion from the starting position; for rotations.
    range_cm
        The same for a rise.
    any_tilt
        Whether any tilt is a sign of the repetition, since the trunk is to be kept still; the axis then tells the side.

    """

    axis: Axis
    way: Way = Way.EITHER
    any_tilt: bool = False
    tips_back: bool = False
    range_deg: Range | None = None
    range_cm: Range | None = None

    @model_validator(mode="after")
    def _has_its_range(self) -> Self:
        turns = self.axis in (Axis.FLEXION, Axis.LATERAL_BEND, Axis.AXIAL_ROTATION)
        if turns != (self.range_deg is not None):
            raise ValueError("range_deg belongs to flexion, lateral_bend and axial_rotation, and only to them")
        if (self.axis is Axis.RISE) != (self.range_cm is not None):
            raise ValueError("range_cm belongs to rise, and only to it")
        for low, high in (bounds for bounds in (self.range_deg, self.range_cm) if bounds is not None):
            if low >= high:
                raise ValueError("a range is its least and its greatest value, in this order")
        return self


class Tempo(Part):
    """Least and greatest usual length of one repetition in seconds, with its hold."""

    repetition_s: Range


class Hold(Part):
    """Least and greatest usual hold at the far position in seconds; both zero where nothing is held."""

    hold_s: tuple[NotNegative, NotNegative] = (0.0, 0.0)


class Counting(StrEnum):
    """What counts as one repetition."""

    EACH = "each"
    """Out of the starting position and back."""
    BOTH_WAYS = "both_ways"
    """One way, then the other, and back (cat-cow)."""
    HOLD = "hold"
    """A position taken and held (plank)."""


class Sides(StrEnum):
    """How sides are told apart; each side counts as one repetition."""

    NONE = "none"
    ALTERNATE = "alternate"
    """Left and right in turns."""
    SWITCH = "switch"
    """All of one side, then all of the other."""


class Dose(Part):
    """What is prescribed where the plan says nothing else."""

    sets: Annotated[int, Field(ge=1, le=20)]
    repetitions: Annotated[int, Field(ge=1, le=200)]
    hold_s: NotNegative = 0.0
    rest_s: NotNegative = 30.0


class Exercise(Part):
    """One exercise; the field names are those of its file.

    Parameters
    ----------
    id, title, other_names
        Its name in results, its name for the wearer, and what else it is called; all of them find it.
    observability
        How well the sensor sees it. Weak and none are guided timers: nothing is counted.
    start
        Starting position.
    sees
        What the sensor sees, in a sentence.
    motion, tempo, hold, counting
        The motion signature.
    sides
        Whether there is a left and a right.
    side_axis
        What tells the side; the axis of the motion where none is given.
    positive_side
        The side of a repetition that goes forward (flexion), bends right (lateral bend) or turns left (axial rotation).
    instructions, cautions
        Sentences for the wearer.
    dose
        The usual one.
    source
        Where instructions, dose and ranges come from, and what of it is assumed.

    """

    kind: Literal["lumbar.exercise/1"] = Field(default="lumbar.exercise/1", alias="schema")
    id: Identifier
    title: Sentence
    other_names: tuple[str, ...] = ()
    observability: Observability
    start: Position
    sees: Sentence
    motion: Motion
    tempo: Tempo
    hold: Hold = Hold()
    counting: Counting = Counting.EACH
    sides: Sides = Sides.NONE
    side_axis: Axis | None = None
    positive_side: Literal["left", "right"] = "left"
    instructions: Annotated[tuple[Sentence, ...], Field(min_length=1)]
    cautions: tuple[Sentence, ...] = ()
    dose: Dose
    source: Sentence

    @model_validator(mode="after")
    def _is_counted_where_seen(self) -> Self:
        seen = self.observability in (Observability.STRONG, Observability.MEDIUM)
        if seen and self.motion.axis is Axis.NONE:
            raise ValueError("an exercise that the sensor sees needs a motion")
        return self

    @property
    def is_counted(self) -> bool:
        """Whether the sensor sees enough to count it; else it is a guided timer."""
        return self.observability in (Observability.STRONG, Observability.MEDIUM)
