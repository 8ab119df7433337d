"""A new exercise from a few repetitions of it: what it is, how far it goes, and when it cannot be learnt."""

import math

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from analytics.exercises.finder import ExerciseFinder
from analytics.exercises.records import ExerciseSet, Side
from analytics.exercises.teach import Demonstration, teach
from config.errors import TeachingError
from config.exercise import Axis, Position, Sides, Way
from config.exercise_library import load_exercises
from config.exercise_writer import save_exercise
from posture.frame import GRID_HZ, GridSegment, PostureFrame
from posture.rotations import quaternion_from_up

START = 1_000.0
UPRIGHT, ON_BACK, FACE_DOWN = (1.0, 0.0, 0.0), (0.0, 0.0, 1.0), (0.0, 0.0, -1.0)
AXES = {"forward": (0.0, -1.0, 0.0), "right": (0.0, 0.0, 1.0), "left_turn": (1.0, 0.0, 0.0)}
"""In the body: what turns forward, to the right and to the left, right-handed about x up, y right, z forward."""

REST_S, LENGTH_S, PAUSE_S = 3.0, 3.0, 1.0
EVERY_S = LENGTH_S + PAUSE_S


def rotation(axis, angle):
    """Return the matrix that turns by an angle about a unit axis (Rodrigues)."""
    x, y, z = axis
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + math.sin(angle) * cross + (1 - math.cos(angle)) * cross @ cross


def profile(amounts, hold_s=0.0):
    """Return time and the signed amount at each: out, held, and back, one after the other, with rest around them."""
    length_s = LENGTH_S + hold_s
    time = np.arange(round((2 * REST_S + len(amounts) * (length_s + PAUSE_S)) * GRID_HZ)) / GRID_HZ
    value = np.zeros(len(time))
    for number, amount in enumerate(amounts):
        since = time - REST_S - number * (length_s + PAUSE_S)
        out = np.clip(since / (LENGTH_S / 2), 0, 1)
        back = np.clip((since - LENGTH_S / 2 - hold_s) / (LENGTH_S / 2), 0, 1)
        value += amount * (np.cos(math.pi * back) - np.cos(math.pi * out)) / 2
    return time, value


def headed(up, rate):
    """Return the quaternions, sensor to world, of a sensor with this way up that turns so fast to the left."""
    steps = np.column_stack([1.0 + np.einsum("ni,ni->n", up[1:], up[:-1]), np.cross(up[1:], up[:-1])])
    tilts = Rotation.from_quat(steps, scalar_first=True)
    turns = Rotation.from_rotvec(np.outer(rate[1:] / GRID_HZ, (0.0, 0.0, 1.0)))
    orientation = Rotation.from_quat(quaternion_from_up(up[:1]), scalar_first=True)[0]
    found = [orientation]
    for tilt, turn in zip(tilts, turns, strict=True):
        orientation = turn * orientation * tilt
        found.append(orientation)
    return Rotation.concatenate(found).as_quat(scalar_first=True)


def frames_from(time, up, rate, vertical, mounting, rows=GRID_HZ * 10):
    """Return posture frames of up and of the turn about it in the body, as a sensor mounted in some way sees them."""
    up = up @ mounting
    segments = [slice(first, first + rows) for first in range(0, len(time), rows)]
    quat = headed(up, rate)
    first_row = round(START * GRID_HZ)
    return tuple(
        PostureFrame(
            GridSegment(
                first_row + rows_.start, rows_.start == 0, 9.81 * up[rows_], rate[rows_, np.newaxis] * up[rows_]
            ),
            quat[rows_],
            up[rows_],
            vertical[rows_],
        )
        for rows_ in segments
    )


def tilted(amounts, about="forward", at=UPRIGHT, hold_s=0.0, mounting=None, rows=GRID_HZ * 10):
    """Return frames of a body that tilts by some angles in degrees, one after the other."""
    time, angle = profile(amounts, hold_s)
    # As the body turns one way, up turns the other way in it.
    up = np.array([rotation(AXES[about], -math.radians(each)) @ at for each in angle])
    still = np.zeros(len(time))
    return frames_from(time, up, still, still, np.eye(3) if mounting is None else mounting, rows)


def turned(amounts):
    """Return frames of an upright body that turns left by some angles in degrees."""
    time, angle = profile(amounts)
    rate = np.gradient(np.radians(angle), time)
    return frames_from(time, np.tile(UPRIGHT, (len(time), 1)), rate, np.zeros(len(time)), np.eye(3))


