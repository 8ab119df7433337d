"""The daily summary as a document: its fields, their units, and its JSON Schema.

Unknown is null: a field is 0 only where it is known that there was none.
"""

from datetime import date
from enum import StrEnum
from typing import Any, Literal

from pydantic import AwareDatetime, Field

from analytics.summary_parts import Amount, Count, Part, Share
from analytics.summary_transitions import FiveRisesOfDay, Transitions
from posture.calibration import CalibrationSource
from posture.events import AlertKind
from posture.sitting_ways import SittingSource

__all__ = [
    "Activities",
    "AlertCount",
    "Alerts",
    "AngleChange",
    "Bends",
    "Break",
    "CalibrationUsed",
    "Change",
    "Comparison",
    "DailySummary",
    "DayFacts",
    "ExerciseSetDone",
    "Exercises",
    "Gaps",
    "InclinationBand",
    "JudgedBy",
    "Note",
    "NoteCode",
    "PlannedSets",
    "Postures",
    "RangeBin",
    "Sitting",
    "Slouch",
    "Walking",
    "WalkingProgramme",
    "Wear",
    "summary_schema",
]


class Gaps(Part):
    """Stretches without samples while recording."""

    count_n: Count
    """Gaps that begin on this day."""
    total_s: Amount
    longest_s: Amount


class Wear(Part):
    """How much of the day the summary speaks of."""

    wear_s: Amount
    """Time worn with samples."""
    wear_ratio: Share
    """Share of the whole day, midnight to midnight."""
    coverage: Share | None
    """Share of the time from first putting the sensor on to last taking it off."""
    gaps: Gaps


class Activities(Part):
    """Minutes of each activity; together the wear time."""

    lying_min: Amount | None
    sitting_min: Amount | None
    standing_min: Amount | None
    walking_min: Amount | None
    running_min: Amount | None
    cycling_min: Amount | None
    unknown_min: Amount | None


class Break(Part):
    """A break from sitting."""

    time: AwareDatetime
    """When the wearer got up."""
    after_sitting_min: Amount
    """Sitting time of the bout that it ended."""


class Sitting(Part):
    """Sitting bouts and what ended them."""

    bouts_n: Count | None
    """Bouts that begin on this day."""
    longest_bout_min: Amount | None
    """Sitting time of the longest bout; of one that reaches over midnight, the share on this day."""
    breaks_n: Count | None
    """Bouts ended by a break on this day."""
    breaks: tuple[Break, ...] | None


class Postures(Part):
    """How the wearer sat, as far as it could be judged."""

    judged_min: Amount | None
    upright_min: Amount | None
    slouched_min: Amount | None
    leaning_forward_min: Amount | None
    leaning_left_min: Amount | None
    leaning_right_min: Amount | None
    mean_slouch_deg: float | None
    """Mean angle past own upright sitting, while upright or slouched."""


class RangeBin(Part):
    """Sitting time in a part of the own range; 0 % is own upright, 100 % own slouched sitting."""

    from_percent: float | None
    to_percent: float | None
    duration_min: Amount


class JudgedBy(Part):
    """What slouching was judged by, or why it was not: how it stood last on this day."""

    source: SittingSource
    """`shown` in a guided calibration, `learnt` from own sitting, `not_enough_seen` of it yet, or `not_distinct`."""
    seen_min: Amount
    needed_min: Amount
    """Sitting seen to learn from, and how much it takes at least; 0 where it was shown."""


class Slouch(Part):
    """Slouching while sitting."""

    slouched_min: Amount | None
    episodes_n: Count | None
    """Episodes that begin on this day."""
    share_of_sitting: Share | None
    """Share of the sitting that could be judged."""
    dose_deg_min: float | None
    """Angle past own upright sitting times minutes, over all slouching."""
    peak_dose_s: Amount | None
    """Highest slouch dose: seconds slouched, halved by each recovery half time (a setting) of not slouching."""
    histogram: tuple[RangeBin, ...] | None
    judged_by: JudgedBy | None = None
    """Null where nothing was worn, and in summaries written before it was told."""


class InclinationBand(Part):
    """Time with the trunk inclined between two angles from vertical, while on the feet."""

    from_deg: float
    to_deg: float | None
    duration_min: Amount


class Bends(Part):
    """Forward and sideways bending of the trunk."""

    bands: tuple[InclinationBand, ...] | None
    deep_bends_n: Count | None
    """Deep bends that begin on this day."""
    deep_bend_min: Amount | None
    deepest_deg: float | None
    """Peak of the deepest of them; null where there was none."""


class Walking(Part):
    """Steps and walking bouts; the minutes of all walking are with the activities."""

    steps_n: Count | None
    cadence_spm: Amount | None
    """Median over the time in bouts; null where there was none."""
    bouts_n: Count | None
    """Bouts that begin on this day."""
    bout_min: Amount | None
    brisk_min: Amount | None
    """Minutes in bouts whose cadence is brisk."""


class WalkingProgramme(Part):
    """Brisk walking against the programme's target, on this day and in the week that ends with it."""

    target_min: Amount
    """Brisk minutes wanted on a day."""
    target_days_n: Count
    """Days a week on which they are wanted."""
    brisk_min: Amount | None
    reached: bool | None
    """Whether this day has as many."""
    week_known_days_n: Count
    """Days of which the walking is known: at most this one and the six before."""
    week_brisk_min: Amount | None
    week_reached_days_n: Count | None
    """Days with as many minutes as wanted."""


