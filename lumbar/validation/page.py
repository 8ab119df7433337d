"""The report as one HTML page: all figures and plots, no script, nothing fetched from elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined

from lumbar.validation.cells import NOTHING, number, ratio
from lumbar.validation.page_plots import plots_of
from lumbar.validation.page_timelines import timelines_of
from lumbar.validation.render import TABLES, WHOSE_COLUMNS, groups_of, whose

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lumbar.validation.evidence import Evidence
    from lumbar.validation.report import AnswerScores, GroupReport, ValidationReport
    from lumbar.validation.svg import Plot

__all__ = ["html_page"]

OVERVIEW = (
    *WHOSE_COLUMNS, "posture smoothed", "live", "worst person", "sit v stand",
    "change seen live after s: median / 95 %",
    "transitions found / right", "sedentary median error %", "steps found / right", "tilt still / moving deg",
    "sets within 1, told", "exercises F1, not told", "false repetitions an hour",
)  # fmt: skip
PEOPLE = ("person", "smoothed", "live", "activities", "seconds", "confused most (smoothed)")


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the page; the first cell of each row is its heading."""

    title: str
    columns: tuple[str, ...]
    rows: list[list[str]]


@dataclass(frozen=True, slots=True)
class Section:
    """All that the page says of one data set."""

    name: str
    title: str
    kind: str
    facts: str
    plots: list[Plot]
    timelines: list[Plot]
    tables: list[Table]


def html_page(report: ValidationReport, evidence: Sequence[Evidence]) -> str:
    """Return the page.

    Parameters
    ----------
    report
        The figures.
    evidence
        All recordings that they are made of.

    """
    environment = Environment(
        loader=PackageLoader("lumbar.validation", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    groups = groups_of(report)
    return environment.get_template("page.html.jinja").render(
        report=report,
        overview=Table("All data sets", OVERVIEW, [_overview_row(group) for group in groups]),
        sections=[
            _section(group, [its for its in evidence if its.data_set.name == group.name]) for group in report.sets
        ],
        together=[_together(group) for group in report.kinds],
    )


def _section(group: GroupReport, evidence: Sequence[Evidence]) -> Section:
    data_set = evidence[0].data_set
    passing_on = "may be passed on" if data_set.redistributable else "may not be passed on; nothing was fitted on it"
    facts = f"{_size(group)} Worn: {data_set.placement}. The data {passing_on}."
    tables = _tables(group)
    if group.posture is not None:
        tables.append(Table("Person by person", PEOPLE, _people_rows(group.posture.smoothed, group.posture.live)))
    return Section(
        name=group.name,
        title=group.title,
        kind=_kind(group),
        facts=facts,
        plots=plots_of(group, evidence),
        timelines=timelines_of(group, evidence),
        tables=tables,
    )


def _together(group: GroupReport) -> Section:
    return Section(
        name=f"all-{group.name.replace(' ', '-').replace(',', '')}",
        title=f"All of this kind: {group.title}",
        kind=_kind(group),
        facts=_size(group),
        plots=[],
        timelines=[],
        tables=_tables(group),
    )


def _size(group: GroupReport) -> str:
    return f"{group.people_n} people, {group.recordings_n} recordings, {group.duration_h:.2f} h."


def _kind(group: GroupReport) -> str:
    return f"{group.kind} (simulated: {group.simulated})"


def _tables(group: GroupReport) -> list[Table]:
    filled = [(form, form.rows_of(group)) for form in TABLES]
    return [
        Table(form.title, (*WHOSE_COLUMNS, *form.columns), [[*whose(group), *row] for row in rows])
        for form, rows in filled
        if rows
    ]


def _people_rows(smoothed: AnswerScores, live: AnswerScores) -> list[list[str]]:
    live_of = {person.person: person.balanced_accuracy for person in live.people}
    return [
        [
            person.person.rpartition("/")[2],
            ratio(person.balanced_accuracy),
            ratio(live_of[person.person]),
            str(person.activities_n),
            str(person.seconds_n),
            ", ".join(f"{its.truth.value} as {its.found.value} {its.seconds_n} s" for its in person.confused)
            or NOTHING,
        ]
        for person in sorted(smoothed.people, key=lambda person: person.balanced_accuracy)
    ]


def _overview_row(group: GroupReport) -> list[str]:
    posture, exercises = group.posture, group.exercises
    told = None if exercises is None else exercises.told
    return [
        *whose(group),
        ratio(None if posture is None else posture.smoothed.balanced_accuracy),
        ratio(None if posture is None else posture.live.balanced_accuracy),
        NOTHING if posture is None else _worst_person(posture.smoothed),
        ratio(None if posture is None else posture.smoothed.sitting_v_standing),
        _changes(group),
        _transitions(group),
        number(None if group.sedentary is None else group.sedentary.median_error_percent, ".1f"),
        _steps(group),
        _tilt(group),
        ratio(None if told is None else told.counts.within_one_share),
        ratio(None if exercises is None else exercises.untold.macro_f1),
        number(None if group.no_exercise is None else group.no_exercise.repetitions_per_hour, ".2f"),
    ]


def _worst_person(answer: AnswerScores) -> str:
    return f"{answer.worst.person.rpartition('/')[2]} {answer.worst.balanced_accuracy:.3f}"


def _changes(group: GroupReport) -> str:
    seen = None if group.changes is None else group.changes.all
    return NOTHING if seen is None else f"{number(seen.median_s, '.1f')} / {number(seen.late_s, '.1f')}"


def _transitions(group: GroupReport) -> str:
    found = None if group.transitions is None else group.transitions.smoothed.sit_stand
    return NOTHING if found is None else f"{ratio(found.recall)} / {ratio(found.precision)}"


def _steps(group: GroupReport) -> str:
    steps = group.steps
    return NOTHING if steps is None else f"{ratio(steps.contacts.recall)} / {ratio(steps.contacts.precision)}"


def _tilt(group: GroupReport) -> str:
    tilt = group.tilt
    return NOTHING if tilt is None else f"{number(tilt.still_deg, '.2f')} / {number(tilt.moving_deg, '.2f')}"
