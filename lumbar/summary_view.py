"""Summaries and analyses for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.panel import Panel
from rich.table import Table

if TYPE_CHECKING:
    from rich.console import Console

    from analytics.summary_model import (
        Bends,
        DailySummary,
        Exercises,
        Sitting,
        Slouch,
        Walking,
        WalkingProgramme,
    )
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
    activity = day.activity
    wear = f"{day.wear.wear_s / 3600:.1f} h"
    if day.wear.gaps.count_n:
        wear += f", {_counted(day.wear.gaps.count_n, 'gap')} of {day.wear.gaps.total_s:.0f} s in all"
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
        ("Sitting", _sitting(day.sitting)),
        ("Slouching", _slouching(day.slouch)),
        ("Bending", _bending(day.bends)),
        ("Walking", _walking(day.walking)),
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


def _sitting(sitting: Sitting) -> str:
    if sitting.bouts_n is None or sitting.breaks_n is None:
        return "not known"
    longest = "" if sitting.longest_bout_min is None else f", longest {_minutes(sitting.longest_bout_min)}"
    return f"{_counted(sitting.bouts_n, 'bout')}{longest}, {_counted(sitting.breaks_n, 'break')}"


def _slouching(slouch: Slouch) -> str:
    if slouch.episodes_n is None:
        return "not known"
    share = "" if slouch.share_of_sitting is None else f", {slouch.share_of_sitting:.0%} of sitting"
    return f"{_minutes(slouch.slouched_min)} in {_counted(slouch.episodes_n, 'episode')}{share}"


def _bending(bends: Bends) -> str:
    if bends.deep_bends_n is None:
        return "not known"
    deepest = "" if bends.deepest_deg is None else f", deepest {bends.deepest_deg:.0f} deg"
    return f"{_counted(bends.deep_bends_n, 'deep bend')}{deepest}"


def _walking(walking: Walking) -> str:
    if walking.steps_n is None:
        return "not known"
    cadence = "" if walking.cadence_spm is None else f", {walking.cadence_spm:.0f} steps/min"
    return f"{_counted(walking.steps_n, 'step')}, {_minutes(walking.brisk_min)} brisk{cadence}"


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
        text = f"{_counted(len(done.sets), 'set')} in {_minutes(done.exercising_min)}: {each}"
    return text if done.share_of_plan is None else f"{text}; {done.share_of_plan:.0%} of the plan"


def _five_rises(seen: FiveRisesOfDay) -> str:
    to_stand, to_seat = _seconds(seen.best_to_stand_s), _seconds(seen.best_to_seat_s)
    best = "" if seen.rows_n == 1 else f", the best of {seen.rows_n}"
    return f"from a chair in a row: {to_stand} to the fifth stand, {to_seat} to the seat{best}"


def _seconds(value: float | None) -> str:
    return "not known" if value is None else f"{value:.1f} s"


def _minutes(value: float | None) -> str:
    return "not known" if value is None else f"{value:.0f} min"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def show_analysis(document: AnalysisDocument, console: Console) -> None:
    """Print what a recording says in a few lines, with the summary of its day."""
    facts, used = document.recording, document.calibration
    console.print(
        f"{facts.duration_s / 60:.1f} min at {facts.rate_hz:.1f} Hz, {_counted(len(facts.gaps), 'gap')}; "
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
