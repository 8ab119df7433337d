"""The best path through a chain of states, whatever the way it is computed."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from posture.best_path import STEP, WORTH_CUTTING, follow_paths, trace

N_STATES = 4


def evidence(seed, n):
    rng = np.random.default_rng(seed)
    transition = np.where(rng.random((n, N_STATES, N_STATES)) < 0.3, -30.0, -3 * rng.random((n, N_STATES, N_STATES)))
    # Mostly the states look alike, so that several paths stay open for long.
    emission = rng.normal(size=(n, N_STATES)) * (rng.random((n, 1)) < 0.2)
    return transition, emission


def one_by_one(transition, emission):
    """Follow the paths as the textbook has it."""
    score, scores, ways = np.zeros(N_STATES), [], []
    for second in range(len(emission)):
        into = np.zeros((N_STATES, N_STATES)) if second == 0 else np.rint(transition[second] / STEP) * STEP
        routes = score[:, np.newaxis] + into
        ways.append(routes.argmax(axis=0))
        score = routes.max(axis=0) + np.rint(emission[second] / STEP) * STEP
        scores.append(score)
    return np.array(scores), np.array(ways)


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 8 * WORTH_CUTTING))
def test_many_seconds_at_once_give_exactly_what_one_by_one_gives(seed, n):
    scores, came_from = follow_paths(None, *evidence(seed, n))
    expected_scores, expected_ways = one_by_one(*evidence(seed, n))
    assert_array_equal(scores, expected_scores)
    assert_array_equal(came_from, expected_ways)


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(2, 4 * WORTH_CUTTING), data=st.data())
def test_a_path_goes_on_where_it_was_cut(seed, n, data):
    cut = data.draw(st.integers(1, n - 1))
    transition, emission = evidence(seed, n)
    scores, came_from = follow_paths(None, transition, emission)
    first, first_from = follow_paths(None, transition[:cut], emission[:cut])
    second, second_from = follow_paths(first[-1], transition[cut:], emission[cut:])
    assert_array_equal(scores, np.vstack([first, second]))
    assert_array_equal(came_from, np.vstack([first_from, second_from]))


def test_the_path_is_traced_back_from_its_end():
    came_from = np.array([[0, 0, 1, 1], [2, 2, 2, 0]], dtype=np.int8)
    assert trace(1, came_from) == [1, 2, 1]
