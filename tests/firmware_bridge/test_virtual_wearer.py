"""The simulated wearer: the same samples however they are cut, and a truth that tells what is in them."""

import tracemalloc
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.units import GRAVITY_MS2
from firmware_bridge.imu import concatenate
from firmware_bridge.virtual import (
    Bend,
    Calibration,
    ExerciseSet,
    Gap,
    Lie,
    NotWorn,
    SensorModel,
    SimulatedWearer,
    Sit,
    SittingPosture,
    Stand,
    StrapSlip,
    Walk,
    desk_day,
)
from firmware_bridge.virtual.exercises import PATTERNS

MINUTES = (Stand(5), Walk(40, 108), Gap(3), Sit(50), Gap(0.5), Sit(30, SittingPosture.SLOUCHED, 18), Bend(60, 2))


def recorded(wearer, seconds=60.0):
    return concatenate(list(wearer.chunks(seconds)))


@pytest.fixture(scope="module")
def whole():
    return recorded(SimulatedWearer(MINUTES, 7), 1e6)


@given(seconds=st.floats(0.2, 200))
@settings(max_examples=25, deadline=None)
def test_samples_do_not_depend_on_how_they_are_cut(whole, seconds):
    chunks = list(SimulatedWearer(MINUTES, 7).chunks(seconds))
    cut = concatenate(chunks)
    assert all(len(chunk) > 0 for chunk in chunks)
    assert max(chunk.time[-1] - chunk.time[0] for chunk in chunks) <= seconds + 0.01
    np.testing.assert_array_equal(cut.time, whole.time)
    np.testing.assert_array_equal(cut.acc, whole.acc)
    np.testing.assert_array_equal(cut.gyr, whole.gyr)


def test_the_seed_decides_all_that_is_not_scripted(whole):
    np.testing.assert_array_equal(recorded(SimulatedWearer(MINUTES, 7)).acc, whole.acc)
    other = recorded(SimulatedWearer(MINUTES, 8))
    assert len(other) != len(whole) or not np.array_equal(other.acc, whole.acc)


def test_the_beginning_does_not_depend_on_what_comes_later():
    short, long = (SimulatedWearer(script, 2) for script in ((Stand(70),), (Stand(70), Walk(30), Sit(60))))
    first, second = recorded(short), recorded(long)
    np.testing.assert_array_equal(first.acc[:6500], second.acc[:6500])


def test_memory_stays_flat_with_length():
    def peak_bytes(hours):
        wearer = SimulatedWearer(desk_day(1, hours), 1, rate_hz=50)
        tracemalloc.start()
        for _ in wearer.chunks():
            pass
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    of_an_hour_of_samples = 3600 * 50 * (8 + 12 + 12)
    assert peak_bytes(2) < peak_bytes(0.5) + of_an_hour_of_samples / 5


def test_lost_samples_are_missing_rows_exactly_where_the_truth_says(whole):
    gaps = SimulatedWearer(MINUTES, 7).truth().gaps
    assert [gap.duration_s for gap in gaps] == pytest.approx([3, 0.5])
    holes = np.flatnonzero(np.diff(whole.time) > 0.1)
    assert holes.shape == (2,)
    for hole, gap in zip(holes, gaps, strict=True):
        assert whole.time[hole] == pytest.approx(gap.start, abs=0.015)
        assert whole.time[hole + 1] == pytest.approx(gap.end, abs=0.015)


def test_times_start_where_asked_and_count_every_sample():
    wearer = SimulatedWearer((Stand(12),), rate_hz=52, start=1.7e9, sensor=SensorModel.ideal())
    chunk = recorded(wearer)
    assert chunk.time[0] == 1.7e9
    assert len(chunk) == 12 * 52
    np.testing.assert_allclose(np.diff(chunk.time), 1 / 52, atol=1e-6)


def test_the_clock_jitters_as_set_and_never_runs_back():
    chunk = recorded(SimulatedWearer((Stand(130),), sensor=replace(SensorModel.ideal(), clock_jitter_s=0.002)))
    off_s = chunk.time - chunk.time[0] - np.arange(len(chunk)) / 100
    assert off_s.std() == pytest.approx(0.002, rel=0.2)
    assert np.diff(chunk.time).min() > 0


def test_a_sensor_without_gyroscope_gives_none():
    wearer = SimulatedWearer((Stand(5),), sensor=SensorModel(has_gyro=False))
    with_gyro = recorded(SimulatedWearer((Stand(5),)))
    chunk = recorded(wearer)
    assert chunk.gyr is None
    np.testing.assert_array_equal(chunk.acc, with_gyro.acc)


