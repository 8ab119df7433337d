"""Five risings from a chair in succession are found by themselves, and timed from the first onset on."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.exercises.records import ExerciseSet
from analytics.findings import Findings
from analytics.sit_to_stand import five_rises
from firmware_bridge.imu import ImuChunk
from posture.events import Activity
from posture.orientation import OrientationFilter
from posture.resample import Resampler, cells_per_row
from posture.seconds import SecondSummarizer, join_seconds
from posture.timeline import PostureSeconds

RATE_HZ, START = 100.0, 1_767_600_000
LEAD_S = 20.0


def smooth_step(time, start, end):
    """Return 0 before and 1 after, with the least jerk between (Flash & Hogan 1985)."""
    phase = np.clip((time - start) / (end - start), 0.0, 1.0)
    return 10 * phase**3 - 15 * phase**4 + 6 * phase**5


def chair(times, *, up_s=1.0, stand_s=0.2, seat_s=0.3, height_m=0.4, pause_after=None, pause_s=0.0):
    """Return when each rise begins, when the last stand and the last seat are reached, and height over time."""
    cycle_s = 2 * up_s + stand_s + seat_s
    starts = [
        LEAD_S + cycle_s * n + (pause_s if pause_after is not None and n >= pause_after else 0) for n in range(times)
    ]
    time = np.arange(0.0, starts[-1] + cycle_s + LEAD_S, 1 / RATE_HZ)
    height = np.zeros_like(time)
    for start in starts:
        down = start + up_s + stand_s
        height += height_m * (smooth_step(time, start, start + up_s) - smooth_step(time, down, down + up_s))
    return starts, time, height


def features_of(time, height, *, gap=None, has_gyro=True):
    """Return the features of an upright sensor that is moved up and down; its noise is that of a cheap one."""
    acc = np.random.default_rng(1).normal(0.0, 0.02, (len(time), 3))
    acc[:, 0] += 9.80665 + np.gradient(np.gradient(height, time), time)
    kept = np.ones(len(time), bool) if gap is None else (time < gap[0]) | (time > gap[1])
    gyro = np.zeros_like(acc)[kept] if has_gyro else None
    chunk = ImuChunk(START + time[kept], acc[kept], gyro)
    per_row = cells_per_row(RATE_HZ)
    orientation, summarizer = OrientationFilter(per_row), SecondSummarizer()
    return join_seconds([summarizer.push(orientation.push(its)) for its in Resampler(per_row).push(chunk)])


def sitting(features, activity=Activity.SITTING):
    nothing = np.full(len(features), np.nan)
    return PostureSeconds(features.second, (activity,) * len(features), nothing, nothing, nothing)


@pytest.fixture
def exercise_set():
    """Return a set of an exercise, its repetitions not known one by one."""
    return lambda exercise, start, end: ExerciseSet(exercise, start, end, (), 1.0)


def found(times, **how):
    starts, time, height = chair(times, **how)
    features = features_of(time, height)
    return starts, five_rises(features, sitting(features))


@pytest.mark.parametrize("has_gyro", [True, False], ids=["gyroscope", "no gyroscope"])
@pytest.mark.parametrize(("up_s", "stand_s", "seat_s"), [(0.7, 0.1, 0.2), (1.0, 0.3, 0.4), (1.6, 0.8, 1.0)])
def test_five_are_timed_from_the_first_onset_to_the_fifth_stand_and_seat(up_s, stand_s, seat_s, has_gyro):
    starts, time, height = chair(5, up_s=up_s, stand_s=stand_s, seat_s=seat_s)
    features = features_of(time, height, has_gyro=has_gyro)
    (row,) = five_rises(features, sitting(features))
    assert row.rises_n == 5
    assert row.range_cm == pytest.approx(40, abs=8)
    assert row.start == pytest.approx(START + starts[0], abs=0.5)
    assert row.to_stand_s == pytest.approx(starts[4] + up_s - starts[0], abs=0.6)
    assert row.to_seat_s == pytest.approx(starts[4] + 2 * up_s + stand_s - starts[0], abs=0.7)


def test_four_are_not_five():
    assert found(4)[1] == []


def test_of_more_the_first_five_are_timed():
    (five,), (eight,) = found(5)[1], found(8)[1]
    assert eight.rises_n == 8
    assert eight.to_stand_s == pytest.approx(five.to_stand_s, abs=0.2)


def test_a_pause_makes_two_rows():
    starts, rows = found(10, pause_after=5, pause_s=20.0)
    assert [row.rises_n for row in rows] == [5, 5]
    assert rows[1].start == pytest.approx(START + starts[5], abs=0.5)


def test_a_row_with_a_pause_in_its_midst_is_none():
    assert found(6, pause_after=3, pause_s=20.0)[1] == []


@pytest.mark.parametrize("height_m", [0.04, 0.10, 1.1])
def test_steps_bobs_and_floors_are_no_chairs(height_m):
    assert found(8, height_m=height_m)[1] == []


@pytest.mark.parametrize("activity", [Activity.STANDING, Activity.WALKING, Activity.UNKNOWN])
def test_who_did_not_sit_before_squats(activity):
    _, time, height = chair(8)
    features = features_of(time, height)
    assert five_rises(features, sitting(features, activity)) == []


def test_but_who_does_the_exercise_sat(exercise_set):
    starts, time, height = chair(8)
    features = features_of(time, height)
    begun = exercise_set("sit_to_stand", START + starts[0], START + starts[-1])
    assert [row.rises_n for row in five_rises(features, None, [begun])] == [8]
    assert five_rises(features, None, [exercise_set("squat", begun.start, begun.end)]) == []
    assert five_rises(features, None) == []


@pytest.mark.parametrize("piece_s", [7, 31, 60])
def test_a_row_is_told_once_wherever_the_pieces_meet_that_a_long_day_is_looked_at_in(piece_s, monkeypatch):
    _, (whole,) = found(5)
    monkeypatch.setattr("analytics.sit_to_stand.PIECE_S", piece_s)
    _, (row,) = found(5)
    assert row == whole


def test_samples_missing_end_a_row():
    starts, time, height = chair(8)
    features = features_of(time, height, gap=(starts[4], starts[4] + 3.0))
    assert five_rises(features, sitting(features)) == []


def test_of_nothing_nothing_is_said():
    _, time, height = chair(5)
    features = features_of(time, height)
    assert five_rises(features.rows(0, 0), sitting(features.rows(0, 0))) == []
    assert five_rises(features.rows(0, 3), sitting(features.rows(0, 3))) == []


@settings(max_examples=15, deadline=None)
@given(up_s=st.floats(0.7, 1.8), rest_s=st.floats(0.1, 1.2), height_m=st.floats(0.25, 0.6), times=st.integers(5, 9))
def test_every_chair_and_tempo(up_s, rest_s, height_m, times):
    starts, (row,) = found(times, up_s=up_s, stand_s=rest_s, seat_s=rest_s, height_m=height_m)
    assert row.rises_n == times
    true_s = starts[4] + up_s - starts[0]
    assert row.to_stand_s == pytest.approx(true_s, abs=0.3 + 0.05 * true_s)
    assert START + starts[0] - 0.6 < row.start < row.fifth_stand < row.end


def test_a_row_is_a_finding():
    (row,) = found(5)[1]
    assert list(Findings((row,)).of(type(row))) == [row]
