"""Scores a folder of labelled recordings."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, TypeVar

from config.errors import LumbarError, RecordingError
from config.exercise_library import load_exercises
from firmware_bridge.recordings.labelled import find_labelled
from firmware_bridge.recordings.read import open_recording
from lumbar.analysis import analyze_recording
from lumbar.exercises_sought import all_exercises
from lumbar.validation.alert_score import AlertCounts, count_alerts, report_alerts
from lumbar.validation.case import Case, Named
from lumbar.validation.change_score import LabelledChange, count_changes, report_changes
from lumbar.validation.exercise_score import ExerciseCounts, count_exercises, report_exercises
from lumbar.validation.labels import Labels
from lumbar.validation.plausibility_score import PlausibilityCounts, count_plausibility, report_plausibility
from lumbar.validation.posture_score import (
    PostureCounts,
    SedentaryCounts,
    count_posture,
    count_sedentary,
    report_posture,
    report_sedentary,
)
from lumbar.validation.recognition_score import NoExerciseCounts, count_no_exercise, report_no_exercise
from lumbar.validation.report import GroupReport, Unread, ValidationReport
from lumbar.validation.slouch_score import SlouchCounts, count_slouch, report_slouch
from lumbar.validation.step_score import StepCounts, count_steps, report_steps
from lumbar.validation.tilt_score import TiltErrors, measure_tilt, report_tilt
from lumbar.validation.transition_score import TransitionCounts, count_transitions, report_transitions
from lumbar.validation.wear_score import WearCounts, count_wear, report_wear

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from config.exercise_library import ExerciseLibrary
    from config.settings import Settings
    from firmware_bridge.recordings.labelled import LabelledRecording, SetKind
    from posture.calibration import CalibrationSource

__all__ = ["Scored", "validate"]

SIMULATED: dict[SetKind, str] = {
    "real": "nothing",
    "real motion, simulated sensor": "the sensor",
    "fully synthetic": "motion and sensor",
}

Score = TypeVar("Score")


@dataclass(frozen=True, slots=True)
class Scored:
    """Everything counted on one recording; None for what its labels do not tell."""

    labelled: LabelledRecording
    person: str
    duration_s: float
    calibration: CalibrationSource
    posture: PostureCounts | None
    changes: list[LabelledChange] | None
    sedentary: SedentaryCounts | None
    transitions: TransitionCounts | None
    steps: StepCounts | None
    plausibility: PlausibilityCounts | None
    tilt: TiltErrors | None
    slouch: SlouchCounts | None
    alerts: AlertCounts | None
    wear: WearCounts | None
    exercises: ExerciseCounts | None
    no_exercise: NoExerciseCounts | None


def validate(
    folder: Path,
    settings: Settings,
    sets: Sequence[str] | None = None,
    progress: Callable[[int, int, str], None] | None = None,
    seen: Callable[[Case, Scored], None] | None = None,
) -> ValidationReport:
    """Analyse every labelled recording of a folder as `lumbar analyze` would, and score the results.

    Recordings with a labelled guided calibration are calibrated by it, all others by themselves. Nothing is fitted. All
    shipped exercises are looked for at once; each that a recording has is told once more, in an analysis of its own.

    Parameters
    ----------
    folder
        A labelled data set, or the folder of several such.
    settings
        Thresholds.
    sets
        Names of the sets to score; None for all.
    progress
        Told how many recordings are done, how many there are, and which comes next ("" at the end).
    seen
        Shown each recording with its scores.

    Raises
    ------
    RecordingError
        There are no labelled recordings, a set asked for is not there, or a labels file is wrong. Samples that cannot
        be read do not end the run: the report names them.

    """
    recordings = _chosen(folder, sets)
    set_labels = _labels_of_sets(recordings)
    library = load_exercises()
    scored: list[Scored] = []
    unread: list[Unread] = []
    for number, labelled in enumerate(recordings):
        if progress is not None:
            progress(number, len(recordings), labelled.name)
        try:
            case = _case(labelled, settings, library, set_labels[labelled.data_set.name])
            scored.append(_score(case, settings, library))
        except LumbarError as error:
            unread.append(Unread(name=labelled.name, reason=str(error)))
            continue
        if seen is not None:
            seen(case, scored[-1])
    if progress is not None:
        progress(len(recordings), len(recordings), "")
    return ValidationReport(
        version=version("lumbar"),
        folder=str(folder),
        sets=tuple(_set_report(group) for group in _grouped(scored, lambda each: each.labelled.data_set.name)),
        kinds=tuple(_kind_report(group) for group in _grouped(scored, lambda each: each.labelled.data_set.kind)),
        unread=tuple(unread),
    )


def _chosen(folder: Path, sets: Sequence[str] | None) -> list[LabelledRecording]:
    recordings = find_labelled(folder)
    names = sorted({labelled.data_set.name for labelled in recordings})
    if sets is not None:
        unknown = sorted(set(sets) - set(names))
        if unknown:
            raise RecordingError(folder, f"no data set is called {unknown[0]!r} here; there are {', '.join(names)}")
        recordings = [labelled for labelled in recordings if labelled.data_set.name in sets]
    if not any(len(labelled.labels) or labelled.read_quaternions() is not None for labelled in recordings):
        reason = "none of the recordings has labels or a true orientation; there is nothing to score"
        raise RecordingError(folder, reason)
    return recordings


def _labels_of_sets(recordings: Iterable[LabelledRecording]) -> dict[str, frozenset[str]]:
    known: dict[str, frozenset[str]] = {}
    for labelled in recordings:
        name = labelled.data_set.name
        known[name] = known.get(name, frozenset()) | Labels(labelled.labels).names
    return known


def _case(
    labelled: LabelledRecording, settings: Settings, library: ExerciseLibrary, set_labels: frozenset[str]
) -> Case:
    recording = open_recording(labelled.path)
    labels = Labels(labelled.labels)
    analysis = analyze_recording(recording, settings, sections=labels.sections(), exercises=all_exercises(library))
    return Case(labelled, recording, labels, set_labels, analysis)


def _score(case: Case, settings: Settings, library: ExerciseLibrary) -> Scored:
    return Scored(
        labelled=case.labelled,
        person=case.person,
        duration_s=sum(end - start for start, end in case.analysis.live.coverage.covered),
        calibration=case.analysis.review.calibration.source,
        posture=count_posture(case),
        changes=count_changes(case),
        sedentary=count_sedentary(case),
        transitions=count_transitions(case),
        steps=count_steps(case),
        plausibility=count_plausibility(case),
        tilt=measure_tilt(case),
        slouch=count_slouch(case),
        alerts=count_alerts(case),
        wear=count_wear(case),
        exercises=count_exercises(case, settings, library),
        no_exercise=count_no_exercise(case),
    )


def _grouped(scored: Iterable[Scored], key: Callable[[Scored], str]) -> list[list[Scored]]:
    groups: dict[str, list[Scored]] = {}
    for each in scored:
        groups.setdefault(key(each), []).append(each)
    return list(groups.values())


def _set_report(scored: Sequence[Scored]) -> GroupReport:
    return _report(scored[0].labelled.data_set.name, scored[0].labelled.data_set.title, scored)


def _kind_report(scored: Sequence[Scored]) -> GroupReport:
    names = sorted({each.labelled.data_set.name for each in scored})
    return _report(scored[0].labelled.data_set.kind, ", ".join(names), scored)


def _report(name: str, title: str, scored: Sequence[Scored]) -> GroupReport:
    kind = scored[0].labelled.data_set.kind
    return GroupReport(
        name=name,
        title=title,
        kind=kind,
        simulated=SIMULATED[kind],
        people_n=len({each.person for each in scored}),
        recordings_n=len(scored),
        duration_h=sum(each.duration_s for each in scored) / 3600,
        calibration=dict(Counter(each.calibration for each in scored)),
        posture=report_posture(_known(scored, lambda each: each.posture)),
        changes=report_changes(_known(scored, lambda each: each.changes)),
        sedentary=report_sedentary(_known(scored, lambda each: each.sedentary)),
        transitions=report_transitions(_known(scored, lambda each: each.transitions)),
        steps=report_steps(_known(scored, lambda each: each.steps)),
        walking_plausibility=report_plausibility(_known(scored, lambda each: each.plausibility)),
        tilt=report_tilt(_known(scored, lambda each: each.tilt)),
        slouch=report_slouch(_known(scored, lambda each: each.slouch)),
        alerts=report_alerts(_known(scored, lambda each: each.alerts)),
        wear=report_wear(_known(scored, lambda each: each.wear)),
        exercises=report_exercises(_known(scored, lambda each: each.exercises)),
        no_exercise=report_no_exercise(_known(scored, lambda each: each.no_exercise)),
    )


def _known(scored: Sequence[Scored], part: Callable[[Scored], Score | None]) -> list[Named[Score]]:
    return [Named(each.person, each.labelled.name, score) for each in scored if (score := part(each)) is not None]
