"""Steps as the live answer may know them: written down in the seconds that make them certain."""

import numpy as np
import pytest

from analytics.known_steps import KnownSteps
from analytics.steps import Step, StepDetector
from posture.frame import GRID_HZ, GridSegment, PostureFrame
from posture.height_evidence import LOOK_AHEAD_S
from posture.seconds import SecondSummarizer, join_seconds
from posture.step_evidence import beside_known_step

T0 = 1_780_000_000
STILL_S, WALK_S = 10, 20
STEPS_HZ = 1.6


@pytest.fixture(scope="module")
def walk():
    """Return a frame of standing, walking and standing again."""
    t = np.arange((2 * STILL_S + WALK_S) * GRID_HZ) / GRID_HZ
    walks = (t >= STILL_S) & (t < STILL_S + WALK_S)
    strike = np.exp(-(((t * STEPS_HZ % 1 - 0.1) / STEPS_HZ / 0.02) ** 2))
    swing = 2.0 * np.sin(2 * np.pi * STEPS_HZ * t)
    vertical = np.where(walks, swing + 2.0 * (strike - strike.mean()), 0.0)
    up = np.tile([1.0, 0.0, 0.0], (len(t), 1))
    acc = up * (vertical + 9.80665)[:, np.newaxis]
    return PostureFrame(
        GridSegment(T0 * GRID_HZ, restarts=True, acc=acc, gyr=None), np.zeros((len(t), 4)), up, vertical
    )


def part(frame, start, stop):
    segment = frame.segment
    rows = GridSegment(segment.start_index + start, segment.restarts and start == 0, segment.acc[start:stop], None)
    return PostureFrame(rows, frame.quat[start:stop], frame.up[start:stop], frame.vertical[start:stop])


def seconds_of(frame, n_rows=None):
    """Return the seconds with their steps, the samples coming so many rows at a time, and the steps."""
    detector, summarizer, known, seconds, steps = StepDetector(), SecondSummarizer(), KnownSteps(), [], []
    for start in range(0, len(frame), n_rows or len(frame)):
        rows = part(frame, start, start + (n_rows or len(frame)))
        found = detector.push(rows)
        steps += found
        known.push(found)
        seconds.append(known.added_to(summarizer.push(rows)))
    return join_seconds(seconds), steps


def test_every_step_is_written_down_once_in_the_second_that_made_it_certain(walk):
    seconds, steps = seconds_of(walk)
    assert len(steps) > WALK_S
    bits = sum(int(its).bit_count() for its in seconds.steps_known)
    seconds_and_known = {(int(step.time), int(step.known_time)) for step in steps}
    assert bits == len(seconds_and_known)
    for second, known in seconds_and_known:
        assert seconds.steps_known[known - T0] >> (known - second) & 1


def test_a_step_is_certain_no_earlier_than_its_samples_have_come(walk):
    for step in seconds_of(walk)[1]:
        stop = int(np.ceil(step.known_time * GRID_HZ)) - T0 * GRID_HZ
        assert step.time < step.known_time
        assert step in seconds_of(part(walk, 0, stop))[1]


@pytest.mark.parametrize("n_rows", [1, 7, 50, 333])
def test_it_does_not_matter_how_the_samples_come(walk, n_rows):
    whole, pieces = seconds_of(walk)[0], seconds_of(walk, n_rows)[0]
    assert np.array_equal(whole.steps_known, pieces.steps_known)
    assert whole.steps_known.any()


def test_what_comes_later_changes_no_second(walk):
    whole, begun = seconds_of(walk)[0], seconds_of(part(walk, 0, 18 * GRID_HZ))[0]
    assert np.array_equal(whole.steps_known[:18], begun.steps_known)


def test_the_walk_is_beside_known_steps_and_standing_is_not(walk):
    beside = beside_known_step(seconds_of(walk)[0])
    assert beside[STILL_S + 2 : STILL_S + WALK_S].all()
    assert not beside[: STILL_S - 1].any()
    assert not beside[STILL_S + WALK_S + 1 :].any()


@pytest.mark.parametrize(("late_s", "in_time"), [(0, True), (LOOK_AHEAD_S, True), (LOOK_AHEAD_S + 2, False)])
def test_a_step_that_becomes_known_too_late_says_nothing(walk, late_s, in_time):
    known = KnownSteps()
    known.push([Step(T0 + 5.5, T0 + 5.5 + late_s)])
    seconds = known.added_to(SecondSummarizer().push(walk))
    assert beside_known_step(seconds)[5] == in_time
    assert known.state == []


def test_a_step_waits_for_the_second_that_makes_it_known(walk):
    known, summarizer = KnownSteps(), SecondSummarizer()
    known.push([Step(T0 + 0.5, T0 + 2.5)])
    assert not known.added_to(summarizer.push(part(walk, 0, 100))).steps_known.any()
    assert known.added_to(summarizer.push(part(walk, 100, 101))).steps_known.tolist() == []
    assert known.added_to(summarizer.push(part(walk, 101, 200))).steps_known.tolist() == [0b100, 0]