def test_still_readings_are_gravity_plus_the_zero_offset():
    bias = (0.5, -0.4, 0.3)
    sensor = replace(SensorModel.ideal(), acc_bias_ms2=bias, gyr_bias_dps=(1, 2, -1), acc_noise_ms2=0.02)
    script = (NotWorn(60),)
    biased, clean = (recorded(SimulatedWearer(script, sensor=model)) for model in (sensor, SensorModel.ideal()))
    assert np.linalg.norm(clean.acc.mean(axis=0)) == pytest.approx(GRAVITY_MS2, abs=1e-3)
    np.testing.assert_allclose((biased.acc - clean.acc).mean(axis=0), bias, atol=2e-3)
    np.testing.assert_allclose((biased.acc - clean.acc).std(axis=0), 0.02, rtol=0.05)
    np.testing.assert_allclose(np.degrees(biased.gyr.mean(axis=0)), (1, 2, -1), atol=1e-3)


def test_readings_are_whole_steps_within_the_range():
    sensor = SensorModel(acc_step_ms2=0.01, acc_range_ms2=11.0)
    acc = recorded(SimulatedWearer((Walk(20),), sensor=sensor)).acc.astype(float)
    assert np.abs(acc).max() == pytest.approx(11.0)
    np.testing.assert_allclose(acc / 0.01, np.rint(acc / 0.01), atol=1e-2)


def test_the_zero_offset_of_the_gyroscope_drifts_slowly_and_without_steps():
    sensor = replace(SensorModel.ideal(), gyr_drift_dps=0.2)
    dps = np.degrees(recorded(SimulatedWearer((NotWorn(1800),), rate_hz=10, sensor=sensor)).gyr)
    assert 0.05 < np.ptp(dps, axis=0).max() < 0.8
    assert np.abs(np.diff(dps, axis=0)).max() < 0.001


