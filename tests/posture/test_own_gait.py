"""How hard the wearer's own steps shake the trunk: what is walking of them may be shifting about of others."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from posture.own_gait import LEAST_MS2, SEEN_S, USUAL_MS2, OwnGait


def seen(gait_ms2, has_step=None, before=None):
    """Return by each second what is likely walking, and what has been seen then."""
    gait = np.asarray(gait_ms2, dtype=np.float64)
    steps = np.ones(len(gait), dtype=bool) if has_step is None else np.asarray(has_step, dtype=bool)
    return (before or OwnGait()).likely_walking_ms2(gait, steps)


def test_nothing_is_known_of_the_wearer_before_they_have_walked_for_a_while():
    likely, _ = seen(np.full(2 * SEEN_S, 0.5))
    assert (likely[: SEEN_S - 1] == USUAL_MS2).all()
    assert (likely[SEEN_S:] < USUAL_MS2).all()


@pytest.mark.parametrize("gait_ms2", [1.5, 3.0, 8.0])
def test_who_walks_as_most_do_is_held_to_what_most_show(gait_ms2):
    assert (seen(np.full(300, gait_ms2))[0] == USUAL_MS2).all()


def test_who_shuffles_need_show_no_more_than_shuffling():
    assert seen(np.full(300, 0.6))[0][-1] == pytest.approx(0.24)
    assert seen(np.full(300, 0.01))[0][-1] == LEAST_MS2


def test_only_seconds_with_a_step_tell():
    walked, stood = np.full(SEEN_S, 1.0), np.full(500, 0.02)
    both = seen([*walked, *stood], [*np.ones(SEEN_S), *np.zeros(500)])[0]
    assert both[-1] == pytest.approx(0.4)


@given(gait_ms2=st.lists(st.floats(0.0, 6.0), max_size=80))
def test_what_is_known_at_the_end_is_what_the_last_second_was_judged_by(gait_ms2):
    likely, known = seen(gait_ms2)
    assert known.likely_now_ms2 == (likely[-1] if gait_ms2 else USUAL_MS2)


def test_no_second_changes_nothing():
    known = OwnGait(30, -12.5)
    likely, after = seen([], before=known)
    assert len(likely) == 0
    assert after == known


@given(
    gait_ms2=st.lists(st.floats(0.0, 6.0), min_size=1, max_size=80),
    cuts=st.lists(st.integers(0, 80), max_size=4),
    seed=st.integers(0, 100),
)
def test_the_same_however_the_seconds_are_cut(gait_ms2, cuts, seed):
    has_step = np.random.default_rng(seed).random(len(gait_ms2)) < 0.7
    whole, at_end = seen(gait_ms2, has_step)
    edges = [0, *sorted(min(cut, len(gait_ms2)) for cut in cuts), len(gait_ms2)]
    known, parts = OwnGait(), []
    for start, stop in pairwise(edges):
        likely, known = seen(gait_ms2[start:stop], has_step[start:stop], known)
        parts.append(likely)
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    assert known == at_end
