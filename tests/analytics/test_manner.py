"""How an exercise is done, beside what is counted of it."""

import numpy as np
import pytest

from analytics.exercises.excursion import Excursion
from analytics.exercises.lately import Lately
from analytics.exercises.manner import Manner, leaning, stepping, tipping
from analytics.exercises.movement import MOVEMENT_HZ, Movement
from config.exercise_library import load_exercises

LIBRARY = load_exercises()


def excursion(start, peak, end):
    """Return an excursion of 10 deg with these times."""
    return Excursion(
        start=start,
        peak=peak,
        end=end,
        known=end,
        home=(57.3, 0.0, 0.0),
        far=(56.4, 10.0, 0.0),
        size=10.0,
        hold_s=0.0,
        hold_start=peak,
        hold_end=peak,
        unsteadiness=0.0,
        rested=2.0,
        stood=(57.3, 0.0, 0.0),
        stood_s=2.0,
    )


def seconds(lean_deg, turn_deg):
    """Return the memory of samples that lean forward and turn like this."""
    n = len(lean_deg)
    lean = np.radians(lean_deg)
    up = np.degrees(np.stack([np.cos(lean), np.zeros(n), -np.sin(lean)], axis=1))
    lately = Lately([], [], [])
    turn = np.reshape(turn_deg, (n, 1))
    lately.keep(Movement(np.arange(n) / MOVEMENT_HZ, restarts=True, up=up, turn=turn, height=np.zeros((n, 1))))
    return lately


def test_a_rise_tells_how_far_the_trunk_leant_and_where_the_wearer_faced():
    samples = int(2 * MOVEMENT_HZ) + 1
    lean_deg = 20.0 * np.sin(np.linspace(0.0, np.pi, samples))
    lately = seconds(lean_deg, np.linspace(30.0, 34.0, samples))
    manner = lately.manner(excursion(0.0, 2.0, 2.0), None, np.eye(3))
    assert manner.lean_deg == pytest.approx(20.0, abs=0.1)
    assert manner.heading_deg == pytest.approx(30.0)
    assert manner.back == 0.0


def test_a_tilt_tells_which_part_of_it_goes_backward():
    lately = seconds(np.zeros(30), np.zeros(30))
    assert lately.manner(excursion(0.0, 1.0, 2.0), (0.0, 6.0, 8.0), np.eye(3)).back == pytest.approx(0.6)
    assert lately.manner(excursion(0.0, 1.0, 2.0), (0.0, -6.0, 8.0), np.eye(3)).back == pytest.approx(-0.6)


def test_leaning_speaks_for_a_rise_from_a_seat_and_against_a_squat():
    manners = [Manner(lean_deg=20.0)] * 5
    assert leaning(LIBRARY["sit_to_stand"], manners) > 0.0 > leaning(LIBRARY["squat"], manners)
    assert leaning(LIBRARY["bridge"], manners) == 0.0


def test_tipping_back_speaks_for_a_raised_knee_and_against_a_side_bend():
    manners = [Manner(back=0.5)] * 5
    assert tipping(LIBRARY["knee_raise"], manners) > 0.0 > tipping(LIBRARY["side_bend"], manners)
    assert tipping(LIBRARY["bridge"], manners) == 0.0


def test_what_speaks_against_counts_more_than_what_speaks_for():
    for_it = tipping(LIBRARY["knee_raise"], [Manner(back=0.6)])
    against = tipping(LIBRARY["side_bend"], [Manner(back=0.6)])
    assert for_it == pytest.approx(-against / 2.0)


def test_feet_that_stay_face_the_same_way_give_or_take_some_degrees():
    assert stepping([Manner(heading_deg=turn) for turn in (0.0, 2.0, -0.5, 1.0)]) == 0.0
    assert stepping([Manner(heading_deg=turn) for turn in (0.0, 25.0, 3.0, 40.0)]) == pytest.approx(np.log(25.0 / 3.0))


def test_one_turn_within_a_set_is_no_step_in_each_repetition():
    assert stepping([Manner(heading_deg=turn) for turn in (0.0, 1.0, 1.0, 90.0, 91.0, 90.0)]) == 0.0


def test_a_single_repetition_has_not_stepped():
    assert stepping([Manner(heading_deg=40.0)]) == 0.0