@given(seed=st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_a_drawn_sensor_is_one_that_could_be_bought(seed):
    sensor = SensorModel.drawn(seed)
    assert max(map(abs, sensor.acc_bias_ms2)) <= 0.06 * GRAVITY_MS2
    assert max(map(abs, sensor.gyr_bias_dps)) <= 1.5
    assert SensorModel.drawn(seed) == sensor


@given(seed=st.integers(0, 10_000), cadence=st.floats(60, 140), duration=st.floats(4, 90), limp=st.floats(0, 0.4))
@settings(max_examples=60, deadline=None)
def test_a_walk_has_as_many_steps_as_its_cadence_says(seed, cadence, duration, limp):
    truth = SimulatedWearer((Walk(duration, cadence, limp),), seed).truth()
    bout = truth.bouts[0]
    assert bout.steps == truth.step_times.shape[0]
    at_full_pace_s = duration - 1.1
    assert bout.steps == pytest.approx(1 + at_full_pace_s * cadence / 60, abs=1.5 + 0.03 * duration)
    assert (np.diff(truth.step_times) > 0.2).all()
    assert (truth.step_times > bout.start).all()
    assert (truth.step_times < bout.end).all()


def test_the_truth_of_the_guided_calibration():
    truth = SimulatedWearer((Calibration(bow_deg=50, slouch_deg=18), Sit(30))).truth()
    assert [section.section for section in truth.calibration] == [
        "upright_stand",
        "forward_bend",
        "upright_sit",
        "slouched_sit",
    ]
    for section in truth.calibration:
        assert section.duration_s >= 5 - 1e-6
    assert all(before.end <= after.start for before, after in pairwise(truth.calibration))
    assert [(slouch.degrees, slouch.posture) for slouch in truth.slouches] == [(18, "slouched")]
    assert [transition.kind for transition in truth.transitions] == ["stand_to_sit"]


def test_changes_of_posture_happen_by_themselves():
    truth = SimulatedWearer((Stand(5), Sit(5), Lie(5), Stand(5), Lie(5), Sit(5), Walk(5)), 1).truth()
    assert [transition.kind for transition in truth.transitions] == [
        "stand_to_sit",
        "sit_to_lie",
        "lie_to_stand",
        "stand_to_lie",
        "lie_to_sit",
        "sit_to_stand",
    ]
    assert all(1.5 <= transition.duration_s <= 5.5 for transition in truth.transitions)
    activities = [episode.activity for episode in truth.activities]
    assert activities == ["standing", "sitting", "lying", "standing", "lying", "sitting", "walking"]
    assert [episode.duration_s for episode in truth.activities] == pytest.approx([5] * 7)


def test_a_sitting_posture_goes_on_through_a_gap_and_a_slip():
    slouch = Sit(20, SittingPosture.SLOUCHED, 15)
    truth = SimulatedWearer((Sit(20), slouch, Gap(5), slouch, StrapSlip(10), slouch, Sit(20))).truth()
    assert [sitting.posture for sitting in truth.sittings] == ["upright", "slouched", "upright"]
    assert truth.slouches[0].duration_s == pytest.approx(66)
    assert truth.slouches[0].settled - truth.slouches[0].start == pytest.approx(2)


@pytest.mark.parametrize("exercise", sorted(PATTERNS))
def test_every_exercise_shows_its_range_at_the_sensor(exercise):
    wearer = SimulatedWearer((ExerciseSet(exercise, 4, hold_s=1.0),), 3, sensor=SensorModel.ideal())
    exercise_set = wearer.truth().sets[0]
    assert exercise_set.exercise == exercise
    assert len(exercise_set.repetitions) == 4
    chunk = recorded(wearer)
    for repetition in exercise_set.repetitions:
        inside = (chunk.time >= repetition.start) & (chunk.time < repetition.end)
        turned_deg = np.degrees(np.ptp(np.cumsum(chunk.gyr[inside], axis=0), axis=0).max() / wearer.rate_hz)
        assert turned_deg == pytest.approx(repetition.range_deg, abs=4)
        assert repetition.start < repetition.peak < repetition.end


def test_alternating_exercises_change_sides():
    truth = SimulatedWearer((ExerciseSet("side_bend", 4), ExerciseSet("squat", 2))).truth()
    assert [repetition.side for repetition in truth.sets[0].repetitions] == ["right", "left", "right", "left"]
    assert {repetition.side for repetition in truth.sets[1].repetitions} == {"both"}


@given(seed=st.integers(0, 10_000), hours=st.floats(0.25, 12))
@settings(max_examples=25, deadline=None)
def test_a_desk_day_is_as_long_as_asked(seed, hours):
    wearer = SimulatedWearer(desk_day(seed, hours), seed)
    assert wearer.duration_s / 3600 == pytest.approx(hours, rel=0.05, abs=0.2)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_a_working_day_holds_what_the_demo_shows(seed):
    truth = SimulatedWearer(desk_day(seed, strap_slip_deg=20), seed).truth()
    sitting = [episode.duration_s for episode in truth.activities if episode.activity == "sitting"]
    slouches_s = [slouch.duration_s for slouch in truth.slouches]
    assert len(truth.calibration) == 4
    assert max(sitting) > 3600
    assert sum(sitting) > 5.5 * 3600
    assert 3 <= sum(duration > 60 for duration in slouches_s) < sum(duration < 60 for duration in slouches_s)
    assert len(truth.step_times) > 1500
    assert max(bout.duration_s for bout in truth.bouts) >= 360
    assert truth.bends
    assert [(done.exercise, len(done.repetitions)) for done in truth.sets] == [("trunk_flexion", 10), ("squat", 8)]
    assert [slip.degrees for slip in truth.slips] == [20]


def test_no_two_activities_overlap_and_all_lie_within_the_day():
    truth = SimulatedWearer(desk_day(5), 5).truth()
    edges = [edge for episode in truth.activities for edge in (episode.start, episode.end)]
    assert edges == sorted(edges)
    assert edges[0] >= truth.start
    assert edges[-1] <= truth.end


@pytest.mark.parametrize(
    "make",
    [
        lambda: Sit(10, SittingPosture.SLOUCHED),
        lambda: Sit(10, SittingPosture.UPRIGHT, 5),
        lambda: Sit(1),
        lambda: Stand(0),
        lambda: Walk(2),
        lambda: Walk(10, 300),
        lambda: ExerciseSet("juggling", 3),
        lambda: ExerciseSet("squat", 0),
        lambda: StrapSlip(0),
        lambda: Gap(float("nan")),
        lambda: desk_day(1, 0.1),
        lambda: SimulatedWearer(()),
        lambda: SimulatedWearer((Stand(5),), -1),
        lambda: SimulatedWearer((Stand(5),), rate_hz=1),
        lambda: SimulatedWearer((Stand(5),), mounting="sideways"),
        lambda: SimulatedWearer((Stand(5),), mounting=np.ones((3, 3))),
        lambda: next(SimulatedWearer((Stand(5),)).chunks(0)),
    ],
)
def test_impossible_values_are_refused(make):
    with pytest.raises(ValueError, match=r"\w+ \w+"):
        make()
