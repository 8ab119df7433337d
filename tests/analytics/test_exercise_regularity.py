"""Exercise is regular, also where the wearer tires."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.exercises.regularity import scatter, spread

VALUES = st.lists(st.floats(0.1, 100.0), min_size=1, max_size=12)


@given(VALUES, st.floats(0.1, 10.0))
def test_the_unit_does_not_matter(values, unit):
    scaled = [unit * value for value in values]
    assert scatter(scaled) == pytest.approx(scatter(values), abs=1e-9)
    assert spread(scaled) == pytest.approx(spread(values), abs=1e-9)


@given(st.floats(0.1, 100.0), st.integers(1, 12))
def test_what_is_always_the_same_does_not_deviate(value, n):
    assert scatter([value] * n) == spread([value] * n) == 0.0


def test_a_steady_change_deviates_by_its_steps_only():
    assert scatter([0.9**index for index in range(20)]) < 0.08


def test_one_strange_value_spreads_but_does_not_scatter():
    values = [10.0, 10.0, 10.0, 30.0, 10.0, 10.0, 10.0]
    assert scatter(values) == 0.0
    assert spread(values) > 0.1
