"""Findings, day by day: kept in the history, summed up, and compared with the days before."""

from __future__ import annotations

from dataclasses import asdict, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

from analytics.daily_summary import daily_summary
from analytics.exercises.records import ExerciseSet, Repetition, Side
from analytics.findings import CalibrationInUse, Findings, SittingKnown
from analytics.local_day import LocalDay, local_days
from analytics.posture_tally import PostureTally
from analytics.sit_to_stand import FiveRises
from analytics.summary_model import DailySummary, DayFacts
from analytics.walking import WalkingBout
from config.exercise_plan import wearers_plan
from lumbar.history.records import HistoryRecord
from posture.calibration import CalibrationSource
from posture.events import (
    Activity,
    ActivityEpisode,
    Alert,
    AlertKind,
    AlertResolved,
    Bend,
    PostureEpisode,
    PostureState,
    SittingBout,
    Transition,
    TransitionKind,
)
from posture.sitting_ways import SittingSource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import date

    from config.settings import Settings
    from lumbar.history.records import ExerciseSession, JsonValue
    from lumbar.history.store import History

__all__ = ["findings_of", "keep_recording", "keep_session", "main_day", "records_of", "repetition_of", "sum_up"]

EVENING_BEFORE_S = 12 * 3600.0
"""A sitting bout that began so long before midnight is still known to the next day's summary."""

COMPARED_DAYS = 28
HOUR_S = 3600.0


def records_of(findings: Findings, end: float) -> list[HistoryRecord]:
    """Return the history's records of all findings of a recording that ends at `end`."""
    events = [WRITE[type(event)](event) for event in findings.events if not isinstance(event, CalibrationInUse)]
    wear = [HistoryRecord("wear", start, stop) for start, stop in findings.wear]
    gaps = [HistoryRecord("gap", start, stop) for start, stop in findings.gaps]
    return [*events, *wear, *gaps, *_calibrations(findings.of(CalibrationInUse), end), *_steps(findings.step_times)]


def _calibrations(used: list[CalibrationInUse], end: float) -> Iterator[HistoryRecord]:
    """Yield each calibration for as long as it held, so that later days find it too."""
    until = [*(calibration.time for calibration in used), end][1:]
    for calibration, stop in zip(used, until, strict=True):
        detail: dict[str, JsonValue] = {"profile": calibration.profile}
        held_until = max(stop, calibration.time)
        yield HistoryRecord("calibration", calibration.time, held_until, label=calibration.source, detail=detail)


