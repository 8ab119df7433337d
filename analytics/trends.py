"""A day against the wearer's own last 7 and 28 days."""

from __future__ import annotations

from datetime import timedelta
from statistics import fmean
from typing import TYPE_CHECKING, Literal

from analytics.summary_model import AngleChange, Change, Comparison

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from analytics.summary_model import DayFacts

__all__ = ["ENOUGH_WEAR_S", "comparison", "days_before"]

ENOUGH_WEAR_S = 4 * 3600.0
"""Days worn less are compared with nothing. (Accelerometer studies ask for 10 h, Troiano 2008, of sensors worn all the
waking day; this one may come off after a working day or half of it.)"""

ENOUGH_SITTING_MIN = 30.0
"""Rates per hour of sitting from less sitting than this would be chance."""


def comparison(
    today: DayFacts, earlier: Sequence[DayFacts], window_days: Literal[7, 28], noise_deg: float
) -> Comparison:
    """Compare a day with the days before it.

    Each measure is compared with the mean of its values on those of the earlier days that were worn for
    `ENOUGH_WEAR_S`. Minutes and counts are taken per hour of wear or sitting, so that a short day is not an idle one.

    Parameters
    ----------
    today
        The day; its own comparisons are not looked at.
    earlier
        Summaries of the same wearer's, in any order; those not within the window are left out.
    window_days
        How many days before the day to look at.
    noise_deg
        A change of an angle below this is noise.

    """
    days = [day for day in days_before(today, earlier, window_days) if _is_enough(day)]
    changes = {name: _change(today, days, measure) for name, measure in MEASURES.items()}
    angle = _change(today, days, _mean_slouch_deg)
    noise = None if angle.change is None else abs(angle.change) < noise_deg
    return Comparison(
        window_days=window_days,
        days_n=len(days),
        mean_slouch_deg=AngleChange(noise=noise, **angle.model_dump()),
        **changes,
    )


def days_before(today: DayFacts, earlier: Sequence[DayFacts], window_days: int) -> list[DayFacts]:
    """Return those of the earlier days that are within so many days before the day, each date once."""
    first = today.date - timedelta(days=window_days)
    by_date: dict[date, DayFacts] = {day.date: day for day in earlier if first <= day.date < today.date}
    return list(by_date.values())


def _is_enough(day: DayFacts) -> bool:
    return day.wear.wear_s >= ENOUGH_WEAR_S


def _change(today: DayFacts, days: Sequence[DayFacts], measure: Callable[[DayFacts], float | None]) -> Change:
    values = [value for value in map(measure, days) if value is not None]
    mean = fmean(values) if values else None
    value = measure(today) if _is_enough(today) else None
    change = None if value is None or mean is None else value - mean
    return Change(value=value, mean=mean, days_n=len(values), change=change)


def _per_wear_h(read: Callable[[DayFacts], float | None]) -> Callable[[DayFacts], float | None]:
    def measure(day: DayFacts) -> float | None:
        amount = read(day)
        return None if amount is None else amount / (day.wear.wear_s / 3600)

    return measure


def _slouched_min_per_sitting_h(day: DayFacts) -> float | None:
    judged_min, slouched_min = day.posture.judged_min, day.posture.slouched_min
    if judged_min is None or slouched_min is None or judged_min < ENOUGH_SITTING_MIN:
        return None
    return slouched_min / (judged_min / 60)


def _breaks_per_sitting_h(day: DayFacts) -> float | None:
    sitting_min, breaks_n = day.activity.sitting_min, day.sitting.breaks_n
    if sitting_min is None or breaks_n is None or sitting_min < ENOUGH_SITTING_MIN:
        return None
    return breaks_n / (sitting_min / 60)


def _mean_slouch_deg(day: DayFacts) -> float | None:
    return day.posture.mean_slouch_deg


MEASURES: dict[str, Callable[[DayFacts], float | None]] = {
    "lying_min_per_wear_h": _per_wear_h(lambda day: day.activity.lying_min),
    "sitting_min_per_wear_h": _per_wear_h(lambda day: day.activity.sitting_min),
    "standing_min_per_wear_h": _per_wear_h(lambda day: day.activity.standing_min),
    "walking_min_per_wear_h": _per_wear_h(lambda day: day.activity.walking_min),
    "slouched_min_per_sitting_h": _slouched_min_per_sitting_h,
    "breaks_per_sitting_h": _breaks_per_sitting_h,
    "longest_bout_min": lambda day: day.sitting.longest_bout_min,
    "steps_per_wear_h": _per_wear_h(lambda day: day.walking.steps_n),
    "sit_to_stand_per_wear_h": _per_wear_h(lambda day: day.transitions.sit_to_stand_n),
    "deep_bends_per_wear_h": _per_wear_h(lambda day: day.bends.deep_bends_n),
    "alerts_per_wear_h": _per_wear_h(lambda day: day.alerts.given_n),
    "exercising_min": lambda day: day.exercise.exercising_min,
}
