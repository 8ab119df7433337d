"""Which posture a second of sitting is: the order of the postures, and the hold that each has on the wearer."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from posture.events import PostureState
from posture.sitting_postures import ANGLED, POSTURES, Stretch, judged, not_judged

ENTER_DEG = np.array([10.0, 15.0, 15.0, 15.0])
LEAVE_DEG = np.array([6.0, 9.0, 9.0, 9.0])


def told_one_by_one(angles_deg, before):
    """Return the posture after each second, as the rule has it: the first in order whose angle is large enough."""
    seen = []
    for second in angles_deg.T:
        limits = np.where([state is before for state in ANGLED], LEAVE_DEG, ENTER_DEG)
        large_enough = [ANGLED[row] for row in np.flatnonzero(second >= limits)]
        before = large_enough[0] if large_enough else PostureState.UPRIGHT
        seen.append(before)
    return seen


@given(
    angles_deg=arrays(np.float64, (4, 12), elements=st.floats(-30.0, 30.0)),
    before=st.sampled_from(POSTURES),
)
def test_a_posture_goes_on_until_it_is_left_or_one_before_it_is_entered(angles_deg, before):
    piece = judged(0, angles_deg, ENTER_DEG, LEAVE_DEG)
    seen = []
    holds = before
    for row in range(len(piece)):
        goes_on = piece.goes_on[POSTURES.index(holds), row]
        holds = holds if goes_on else POSTURES[piece.seen_as[row]]
        seen.append(holds)
    assert seen == told_one_by_one(angles_deg, before)


def test_where_nothing_is_judged_only_that_goes_on():
    piece = not_judged(5, 3)
    assert piece.goes_on.tolist() == [[False] * 3] * 5 + [[True] * 3]
    assert [POSTURES[index] for index in piece.seen_as] == [None] * 3


@given(angles_deg=arrays(np.float64, (4, 9), elements=st.floats(-30.0, 30.0)), cut=st.integers(0, 9))
def test_a_stretch_is_the_same_however_its_seconds_come(angles_deg, cut):
    whole = Stretch(PostureState.UPRIGHT, 0).with_seconds(angles_deg)
    cut_up = Stretch(PostureState.UPRIGHT, 0).with_seconds(angles_deg[:, :cut]).with_seconds(angles_deg[:, cut:])
    assert (whole.n, whole.total.tolist()) == (cut_up.n, cut_up.total.tolist())


@pytest.mark.parametrize(("state", "row"), [(PostureState.UPRIGHT, 0), *((s, r) for r, s in enumerate(ANGLED))])
def test_a_stretch_tells_the_mean_of_its_own_angle(state, row):
    angles_deg = np.arange(8.0).reshape(4, 2)
    assert Stretch(state, 0).with_seconds(angles_deg).angle_deg == angles_deg[row].mean()