def risen(amounts):
    """Return frames of an upright body that rises by some heights in cm."""
    time, height = profile(amounts)
    vertical = np.gradient(np.gradient(height / 100, time), time)
    return frames_from(time, np.tile(UPRIGHT, (len(time), 1)), np.zeros(len(time)), vertical, np.eye(3))


def shown(frames, repetitions, *, hold_s=0.0, mounting="body", position=None, exact=True, moves=None):
    begins = START + REST_S
    ends = begins + (repetitions if moves is None else moves) * (EVERY_S + hold_s) - PAUSE_S
    if not exact:
        begins, ends = START, START + sum(len(frame) for frame in frames) / GRID_HZ
    sensor_to_body = np.eye(3) if isinstance(mounting, str) else mounting
    return Demonstration(frames, begins, ends, repetitions, sensor_to_body, position, exact)


def counted(exercise, frames, mounting=None):
    finder = ExerciseFinder([exercise], told=True)
    finder.calibrate(-np.inf, np.eye(3) if mounting is None else mounting)
    records = [record for frame in frames for record in finder.push(frame)] + finder.flush()
    sets = [record for record in records if isinstance(record, ExerciseSet)]
    return [repetition for each in sets for repetition in each.repetitions if repetition.complete]


@pytest.mark.parametrize(
    ("at", "about", "sign", "position", "axis", "way"),
    [
        (UPRIGHT, "forward", 1, Position.STANDING, Axis.FLEXION, Way.FORWARD),
        (UPRIGHT, "forward", -1, Position.STANDING, Axis.FLEXION, Way.BACKWARD),
        (UPRIGHT, "right", 1, Position.STANDING, Axis.LATERAL_BEND, Way.EITHER),
        (ON_BACK, "forward", -1, Position.SUPINE, Axis.FLEXION, Way.BACKWARD),
        (ON_BACK, "left_turn", 1, Position.SUPINE, Axis.AXIAL_ROTATION, Way.EITHER),
        (FACE_DOWN, "forward", 1, Position.HANDS_AND_KNEES, Axis.FLEXION, Way.FORWARD),
        ((0.0, 1.0, 0.0), "right", 1, Position.SIDE_LYING, Axis.LATERAL_BEND, Way.EITHER),
    ],
)
def test_axis_way_and_position_of_a_tilt_are_found(at, about, sign, position, axis, way):
    exercise = teach("new", "New one", shown(tilted([sign * 25.0] * 3, about, at), 3))
    assert (exercise.start, exercise.motion.axis, exercise.motion.way) == (position, axis, way)
    assert len(counted(exercise, tilted([sign * 22.0] * 8, about, at))) == 8


@pytest.mark.parametrize(("sign", "way"), [(-1, Way.DOWN), (1, Way.UP)])
def test_a_change_of_height_is_found_without_a_calibration(sign, way):
    frames = risen([sign * 35.0] * 3)
    exercise = teach("dip", "Dip", shown(frames, 3, mounting=None, position=Position.STANDING))
    assert (exercise.motion.axis, exercise.motion.way) == (Axis.RISE, way)
    assert exercise.motion.range_deg is None
    assert exercise.motion.range_cm[0] < 30 < exercise.motion.range_cm[1]
    assert len(counted(exercise, risen([sign * 30.0] * 6))) == 6


def test_turning_left_and_right_counts_one_each_with_its_side():
    exercise = teach("twist", "Twist", shown(turned([40, -40, 40, -40]), 4))
    assert (exercise.motion.axis, exercise.sides) == (Axis.AXIAL_ROTATION, Sides.ALTERNATE)
    assert [each.side for each in counted(exercise, turned([35, -35] * 3))] == [Side.LEFT, Side.RIGHT] * 3


def test_bending_right_and_left_has_its_sides():
    exercise = teach("lean", "Lean", shown(tilted([20, -20, 20, -20], "right"), 4))
    assert [each.side for each in counted(exercise, tilted([20, -20] * 3, "right"))] == [Side.RIGHT, Side.LEFT] * 3


def test_one_way_and_then_the_other_counts_once_where_it_was_shown_as_one():
    exercise = teach("wave", "Wave", shown(tilted([15, -15] * 3, at=FACE_DOWN), 3, moves=6))
    assert exercise.motion.axis is Axis.FLEXION
    assert len(counted(exercise, tilted([15, -15] * 5, at=FACE_DOWN))) == 5


@pytest.mark.parametrize("repetitions", [1, 2, 3, 4, 5])
def test_one_to_five_repetitions_teach(repetitions):
    exercise = teach("bow", "Bow", shown(tilted([30.0] * repetitions), repetitions))
    assert len(counted(exercise, tilted([28.0] * 10))) == 10
    assert f"with {repetitions} repetitions" in exercise.source


