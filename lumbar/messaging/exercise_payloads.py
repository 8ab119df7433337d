"""What the messages about exercises hold."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import AwareDatetime, Field

from lumbar.messaging.parts import Name, NotNegative, Part, WholeNumber

__all__ = ["HoldState", "RepetitionEvent", "Session", "SessionItem", "SessionSet", "SessionWalk", "SetCompletedEvent"]

SideName: TypeAlias = Literal["left", "right"]
Reason: TypeAlias = Literal["pain", "tired", "other"]
AtLeastOne = Annotated[int, Field(ge=1)]


class HoldState(Part):
    """How long a repetition is held by now, and how long it is to be held; null where nobody has said it."""

    exercise: Name
    held_s: NotNegative
    asked_s: NotNegative | None = None


class RepetitionEvent(Part):
    """A repetition, while the set goes on. `number` counts the complete ones of the set so far."""

    kind: Literal["repetition"] = "repetition"
    exercise: Name
    number: WholeNumber
    side: SideName | None = None
    range_deg: float | None = None
    range_cm: float | None = None
    hold_s: NotNegative
    out_s: NotNegative
    back_s: NotNegative
    complete: bool


class SetCompletedEvent(Part):
    """A set that is over.

    `repetitions` is null for an exercise that the sensor does not see, `planned` for a set without a plan, `reported`
    where the wearer said nothing, and `confidence` in the exercise is 1 where the wearer said which it is.
    """

    kind: Literal["set_completed"] = "set_completed"
    exercise: Name
    duration_s: NotNegative
    repetitions: WholeNumber | None
    planned: WholeNumber | None = None
    reported: WholeNumber | None = None
    confidence: Annotated[float, Field(ge=0, le=1)]


class SessionRepetition(Part):
    """A repetition. Times are in seconds from the start of the session."""

    start_s: float
    peak_s: float
    end_s: float
    side: SideName | None
    range_deg: float | None
    range_cm: float | None
    hold_s: NotNegative
    complete: bool


class SessionSet(Part):
    """A set: what was planned, what the sensor saw (null where it sees nothing), and what the wearer reported."""

    number: AtLeastOne
    start_s: float
    end_s: float
    planned: WholeNumber
    planned_hold_s: NotNegative
    repetitions: WholeNumber | None
    reported: WholeNumber | None
    reps: list[SessionRepetition]


class SessionWalk(Part):
    """A walk: how long it was to be, and what of it was walked."""

    start_s: float
    end_s: float
    planned_s: NotNegative
    walked_s: NotNegative
    steps: WholeNumber


class SessionItem(Part):
    """An item of the plan: an exercise, or a walk where `exercise` is null."""

    exercise: Name | None
    planned_sets: AtLeastOne
    sets: list[SessionSet]
    walk: SessionWalk | None
    pain: Annotated[int, Field(ge=0, le=10)] | None
    ending: Literal["done", "skipped", "stopped", "not_begun"]
    reason: Reason | None


class Session(Part):
    """A finished exercise session."""

    session: Name
    plan: str
    title: str
    started: AwareDatetime
    duration_s: NotNegative
    completed: bool
    stopped: Reason | None
    items: list[SessionItem]
