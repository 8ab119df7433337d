"""``lumbar analyze`` and ``calibrate``: work on recordings."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from rich.console import Console

from config.errors import SettingsError
from config.profile import save_profile
from config.settings import load_settings
from lumbar.analysis import Analysis, analyze_recording, calibrate_recording, profile_of, walking_in
from lumbar.analysis_document import AnalysisDocument, analysis_document
from lumbar.angles import write_angles
from lumbar.commands.inputs import UNDATED_BEFORE_S, RecordingChoice, progress_bar, undated_midnight
from lumbar.commands.storage import open_history
from lumbar.days import keep_recording, main_day, sum_up
from lumbar.exercises_sought import sought
from lumbar.summary_view import show_analysis

if TYPE_CHECKING:
    from pathlib import Path

    from config.settings import Settings

__all__ = ["run_analyze", "run_calibrate"]

WALK_TOO = (
    "You do not walk in this recording. Walk for half a minute in it, too, and Lumbar allows for a belt that sits a "
    "little otherwise on another day.\n"
)


def run_analyze(
    choice: RecordingChoice,
    exercise: str | None,
    angles: Path | None,
    *,
    keep: bool,
    as_json: bool,
    settings_file: Path | None,
) -> None:
    """Analyse one recording and print the document; writes only once all of it has been read."""
    settings = load_settings(settings_file)
    exercises = sought(settings, exercise)
    recording = choice.open(undated_midnight(settings.wearer.zone))
    if keep and recording.start_time_s < UNDATED_BEFORE_S:
        raise SettingsError("this recording has no date: say with --start when it began, so that it can be kept")
    if angles is not None:
        choice.check_output(angles, "--angles")
    calibration, sections = choice.calibration(), choice.sections(recording)
    with progress_bar("Analysing", recording.duration_s) as progress:
        analysis = analyze_recording(
            recording, settings, calibration=calibration, sections=sections, exercises=exercises, progress=progress
        )
    if angles is not None:
        write_angles(recording, analysis.review.mountings, angles)
    document = _document(analysis, settings)
    if keep:
        _keep(analysis, settings, str(choice.file))
    if as_json:
        sys.stdout.write(document.model_dump_json(by_alias=True) + "\n")
    else:
        show_analysis(document, Console())


def _document(analysis: Analysis, settings: Settings) -> AnalysisDocument:
    findings = analysis.review.findings
    day = main_day(findings, settings)
    return analysis_document(analysis, None if day is None else sum_up(findings, day, settings))


def _keep(analysis: Analysis, settings: Settings, source: str) -> None:
    coverage = analysis.live.coverage
    if coverage.start is None or coverage.end is None:
        return
    with open_history(settings) as history:
        keep_recording(history, analysis.review.findings, (coverage.start, coverage.end), source, settings)


def run_calibrate(choice: RecordingChoice, output: Path, settings_file: Path | None) -> None:
    """Write the profile of a guided calibration."""
    settings = load_settings(settings_file)
    choice.check_output(output, "--output")
    recording = choice.open()
    shown = calibrate_recording(recording, choice.sections(recording))
    calibration = replace(shown, walking=walking_in(recording, shown, settings))
    save_profile(profile_of(calibration, settings.wearer.id), output)
    sys.stdout.write(f"Wrote {output}. Use it with --profile {output}.\n")
    if calibration.walking is None:
        sys.stdout.write(WALK_TOO)
