"""The validation report as a document: its fields, their units, and its JSON Schema.

Null is "not labelled": the set does not say what would be needed.
"""

from typing import Any, Literal

from pydantic import Field

from lumbar.validation.exercise_report import ExerciseScores, NoExerciseScores
from lumbar.validation.report_parts import Amount, Count, Part, Share, Worst
from posture.calibration import CalibrationSource
from posture.events import Activity, AlertKind, TransitionKind

__all__ = [
    "AlertScores",
    "AnswerScores",
    "ChangeDelays",
    "ChangeScores",
    "Confused",
    "Detection",
    "DurationScores",
    "EpisodeScores",
    "GroupReport",
    "PersonScore",
    "PlausibilityScores",
    "PostureScores",
    "SedentaryScores",
    "SlouchScores",
    "StepScores",
    "TiltScores",
    "TransitionAnswer",
    "TransitionScores",
    "Unread",
    "ValidationReport",
    "WearScores",
    "validation_schema",
]


class Confused(Part):
    """Seconds of one activity that were taken for another."""

    truth: Activity
    found: Activity
    seconds_n: Count


class PersonScore(Part):
    """One person's posture."""

    person: str
    balanced_accuracy: Share
    """Mean recall over the activities this person has."""
    activities_n: Count
    """How many of the four this person has; balanced accuracy over one of them says little."""
    seconds_n: Count
    confused: tuple[Confused, ...]
    """The three largest confusions."""


class AnswerScores(Part):
    """Posture per second, as one of the two answers has it; unknown counts as wrong."""

    balanced_accuracy: Share
    """Mean recall over the activities labelled, all seconds of all people together."""
    recall: dict[Activity, Share]
    sitting_v_standing: Share | None
    """Mean recall over sitting and standing, over seconds that truly are one of them."""
    unknown_share: Share
    answered_balanced_accuracy: Share | None
    """Over the seconds with an answer: how right it is once calibrated. Null where an activity never has one."""
    seconds_n: Count
    confusion: dict[Activity, dict[Activity, Count]]
    """Seconds, by what is true and then by what was found."""
    people: tuple[PersonScore, ...]
    worst: PersonScore
    """The person with the lowest balanced accuracy, of those with at least two activities where there are such."""


class PostureScores(Part):
    """Lying, sitting, standing and walking, second by second."""

    live: AnswerScores
    """As told while it happened, 5 s late."""
    smoothed: AnswerScores
    """As told at the end, with the whole recording known."""


class ChangeDelays(Part):
    """How soon labelled changes were told live, those that last for 10 s or more."""

    changes_n: Count
    unseen_share: Share
    """Of the changes, those not told while the new activity lasted."""
    unknown_n: Count
    """Of these, those of which nothing was told but that it is not known."""
    median_s: Amount | None
    """From where the label begins to the moment of telling; null where no change was told."""
    late_s: Amount | None
    """95 of 100 were told within so much."""


class ChangeScores(Part):
    """Seconds until a change to lying, sitting, standing or walking is seen live."""

    all: ChangeDelays
    by_activity: dict[Activity, ChangeDelays]
    """By the new activity, of those that were changed to."""


class SedentaryScores(Part):
    """Sitting and lying together, in the reviewed answer, over the seconds whose activity is labelled."""

    recordings_n: Count
    """Recordings with sedentary time."""
    labelled_min: Amount
    found_min: Amount
    error_percent: float
    """Of all recordings together; more found than labelled is positive."""
    median_error_percent: Amount
    """Median over the recordings, without sign."""
    worst: Worst
    """The recording with the largest error, in percent, with sign."""


class Detection(Part):
    """Events found against events labelled, one to one."""

    labelled_n: Count
    matched_n: Count
    wrong_n: Count
    """Found where the labels say what happened, and it was not this."""
    outside_n: Count
    """Found where the labels say nothing; neither right nor wrong."""
    recall: Share | None
    precision: Share | None


class DurationScores(Part):
    """How long transitions of one kind took, over those matched whose duration was told."""

    timed_n: Count
    labelled_median_s: Amount
    median_error_s: Amount
    """Without sign."""
    bias_s: float
    """Mean of found less labelled."""
    agreement_s: tuple[float, float]
    """Limits of agreement: bias less and plus 1.96 standard deviations."""
    start_late_median_s: float
    end_late_median_s: float


class TransitionAnswer(Part):
    """Transitions in one of the two answers; each within 3 s of the labelled interval."""

    sit_stand: Detection | None
    """sit_to_stand and stand_to_sit."""
    all_kinds: Detection
    by_kind: dict[TransitionKind, Detection]
    wrong_during: dict[str, Count]
    """What the labels say at the time of those found wrongly."""
    worst: Worst | None
    """The person with the lowest F1 over sit_to_stand and stand_to_sit."""
    durations: dict[TransitionKind, DurationScores]
    """Of the kinds of which one was told; none is told live."""


class TransitionScores(Part):
    """Changes of posture."""

    live: TransitionAnswer
    smoothed: TransitionAnswer