class ExerciseSetDone(Part):
    """A set of an exercise."""

    time: AwareDatetime
    """When it began."""
    exercise: str
    """Id of the exercise; `unknown` where it is none of those known."""
    confidence: Share
    """How sure the exercise is; 1 where the wearer said it."""
    duration_min: Amount
    repetitions_n: Count
    """Complete ones; what follows is of them."""
    incomplete_n: Count
    left_n: Count | None
    right_n: Count | None
    """Repetitions of each side; null where there are no sides, or none is known."""
    repetition_s: Amount | None
    """Median length of a repetition with its hold."""
    hold_s: Amount | None
    """Median hold; 0 where nothing was held."""
    range_deg: Amount | None
    """Mean range of a rotation."""
    range_cm: Amount | None
    """Mean range of a rise."""


class PlannedSets(Part):
    """Sets of an exercise done on this day, against those planned."""

    exercise: str
    planned_n: Count
    done_n: Count


class Exercises(Part):
    """Exercises done, and how."""

    sessions_n: Count | None
    """Sessions that begin on this day: sets with pauses of up to ten minutes."""
    sets_n: Count | None
    """Sets that begin on this day."""
    repetitions_n: Count | None
    """Complete ones of these sets."""
    exercising_min: Amount | None
    """Minutes in sets, without the rests between them."""
    sets: tuple[ExerciseSetDone, ...] | None
    planned: tuple[PlannedSets, ...] | None
    """Null without a plan."""
    share_of_plan: Share | None
    """Share of the plan's sets that was done; more than planned of one exercise makes up for none of another. Where a
    plan leaves days of the week free 0 is no lack on them."""


class AlertCount(Part):
    """Alerts of one kind, those raised on this day."""

    given_n: Count
    heeded_n: Count


class Alerts(Part):
    """What the wearer was told, and how often a change of position followed in time."""

    given_n: Count | None
    heeded_n: Count | None
    by_kind: dict[AlertKind, AlertCount] | None


class CalibrationUsed(Part):
    """A calibration that results of this day are from."""

    time: AwareDatetime
    """From when on."""
    source: CalibrationSource
    profile: str | None


class Change(Part):
    """The day against the mean of earlier days."""

    value: float | None
    """This day's."""
    mean: float | None
    """Mean of the earlier days' values."""
    days_n: Count
    """How many earlier days have a value."""
    change: float | None
    """Value less mean."""


class AngleChange(Change):
    """A change of an angle; below the noise of putting the sensor on anew it means nothing."""

    noise: bool | None


UNKNOWN_CHANGE = Change(value=None, mean=None, days_n=0, change=None)
UNKNOWN_EXERCISES = Exercises(**dict.fromkeys(Exercises.model_fields))
"""What summaries say that were written before there were exercises."""


class Comparison(Part):
    """The day against those of the days before it on which the sensor was worn enough."""

    window_days: Literal[7, 28]
    days_n: Count
    """Days before with enough wear."""
    lying_min_per_wear_h: Change
    sitting_min_per_wear_h: Change
    standing_min_per_wear_h: Change
    walking_min_per_wear_h: Change
    slouched_min_per_sitting_h: Change
    breaks_per_sitting_h: Change
    longest_bout_min: Change
    steps_per_wear_h: Change
    sit_to_stand_per_wear_h: Change
    deep_bends_per_wear_h: Change
    alerts_per_wear_h: Change
    exercising_min: Change = UNKNOWN_CHANGE
    mean_slouch_deg: AngleChange


class NoteCode(StrEnum):
    """Why a number may say less than it seems to."""

    NOT_WORN = "not_worn"
    SHORT_WEAR = "short_wear"
    LOW_COVERAGE = "low_coverage"
    MUCH_UNKNOWN = "much_unknown"
    SLOUCH_NOT_JUDGED = "slouch_not_judged"
    SLOUCH_PARTLY_JUDGED = "slouch_partly_judged"
    SEVERAL_CALIBRATIONS = "several_calibrations"


class Note(Part):
    """A word of caution for the reader."""

    code: NoteCode
    text: str


class DayFacts(Part):
    """What is known of one wearer's local day by itself."""

    wearer: str
    date: date
    time_zone: str
    day_s: Amount
    """Length of the day: 23, 24 or 25 h."""
    wear: Wear
    activity: Activities
    sitting: Sitting
    posture: Postures
    slouch: Slouch
    bends: Bends
    walking: Walking
    exercise: Exercises = UNKNOWN_EXERCISES
    alerts: Alerts
    transitions: Transitions
    five_rises: FiveRisesOfDay | None = None
    """Null where no activity was recognised, and in summaries written before these were looked for."""
    calibration: tuple[CalibrationUsed, ...]


class DailySummary(DayFacts):
    """One wearer's local day."""

    schema_id: Literal["lumbar.summary/1"] = Field(default="lumbar.summary/1", alias="schema")
    walking_programme: WalkingProgramme | None = None
    """Null in summaries written before there was one."""
    last_7_days: Comparison
    last_28_days: Comparison
    notes: tuple[Note, ...]

    def document(self) -> dict[str, Any]:
        """Return the summary as values for JSON; `DailySummary.model_validate` reads it back."""
        return {"schema": self.schema_id, **self.model_dump(mode="json", by_alias=True)}


def summary_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a daily summary."""
    schema = DailySummary.model_json_schema(by_alias=True, mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "lumbar.summary/1", **schema}
