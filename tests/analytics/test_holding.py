"""What is held is known while it is held: how long by now, the same however the samples come."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.exercises.finder import ExerciseFinder
from analytics.exercises.records import CountedRepetition
from config.exercise_library import load_exercises
from config.units import GRAVITY_MS2
from posture.frame import GRID_HZ, GridSegment, PostureFrame
from posture.rotations import quaternion_from_up

LIBRARY = load_exercises()
T0 = 1_700_000_000
REST_S, MOVE_S, HOLD_S = 6.0, 1.5, 8.0
STRETCHED_S = 2 * MOVE_S + HOLD_S + REST_S
TOP_S = tuple(REST_S + number * STRETCHED_S + MOVE_S for number in range(2))
"""When the far position is reached."""


@dataclass(frozen=True)
class Bent:
    """A wearer who stands, bends forward twice and holds it each time."""

    frame: PostureFrame

    def rows(self, start_s, stop_s):
        """Return a part of it."""
        rows = slice(round(start_s * GRID_HZ), round(stop_s * GRID_HZ))
        segment = self.frame.segment
        part = replace(
            segment,
            start_index=segment.start_index + rows.start,
            restarts=segment.restarts and rows.start == 0,
            acc=segment.acc[rows],
        )
        return PostureFrame(part, self.frame.quat[rows], self.frame.up[rows], self.frame.vertical[rows])


@pytest.fixture(scope="module")
def bent():
    ease = 0.5 - 0.5 * np.cos(np.linspace(0, np.pi, round(MOVE_S * GRID_HZ)))
    rest = np.zeros(round(REST_S * GRID_HZ))
    once = np.concatenate([ease, np.ones(round(HOLD_S * GRID_HZ)), 1 - ease, rest])
    pitch = np.radians(70.0) * np.concatenate([rest, once, once])
    up = np.stack([np.cos(pitch), np.zeros(len(pitch)), -np.sin(pitch)], axis=1)
    up += np.radians(0.05) * np.random.default_rng(1).standard_normal(up.shape)
    up /= np.linalg.norm(up, axis=1, keepdims=True)
    segment = GridSegment(T0 * GRID_HZ, restarts=True, acc=up * GRAVITY_MS2, gyr=None)
    return Bent(PostureFrame(segment, quaternion_from_up(up), up, np.zeros(len(up))))


def finder(*, told=True):
    counting = ExerciseFinder([LIBRARY["standing_l_stretch"]], told=told)
    counting.calibrate(T0 - 1, np.eye(3))
    return counting


def held_after(bent, *edges_s):
    """Return what is held at the end, and what was found, of samples that come in pieces."""
    counting, found = finder(), []
    for start_s, stop_s in zip((0.0, *edges_s), edges_s, strict=False):
        if stop_s > start_s:
            found += counting.push(bent.rows(start_s, stop_s))
    return counting.holding, found


@pytest.mark.parametrize("top_s", TOP_S)
@pytest.mark.parametrize("into_s", [4.0, 6.0, 7.8])
def test_it_is_known_for_how_long_a_repetition_is_held(bent, top_s, into_s):
    holding, _ = held_after(bent, top_s + into_s)
    assert holding.exercise == "standing_l_stretch"
    assert holding.held_s == pytest.approx(into_s, abs=0.6)


@pytest.mark.parametrize("after_s", [1.0, 3.0])
@pytest.mark.parametrize("top_s", [TOP_S[0] - STRETCHED_S, *TOP_S])
def test_nothing_is_held_at_rest(bent, top_s, after_s):
    stop_s = top_s + HOLD_S + MOVE_S + after_s
    assert held_after(bent, stop_s)[0] is None, "neither before the first, nor between, nor after the last"


@settings(max_examples=20, deadline=None)
@given(cuts=st.lists(st.floats(0.0, TOP_S[1] + 5.0), max_size=8).map(sorted))
def test_what_is_held_does_not_depend_on_how_the_samples_come(bent, cuts):
    stop_s = TOP_S[1] + 5.0
    assert held_after(bent, *cuts, stop_s) == held_after(bent, stop_s)


def test_asking_changes_nothing(bent):
    asked, silent = finder(), finder()
    found, expected = [], []
    for start_s in np.arange(0.0, 2 * STRETCHED_S + REST_S, 0.5):
        piece = bent.rows(start_s, start_s + 0.5)
        found += asked.push(piece)
        expected += silent.push(piece)
        for _ in range(2):
            _ = asked.holding
    assert found == expected
    assert [one.number for one in found if isinstance(one, CountedRepetition)] == [1, 2]


def test_where_nobody_said_what_is_done_nothing_is_said_of_holds(bent):
    counting = finder(told=False)
    counting.push(bent.rows(0.0, TOP_S[0] + 6.0))
    assert counting.holding is None
