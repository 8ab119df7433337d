"""What holds for every day, whatever is found on it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from analytics.daily_summary import DailySummary, daily_summary
from analytics.day_sections import DaySections
from analytics.exercises.records import ExerciseSet, Repetition, Side
from analytics.findings import Findings
from analytics.local_day import LocalDay, local_days
from analytics.posture_tally import PostureTally
from analytics.spans import Span
from analytics.walking import WalkingBout
from config.settings import load_settings
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

BERLIN = ZoneInfo("Europe/Berlin")
SETTINGS = load_settings()
CLOCK_CHANGE = LocalDay(date(2024, 3, 31), BERLIN).span.start
TIMES = st.integers(-20 * 3600, 60 * 3600).map(lambda quarter: CLOCK_CHANGE + quarter + 0.25)
PAIRS = st.tuples(TIMES, st.floats(0.5, 30_000)).map(lambda pair: (pair[0], pair[0] + pair[1]))
SECONDS = st.integers(0, 900)


def lasting(build):
    return PAIRS.flatmap(lambda pair: build(*pair))


ACTIVITY = lasting(lambda a, b: st.builds(ActivityEpisode, st.just(a), st.just(b), st.sampled_from(Activity)))
POSTURE = lasting(
    lambda a, b: st.builds(
        PostureEpisode, st.just(a), st.just(b), st.sampled_from(PostureState), st.floats(-20, 40, allow_subnormal=False)
    )
)
REPETITION = st.builds(
    Repetition,
    start=st.just(0.0), peak=st.just(1.0), end=st.floats(1, 60),
    side=st.none() | st.sampled_from(Side),
    range_deg=st.none() | st.floats(0, 120), range_cm=st.none() | st.floats(0, 80),
    hold_s=st.floats(0, 50), out_s=st.floats(0, 5), back_s=st.floats(0, 5),
    unsteadiness_deg=st.none(), complete=st.booleans(),
)  # fmt: skip
EVENTS = st.one_of(
    ACTIVITY,
    ACTIVITY,
    POSTURE,
    lasting(lambda a, b: st.builds(Bend, st.just(a), st.just(b), st.floats(45, 120))),
    lasting(lambda a, b: st.builds(WalkingBout, st.just(a), st.just(b), st.integers(1, 5000), st.floats(50, 150))),
    lasting(lambda a, b: st.builds(SittingBout, st.just(a), st.just(b), st.floats(0, b - a), st.booleans())),
    lasting(
        lambda a, b: st.builds(
            ExerciseSet,
            exercise=st.sampled_from(["bridge", "squat", "unknown"]),
            start=st.just(a),
            end=st.just(b),
            repetitions=st.lists(REPETITION, max_size=4).map(tuple),
            confidence=st.floats(0, 1),
        )
    ),
    st.builds(Transition, TIMES, st.sampled_from(TransitionKind), st.floats(0.5, 5)),
    st.builds(Alert, TIMES, st.sampled_from(AlertKind), TIMES),
    st.builds(AlertResolved, TIMES, st.sampled_from(AlertKind), TIMES, st.booleans()),
    st.builds(
        PostureTally,
        start=TIMES,
        end=st.just(CLOCK_CHANGE),
        bands_deg=st.just(SETTINGS.bend.bands_deg),
        inclination_s=st.tuples(*[SECONDS] * 5),
        range_s=st.none() | st.tuples(*[SECONDS] * 7),
    ),
)
FINDINGS = st.builds(
    Findings,
    events=st.lists(EVENTS, max_size=12).map(tuple),
    wear=st.lists(PAIRS, max_size=4).map(tuple),
    gaps=st.lists(PAIRS.map(lambda pair: (pair[0], min(pair[1], pair[0] + 900))), max_size=3).map(tuple),
    step_times=st.lists(TIMES, max_size=8).map(tuple),
)
DAYS = st.sampled_from([date(2024, 3, 30), date(2024, 3, 31), date(2024, 4, 1)]).map(lambda day: LocalDay(day, BERLIN))


@examples(max_examples=150, deadline=None)
@given(findings=FINDINGS, day=DAYS)
def test_the_minutes_of_the_activities_are_the_wear_time(findings, day):
    summary = daily_summary(findings, day, "me", SETTINGS)
    minutes = [value for value in summary.activity.model_dump().values() if value is not None]
    assert sum(minutes) * 60 == pytest.approx(summary.wear.wear_s, abs=1e-6)
    assert summary.wear.wear_s <= summary.day_s


@examples(max_examples=100, deadline=None)
@given(findings=FINDINGS, day=DAYS)
def test_every_summary_can_be_written_and_read_back(findings, day):
    summary = daily_summary(findings, day, "me", SETTINGS)
    assert DailySummary.model_validate_json(summary.model_dump_json(by_alias=True)) == summary


def additive(sections):
    """Return the totals that must add up; what is unknown adds nothing."""
    sitting, slouch, bends, walking = sections.sitting(BERLIN), sections.slouch(), sections.bends(), sections.walking()
    alerts, wear, exercise = sections.alerts(), sections.wear(), sections.exercise(BERLIN, None)
    known = [
        wear.wear_s, wear.gaps.total_s, wear.gaps.count_n,
        *sections.activity_s.values(),
        *(band.duration_min for band in bends.bands or ()),
    ]  # fmt: skip
    if all(section is not None for section in (sitting.bouts_n, slouch.slouched_min, bends.bands, alerts.given_n)):
        posture = sections.posture().model_dump(exclude={"mean_slouch_deg"})
        known += [
            sitting.bouts_n, sitting.breaks_n,
            *posture.values(), slouch.episodes_n, slouch.dose_deg_min,
            bends.deep_bends_n, bends.deep_bend_min,
            walking.steps_n, walking.bouts_n, walking.bout_min, walking.brisk_min,
            alerts.given_n, alerts.heeded_n,
            exercise.sets_n, exercise.sessions_n, exercise.repetitions_n, exercise.exercising_min,
            *sections.transitions().model_dump().values(),
        ]  # fmt: skip
    return known


def with_everything_known(findings):
    """Add sitting upright all the time, so that no part of the day is unknown."""
    start, end = CLOCK_CHANGE - 86400, CLOCK_CHANGE + 3 * 86400
    known = [PostureTally(CLOCK_CHANGE + 900 * n, 0, SETTINGS.bend.bands_deg, (9, 0, 0, 0, 1), None)
             for n in range(-96, 288)]  # fmt: skip
    sitting = ActivityEpisode(start, end, Activity.SITTING)
    upright = PostureEpisode(start, end, PostureState.UPRIGHT, 1.0)
    return replace(findings, events=(*findings.events, *known, sitting, upright), wear=((start, end),), gaps=())


@examples(max_examples=150, deadline=None)
@given(findings=FINDINGS, day=DAYS, share=st.floats(0.05, 0.95))
def test_a_day_split_anywhere_adds_up_to_the_day(findings, day, share):
    findings = with_everything_known(findings)
    middle = day.span.start + share * day.span.duration_s
    whole = additive(DaySections(findings, day.span, SETTINGS))
    first = additive(DaySections(findings, Span(day.span.start, middle), SETTINGS))
    second = additive(DaySections(findings, Span(middle, day.span.end), SETTINGS))
    assert [a + b for a, b in zip(first, second, strict=True)] == pytest.approx(whole, abs=1e-6)


@examples(max_examples=150, deadline=None)
@given(findings=FINDINGS, day=DAYS)
def test_minutes_add_up_over_days_also_where_much_is_unknown(findings, day):
    hours = [Span(t, min(t + 3600, day.span.end)) for t in range(int(day.span.start), int(day.span.end), 3600)]
    parts = [DaySections(findings, hour, SETTINGS) for hour in hours]
    whole = DaySections(findings, day.span, SETTINGS)
    for kind in Activity:
        assert sum(part.activity_s[kind] for part in parts) == pytest.approx(whole.activity_s[kind], abs=1e-6)
    assert sum(part.wear().wear_s for part in parts) == pytest.approx(whole.wear().wear_s, abs=1e-6)


def cut(event, share):
    time = (
        event.start + share * (event.end - event.start) if isinstance(event, ActivityEpisode | PostureEpisode) else None
    )
    if time is not None and event.start < time < event.end:
        return [replace(event, end=time), replace(event, start=time)]
    return [event]


@examples(max_examples=150, deadline=None)
@given(findings=FINDINGS, day=DAYS, share=st.floats(0.1, 0.9))
def test_cutting_episodes_in_two_changes_nothing(findings, day, share):
    pieces = tuple(piece for event in without_overlap(findings.events) for piece in cut(event, share))
    whole = daily_summary(replace(findings, events=without_overlap(findings.events)), day, "me", SETTINGS)
    parts = daily_summary(replace(findings, events=pieces), day, "me", SETTINGS)
    assert flat(parts.document()) == pytest.approx(flat(whole.document()), abs=1e-6)


def without_overlap(events):
    """Keep of the episodes of each kind the first that do not overlap, as one recording gives them."""
    kept = []
    for event in events:
        rivals = [other for other in kept if type(other) is type(event)]
        if not isinstance(event, ActivityEpisode | PostureEpisode) or all(
            event.end <= other.start or other.end <= event.start for other in rivals
        ):
            kept.append(event)
    return tuple(kept)


def flat(value, name="summary"):
    if isinstance(value, dict):
        return {path: leaf for key, inner in value.items() for path, leaf in flat(inner, f"{name}.{key}").items()}
    if isinstance(value, list):
        return {path: leaf for n, inner in enumerate(value) for path, leaf in flat(inner, f"{name}.{n}").items()}
    return {name: value}


@examples(max_examples=60, deadline=None)
@given(
    start=st.floats(0, 2e9),
    length_s=st.floats(1, 5e5),
    zone=st.sampled_from(
        ["Europe/Berlin", "America/Havana", "Asia/Beirut", "Australia/Lord_Howe", "Pacific/Apia", "America/Sao_Paulo"]
    ).map(ZoneInfo),
)
def test_the_days_of_a_recording_follow_each_other_and_cover_it(start, length_s, zone):
    days = local_days(start, start + length_s, zone)
    assert days[0].span.start <= start
    assert days[-1].span.end >= start + length_s
    assert all(one.span.end == other.span.start for one, other in pairwise(days))
    assert days[0].span.end > start
    assert days[-1].span.start < start + length_s
