"""Summaries and analyses for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.panel import Panel
from rich.table import Table

if TYPE_CHECKING:
    from rich.console import Console

    from analytics.summary_model import DailySummary, Exercises, WalkingProgramme
    from analytics.summary_transitions import FiveRisesOfDay
    from lumbar.analysis_document import AnalysisDocument

__all__ = ["show_analysis", "show_summary"]


def show_summary(summary: DailySummary, console: Console) -> None:
    """Print the summary of one day, with what is not known said so."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold")
    table.add_column()
    for name, text in _rows(summary):
        table.add_row(name, text)
    title = f"{summary.date:%A, %d %B %Y}"
    console.print(Panel(table, title=title, title_align="left", expand=False))
    for note in summary.notes:
        console.print(f"Note: {note.text}", style="yellow")


def _rows(day: DailySummary) -> list[tuple[str, str]]:
    activity, slouch, walking, bends = day.activity, day.slouch, day.walking, day.bends
    wear = f"{day.wear.wear_s / 3600:.1f} h"
    if day.wear.gaps.count_n:
        wear += f", {day.wear.gaps.count_n} gaps of {day.wear.gaps.total_s:.0f} s in all"
    minutes = [
        f"{name} {_minutes(value)}"
        for name, value in (
            ("lying", activity.lying_min),
            ("sitting", activity.sitting_min),
            ("standing", activity.standing_min),
            ("walking", activity.walking_min),
            ("running", activity.running_min),
            ("cycling", activity.cycling_min),
            ("unknown", activity.unknown_min),
        )
        if value is None or value >= 1
    ]
    alerts = "not known" if day.alerts.given_n is None else f"{day.alerts.given_n} given, {day.alerts.heeded_n} heeded"
    return [
        ("Worn", wear),
        ("Activity", ", ".join(minutes)),
        ("Sitting", _sitting(day)),
        (
            "Slouching",
            f"{_minutes(slouch.slouched_min)} in {_count(slouch.episodes_n)} episodes"
            + ("" if slouch.share_of_sitting is None else f", {slouch.share_of_sitting:.0%} of sitting"),
        ),
        (
            "Bending",
            f"{_count(bends.deep_bends_n)} deep bends"
            + ("" if bends.deepest_deg is None else f", deepest {bends.deepest_deg:.0f} deg"),
        ),
        (
            "Walking",
            f"{_count(walking.steps_n)} steps, {_minutes(walking.brisk_min)} brisk"
            + ("" if walking.cadence_spm is None else f", {walking.cadence_spm:.0f} steps/min"),
        ),
        ("Programme", _programme(day.walking_programme)),
        ("Exercises", _exercises(day.exercise)),
        *(
            [("Five rises", _five_rises(day.five_rises))]
            if day.five_rises is not None and day.five_rises.rows_n
            else []
        ),
        ("Alerts", alerts),
        ("Calibration", ", ".join(used.source.value for used in day.calibration) or "none"),
    ]


def _sitting(day: DailySummary) -> str:
    sitting = day.sitting
    longest = f"longest {_minutes(sitting.longest_bout_min)}"
    return f"{_count(sitting.bouts_n)} bouts, {longest}, {_count(sitting.breaks_n)} breaks"


def _programme(programme: WalkingProgramme | None) -> str:
    if programme is None or programme.week_reached_days_n is None:
        return "not known"
    return (
        f"{_minutes(programme.brisk_min)} of {programme.target_min:.0f} brisk today, reached on "
        f"{programme.week_reached_days_n} of {programme.target_days_n} days in the last seven"
    )


def _exercises(done: Exercises) -> str:
    if done.sets is None:
        return "not known"
    counts: dict[str, list[str]] = {}
    for one in done.sets:
        counts.setdefault(one.exercise.replace("_", " "), []).append(str(one.repetitions_n))
    if not counts:
        text = "none"
    else:
        each = ", ".join(f"{name} {' + '.join(numbers)}" for name, numbers in counts.items())
        text = f"{done.sets_n} sets in {_minutes(done.exercising_min)}: {each}"
    return text if done.share_of_plan is None else f"{text}; {done.share_of_plan:.0%} of the plan"


def _five_rises(seen: FiveRisesOfDay) -> str:
    to_stand, to_seat = _seconds(seen.best_to_stand_s), _seconds(seen.best_to_seat_s)
    best = "" if seen.rows_n == 1 else f", the best of {seen.rows_n}"
    return f"from a chair in a row: {to_stand} to the fifth stand, {to_seat} to the seat{best}"


def _seconds(value: float | None) -> str:
    return "not known" if value is None else f"{value:.1f} s"


def _minutes(value: float | None) -> str:
    return "not known" if value is None else f"{value:.0f} min"


def _count(value: int | None) -> str:
    return "not known:" if value is None else str(value)


def show_analysis(document: AnalysisDocument, console: Console) -> None:
    """Print what a recording says in a few lines, with the summary of its day."""
    facts, used = document.recording, document.calibration
    console.print(
        f"{facts.duration_s / 60:.1f} min at {facts.rate_hz:.1f} Hz, {len(facts.gaps)} gaps; "
        f"calibration: {used.source.value}"
    )
    table = Table("from", "to", "activity")
    for stretch in document.activity:
        table.add_row(_clock(stretch.start_s), _clock(stretch.end_s), stretch.label.value)
    console.print(table)
    for alert in document.alerts:
        console.print(f"{_clock(alert.time_s)}  alert: {alert.kind.value.replace('_', ' ')}", style="yellow")
    if document.summary is not None:
        show_summary(document.summary, console)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"
