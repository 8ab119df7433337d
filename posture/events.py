"""What posture and analytics notice, as immutable records.

Times are seconds since the Unix epoch, UTC; an episode is [start, end). Angles are degrees, since events are what
leaves the stages.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = [
    "ON_FEET",
    "Activity",
    "ActivityEpisode",
    "Alert",
    "AlertKind",
    "AlertResolved",
    "Bend",
    "PostureEpisode",
    "PostureState",
    "SittingBout",
    "Transition",
    "TransitionKind",
]


class Activity(StrEnum):
    """What the body does, as one lower-back sensor can tell."""

    LYING = "lying"
    SITTING = "sitting"
    STANDING = "standing"
    WALKING = "walking"
    RUNNING = "running"
    CYCLING = "cycling"
    UNKNOWN = "unknown"


ON_FEET = frozenset({Activity.STANDING, Activity.WALKING, Activity.RUNNING})
"""Activities on the feet. Only there is a tilted lower back a bent trunk: sitting and lying tilt the pelvis."""


class TransitionKind(StrEnum):
    """A change between two postures."""

    SIT_TO_STAND = "sit_to_stand"
    STAND_TO_SIT = "stand_to_sit"
    SIT_TO_LIE = "sit_to_lie"
    LIE_TO_SIT = "lie_to_sit"
    STAND_TO_LIE = "stand_to_lie"
    LIE_TO_STAND = "lie_to_stand"


class PostureState(StrEnum):
    """How the wearer sits."""

    UPRIGHT = "upright"
    SLOUCHED = "slouched"
    LEANING_FORWARD = "leaning_forward"
    LEANING_LEFT = "leaning_left"
    LEANING_RIGHT = "leaning_right"


class AlertKind(StrEnum):
    """What the wearer is told while it happens."""

    SLOUCH = "slouch"
    PROLONGED_SLOUCH = "prolonged_slouch"
    SITTING = "sitting"
    PROLONGED_SITTING = "prolonged_sitting"
    STRAP_MOVED = "strap_moved"
    NOT_WORN = "not_worn"


@dataclass(frozen=True, slots=True)
class ActivityEpisode:
    """One stretch of one activity."""

    start: float
    end: float
    activity: Activity


@dataclass(frozen=True, slots=True)
class Transition:
    """A change of posture; `time` is its middle.

    `duration_s` is from where the trunk begins to swing to where it has come to rest; None live, and where that cannot
    be told.
    """

    time: float
    kind: TransitionKind
    duration_s: float | None


@dataclass(frozen=True, slots=True)
class PostureEpisode:
    """One stretch of one sitting posture.

    `angle_deg` is the mean angle of the stretch from the wearer's own upright sitting along the direction of the state:
    past upright for upright and slouched (signed along the wearer's slouch direction), forward or sideways for leaning.
    """

    start: float
    end: float
    state: PostureState
    angle_deg: float


@dataclass(frozen=True, slots=True)
class Bend:
    """The trunk further than the set angle from vertical, longer than the set time, while upright."""

    start: float
    end: float
    peak_deg: float


@dataclass(frozen=True, slots=True)
class SittingBout:
    """Sitting from `start` to `end`; interruptions shorter than a break belong to it but are not in `sitting_s`.

    `ended_by_break` is False where the samples ended or nobody knows what came after.
    """

    start: float
    end: float
    sitting_s: float
    ended_by_break: bool


@dataclass(frozen=True, slots=True)
class Alert:
    """Something the wearer is told once, at `time`; active until an `AlertResolved` of its kind."""

    time: float
    kind: AlertKind
    since: float


@dataclass(frozen=True, slots=True)
class AlertResolved:
    """The end of an alert; `heeded` where the wearer changed position within the set time."""

    time: float
    kind: AlertKind
    raised: float
    heeded: bool