def _steps(times: Sequence[float]) -> Iterator[HistoryRecord]:
    """Yield one record for each hour with steps: one for each step would be most of the history."""
    for _, group in groupby(times, key=lambda time: time // HOUR_S):
        hour = list(group)
        offsets: list[JsonValue] = [round(time - hour[0], 3) for time in hour]
        yield HistoryRecord("steps", hour[0], hour[-1], value=float(len(hour)), detail=offsets)


def findings_of(records: Iterable[HistoryRecord]) -> Findings:
    """Return the findings that records were made of."""
    events: list[Any] = []
    spans: dict[str, list[tuple[float, float]]] = {"wear": [], "gap": []}
    step_times: list[float] = []
    for record in records:
        if record.kind in spans:
            spans[record.kind].append((record.start, record.end))
        elif record.kind == "steps":
            detail: Any = record.detail
            step_times += [record.start + offset for offset in detail]
        else:
            events.append(READ[record.kind](record))
    return Findings(tuple(events), tuple(spans["wear"]), tuple(spans["gap"]), tuple(step_times))


def main_day(findings: Findings, settings: Settings) -> LocalDay | None:
    """Return the local day that holds most of the wear time; None without any."""
    if not findings.wear:
        return None
    zone = settings.wearer.zone
    days = local_days(findings.wear[0][0], findings.wear[-1][1], zone)
    return max(days, key=lambda day: sum(day.span.overlap_s(start, end) for start, end in findings.wear))


def sum_up(findings: Findings, day: LocalDay, settings: Settings, earlier: Sequence[DayFacts] = ()) -> DailySummary:
    """Return the summary of one local day, against the wearer's own plan where there is one."""
    return daily_summary(findings, day, settings.wearer.id, settings, earlier, wearers_plan(settings))


def keep_recording(
    history: History, findings: Findings, span: tuple[float, float], source: str, settings: Settings
) -> dict[date, DailySummary]:
    """Put the findings in the history in the place of those of the same time, and sum the days up anew.

    Parameters
    ----------
    history
        Where they are kept.
    findings
        Of the whole span.
    span
        Start and end of the recording, seconds since the Unix epoch.
    source
        Name of the recording.
    settings
        The wearer and the thresholds.

    Returns
    -------
    dict
        The summaries of the local days that the recording touches.

    """
    with history.transaction():
        history.replace_span(settings.wearer.id, *span, records_of(findings, span[1]), source)
        return sum_up_anew(history, span, settings)


def keep_session(history: History, session: ExerciseSession, source: str, settings: Settings) -> None:
    """Put a guided session in the history, and sum its day up anew: its sets belong to it."""
    with history.transaction():
        history.put_session(settings.wearer.id, session, source)
        sum_up_anew(history, (session.start, session.end), settings)


def sum_up_anew(history: History, span: tuple[float, float], settings: Settings) -> dict[date, DailySummary]:
    """Sum up the local days that a span touches from all that the history has of them; return the summaries."""
    wearer = settings.wearer.id
    summaries: dict[date, DailySummary] = {}
    for day in local_days(*span, settings.wearer.zone):
        summary = sum_up(findings_on(history, day, wearer), day, settings, earlier_days(history, day, wearer))
        history.put_summary(wearer, day.date, summary.document())
        summaries[day.date] = summary
    return summaries


def findings_on(history: History, day: LocalDay, wearer: str) -> Findings:
    """Return all that the history has of a day and the evening before, the sets of guided sessions among it."""
    since = day.span.start - EVENING_BEFORE_S
    findings = findings_of(history.episodes(wearer, since, day.span.end))
    known = findings.of(ExerciseSet)
    guided = [
        ExerciseSet(one.exercise, one.start, one.end, _repetitions(one.detail), confidence=1.0)
        for session in history.sessions(wearer, since, day.span.end)
        for one in session.sets
        if one.repetitions is not None
    ]
    new = [one for one in guided if not any(one.start < each.end and each.start < one.end for each in known)]
    return replace(findings, events=(*findings.events, *new))


def earlier_days(history: History, day: LocalDay, wearer: str) -> list[DayFacts]:
    """Return the summaries of the days before that a day is compared with."""
    first = day.date.fromordinal(day.date.toordinal() - COMPARED_DAYS)
    last = day.date.fromordinal(day.date.toordinal() - 1)
    documents = history.summaries(wearer, first, last).values()
    return [DailySummary.model_validate(document) for document in documents]


def _episode(kind: str, label: str, value: str | None = None) -> Callable[[Any], HistoryRecord]:
    """Return how to write an episode whose label and value are its attributes of these names."""
    return lambda event: HistoryRecord(
        kind,
        event.start,
        event.end,
        label=str(getattr(event, label)) if label else "",
        value=getattr(event, value) if value else None,
    )


def repetition_of(detail: Any) -> Repetition:
    """Return the repetition that `dataclasses.asdict` made a dictionary of."""
    return Repetition(**{**detail, "side": None if detail["side"] is None else Side(detail["side"])})


def _repetitions(detail: Any) -> tuple[Repetition, ...]:
    return tuple(map(repetition_of, detail))


WRITE: dict[type, Callable[[Any], HistoryRecord]] = {
    ActivityEpisode: _episode("activity", "activity"),
    PostureEpisode: _episode("posture", "state", "angle_deg"),
    Bend: _episode("bend", "", "peak_deg"),
    SittingBout: lambda e: HistoryRecord(
        "sitting_bout", e.start, e.end, value=float(e.sitting_s), detail={"ended_by_break": e.ended_by_break}
    ),
    Transition: lambda e: HistoryRecord("transition", e.time, e.time, label=e.kind, value=e.duration_s),
    Alert: lambda e: HistoryRecord("alert", e.time, e.time, label=e.kind, detail={"since": float(e.since)}),
    AlertResolved: lambda e: HistoryRecord(
        "alert_resolved", e.raised, e.time, label=e.kind, detail={"heeded": e.heeded}
    ),
    ExerciseSet: lambda e: HistoryRecord(
        "exercise_set", e.start, e.end, label=e.exercise, value=e.confidence, detail=[asdict(r) for r in e.repetitions]
    ),
    FiveRises: lambda e: HistoryRecord(
        "five_rises",
        e.start,
        e.end,
        value=e.range_cm,
        detail={"fifth_stand": e.fifth_stand, "rises_n": e.rises_n},
    ),
    WalkingBout: lambda e: HistoryRecord("walking", e.start, e.end, value=e.cadence_spm, detail={"steps": e.steps}),
    SittingKnown: _episode("sitting_known", "source", "seen_s"),
    PostureTally: lambda e: HistoryRecord(
        "tally",
        e.start,
        e.end,
        detail={
            "bands_deg": list(e.bands_deg),
            "inclination_s": list(e.inclination_s),
            "range_s": None if e.range_s is None else list(e.range_s),
        },
    ),
}

READ: dict[str, Callable[[Any], Any]] = {
    "activity": lambda r: ActivityEpisode(r.start, r.end, Activity(r.label)),
    "posture": lambda r: PostureEpisode(r.start, r.end, PostureState(r.label), r.value),
    "bend": lambda r: Bend(r.start, r.end, r.value),
    "sitting_bout": lambda r: SittingBout(r.start, r.end, r.value, r.detail["ended_by_break"]),
    "transition": lambda r: Transition(r.start, TransitionKind(r.label), r.value),
    "alert": lambda r: Alert(r.start, AlertKind(r.label), r.detail["since"]),
    "alert_resolved": lambda r: AlertResolved(r.end, AlertKind(r.label), r.start, r.detail["heeded"]),
    "exercise_set": lambda r: ExerciseSet(r.label, r.start, r.end, _repetitions(r.detail), r.value),
    "five_rises": lambda r: FiveRises(r.start, r.detail["fifth_stand"], r.end, r.detail["rises_n"], r.value),
    "walking": lambda r: WalkingBout(r.start, r.end, r.detail["steps"], r.value),
    "tally": lambda r: PostureTally(
        r.start,
        r.end,
        tuple(r.detail["bands_deg"]),
        tuple(r.detail["inclination_s"]),
        None if r.detail["range_s"] is None else tuple(r.detail["range_s"]),
    ),
    "sitting_known": lambda r: SittingKnown(r.start, r.end, SittingSource(r.label), r.value),
    "calibration": lambda r: CalibrationInUse(r.start, CalibrationSource(r.label), r.detail["profile"]),
}
