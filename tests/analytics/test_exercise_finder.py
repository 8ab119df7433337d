"""Repetitions and sets: counted in made-up movements whose truth is known."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.exercises.finder import ExerciseFinder
from analytics.exercises.records import CountedRepetition, ExerciseSet, Side
from config.exercise import Position
from config.exercise_library import load_exercises
from config.units import GRAVITY_MS2
from posture.events import Activity
from posture.frame import GRID_HZ, GridSegment, PostureFrame
from posture.rotations import quaternion_from_up

LIBRARY = load_exercises()
T0 = 1_700_000_000
UP = {
    Position.STANDING: np.array([1.0, 0.0, 0.0]),
    Position.SUPINE: np.array([0.0, 0.0, 1.0]),
    Position.HANDS_AND_KNEES: np.array([0.0, 0.0, -1.0]),
}
PITCH, ROLL = np.array([0.0, 1.0, 0.0]), np.array([0.0, 0.0, 1.0])


ALIGNED = np.eye(3)


def bumps(sizes_deg, out_s=1.2, hold_s=1.5, pause_s=1.5, before_s=6.0, after_s=30.0):
    """Return an angle in deg at 50 Hz: out, hold and back for each size, with rests around them."""
    ease = 0.5 - 0.5 * np.cos(np.linspace(0, np.pi, round(out_s * GRID_HZ)))
    one = np.concatenate([ease, np.ones(round(hold_s * GRID_HZ)), ease[::-1], np.zeros(round(pause_s * GRID_HZ))])
    parts = [np.zeros(round(before_s * GRID_HZ)), *(size * one for size in sizes_deg)]
    return np.concatenate([*parts, np.zeros(round(after_s * GRID_HZ))])


def turned(vectors, axis, angle_deg):
    """Return the vectors, shape (n, 3), turned about a unit axis by angles, shape (n,)."""
    angle = np.radians(angle_deg)[:, np.newaxis]
    along = (vectors @ axis)[:, np.newaxis] * axis
    return vectors * np.cos(angle) + np.cross(axis, vectors) * np.sin(angle) + along * (1 - np.cos(angle))


def frame_of(up, noise_deg=0.05, vertical=None, seed=0):
    """Return a recording of up in the body frame, with noise, as one frame."""
    rng = np.random.default_rng(seed)
    up = up + np.radians(noise_deg) * rng.standard_normal(up.shape)
    up /= np.linalg.norm(up, axis=1, keepdims=True)
    vertical = np.zeros(len(up)) if vertical is None else vertical
    segment = GridSegment(T0 * GRID_HZ, restarts=True, acc=up * GRAVITY_MS2, gyr=np.zeros_like(up))
    return PostureFrame(segment, quaternion_from_up(up), up, vertical)


def pieces(frame, cuts):
    edges = sorted({0, len(frame), *(cut for cut in cuts if cut < len(frame))})
    for start, stop in pairwise(edges):
        rows = slice(start, stop)
        segment = GridSegment(
            frame.segment.start_index + start, start == 0, frame.segment.acc[rows], frame.segment.gyr[rows]
        )
        yield PostureFrame(segment, frame.quat[rows], frame.up[rows], frame.vertical[rows])


def found_in(frame, name=None, cuts=(), mounting=ALIGNED, activity=Activity.STANDING):
    told = name is not None
    finder = ExerciseFinder([LIBRARY[name]] if told else list(LIBRARY.values()), told=told)
    finder.calibrate(0.0, mounting)
    finder.know_activity((T0 + second, activity) for second in range(len(frame) // GRID_HZ + 1))
    records = [record for piece in pieces(frame, cuts) for record in finder.push(piece)]
    return records + finder.flush()


def sets_in(records):
    return [record for record in records if isinstance(record, ExerciseSet)]


def bends(sizes_deg, position=Position.STANDING, axis=PITCH, **timing):
    """Return the frame of rotations of the body by angles: up turns the other way."""
    angle = bumps(sizes_deg, **timing)
    return frame_of(turned(np.tile(UP[position], (len(angle), 1)), axis, -angle))


def test_each_bend_is_counted_with_its_range_and_hold():
    (found,) = sets_in(found_in(bends([-50.0] * 8), "trunk_flexion"))
    assert found.count == 8
    assert found.confidence == 1.0
    for repetition in found.repetitions:
        assert repetition.range_deg == pytest.approx(50.0, abs=2.0)
        assert repetition.hold_s == pytest.approx(1.5, abs=0.6)
        assert repetition.start < repetition.peak < repetition.end


def test_a_repetition_is_announced_within_half_a_second_of_its_end():
    records = found_in(bends([-50.0] * 8), "trunk_flexion", cuts=range(0, 5000, 5))
    announced = [record for record in records if isinstance(record, CountedRepetition)]
    assert [record.number for record in announced] == list(range(1, 9))
    assert max(record.time - record.repetition.end for record in announced) <= 0.5


def test_a_bend_that_goes_not_half_as_far_as_usual_is_seen_but_not_counted():
    (found,) = sets_in(found_in(bends([-50.0, -50.0, -50.0, -22.0, -50.0, -50.0]), "trunk_flexion"))
    assert [repetition.complete for repetition in found.repetitions] == [True] * 3 + [False] + [True] * 2
    assert found.count == 5


def test_sides_that_alternate_count_one_each_and_are_told_apart():
    (found,) = sets_in(found_in(bends([20.0, -20.0] * 4, axis=ROLL), "side_bend"))
    assert found.count == 8
    assert [repetition.side for repetition in found.repetitions] == [Side.RIGHT, Side.LEFT] * 4 or [
        repetition.side for repetition in found.repetitions
    ] == [Side.LEFT, Side.RIGHT] * 4


def test_both_ways_make_one_repetition_of_a_cat_cow():
    (found,) = sets_in(found_in(bends([15.0, -15.0] * 6, Position.HANDS_AND_KNEES, pause_s=0.4), "cat_cow"))
    assert found.count == 6


def test_nothing_is_counted_about_another_axis():
    assert sets_in(found_in(bends([20.0, -20.0] * 4, axis=ROLL), "trunk_flexion")) == []


def test_nothing_is_counted_in_another_position():
    assert sets_in(found_in(bends([-30.0] * 6, Position.SUPINE), "trunk_flexion")) == []


def test_a_long_pause_makes_two_sets():
    angle = np.concatenate([bumps([-40.0] * 5, after_s=20.0), bumps([-40.0] * 6)])
    frame = frame_of(turned(np.tile(UP[Position.STANDING], (len(angle), 1)), PITCH, -angle))
    assert [found.count for found in sets_in(found_in(frame, "trunk_flexion"))] == [5, 6]


def test_without_calibration_what_is_told_is_counted_all_the_same():
    (found,) = sets_in(found_in(bends([-50.0] * 8), "trunk_flexion", mounting=None))
    assert found.count == 8
    assert all(repetition.side is None for repetition in found.repetitions)


def test_without_calibration_nobody_is_told_what_they_did():
    assert sets_in(found_in(bends([-50.0] * 8), mounting=None)) == []


def test_before_the_calibration_is_over_nothing_is_counted():
    finder = ExerciseFinder([LIBRARY["trunk_flexion"]], told=True)
    assert finder.push(bends([-50.0] * 8)) + finder.flush() == []


@pytest.mark.parametrize("degrees", [90.0, 180.0, 15.0])
def test_any_mounting_gives_the_same_counts(degrees):
    frame = bends([20.0, -20.0] * 4, axis=ROLL)
    axis = np.array([0.6, 0.0, 0.8])
    up = turned(frame.up, axis, np.full(len(frame), degrees))
    mounting = turned(np.eye(3), axis, np.full(3, degrees)).T
    turned_frame = PostureFrame(frame.segment, quaternion_from_up(up), up, frame.vertical)
    (found,) = sets_in(found_in(turned_frame, "side_bend", mounting=mounting.T))
    assert found.count == 8


def test_bridges_are_recognised_without_being_told():
    (found,) = sets_in(found_in(bends([25.0] * 8, Position.SUPINE, hold_s=3.0), activity=Activity.LYING))
    assert (found.exercise, found.count) == ("bridge", 8)
    assert 0.5 <= found.confidence <= 1.0


def test_walking_about_is_no_exercise():
    assert sets_in(found_in(bends([20.0, -20.0] * 10, axis=ROLL), activity=Activity.WALKING)) == []


def test_lying_still_and_now_and_then_turning_is_no_exercise():
    rng = np.random.default_rng(1)
    angle = np.concatenate([bumps([size], before_s=3 + 20 * rng.random(), after_s=1.0) for size in 40 * rng.random(12)])
    frame = frame_of(turned(np.tile(UP[Position.SUPINE], (len(angle), 1)), PITCH, -angle))
    assert sets_in(found_in(frame, activity=Activity.LYING)) == []


def squats(depth_cm, count):
    """Return the frame of squats with an upright trunk: only height changes."""
    height = -depth_cm / 100 * bumps([1.0] * count, out_s=1.0, hold_s=0.3, pause_s=0.7)
    vertical = np.gradient(np.gradient(height)) * GRID_HZ**2
    return frame_of(np.tile(UP[Position.STANDING], (len(height), 1)), vertical=vertical)


def test_squats_are_counted_by_height():
    (found,) = sets_in(found_in(squats(35.0, 8), "squat"))
    assert found.count == 8
    assert all(repetition.range_deg is None for repetition in found.repetitions)


FRAME = bends([20.0, -20.0, 19.0, -21.0, 20.0, -20.0], axis=ROLL, after_s=40.0)
AT_ONCE = {name: found_in(FRAME, name) for name in ("side_bend", None)}


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, len(FRAME) - 1), max_size=40))
def test_the_answer_does_not_depend_on_how_the_samples_are_cut(cuts):
    for name, found in AT_ONCE.items():
        assert found_in(FRAME, name, cuts) == found


@settings(max_examples=10, deadline=None)
@given(st.integers(1, len(FRAME) - 1))
def test_counting_goes_on_after_a_restart_of_the_program(cut):
    first, second = pieces(FRAME, [cut])
    before = ExerciseFinder([LIBRARY["side_bend"]], told=True)
    before.calibrate(0.0, np.eye(3))
    found = before.push(first)
    after = ExerciseFinder([LIBRARY["side_bend"]], told=True)
    after.state = before.state
    assert found + after.push(second) + after.flush() == AT_ONCE["side_bend"]
