"""How probable each state is, against all courses counted out one by one."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from posture.posterior import follow_courses

N_STATES = 3
SEEDS = st.integers(0, 2**32 - 1)


def evidence(seed, n):
    """Return log scores of n transitions, shape (n, 3, 3), and of what is seen, shape (n, 3)."""
    random = np.random.default_rng(seed)
    return random.normal(-3.0, 3.0, (n, N_STATES, N_STATES)), random.normal(-2.0, 2.0, (n, N_STATES))


def counted_out(transition, emission, upto):
    """Return the likelihood of each state in each of the first `upto` seconds, given these, of all courses."""
    likelihood = np.zeros((upto, N_STATES))
    for course in product(range(N_STATES), repeat=upto):
        score = sum(emission[second, state] for second, state in enumerate(course))
        score += sum(transition[second, course[second - 1], course[second]] for second in range(1, upto))
        likelihood[np.arange(upto), course] += np.exp(score)
    return likelihood


@given(SEEDS, st.integers(1, 6))
def test_each_second_is_as_probable_as_all_its_courses_together(seed, n):
    transition, emission = evidence(seed, n)
    course = follow_courses(None, transition, emission)
    for second in range(n):
        likelihood = counted_out(transition, emission, second + 1)[second]
        assert_allclose(course.probability[second], likelihood / likelihood.sum(), rtol=1e-9)
        assert course.log_likelihood[second] == pytest.approx(np.log(likelihood.sum()))


@given(SEEDS, st.integers(1, 6), st.integers(1, 3))
def test_what_follows_counts_as_far_as_it_is_there(seed, n, n_later):
    transition, emission = evidence(seed, n)
    given_later = follow_courses(None, transition, emission).given_later(n_later)
    for second in range(n):
        likelihood = counted_out(transition, emission, min(second + n_later + 1, n))[second]
        assert_allclose(given_later[second], likelihood / likelihood.sum(), rtol=1e-9)


@given(SEEDS, st.integers(2, 200), st.data())
def test_cutting_changes_nothing(seed, n, data):
    transition, emission = evidence(seed, n)
    cut = data.draw(st.integers(1, n - 1))
    whole = follow_courses(None, transition, emission)
    first = follow_courses(None, transition[:cut], emission[:cut])
    second = follow_courses(first.last(1), transition[cut:], emission[cut:])
    both = first.then(second)
    assert_array_equal(both.probability, whole.probability)
    assert_array_equal(both.log_likelihood, whole.log_likelihood)
    assert_array_equal(both.given_later(2), whole.given_later(2))


def test_what_is_kept_does_not_keep_the_rest():
    course = follow_courses(None, *evidence(1, 100)).last(2)
    assert all(column.base is None for column in (course.ways, course.probability, course.log_likelihood))


def test_a_day_of_improbable_seconds_has_a_likelihood():
    transition, emission = evidence(1, 20_000)
    course = follow_courses(None, transition, emission - 300.0)
    assert np.isfinite(course.log_likelihood).all()
    assert_allclose(course.probability.sum(axis=1), 1.0)
