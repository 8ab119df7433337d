"""What an excursion would be as a repetition of an exercise."""

from math import cos, radians, sin

import numpy as np
import pytest

from analytics.exercises.candidates import candidate_of, seen_of, sought_of
from analytics.exercises.excursion import Excursion
from config.exercise_library import load_exercises

LIBRARY = load_exercises()
CHORD_DEG = 57.2958


def tilted(right_deg, back_deg):
    """Return a standing wearer's tilt to the right and backward, out and back within two seconds."""
    right, back = radians(right_deg), radians(back_deg)
    up = (cos(right) * cos(back), -sin(right), sin(back))
    home = (CHORD_DEG, 0.0, 0.0)
    return Excursion(
        start=0.0,
        peak=1.0,
        end=2.0,
        known=2.1,
        home=home,
        far=(CHORD_DEG * up[0], CHORD_DEG * up[1], CHORD_DEG * up[2]),
        size=float(np.hypot(right_deg, back_deg)),
        hold_s=0.0,
        hold_start=1.0,
        hold_end=1.0,
        unsteadiness=0.0,
        rested=2.0,
        stood=home,
        stood_s=2.0,
    )


def candidate(name, right_deg, back_deg):
    up = np.array([1.0, 0.0, 0.0])
    seen = seen_of(tilted(right_deg, back_deg), is_tilt=True, sensor_to_body=np.eye(3), up=up)
    return candidate_of(seen, sought_of(LIBRARY[name]))


@pytest.mark.parametrize(("right_deg", "back_deg"), [(8.0, 0.0), (8.0, 8.0), (5.0, 12.0), (-5.0, 12.0)])
def test_a_raised_leg_tips_the_pelvis_sideways_and_back_more_or_less(right_deg, back_deg):
    raised = candidate("knee_raise", right_deg, back_deg)
    assert raised.size == pytest.approx(np.hypot(right_deg, back_deg))
    assert np.sign(raised.side) == np.sign(right_deg)


@pytest.mark.parametrize(("right_deg", "back_deg"), [(6.0, -6.0), (0.5, 10.0), (0.0, -10.0)])
def test_a_pelvis_that_tips_forward_or_back_alone_is_no_raised_knee(right_deg, back_deg):
    assert candidate("knee_raise", right_deg, back_deg) is None


def test_a_side_bend_is_mainly_sideways():
    assert candidate("side_bend", 15.0, 3.0) is not None
    assert candidate("side_bend", 8.0, 12.0) is None
