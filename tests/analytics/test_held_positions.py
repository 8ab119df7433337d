"""Positions that are held: planks between rests, in made-up movements whose truth is known."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.exercises.finder import ExerciseFinder
from analytics.exercises.records import CountedRepetition, ExerciseSet
from config.exercise_library import load_exercises
from config.units import GRAVITY_MS2
from posture.events import Activity
from posture.frame import GRID_HZ, GridSegment, PostureFrame
from posture.rotations import quaternion_from_up

LIBRARY = load_exercises()
T0 = 1_700_000_000
ALIGNED = np.eye(3)
MOVE_S = 1.5
AT_REST, UNDER_LOAD = 0.005, 0.03
"""Tremor in rad/s."""


@dataclass(frozen=True)
class Pose:
    """A position kept for some seconds: pitch of the lower back from horizontal, height, and how the muscles work."""

    length_s: float
    pitch_deg: float = 0.0
    height_cm: float = 0.0
    tremor: float = AT_REST


def rest(length_s=12.0, pitch_deg=0.0):
    return Pose(length_s, pitch_deg)


def plank(length_s=20.0, pitch_deg=5.0, height_cm=-25.0, tremor=UNDER_LOAD):
    return Pose(length_s, pitch_deg, height_cm, tremor)


def path(values, lengths_s):
    """Return the values at 50 Hz, each for its length, with smooth moves between them."""
    ease = 0.5 - 0.5 * np.cos(np.linspace(0, np.pi, round(MOVE_S * GRID_HZ)))
    parts = [np.full(round(lengths_s[0] * GRID_HZ), values[0])]
    for (before, after), length_s in zip(pairwise(values), lengths_s[1:], strict=True):
        parts += [before + (after - before) * ease, np.full(round(length_s * GRID_HZ), after)]
    return np.concatenate(parts)


def holding(poses, *, facing=-1.0, seed=0, gyroscope=True):
    """Return the frame of some poses one after the other, prone by default."""
    rng = np.random.default_rng(seed)
    lengths_s = [pose.length_s for pose in poses]
    pitch = np.radians(path([pose.pitch_deg for pose in poses], lengths_s))
    up = np.stack([np.sin(pitch), np.zeros(len(pitch)), facing * np.cos(pitch)], axis=1)
    up += np.radians(0.05) * rng.standard_normal(up.shape)
    up /= np.linalg.norm(up, axis=1, keepdims=True)
    height_m = path([pose.height_cm / 100 for pose in poses], lengths_s)
    vertical = np.gradient(np.gradient(height_m)) * GRID_HZ**2
    tremor = path([pose.tremor for pose in poses], lengths_s)[:, np.newaxis] * rng.standard_normal(up.shape)
    segment = GridSegment(T0 * GRID_HZ, restarts=True, acc=up * GRAVITY_MS2, gyr=tremor if gyroscope else None)
    return PostureFrame(segment, quaternion_from_up(up), up, vertical)


def pieces(frame, cuts, gaps=()):
    """Yield the frame in pieces, with restarts at the gaps among the cuts."""
    edges = sorted({0, len(frame), *(cut for cut in (*cuts, *gaps) if cut < len(frame))})
    for start, stop in pairwise(edges):
        rows, gyr = slice(start, stop), frame.segment.gyr
        segment = GridSegment(
            frame.segment.start_index + start,
            start == 0 or start in gaps,
            frame.segment.acc[rows],
            None if gyr is None else gyr[rows],
        )
        yield PostureFrame(segment, frame.quat[rows], frame.up[rows], frame.vertical[rows])


def finder_of(name, mounting):
    finder = ExerciseFinder(list(LIBRARY.values()) if name is None else [LIBRARY[name]], told=name is not None)
    finder.calibrate(0.0, mounting)
    return finder


def found_in(frame, name="plank", cuts=(), gaps=(), mounting=ALIGNED):
    finder = finder_of(name, mounting)
    finder.know_activity((T0 + second, Activity.LYING) for second in range(len(frame) // GRID_HZ + 1))
    return [record for piece in pieces(frame, cuts, gaps) for record in finder.push(piece)] + finder.flush()


def sets_in(records):
    return [record for record in records if isinstance(record, ExerciseSet)]


def announced_in(records):
    return [record for record in records if isinstance(record, CountedRepetition)]


THREE = [rest(6.0), plank(15.0), rest(), plank(20.0, 4.0), rest(15.0, 1.0), plank(12.0, 6.0), rest(120.0)]


def test_each_plank_is_counted_with_its_start_and_length():
    (found,) = sets_in(found_in(holding(THREE)))
    assert found.count == 3
    starts_s = [7.5, 37.5, 75.5]
    for repetition, start_s, length_s in zip(found.repetitions, starts_s, [15.0, 20.0, 12.0], strict=True):
        assert repetition.start - T0 == pytest.approx(start_s, abs=1.0)
        assert repetition.hold_s == pytest.approx(length_s, abs=1.0)
        assert repetition.end - repetition.start == repetition.hold_s
        assert (repetition.range_deg, repetition.range_cm, repetition.side) == (None, None, None)


def test_a_single_hold_is_a_set():
    (found,) = sets_in(found_in(holding([rest(6.0), plank(30.0), rest(120.0)])))
    assert (found.count, found.confidence) == (1, 1.0)


def test_a_plank_of_minutes_is_one_hold():
    (found,) = sets_in(found_in(holding([rest(6.0), plank(180.0), rest(340.0)])))
    assert [round(repetition.hold_s / 10) for repetition in found.repetitions] == [18]


def test_a_hold_is_announced_once_within_half_a_second_of_leaving_it():
    announced = announced_in(found_in(holding(THREE), cuts=range(0, 20_000, 5)))
    assert [record.number for record in announced] == [1, 2, 3]
    assert max(record.time - record.repetition.end for record in announced) <= 0.5


def test_from_lying_prone_the_pelvis_is_lifted_instead():
    lifted = [plank(15.0, height_cm=18.0), rest(), plank(15.0, height_cm=18.0)]
    (found,) = sets_in(found_in(holding([rest(6.0), *lifted, rest(120.0)])))
    assert found.count == 2


def test_without_a_gyroscope_lifting_and_letting_down_tell_the_holds_from_the_rests():
    (found,) = sets_in(found_in(holding(THREE, gyroscope=False)))
    assert [round(repetition.hold_s) for repetition in found.repetitions] == pytest.approx([15, 20, 12], abs=1)


def test_tremor_tells_a_hold_that_is_taken_without_a_change_of_height():
    level = [rest(6.0), plank(15.0, 6.0, height_cm=0.0), rest(), plank(15.0, 6.0, height_cm=0.0), rest(120.0)]
    (found,) = sets_in(found_in(holding(level)))
    assert found.count == 2


def test_a_small_correction_in_a_hold_does_not_end_it():
    corrected = [rest(6.0), plank(10.0, 5.0), plank(10.0, 9.0), rest(120.0)]
    (found,) = sets_in(found_in(holding(corrected)))
    assert found.count == 1
    assert found.repetitions[0].hold_s == pytest.approx(20.0 + MOVE_S, abs=1.0)


def test_how_far_the_back_strays_in_a_hold_is_measured():
    def strayed_deg(sway_deg):
        frame = holding([rest(6.0), plank(20.0), rest(120.0)])
        sway = np.radians(sway_deg) * np.sin(2 * np.pi * 0.3 * np.arange(len(frame)) / GRID_HZ)
        up = frame.up + sway[:, np.newaxis] * [0.0, 1.0, 0.0]
        up /= np.linalg.norm(up, axis=1, keepdims=True)
        swaying = PostureFrame(frame.segment, quaternion_from_up(up), up, frame.vertical)
        (found,) = sets_in(found_in(swaying))
        return found.repetitions[0].unsteadiness_deg

    assert strayed_deg(0.0) < 0.2
    assert strayed_deg(1.0) == pytest.approx(1.0 / np.sqrt(2), abs=0.1)


def test_shifting_about_on_hands_and_knees_is_no_plank():
    fidgets = [rest(10.0, pitch_deg) for pitch_deg in (0.0, 4.0, 0.0, 7.0, 1.0, -5.0, 2.0)]
    assert found_in(holding([*fidgets, rest(120.0)])) == []


def test_lying_still_is_no_plank():
    assert found_in(holding([rest(300.0)])) == []


def test_on_the_back_nothing_is_a_plank():
    assert found_in(holding(THREE, facing=1.0)) == []


def test_of_a_hold_cut_by_a_gap_counts_what_comes_after():
    frame = holding([rest(6.0), plank(20.0), rest(120.0)])
    (found,) = sets_in(found_in(frame, gaps=[17 * GRID_HZ]))
    assert [repetition.hold_s for repetition in found.repetitions] == pytest.approx([10.5], abs=1.0)


@pytest.mark.parametrize("mounting", [None, np.diag([-1.0, 1.0, -1.0])])
def test_what_is_told_is_counted_in_any_mounting_and_in_none(mounting):
    frame = holding(THREE)
    if mounting is not None:
        up = frame.up @ mounting
        frame = PostureFrame(frame.segment, quaternion_from_up(up), up, frame.vertical)
    (found,) = sets_in(found_in(frame, mounting=mounting))
    assert found.count == 3


@pytest.mark.parametrize("poses", [THREE, [rest(6.0), plank(15.0), rest(120.0)]])
def test_planks_are_recognised_without_being_told(poses):
    (found,) = sets_in(found_in(holding(poses), name=None))
    assert (found.exercise, found.count) == ("plank", len(poses) // 2)
    assert 0.5 <= found.confidence <= 1.0


@pytest.mark.parametrize(
    "hold",
    [
        pytest.param(plank(15.0, tremor=AT_REST), id="slack"),
        pytest.param(plank(15.0, height_cm=0.0), id="level"),
        pytest.param(plank(5.0), id="short"),
        pytest.param(plank(15.0, pitch_deg=60.0), id="kneeling up"),
    ],
)
def test_what_may_be_something_else_is_not_taken_for_a_plank(hold):
    records = found_in(holding([rest(6.0), hold, rest(), hold, rest(120.0)]), name=None)
    assert [found for found in sets_in(records) if found.exercise == "plank"] == []


POSES = st.builds(
    Pose,
    length_s=st.floats(0.5, 12.0),
    pitch_deg=st.floats(-10.0, 10.0),
    height_cm=st.sampled_from([0.0, 0.0, -25.0, 18.0]),
    tremor=st.sampled_from([AT_REST, UNDER_LOAD]),
)


@settings(max_examples=30, deadline=None)
@given(
    poses=st.lists(POSES, min_size=2, max_size=8),
    name=st.sampled_from(["plank", None]),
    cuts=st.lists(st.integers(1, 6000), max_size=40),
    gaps=st.lists(st.integers(1, 6000), max_size=2),
)
def test_the_holds_do_not_depend_on_how_the_samples_are_cut(poses, name, cuts, gaps):
    frame = holding([*poses, rest(20.0)])
    gaps = [gap for gap in gaps if gap < len(frame)]
    assert found_in(frame, name, cuts, gaps) == found_in(frame, name, (), gaps)


FRAME = holding(THREE)
AT_ONCE = found_in(FRAME)


@settings(max_examples=10, deadline=None)
@given(st.integers(1, len(FRAME) - 1))
def test_a_hold_goes_on_after_a_restart_of_the_program(cut):
    first, second = pieces(FRAME, [cut])
    before = finder_of("plank", ALIGNED)
    found = before.push(first)
    after = finder_of("plank", ALIGNED)
    after.state = before.state
    assert found + after.push(second) + after.flush() == AT_ONCE
