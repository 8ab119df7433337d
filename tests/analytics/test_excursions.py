"""Out of a pose and back: also where the pose was only passed before, and where the recording begins."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.exercises.excursion import since_passed
from analytics.exercises.excursions import HEIGHT, TILT, ExcursionFinder
from analytics.exercises.movement import MOVEMENT_HZ, MovementSignals
from posture.frame import GRID_HZ, GridSegment, PostureFrame
from posture.rotations import quaternion_from_up

SEED = 20261123


def path(*stops, way_s=1.0, rest_s=1.5, rests=()):
    """Return a signal that goes from stop to stop, and rests at those named by their number."""
    ease = 0.5 - 0.5 * np.cos(np.linspace(0.0, np.pi, round(way_s * MOVEMENT_HZ)))
    parts = []
    for number, (here, there) in enumerate(zip(stops, [*stops[1:], None], strict=True)):
        if number in rests:
            parts.append(np.full(round(rest_s * MOVEMENT_HZ), here))
        if there is not None:
            parts.append(here + (there - here) * ease)
    return np.concatenate(parts)


def excursions_of(values, parameters=TILT, cuts=()):
    """Return the excursions that a finder sees, times counted from the first sample."""
    time = np.arange(len(values)) / MOVEMENT_HZ
    finder, found = ExcursionFinder(parameters), []
    for rows in np.split(np.arange(len(values)), sorted(cuts)):
        found += finder.push(time[rows], values[rows, np.newaxis], restarts=bool(len(rows)) and rows[0] == 0)
    return found


def test_the_first_repetition_is_seen_though_it_began_in_another_pose():
    """Stands at 0, goes out to 30, and from then on comes back to 12 only."""
    seen = excursions_of(path(0.0, 30.0, 12.0, 30.0, 12.0, 30.0, 12.0, rests=(0, 6)))
    first = min((each for each in seen if each.home[0] == pytest.approx(12.0, abs=1.0)), key=lambda each: each.start)
    assert first.only_passed
    assert first.size == pytest.approx(18.0, abs=1.0)
    assert 1.5 < first.start < 2.5
    assert first.end == pytest.approx(3.5, abs=0.3)


def test_a_pose_that_was_never_passed_has_no_excursion_before_it():
    seen = excursions_of(path(0.0, 30.0, rests=(0, 1)))
    assert seen == []


def test_a_recording_may_begin_with_a_repetition():
    (found,) = excursions_of(path(0.0, 25.0, 0.0, rests=(2,)))
    assert (found.start, found.end) == (pytest.approx(0.2, abs=0.2), pytest.approx(1.8, abs=0.2))


def test_where_a_path_ends_is_where_it_was_nearest_before():
    points = [(float(x), 0.0, 0.0) for x in (10, 15, 20, 14, 9, 4, 0)]
    assert since_passed(points, (10.0, 0.0, 0.0), least=2.0, near=0.35) == 4
    assert since_passed(points, (10.0, 0.0, 0.0), least=12.0, near=0.35) is None
    assert since_passed([], (10.0, 0.0, 0.0), least=2.0, near=0.35) is None


@given(
    st.lists(st.floats(-40.0, 40.0), min_size=3, max_size=9),
    st.lists(st.integers(1, 200), max_size=6),
    st.sets(st.integers(0, 8)),
)
def test_the_excursions_do_not_depend_on_how_the_samples_are_cut(stops, cuts, rests):
    values = path(*stops, rests=rests)
    whole = excursions_of(values)
    assert excursions_of(values, cuts=[cut for cut in cuts if cut < len(values)]) == whole


def vertical_frame(vertical):
    """Return a recording of someone upright and still but for the vertical acceleration, as one frame."""
    up = np.tile([1.0, 0.0, 0.0], (len(vertical), 1))
    segment = GridSegment(0, restarts=True, acc=9.81 * up, gyr=np.zeros_like(up))
    return PostureFrame(segment, quaternion_from_up(up), up, vertical)


def test_the_height_does_not_drift_from_a_noisy_first_sample():
    """An accelerometer that is off by 0.2 m/s^2 and noisy: who stands still stays where they are."""
    vertical = 0.2 + 0.05 * np.random.default_rng(SEED).standard_normal(20 * GRID_HZ)
    vertical[0] = -0.1
    height = MovementSignals().push(vertical_frame(vertical)).height
    assert np.abs(height).max() < HEIGHT.out
    assert excursions_of(height[:, 0], HEIGHT) == []


@pytest.mark.parametrize("phase", range(4))
def test_who_lies_still_for_hours_costs_no_memory(phase):
    moving = 20.0 * np.sin(np.arange(100) / 3.0)
    still = np.full(round(3600.0 * MOVEMENT_HZ), moving[-1])
    values = np.concatenate([moving, still])[:, np.newaxis]
    time = (phase + np.arange(len(values))) / MOVEMENT_HZ
    finder = ExcursionFinder(TILT)
    for rows in np.array_split(np.arange(len(values)), 60):
        finder.push(time[rows], values[rows], restarts=rows[0] == 0)
    assert len(finder.state.points) < 3 * 60 * MOVEMENT_HZ
