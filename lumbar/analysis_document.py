"""The analysis of a recording as a document: ``lumbar.analysis/1``, all times in seconds from the first sample."""

from collections.abc import Callable
from operator import attrgetter
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from analytics.exercises.records import ExerciseSet, Side
from analytics.sit_to_stand import FiveRises
from analytics.summary_model import DailySummary, JudgedBy
from analytics.walking import WalkingBout as FoundBout
from lumbar.analysis import Analysis
from posture import events
from posture.calibration import Calibration, CalibrationSource
from posture.events import Activity, AlertKind, PostureState, TransitionKind
from posture.sitting_ways import SittingKnowledge

__all__ = ["AnalysisDocument", "analysis_document", "analysis_schema"]

Seconds = Annotated[float, Field(ge=0)]


class Part(BaseModel):
    """A part of the document: immutable, strict about names, its attribute docstrings the schema's descriptions."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True, populate_by_name=True
    )


class RecordingFacts(Part):
    """What samples there are."""

    duration_s: Seconds
    rate_hz: Annotated[float, Field(gt=0)]
    wear_s: Seconds
    gaps: list[tuple[Seconds, Seconds]]
    """Start and end of each hole of more than a second."""


class CalibrationUsed(Part):
    """What the angles are measured from. Directions are unit vectors in the sensor's own frame."""

    source: CalibrationSource
    profile: str | None
    upright: tuple[float, float, float] | None
    forward: tuple[float, float, float] | None
    acc_offset_ms2: tuple[float, float, float] | None
    upright_sitting_deg: float | None
    slouched_sitting_deg: float | None
    """The wearer's sitting range, shown or learnt; of more than one mounting that of the last."""
    sitting_error_deg: float | None = None
    """How far off the angle at which a slouch begins may be, for a range that was learnt; 0 for one that was shown."""
    judged_by: JudgedBy | None = None
    """What slouching is judged by, or why it is not."""


class ActivityStretch(Part):
    """One stretch of one activity."""

    start_s: Seconds
    end_s: Seconds
    label: Activity


class PostureChange(Part):
    """A change between two postures; `time_s` is its middle."""

    time_s: Seconds
    kind: TransitionKind
    duration_s: Seconds | None
    """From where the trunk begins to swing to where it has come to rest; null where that cannot be told."""


class RisesInSuccession(Part):
    """Five risings from a chair in succession, or more: the first five are timed. Nobody said to be quick: no test."""

    start_s: Seconds
    """Where the trunk begins to swing for the first rise."""
    to_stand_s: Seconds
    """From there to the fifth full stand."""
    to_seat_s: Seconds
    """From there to the fifth sitting down."""
    rises: int
    range_cm: float
    """Median height of the rises."""


class PostureStretch(Part):
    """One stretch of one sitting posture; the angle is past own upright sitting."""

    start_s: Seconds
    end_s: Seconds
    state: PostureState
    angle_deg: float


class DeepBend(Part):
    """A deep bend of the trunk."""

    start_s: Seconds
    end_s: Seconds
    peak_deg: float


class AlertGiven(Part):
    """Something that the wearer would have been told live."""

    time_s: Seconds
    kind: AlertKind


class WalkingStretch(Part):
    """Walking without a long pause."""

    start_s: Seconds
    end_s: Seconds
    steps: int
    cadence_spm: float


class WalkingFound(Part):
    """Steps and bouts."""

    steps: int
    bouts: list[WalkingStretch]
    step_times_s: list[Seconds]


class RepetitionDone(Part):
    """One repetition; incomplete ones went not far enough to count."""

    start_s: Seconds
    peak_s: Seconds
    end_s: Seconds
    side: Side | None
    range_deg: float | None
    """How far the lower back turned; null where the exercise is a rise."""
    range_cm: float | None
    """How far it rose or sank; null where the exercise is a rotation."""
    hold_s: Seconds
    out_s: float
    back_s: float
    complete: bool


class SetDone(Part):
    """Repetitions of one exercise without a long pause; `repetitions` counts the complete ones."""

    exercise: str
    start_s: Seconds
    end_s: Seconds
    repetitions: int
    confidence: Annotated[float, Field(ge=0, le=1)]
    """How sure the exercise is; 1 where the wearer has said it."""
    reps: list[RepetitionDone]


class AnalysisDocument(Part):
    """Everything found in a recording."""

    kind: Literal["lumbar.analysis/1"] = Field(default="lumbar.analysis/1", alias="schema")
    recording: RecordingFacts
    calibration: CalibrationUsed
    activity: list[ActivityStretch]
    transitions: list[PostureChange]
    five_rises: list[RisesInSuccession]
    posture: list[PostureStretch]
    bends: list[DeepBend]
    alerts: list[AlertGiven]
    walking: WalkingFound
    sets: list[SetDone]
    """Exercise sets."""
    summary: DailySummary | None
    """Summary of the local day that holds most of the recording; null without samples for one."""


