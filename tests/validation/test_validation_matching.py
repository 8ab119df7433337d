"""One-to-one matching: the count behind every recall and precision."""

from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumbar.validation.matching import match_episodes, match_times

# Eighths are exact in binary, so that ties are ties.
eighths = st.integers(0, 200).map(lambda n: n / 8)
times = st.lists(eighths, max_size=12)
tolerances = st.integers(0, 40).map(lambda n: n / 8)
intervals = st.lists(st.tuples(eighths, st.integers(0, 24).map(lambda n: n / 8)), max_size=10)


def moments(values):
    return np.column_stack([values, values]).reshape(-1, 2).astype(float)


def spans(starts_and_lengths):
    return np.array([(start, start + length) for start, length in starts_and_lengths]).reshape(-1, 2)


def distance(span, moment):
    return max(span[0] - moment, moment - span[1], 0.0)


@given(intervals, times, tolerances)
def test_each_event_has_at_most_one_partner_and_it_is_within_the_tolerance(truth, found, tolerance_s):
    truth, found = spans(truth), np.array(found)
    pairs = match_times(truth, found, tolerance_s)
    assert len(set(pairs[:, 0].tolist())) == len(set(pairs[:, 1].tolist())) == len(pairs)
    assert all(distance(truth[row], found[column]) <= tolerance_s for row, column in pairs)


@given(times, times, tolerances)
def test_it_does_not_matter_which_side_is_called_true(first, second, tolerance_s):
    there = match_times(moments(first), np.array(second), tolerance_s)
    back = match_times(moments(second), np.array(first), tolerance_s)
    assert len(there) == len(back)


@given(intervals, times, tolerances, tolerances)
def test_a_larger_tolerance_never_gives_fewer_pairs(truth, found, first_s, second_s):
    smaller_s, larger_s = sorted((first_s, second_s))
    truth, found = spans(truth), np.array(found)
    assert len(match_times(truth, found, smaller_s)) <= len(match_times(truth, found, larger_s))


@given(intervals, times, tolerances, st.randoms(use_true_random=False))
def test_the_order_of_the_events_does_not_matter(truth, found, tolerance_s, random):
    before = match_times(spans(truth), np.array(found), tolerance_s)
    random.shuffle(truth)
    random.shuffle(found)
    assert len(match_times(spans(truth), np.array(found), tolerance_s)) == len(before)


@given(st.lists(eighths, max_size=4), st.lists(eighths, max_size=4), st.integers(1, 40).map(lambda n: n / 8))
def test_no_other_way_to_match_costs_less(truth, found, tolerance_s):
    pairs = match_times(moments(truth), np.array(found), tolerance_s)
    cost = sum(abs(truth[row] - found[column]) - tolerance_s for row, column in pairs)
    assert cost == pytest.approx(least_cost(truth, found, tolerance_s))


def least_cost(truth, found, tolerance_s):
    """Try every matching."""
    return min(
        sum(abs(truth[row] - found[column]) - tolerance_s for row, column in zip(rows, columns, strict=True))
        for size in range(min(len(truth), len(found)) + 1)
        for rows in combinations(range(len(truth)), size)
        for columns in permutations(range(len(found)), size)
    )


def test_a_step_missed_and_one_too_many_do_not_shift_the_walk():
    walk = np.arange(20) * 0.5
    found = np.append(walk[1:], walk[-1] + 0.5)
    pairs = match_times(moments(walk), found, 0.5)
    assert pairs.tolist() == [[index + 1, index] for index in range(19)]


def test_a_moment_within_the_interval_is_no_distance_away():
    assert match_times(np.array([[10.0, 14.0]]), np.array([7.0, 12.0, 17.0]), 3.0).tolist() == [[0, 1]]


@pytest.mark.parametrize(("moment", "matches"), [(6.9, 0), (7.0, 1), (17.0, 1), (17.1, 0)])
def test_the_tolerance_reaches_to_both_sides_of_the_interval(moment, matches):
    assert len(match_times(np.array([[10.0, 14.0]]), np.array([moment]), 3.0)) == matches


@pytest.mark.parametrize("tolerance_s", [-0.1, float("nan")])
def test_a_tolerance_that_cannot_be(tolerance_s):
    with pytest.raises(ValueError, match="tolerance"):
        match_times(np.empty((0, 2)), np.empty(0), tolerance_s)


def test_ten_thousand_steps_match_at_once():
    walk = np.arange(10_000) * 2.0
    assert len(match_times(moments(walk), walk + 0.3, 0.5)) == 10_000


@given(st.lists(st.tuples(st.integers(1, 8), st.integers(1, 8)), max_size=8))
def test_episodes_match_themselves(gaps_and_lengths):
    edges = np.cumsum(gaps_and_lengths).reshape(-1, 2).astype(float)
    pairs = match_episodes(edges, edges)
    assert pairs.tolist() == [[index, index] for index in range(len(edges))]


@pytest.mark.parametrize(
    ("found", "matches"),
    [([0.0, 10.0], 1), ([4.0, 10.0], 1), ([5.0, 10.0], 0), ([0.0, 19.0], 1), ([0.0, 20.0], 0), ([20.0, 30.0], 0)],
)
def test_a_pair_of_episodes_shares_more_than_half_of_the_longer(found, matches):
    truth = np.array([[0.0, 10.0]])
    assert len(match_episodes(truth, np.array([found]))) == matches
    assert len(match_episodes(np.array([found]), truth)) == matches


def test_an_episode_cut_in_two_has_one_partner_at_most():
    truth = np.array([[0.0, 100.0]])
    assert match_episodes(truth, np.array([[0.0, 60.0], [60.0, 100.0]])).tolist() == [[0, 0]]
    assert len(match_episodes(truth, np.array([[0.0, 50.0], [50.0, 100.0]]))) == 0
