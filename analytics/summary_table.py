"""Daily summaries as a table, one row a day: for CSV files and for looking at weeks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from analytics.summary_model import DailySummary, InclinationBand, RangeBin

__all__ = ["summary_table"]

SECTIONS = ("wear", "activity", "sitting", "posture", "slouch", "bends", "walking", "exercise", "alerts", "transitions")
LATER_SECTIONS = ("walking_programme", "five_rises")
"""Sections that older summaries do not have."""

LISTS = {"breaks", "bands", "histogram", "by_kind", "sets", "planned"}
"""Fields with a part for each of several things; they have columns of their own, or none."""


def summary_table(summaries: Iterable[DailySummary]) -> pd.DataFrame:
    """Return one row for each day, in order of wearer and date.

    Columns are called after the fields of the document, such as ``sitting_longest_bout_min``; unknown is missing,
    counts stay whole numbers. The comparisons are left out, since the table holds what they compare.

    Parameters
    ----------
    summaries
        Of any number of wearers, in any order.

    """
    days = sorted(summaries, key=lambda day: (day.wearer, day.date))
    table = pd.DataFrame([dict(_cells(day)) for day in days])
    return table.astype({name: "Int64" for name in table.columns if name.endswith("_n")})


def _cells(day: DailySummary) -> Iterator[tuple[str, Any]]:
    for name in ("wearer", "date", "time_zone", "day_s"):
        yield name, getattr(day, name)
    for section in SECTIONS:
        for name, value in _flat(getattr(day, section).model_dump(exclude=LISTS)):
            yield f"{section}_{name}", value
    for section in LATER_SECTIONS:
        part = getattr(day, section)
        for name, value in () if part is None else part.model_dump().items():
            yield f"{section}_{name}", value
    for band in day.bends.bands or ():
        yield _band_name(band), band.duration_min
    for part in day.slouch.histogram or ():
        yield _bin_name(part), part.duration_min
    for kind, count in (day.alerts.by_kind or {}).items():
        yield f"alerts_{kind}_given_n", count.given_n
        yield f"alerts_{kind}_heeded_n", count.heeded_n
    yield "calibration", ";".join(use.source for use in day.calibration)
    yield "notes", ";".join(note.code for note in day.notes)


def _flat(section: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in section.items():
        if isinstance(value, dict):
            yield from ((f"{name}_{inner}", inner_value) for inner, inner_value in _flat(value))
        else:
            yield name, value


def _band_name(band: InclinationBand) -> str:
    return (
        f"bends_{band.from_deg:g}_to_{band.to_deg:g}_deg_min"
        if band.to_deg
        else f"bends_from_{band.from_deg:g}_deg_min"
    )


def _bin_name(part: RangeBin) -> str:
    if part.from_percent is None:
        return f"slouch_range_below_{part.to_percent:g}_percent_min"
    if part.to_percent is None:
        return f"slouch_range_from_{part.from_percent:g}_percent_min"
    return f"slouch_range_{part.from_percent:g}_to_{part.to_percent:g}_percent_min"
