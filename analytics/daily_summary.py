"""The daily summary: one document for each wearer and local day."""

from __future__ import annotations

from math import floor
from typing import TYPE_CHECKING

from analytics.day_sections import DaySections
from analytics.summary_model import (
    DailySummary,
    DayFacts,
    JudgedBy,
    Note,
    NoteCode,
    WalkingProgramme,
    summary_schema,
)
from analytics.trends import ENOUGH_WEAR_S, comparison, days_before
from posture.sitting_ways import SittingSource

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from analytics.findings import Findings
    from analytics.local_day import LocalDay
    from config.exercise_plan import Plan
    from config.settings import Settings, WalkingSettings

__all__ = ["DailySummary", "daily_summary", "summary_schema"]

HOUR_S = 3600.0
MINUTE_S = 60.0
DAYS_OF_WEEK = 7

LOW_COVERAGE = 0.9
MUCH_UNKNOWN = 0.2
MOSTLY_JUDGED = 0.8
"""Shares beyond which the summary says so."""


def daily_summary(
    findings: Findings,
    day: LocalDay,
    wearer: str,
    settings: Settings,
    earlier: Sequence[DayFacts] = (),
    plan: Plan | None = None,
) -> DailySummary:
    """Sum up what was found on one local day.

    Episodes are cut at the day's edges; bouts, episodes, bends and breaks are counted on the day on which they begin.

    Parameters
    ----------
    findings
        Everything found, also before and after the day: hand in the evening before as well, so that a sitting bout over
        midnight is not counted twice.
    day
        The day, in the wearer's time zone.
    wearer
        Whose day it is.
    settings
        Thresholds.
    earlier
        The wearer's earlier summaries, to compare with.
    plan
        What is planned for a day; None without a plan.

    Raises
    ------
    SettingsError
        The findings are of other bend bands than the settings now have.

    """
    sections = DaySections(findings, day.span, settings)
    facts = DayFacts(
        wearer=wearer,
        date=day.date,
        time_zone=str(day.zone),
        day_s=day.span.duration_s,
        wear=sections.wear(),
        activity=sections.activity(),
        sitting=sections.sitting(day.zone),
        posture=sections.posture(),
        slouch=sections.slouch(),
        bends=sections.bends(),
        walking=sections.walking(),
        exercise=sections.exercise(day.zone, plan),
        alerts=sections.alerts(),
        transitions=sections.transitions(),
        five_rises=sections.five_rises(),
        calibration=sections.calibration(day.zone),
    )
    noise_deg = settings.summary.noise_deg
    return DailySummary(
        **dict(facts),
        walking_programme=_walking_programme(facts, earlier, settings.walking),
        last_7_days=comparison(facts, earlier, 7, noise_deg),
        last_28_days=comparison(facts, earlier, 28, noise_deg),
        notes=tuple(Note(code=code, text=text) for code, text in _notes(facts)),
    )


def _walking_programme(today: DayFacts, earlier: Sequence[DayFacts], target: WalkingSettings) -> WalkingProgramme:
    """Return the brisk walking against its target, on the day and in the week that ends with it."""
    week = [*days_before(today, earlier, DAYS_OF_WEEK - 1), today]
    known_min = [day.walking.brisk_min for day in week if day.walking.brisk_min is not None]
    brisk_min = today.walking.brisk_min
    return WalkingProgramme(
        target_min=target.target_minutes,
        target_days_n=target.target_days_per_week,
        brisk_min=brisk_min,
        reached=None if brisk_min is None else brisk_min >= target.target_minutes,
        week_known_days_n=len(known_min),
        week_brisk_min=sum(known_min) if known_min else None,
        week_reached_days_n=sum(each_min >= target.target_minutes for each_min in known_min) if known_min else None,
    )


def _notes(day: DayFacts) -> Iterator[tuple[NoteCode, str]]:
    if day.wear.wear_s == 0:
        yield NoteCode.NOT_WORN, "The sensor was not worn on this day."
        return
    if day.wear.wear_s < ENOUGH_WEAR_S:
        worn_h = day.wear.wear_s / HOUR_S
        yield NoteCode.SHORT_WEAR, f"Worn for {worn_h:.1f} h only: too short to compare with other days."
    if day.wear.coverage is not None and day.wear.coverage < LOW_COVERAGE:
        missing = 1 - day.wear.coverage
        yield NoteCode.LOW_COVERAGE, f"{missing:.0%} of the time since the sensor was first put on is not recorded."
    unknown_min = day.activity.unknown_min or 0.0
    if unknown_min * MINUTE_S > MUCH_UNKNOWN * day.wear.wear_s:
        yield NoteCode.MUCH_UNKNOWN, f"In {unknown_min:.0f} min of the wear time the activity could not be told."
    yield from _posture_notes(day)
    if len(day.calibration) > 1:
        yield NoteCode.SEVERAL_CALIBRATIONS, "The calibration changed during the day: angles may not compare."


def _posture_notes(day: DayFacts) -> Iterator[tuple[NoteCode, str]]:
    sitting_min, judged_min = day.activity.sitting_min, day.posture.judged_min
    if sitting_min is None or sitting_min == 0:
        return
    if judged_min is None:
        yield NoteCode.SLOUCH_NOT_JUDGED, f"Slouching could not be judged: {_why_not_judged(day.slouch.judged_by)}."
    elif judged_min < MOSTLY_JUDGED * sitting_min:
        text = f"Slouching could be judged in {judged_min:.0f} of {sitting_min:.0f} min of sitting only."
        yield NoteCode.SLOUCH_PARTLY_JUDGED, text


def _why_not_judged(known: JudgedBy | None) -> str:
    match known:
        case JudgedBy(source=SittingSource.NOT_ENOUGH_SEEN, seen_min=0):
            return "how the sensor sits is learnt from walking and sitting; the guided calibration shows it at once"
        case JudgedBy(source=SittingSource.NOT_ENOUGH_SEEN, seen_min=seen, needed_min=needed):
            seen_text = f"{floor(seen)} min of sitting seen, and it takes at least {needed:.0f}"
            return f"{seen_text} to learn how the wearer sits; the guided calibration shows it at once"
        case JudgedBy(source=SittingSource.NOT_DISTINCT):
            return "no two ways of sitting were seen often enough to tell which is upright; do the guided calibration"
        case _:
            return "do the guided calibration"
