"""One slouch is one alert: thresholds, hysteresis, timing, dose, and all that may not make two of one."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from posture.calibration import SittingRange
from posture.events import Activity, Alert, AlertKind, AlertResolved, PostureEpisode, PostureState
from posture.slouch import BRIDGED_HOLE_S, SlouchTracker, entry_deg

BACKWARD = SittingRange(-8.0, -28.0)
FORWARD = SittingRange(-8.0, 12.0)
START = 1_767_600_000


@pytest.fixture(scope="module")
def follow(defaults, posture):
    """Follow seconds with the angle past upright given: all events, and the tracker at the end."""

    def run(past_deg, *, own=BACKWARD, activity=Activity.SITTING, second=None, delay_s=0.0, flush=True, **angles):
        tracker = SlouchTracker(defaults.slouch, defaults.alerts, delay_s)
        tracker.sitting = own
        flexion_deg = own.upright_deg + own.direction * np.asarray(past_deg, dtype=np.float64)
        seconds = posture(activity, flexion_deg, second=second, start=START, **angles)
        events = tracker.push(seconds)
        return [*events, *(tracker.flush() if flush else [])], tracker

    return run


def alerts(events, kind=AlertKind.SLOUCH):
    return [event for event in events if isinstance(event, Alert) and event.kind is kind]


def resolved(events, kind=AlertKind.SLOUCH):
    return [event for event in events if isinstance(event, AlertResolved) and event.kind is kind]


def level(*parts):
    """Return a trace of (angle, seconds) parts."""
    return np.concatenate([np.full(seconds, angle, dtype=np.float64) for angle, seconds in parts])


def test_entry_is_the_smaller_of_fixed_angle_and_share_of_own_range(defaults):
    assert entry_deg(defaults.slouch, SittingRange(-8.0, -48.0)) == defaults.slouch.entry_deg
    assert entry_deg(defaults.slouch, SittingRange(-8.0, -18.0)) == pytest.approx(6.0)


@pytest.mark.parametrize("own", [BACKWARD, FORWARD], ids=["backward", "forward"])
@pytest.mark.parametrize("delay_s", [0.0, 5.0])
def test_told_after_a_minute_whatever_the_delay(follow, defaults, own, delay_s):
    events, _ = follow(level((0, 60), (20, 200), (0, 60)), own=own, delay_s=delay_s)
    (alert,) = alerts(events)
    assert alert.time == alert.since + defaults.slouch.nudge_after_s
    assert START + 60 <= alert.since <= START + 63
    (end,) = resolved(events)
    assert end.raised == alert.time
    assert START + 260 <= end.time <= START + 265


@st.composite
def slouches(draw):
    """One slouch: lead-in, angle past the entry, length, noise, short interruptions and short holes."""
    length = draw(st.integers(110, 700), label="length")
    lead = draw(st.integers(10, 120), label="lead")
    angle = draw(st.floats(12.0, 30.0), label="angle")
    trace = level((0, lead), (angle, length), (0, 90))
    noise_deg = draw(st.floats(0.0, 3.0), label="noise")
    trace += noise_deg * np.random.default_rng(draw(st.integers(0, 9999), label="seed")).standard_normal(len(trace))
    activity = [Activity.SITTING] * len(trace)
    for at in range(lead + 20, lead + length - 20, draw(st.integers(25, 80), label="every")):
        if draw(st.booleans()):
            seconds = draw(st.integers(0, 4), label="not sitting")
            activity[at : at + seconds] = [draw(st.sampled_from([Activity.STANDING, Activity.WALKING]))] * seconds
        else:
            # The angle is smoothed over 3 s, which makes an interruption up to 2 s longer than it was.
            seconds = draw(st.integers(0, 3), label="otherwise")
            trace[at : at + seconds] = draw(st.floats(-5.0, 30.0))
    second = START + np.arange(len(trace))
    for _ in range(draw(st.integers(0, 3), label="holes")):
        at = draw(st.integers(lead + 10, lead + length - 10))
        second[at:] += draw(st.integers(1, BRIDGED_HOLE_S // 3))
    return trace, activity, second, (lead, length)


@given(slouch=slouches(), own=st.sampled_from([BACKWARD, FORWARD]), delay_s=st.sampled_from([0.0, 5.0]))
@settings(max_examples=150, deadline=None)
def test_one_slouch_is_exactly_one_alert_and_one_resolution(follow, defaults, slouch, own, delay_s):
    trace, activity, second, (lead, length) = slouch
    assume(np.diff(second).max() <= BRIDGED_HOLE_S)
    events, _ = follow(trace, own=own, activity=activity, second=second, delay_s=delay_s)
    assert len(alerts(events)) == 1
    assert len(resolved(events)) == 1
    (alert,), (end,) = alerts(events), resolved(events)
    assert alert.time >= alert.since + defaults.slouch.nudge_after_s
    assert alert.since >= second[lead] - 8
    assert second[lead + length - 1] - 8 <= end.time <= second[lead + length - 1] + 15


@given(
    share=st.floats(1.02, 1.3),
    noise_deg=st.floats(0.0, 3.0),
    seed=st.integers(0, 9999),
    own=st.sampled_from([BACKWARD, FORWARD]),
)
@settings(max_examples=60, deadline=None)
def test_ten_minutes_on_the_very_threshold_are_one_slouch(follow, defaults, share, noise_deg, seed, own):
    angle = share * entry_deg(defaults.slouch, own)
    trace = level((0, 60), (angle, 600), (0, 60)) + noise_deg * np.random.default_rng(seed).standard_normal(720)
    events, _ = follow(trace, own=own, delay_s=5.0)
    assert len(alerts(events)) == len(resolved(events)) == 1


@given(
    angle=st.floats(-30.0, 5.5),
    noise_deg=st.floats(0.0, 3.0),
    seed=st.integers(0, 9999),
    own=st.sampled_from([BACKWARD, FORWARD]),
)
@settings(max_examples=60, deadline=None)
def test_below_the_threshold_nobody_is_told(follow, angle, noise_deg, seed, own):
    trace = angle + noise_deg * np.random.default_rng(seed).standard_normal(900)
    assert not alerts(follow(trace, own=own)[0])


@given(
    length=st.integers(1, 48), gap=st.integers(20, 100), angle=st.floats(12, 40), delay_s=st.sampled_from([0.0, 5.0])
)
@settings(max_examples=60, deadline=None)
def test_short_slouches_are_not_told(follow, length, gap, angle, delay_s):
    trace = level((0, 60), *[(angle, length), (0, gap)] * 8)
    assert not alerts(follow(trace, delay_s=delay_s)[0])


@pytest.mark.parametrize("delay_s", [0.0, 5.0])
def test_who_is_already_sitting_up_is_not_told(follow, delay_s):
    """The minute is full while the wearer, upright again, is still held for slouched: too late to nag."""
    events, _ = follow(level((0, 30), (20, 57 - round(delay_s)), (0, 60)), delay_s=delay_s)
    assert not alerts(events)


def test_between_leave_and_entry_a_slouch_goes_on_and_none_begins(follow):
    middle = 8.0
    assert not alerts(follow(level((0, 30), (middle, 600)))[0])
    events, _ = follow(level((0, 30), (20, 20), (middle, 600), (0, 30)))
    assert len(alerts(events)) == len(resolved(events)) == 1
    assert resolved(events)[0].time > START + 640


def test_four_seconds_upright_do_not_make_two_of_a_mild_slouch(follow, defaults):
    """An interruption below the settle time, though the smoothing of the angle draws it out."""
    assert defaults.slouch.settle_s > 4
    events, _ = follow(level((0, 30), (12, 100), (-4, 4), (12, 100), (0, 60)))
    assert len(alerts(events)) == 1


def test_two_slouches_are_two_alerts(follow):
    events, _ = follow(level((0, 30), (20, 100), (0, 20), (20, 100), (0, 30)))
    assert len(alerts(events)) == len(resolved(events)) == 2


def test_a_long_hole_ends_the_slouch_and_nobody_says_it_was_heeded(follow):
    trace = level((0, 30), (20, 200))
    second = START + np.arange(len(trace))
    second[130:] += BRIDGED_HOLE_S + 1
    events, _ = follow(trace, second=second)
    assert len(alerts(events)) == 2
    assert [event.heeded for event in resolved(events)] == [False, False]
    assert resolved(events)[0].time == START + 130


@given(hole_s=st.integers(BRIDGED_HOLE_S + 1, 10**6), before_deg=st.floats(-30, 30), after_deg=st.floats(-30, 30))
@settings(max_examples=30, deadline=None)
def test_after_a_long_hole_nothing_is_left_of_the_angle_before(follow, hole_s, before_deg, after_deg):
    trace = level((before_deg, 100), (after_deg, 1))
    second = START + np.arange(len(trace))
    second[100:] += hole_s
    _, tracker = follow(trace, second=second, flush=False)
    assert tracker.angle_deg == pytest.approx(after_deg, abs=1e-9)


@given(length=st.integers(75, 400))
@settings(max_examples=30, deadline=None)
def test_heeded_where_the_position_changes_in_time(follow, defaults, length):
    events, _ = follow(level((0, 30), (20, length), (0, 60)))
    (alert,), (end,) = alerts(events), resolved(events)
    assert end.heeded == (end.time - alert.time <= defaults.alerts.heeded_within_s)


@pytest.mark.parametrize("way_out", [Activity.STANDING, Activity.WALKING, Activity.LYING])
def test_getting_up_heeds_the_alert(follow, way_out):
    activity = [Activity.SITTING] * 130 + [way_out] * 30
    events, _ = follow(level((0, 30), (20, 130)), activity=activity)
    (end,) = resolved(events)
    assert end.heeded
    assert end.time == START + 130


def test_the_end_of_the_recording_is_no_heeding(follow):
    events, _ = follow(level((0, 30), (20, 100)))
    assert len(alerts(events)) == 1
    assert [event.heeded for event in resolved(events)] == [False]


@pytest.mark.parametrize("activity", [each for each in Activity if each is not Activity.SITTING])
def test_only_sitting_is_judged(follow, activity):
    events, tracker = follow(level((25, 900)), activity=activity)
    assert events == []
    assert tracker.dose_s == 0.0


def test_without_own_range_nothing_is_judged(defaults, posture):
    tracker = SlouchTracker(defaults.slouch, defaults.alerts)
    assert tracker.push(posture(Activity.SITTING, level((-40, 900)))) == []
    assert tracker.flush() == []
    assert tracker.posture is None


def test_unknown_angles_are_not_judged(follow):
    assert follow(np.full(900, np.nan))[0] == []


def test_the_dose_grows_a_second_a_second_and_halves_in_two_minutes(follow, defaults):
    _, slouched = follow(level((0, 10), (20, 100)), flush=False)
    _, longer = follow(level((0, 10), (20, 300)), flush=False)
    assert longer.dose_s - slouched.dose_s == pytest.approx(200.0)
    assert slouched.dose_s == pytest.approx(100.0, abs=defaults.slouch.settle_s + 2)
    half_s = round(defaults.slouch.recovery_half_time_s)
    _, first = follow(level((0, 10), (20, 300), (0, 30)), flush=False)
    _, later = follow(level((0, 10), (20, 300), (0, 30 + half_s)), flush=False)
    assert later.dose_s == pytest.approx(first.dose_s / 2)
    upright_or_up = [Activity.SITTING] * 340 + [Activity.WALKING] * half_s
    _, walked = follow(level((0, 10), (20, 300), (0, 30 + half_s)), activity=upright_or_up, flush=False)
    assert walked.dose_s == pytest.approx(first.dose_s / 2)


def test_the_dose_fades_in_a_night_without_samples(follow):
    trace = level((0, 10), (20, 500), (0, 20))
    second = START + np.arange(len(trace))
    second[515:] += 8 * 3600
    _, tracker = follow(trace, second=second, flush=False)
    assert tracker.dose_s < 1.0


def test_prolonged_is_told_exactly_at_the_constant(follow, defaults):
    constant_s = round(defaults.slouch.prolonged_dose_s)
    events, _ = follow(level((0, 30), (20, 1500), (0, 60)))
    (alert,) = alerts(events, AlertKind.PROLONGED_SLOUCH)
    _, before = follow(level((0, 30), (20, 1500))[: round(alert.time) - START - 1], flush=False)
    _, at = follow(level((0, 30), (20, 1500))[: round(alert.time) - START], flush=False)
    assert before.dose_s < constant_s <= at.dose_s
    assert alert.time - alert.since == pytest.approx(constant_s, abs=defaults.slouch.settle_s)
    assert len(resolved(events, AlertKind.PROLONGED_SLOUCH)) == 1


def test_many_shorter_slouches_add_up(follow):
    events, _ = follow(level((0, 30), *[(20, 200), (0, 15)] * 5))
    assert len(alerts(events, AlertKind.PROLONGED_SLOUCH)) == 1


def test_prolonged_is_told_again_only_after_half_has_recovered(follow):
    short_rest = follow(level((0, 30), (20, 700), (0, 60), (20, 400), (0, 60)))[0]
    long_rest = follow(level((0, 30), (20, 700), (0, 300), (20, 700), (0, 60)))[0]
    assert len(alerts(short_rest, AlertKind.PROLONGED_SLOUCH)) == 1
    assert len(alerts(long_rest, AlertKind.PROLONGED_SLOUCH)) == 2


@given(
    trace=st.lists(st.tuples(st.floats(-40, 40), st.integers(1, 120)), min_size=1, max_size=25),
    lateral=st.floats(-30, 30),
    seed=st.integers(0, 999),
)
@settings(max_examples=100, deadline=None)
def test_whatever_the_wearer_does_the_books_balance(follow, trace, lateral, seed):
    """Alerts and resolutions pair up, and posture episodes neither overlap nor leave the time of the samples."""
    random = np.random.default_rng(seed)
    past = level(*trace) + random.normal(0, 2, sum(seconds for _, seconds in trace))
    second = (
        START + np.arange(len(past)) + np.cumsum((random.random(len(past)) < 0.01) * random.integers(0, 130, len(past)))
    )
    events, tracker = follow(past, second=second, lateral_deg=lateral + random.normal(0, 8, len(past)))
    for kind in (AlertKind.SLOUCH, AlertKind.PROLONGED_SLOUCH):
        raised, ended = alerts(events, kind), resolved(events, kind)
        assert [alert.time for alert in raised] == [end.raised for end in ended]
        for alert, end in zip(raised, ended, strict=True):
            assert alert.since < alert.time <= end.time
        for end, following in zip(ended, raised[1:], strict=False):
            assert end.time <= following.time
    episodes = [event for event in events if isinstance(event, PostureEpisode)]
    assert all(one.end <= other.start for one, other in pairwise(episodes))
    assert all(START <= episode.start < episode.end <= second[-1] + 1 for episode in episodes)
    assert sum(episode.end - episode.start for episode in episodes) <= len(past)
    slouched_s = sum(episode.end - episode.start for episode in episodes if episode.state is PostureState.SLOUCHED)
    assert 0 <= tracker.dose_s <= slouched_s + 5 * len(episodes)


@pytest.mark.parametrize(
    ("state", "past_deg", "lateral_deg", "angle_deg"),
    [
        (PostureState.UPRIGHT, 2.0, 0.0, 2.0),
        (PostureState.SLOUCHED, 18.0, 0.0, 18.0),
        (PostureState.LEANING_FORWARD, -17.0, 3.0, 17.0),
        (PostureState.LEANING_RIGHT, 1.0, 16.0, 16.0),
        (PostureState.LEANING_LEFT, 1.0, -15.0, 15.0),
    ],
)
def test_an_episode_carries_the_angle_of_its_own_direction(follow, state, past_deg, lateral_deg, angle_deg):
    events, _ = follow(level((past_deg, 60)), lateral_deg=np.full(60, lateral_deg))
    episodes = [event for event in events if isinstance(event, PostureEpisode)]
    assert [episode.state for episode in episodes] == [state]
    assert episodes[0].angle_deg == pytest.approx(angle_deg)


def test_who_slouches_sideways_slouches(follow):
    events, _ = follow(level((0, 30), (20, 100)), lateral_deg=level((0, 30), (20, 100)))
    assert len(alerts(events)) == 1


def test_now_is_told_to_whoever_watches(follow):
    _, tracker = follow(level((0, 30), (20, 60)), flush=False)
    assert tracker.posture is PostureState.SLOUCHED
    assert tracker.angle_deg == pytest.approx(20.0, abs=0.1)