def test_range_tempo_and_hold_reach_from_half_the_least_to_twice_the_greatest():
    exercise = teach("bow", "Bow", shown(tilted([24, 36, 30], hold_s=4.0), 3, hold_s=4.0))
    assert exercise.motion.range_deg == pytest.approx((12, 72), abs=1.5)
    assert exercise.tempo.repetition_s == pytest.approx((3.5, 14), abs=1.5)
    assert exercise.hold.hold_s[0] < 4.0 < exercise.hold.hold_s[1]
    assert exercise.dose.hold_s == pytest.approx(4.0, abs=1.0)
    assert exercise.sees.startswith("The lower back tilts forward by 24 to 3")


def test_without_a_hold_none_is_asked_for():
    exercise = teach("bow", "Bow", shown(tilted([30] * 3), 3))
    assert (exercise.hold.hold_s, exercise.dose.hold_s) == ((0.0, 0.0), 0.0)


def test_small_movements_and_rests_are_not_counted_afterwards():
    exercise = teach("bow", "Bow", shown(tilted([30] * 3), 3))
    assert counted(exercise, tilted([5, 4, 6, 5])) == []


def test_a_seated_wearer_says_so():
    exercise = teach("bow", "Bow", shown(tilted([30] * 3), 3, position=Position.SEATED))
    assert exercise.start is Position.SEATED


def test_it_need_not_be_said_when_it_was_shown():
    exercise = teach("bridge2", "Lift", shown(tilted([-25] * 3, at=ON_BACK), 3, exact=False))
    assert (exercise.start, exercise.motion.way) == (Position.SUPINE, Way.BACKWARD)


@pytest.mark.parametrize("mounting", [rotation((0.0, 0.0, 1.0), 2.0), rotation((0.6, 0.0, 0.8), -0.8)])
def test_the_mounting_makes_no_difference(mounting):
    straight = teach("bow", "Bow", shown(tilted([30, 26, 33]), 3))
    skew = teach("bow", "Bow", shown(tilted([30, 26, 33], mounting=mounting), 3, mounting=mounting))
    assert skew == straight


@pytest.mark.parametrize("rows", [1, 37, 100_000])
def test_how_the_samples_are_cut_makes_no_difference(rows):
    whole = teach("bow", "Bow", shown(tilted([30, 26, 33]), 3))
    assert teach("bow", "Bow", shown(tilted([30, 26, 33], rows=rows), 3)) == whole


def test_what_was_learnt_can_be_kept_and_read_again(tmp_path):
    exercise = teach("bow", "My bow", shown(tilted([30, 26, 33]), 3))
    save_exercise(exercise, tmp_path)
    assert load_exercises(tmp_path).find("my bow") == exercise


@pytest.mark.parametrize(
    ("demonstration", "reason"),
    [
        (lambda: shown(tilted([0.0] * 3), 3), "nothing that you do can be told from rest"),
        (lambda: shown(tilted([1.6] * 3), 3), "too small to be told from rest"),
        (lambda: shown(tilted([13.0, 20.0, 28.0]), 3), "differ too much: .* 13 to 28 deg"),
        (lambda: shown(tilted([30.0] * 3), 5, moves=3), "5 repetitions were not found.*by 30 deg 3 times"),
        (lambda: shown(tilted([30.0] * 3), 0, moves=3), "show 1 to 5 repetitions, not 0"),
        (lambda: shown(tilted([30.0] * 6), 6), "show 1 to 5 repetitions, not 6"),
        (lambda: shown(tilted([30.0] * 3), 3, mounting=None), "--start-position"),
        (lambda: shown(tilted([30.0] * 3), 3, mounting=None, position=Position.STANDING), "only seen with --profile"),
        (lambda: shown(tilted([9.0] * 3), 3, mounting=None, position=Position.PRONE), "on hands and knees.*--profile"),
        (lambda: shown(tilted([30.0] * 3), 3, position=Position.SUPINE), "said supine.*standing or seated"),
        (lambda: shown(tilted([30.0] * 3, at=(-1.0, 0.0, 0.0)), 3), "cannot be told; begin upright"),
        (lambda: shown((), 3), "no samples"),
    ],
    ids=[
        "rest", "small", "unlike", "fewer", "none", "many", "no position", "no mounting", "lying, no mounting",
        "against gravity", "upside down", "no samples",
    ],
)  # fmt: skip
def test_what_cannot_be_learnt_is_refused_with_a_reason(demonstration, reason):
    with pytest.raises(TeachingError, match=reason):
        teach("new", "New one", demonstration())