def analysis_schema() -> dict[str, Any]:
    """Return the JSON Schema of the document."""
    return AnalysisDocument.model_json_schema(by_alias=True)


def analysis_document(analysis: Analysis, summary: DailySummary | None) -> AnalysisDocument:
    """Return the document of an analysis."""
    coverage, findings = analysis.live.coverage, analysis.review.findings
    origin = coverage.start or 0.0

    def since(time: float) -> float:
        # The clock of whole seconds may begin a fraction before the first sample.
        return round(max(time - origin, 0.0), 3)

    return AnalysisDocument(
        recording=RecordingFacts(
            duration_s=since(coverage.end or origin),
            rate_hz=round(coverage.rate_hz, 3),
            wear_s=round(sum(end - start for start, end in findings.wear), 3),
            gaps=[(since(start), since(end)) for start, end in findings.gaps],
        ),
        calibration=_calibration(analysis.review.calibration, analysis.review.sitting),
        activity=[
            ActivityStretch(start_s=since(e.start), end_s=since(e.end), label=e.activity)
            for e in findings.of(events.ActivityEpisode)
        ],
        transitions=[
            PostureChange(
                time_s=since(e.time),
                kind=e.kind,
                duration_s=None if e.duration_s is None else round(e.duration_s, 2),
            )
            for e in findings.of(events.Transition)
        ],
        five_rises=[
            RisesInSuccession(
                start_s=since(e.start),
                to_stand_s=round(e.to_stand_s, 2),
                to_seat_s=round(e.to_seat_s, 2),
                rises=e.rises_n,
                range_cm=round(e.range_cm, 1),
            )
            for e in findings.of(FiveRises)
        ],
        posture=[
            PostureStretch(start_s=since(e.start), end_s=since(e.end), state=e.state, angle_deg=round(e.angle_deg, 2))
            for e in findings.of(events.PostureEpisode)
        ],
        bends=[
            DeepBend(start_s=since(e.start), end_s=since(e.end), peak_deg=round(e.peak_deg, 2))
            for e in findings.of(events.Bend)
        ],
        alerts=[AlertGiven(time_s=since(e.time), kind=e.kind) for e in findings.of(events.Alert)],
        walking=WalkingFound(
            steps=len(findings.step_times),
            bouts=[
                WalkingStretch(
                    start_s=since(e.start), end_s=since(e.end), steps=e.steps, cadence_spm=round(e.cadence_spm, 2)
                )
                for e in findings.of(FoundBout)
            ],
            step_times_s=[since(time) for time in findings.step_times],
        ),
        sets=[_set(each, since) for each in sorted(findings.of(ExerciseSet), key=attrgetter("start"))],
        summary=summary,
    )


def _set(found: ExerciseSet, since: Callable[[float], float]) -> SetDone:
    return SetDone(
        exercise=found.exercise,
        start_s=since(found.start),
        end_s=since(found.end),
        repetitions=found.count,
        confidence=found.confidence,
        reps=[
            RepetitionDone(
                start_s=since(each.start),
                peak_s=since(each.peak),
                end_s=since(each.end),
                side=each.side,
                range_deg=None if each.range_deg is None else round(each.range_deg, 2),
                range_cm=None if each.range_cm is None else round(each.range_cm, 1),
                hold_s=round(each.hold_s, 2),
                out_s=round(each.out_s, 2),
                back_s=round(each.back_s, 2),
                complete=each.complete,
            )
            for each in found.repetitions
        ],
    )


def _calibration(calibration: Calibration, known: SittingKnowledge) -> CalibrationUsed:
    sitting = known.sitting
    return CalibrationUsed(
        source=calibration.source,
        profile=calibration.profile,
        upright=_vector(calibration.upright),
        forward=_vector(calibration.forward),
        acc_offset_ms2=_vector(calibration.acc_offset_ms2),
        upright_sitting_deg=None if sitting is None else round(sitting.upright_deg, 2),
        slouched_sitting_deg=None if sitting is None else round(sitting.slouched_deg, 2),
        sitting_error_deg=None if sitting is None else round(sitting.error_deg, 2),
        judged_by=JudgedBy(source=known.source, seen_min=round(known.seen_s / 60, 2), needed_min=known.needed_s / 60),
    )


def _vector(values: Any) -> tuple[float, float, float] | None:
    if values is None:
        return None
    x, y, z = (round(float(value), 4) for value in values)
    return x, y, z
