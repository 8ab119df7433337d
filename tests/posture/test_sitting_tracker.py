"""Sitting bouts, breaks and reminders."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posture.events import Activity, Alert, AlertKind, AlertResolved, SittingBout
from posture.sitting import SittingTracker

START = 1_767_600_000
S, W, T, U = Activity.SITTING, Activity.WALKING, Activity.STANDING, Activity.UNKNOWN
MISSING = None
MINUTE = 60


@pytest.fixture(scope="module")
def follow(defaults, posture):
    """Follow (activity, seconds) parts; None as activity is a hole in the samples."""

    def run(*parts, delay_s=0.0, flush=True):
        flat = [activity for activity, seconds in parts for _ in range(seconds)]
        kept = [index for index, activity in enumerate(flat) if activity is not MISSING]
        seconds = posture([flat[index] for index in kept], second=START + np.array(kept, dtype=np.int64))
        tracker = SittingTracker(defaults.sitting, defaults.alerts, delay_s)
        return [*tracker.push(seconds), *(tracker.flush() if flush else [])]

    return run


def bouts(events):
    return [event for event in events if isinstance(event, SittingBout)]


def alerts(events, kind=AlertKind.SITTING):
    return [event for event in events if isinstance(event, Alert) and event.kind is kind]


def resolved(events, kind=AlertKind.SITTING):
    return [event for event in events if isinstance(event, AlertResolved) and event.kind is kind]


@pytest.mark.parametrize("delay_s", [0.0, 5.0])
def test_reminded_at_half_an_hour_and_warned_at_an_hour(follow, delay_s):
    events = follow((S, 70 * MINUTE), (W, 3 * MINUTE), delay_s=delay_s)
    (remind,), (warn,) = alerts(events), alerts(events, AlertKind.PROLONGED_SITTING)
    assert remind.time == START + 30 * MINUTE
    assert warn.time == START + 60 * MINUTE
    assert remind.since == warn.since == START


@given(minutes=st.integers(1, 29))
@settings(max_examples=15, deadline=None)
def test_nobody_is_reminded_sooner(follow, minutes):
    assert not alerts(follow((S, minutes * MINUTE + 59), (W, 3 * MINUTE)))


def test_a_break_of_two_minutes_ends_the_bout(follow):
    events = follow((S, 20 * MINUTE), (W, 120), (S, 20 * MINUTE))
    first, second = bouts(events)
    assert first == SittingBout(START, START + 20 * MINUTE, 20 * MINUTE, ended_by_break=True)
    assert second.start == START + 22 * MINUTE
    assert not second.ended_by_break, "the samples ended"
    assert not alerts(events)


@given(away=st.integers(1, 119), activity=st.sampled_from([W, T, Activity.LYING]))
@settings(max_examples=30, deadline=None)
def test_a_shorter_interruption_does_not(follow, away, activity):
    events = follow((S, 20 * MINUTE), (activity, away), (S, 15 * MINUTE))
    (bout,) = bouts(events)
    assert bout.sitting_s == 35 * MINUTE, "the interruption is no sitting"
    assert bout.end - bout.start == 35 * MINUTE + away
    (alert,) = alerts(events)
    assert alert.time == START + 30 * MINUTE + away, "half an hour of sitting"


def test_interruptions_of_a_minute_do_not_add_up_to_a_break(follow):
    parts = [part for _ in range(5) for part in ((S, 5 * MINUTE), (T, MINUTE))]
    assert len(bouts(follow(*parts))) == 1


@pytest.mark.parametrize("unknown", [MISSING, U], ids=["gap", "unknown"])
def test_a_gap_ends_the_bout_without_a_break(follow, unknown):
    first, second = bouts(follow((S, 20 * MINUTE), (unknown, 121), (S, 5 * MINUTE), (W, 121)))
    assert not first.ended_by_break
    assert first.end == START + 20 * MINUTE
    assert second.ended_by_break


@pytest.mark.parametrize("unknown", [MISSING, U], ids=["gap", "unknown"])
def test_a_short_gap_does_not(follow, unknown):
    (bout,) = bouts(follow((S, 20 * MINUTE), (unknown, 100), (S, 5 * MINUTE), (W, 121)))
    assert bout.sitting_s == 25 * MINUTE


def test_gone_into_a_gap_nobody_knows_of_a_break(follow):
    events = follow((S, 31 * MINUTE), (W, 60), (MISSING, 600), (W, 30))
    (bout,), (end,) = bouts(events), resolved(events)
    assert not bout.ended_by_break
    assert not end.heeded


@given(extra=st.integers(0, 300))
@settings(max_examples=20, deadline=None)
def test_heeded_where_the_break_begins_in_time(follow, defaults, extra):
    events = follow((S, 30 * MINUTE + extra), (W, 200))
    (end,) = resolved(events)
    assert end.heeded == (extra <= defaults.alerts.heeded_within_s)
    assert end.time == START + 30 * MINUTE + extra + 120


def test_each_bout_is_reminded_once(follow):
    events = follow((S, 59 * MINUTE), (W, 120), (S, 40 * MINUTE), (W, 120), (S, 10))
    assert len(alerts(events)) == len(resolved(events)) == 2
    assert not alerts(events, AlertKind.PROLONGED_SITTING)


@given(
    parts=st.lists(
        st.tuples(st.sampled_from([S, S, T, W, U, MISSING, Activity.LYING]), st.integers(1, 1500)),
        min_size=1,
        max_size=14,
    ),
    delay_s=st.sampled_from([0.0, 5.0]),
)
@settings(max_examples=60, deadline=None)
def test_the_books_balance(follow, parts, delay_s):
    events = follow(*parts, delay_s=delay_s)
    sat = sum(seconds for activity, seconds in parts if activity is S)
    assert sum(bout.sitting_s for bout in bouts(events)) == sat
    for one, other in zip(bouts(events), bouts(events)[1:], strict=False):
        assert one.end + 120 <= other.start
    for kind in (AlertKind.SITTING, AlertKind.PROLONGED_SITTING):
        assert [alert.time for alert in alerts(events, kind)] == [end.raised for end in resolved(events, kind)]
        for end in resolved(events, kind):
            assert end.time >= end.raised
    long = sum(bout.sitting_s + delay_s >= 30 * MINUTE for bout in bouts(events))
    assert len(alerts(events)) == long


def test_before_any_sitting_there_is_nothing(follow):
    assert follow((W, 300), (MISSING, 600), (T, 300)) == []