class StepScores(Part):
    """Steps against initial contacts, each within 0.5 s."""

    contacts: Detection
    """Where the reference covers walking bouts only, steps outside of them are neither right nor wrong."""
    bouts_n: Count
    """Labelled walking bouts with contacts."""
    count_error_percent: float
    """Of all bouts together; more found than labelled is positive."""
    bout_count_median_error_percent: Amount | None
    bout_count_mean_error_percent: Amount | None
    """Over the bouts, without sign."""
    bouts_within_5_percent: Share | None
    cadence_bouts_n: Count
    """Labelled bouts with two strides or more in which walking was found."""
    cadence_median_error_percent: Amount | None
    timing_bias_ms: float | None
    """Found less labelled; late is positive."""
    timing_sd_ms: Amount | None
    worst: Worst
    """The person with the lowest F1."""


class PlausibilityScores(Part):
    """Steps where walking is labelled but contacts are not: what can be said without them."""

    walking_min: Amount
    steps_per_walking_min: Amount | None
    cadence_median_spm: Amount | None
    """Median over the people of each one's median over the walking bouts found within labelled walking."""
    cadence_lowest: Worst | None
    cadence_highest: Worst | None
    steps_per_hour: dict[Activity, Amount]
    """Steps found while the label says lying, sitting or standing."""


class TiltScores(Part):
    """Angle between the estimated and the true direction of gravity, root mean square in degrees."""

    recordings_n: Count
    rms_deg: Amount
    still_deg: Amount | None
    moving_deg: Amount | None
    still_s: Amount
    moving_s: Amount
    worst_still: Worst | None
    worst_moving: Worst | None


class EpisodeScores(Part):
    """Episodes found against episodes labelled; a pair shares more than half of the longer one."""

    labelled_n: Count
    found_n: Count
    matched_n: Count
    recall: Share | None
    precision: Share | None


class SlouchScores(Part):
    """Slouching while sitting, over the time in which the sitting posture is labelled."""

    labelled_min: Amount
    found_min: Amount
    error_percent: float | None
    found_min_during: dict[str, Amount]
    """The minutes found, by what the labels say."""
    episodes: EpisodeScores
    """Episodes; those found mostly in time without a labelled posture are left out."""
    wrong_episodes_during: dict[str, Count]
    """Episodes found at no labelled slouch, by what the labels mostly say."""
    alerts_per_episode: dict[str, Count]
    """How many labelled slouches of 60 s or more had 0, 1 or more slouch alerts; it should be 1."""
    told_before_n: Count
    """Of those without an alert: begun while an earlier one (of a recline, say) was still active."""
    alerts_outside_n: Count
    """Slouch alerts at no labelled slouch."""


class AlertScores(Part):
    """Alerts while the labels say that there is no reason for them; all should be 0."""

    not_sitting_h: Amount
    """Hours labelled standing, walking, lying or as an exercise set."""
    false_n: dict[AlertKind, Count]
    """Slouch and sitting alerts in these hours, and the sensor called not worn during any labelled activity."""
    false_during: dict[str, Count]
    """The same, by what the labels say at the second the alert speaks of."""
    strap_moved_n: Count
    """Strap alerts; whether the strap did move is labelled in few sets."""
    strap_slips_n: Count | None
    """Labelled slips of 15 deg or more."""


class WearScores(Part):
    """Time without samples and time not worn."""

    gaps: EpisodeScores | None
    """Gaps of more than 1 s."""
    not_worn_labelled_s: Amount | None
    not_worn_found_s: Amount | None
    """Of the time labelled not worn."""
    worn_found_not_worn_s: Amount | None
    """Of the time not labelled not worn."""


class GroupReport(Part):
    """All scores of one data set, or of all sets of one kind together."""

    name: str
    title: str
    kind: str
    simulated: str
    """What of the data is simulated."""
    people_n: Count
    recordings_n: Count
    duration_h: Amount
    calibration: dict[CalibrationSource, Count]
    """How many recordings were reviewed with which calibration."""
    posture: PostureScores | None
    changes: ChangeScores | None
    sedentary: SedentaryScores | None
    transitions: TransitionScores | None
    steps: StepScores | None
    walking_plausibility: PlausibilityScores | None
    tilt: TiltScores | None
    slouch: SlouchScores | None
    alerts: AlertScores | None
    wear: WearScores | None
    exercises: ExerciseScores | None
    no_exercise: NoExerciseScores | None


class Unread(Part):
    """A recording that could not be scored."""

    name: str
    reason: str


class ValidationReport(Part):
    """How right Lumbar is on labelled recordings. Nothing is fitted on them while scoring."""

    schema_id: Literal["lumbar.validation/1"] = Field(default="lumbar.validation/1", alias="schema")
    version: str
    folder: str
    sets: tuple[GroupReport, ...]
    kinds: tuple[GroupReport, ...]
    """The sets together, but real and simulated data never mixed."""
    unread: tuple[Unread, ...]

    def document(self) -> dict[str, Any]:
        """Return the report as values for JSON; `ValidationReport.model_validate` reads it back."""
        return {"schema": self.schema_id, **self.model_dump(mode="json", by_alias=True)}


def validation_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a validation report."""
    schema = ValidationReport.model_json_schema(by_alias=True, mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "lumbar.validation/1", **schema}
