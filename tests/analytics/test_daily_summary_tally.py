"""Time in bands of inclination and in the own sitting range, counted exactly however the seconds arrive."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.posture_tally import TALLY_S, PostureTallier
from posture.calibration import SittingRange
from posture.events import Activity
from posture.timeline import PostureSeconds

BANDS = (20.0, 45.0, 60.0, 90.0)
FIRST = 1_000_000 * TALLY_S
BACKWARD = SittingRange(upright_deg=-5.0, slouched_deg=-25.0)
NAN = float("nan")


def seconds(start, activity, inclination=None, flexion=None):
    n = len(activity)
    inclination = np.full(n, NAN) if inclination is None else np.asarray(inclination, dtype=np.float64)
    flexion = np.full(n, NAN) if flexion is None else np.asarray(flexion, dtype=np.float64)
    return PostureSeconds(np.arange(start, start + n, dtype=np.int64), tuple(activity), flexion, flexion, inclination)


def tallied(*parts, sitting=None):
    tallier = PostureTallier(BANDS)
    tallier.sitting = sitting
    return [tally for part in parts for tally in tallier.push(part)] + tallier.flush()


def test_seconds_on_the_feet_fall_into_the_band_from_its_lower_edge_on():
    angles = [0, 19.9, 20, 44.9, 45, 60, 89, 90, 170, NAN]
    (tally,) = tallied(seconds(FIRST, [Activity.STANDING] * 10, angles))
    assert tally.inclination_s == (2, 2, 1, 2, 2)
    assert (tally.start, tally.end) == (FIRST, FIRST + 10)


def test_only_those_on_the_feet_bend():
    (tally,) = tallied(seconds(FIRST, list(Activity), [50] * len(Activity)))
    assert tally.inclination_s == (0, 0, 3, 0, 0)


def test_sitting_seconds_fall_into_the_bins_of_the_own_range():
    flexion = [1, -5, -15, -25, -33, NAN]  # -30, 0, 50, 100 and 140 % of the way from upright to slouched
    (tally,) = tallied(seconds(FIRST, [Activity.SITTING] * 6, flexion=flexion), sitting=BACKWARD)
    assert tally.range_s == (1, 1, 0, 1, 0, 0, 2)


def test_only_sitting_is_put_in_the_sitting_range():
    (tally,) = tallied(seconds(FIRST, list(Activity), flexion=[-15] * len(Activity)), sitting=BACKWARD)
    assert tally.range_s == (0, 0, 0, 1, 0, 0, 0)


def test_a_range_that_is_not_known_gives_none():
    (tally,) = tallied(seconds(FIRST, [Activity.SITTING], flexion=[3]))
    assert tally.range_s is None


def test_a_range_learnt_within_the_quarter_hour_counts_from_then_on():
    tallier = PostureTallier(BANDS)
    for n, sitting in enumerate([None, BACKWARD, None]):
        tallier.sitting = sitting
        assert tallier.push(seconds(FIRST + n, [Activity.SITTING], flexion=[-15])) == []
    (tally,) = tallier.flush()
    assert tally.range_s == (0, 0, 0, 1, 0, 0, 0)


def test_a_tally_ends_with_the_quarter_hour():
    tallier = PostureTallier(BANDS)
    done = tallier.push(seconds(FIRST - 1, [Activity.WALKING] * (TALLY_S + 3), np.zeros(TALLY_S + 3)))
    assert [(tally.start, tally.end) for tally in done] == [(FIRST - 1, FIRST), (FIRST, FIRST + TALLY_S)]
    (rest,) = tallier.flush()
    assert rest.inclination_s[0] == 2
    assert tallier.flush() == []


def test_no_seconds_give_nothing():
    assert tallied(seconds(FIRST, [])) == []


N = 400
GENERATOR = np.random.default_rng(5)
ACTIVITY = GENERATOR.choice(np.array(list(Activity), dtype=object), N).tolist()
INCLINATION = np.where(GENERATOR.random(N) < 0.1, NAN, GENERATOR.uniform(0, 120, N))
FLEXION = np.where(GENERATOR.random(N) < 0.1, NAN, GENERATOR.uniform(-50, 30, N))


def piece(start, stop, gap_s):
    """Return seconds start to stop of a recording with a gap in its middle."""
    first = FIRST - 100 + start + (gap_s if start >= N // 2 else 0)
    return seconds(first, ACTIVITY[start:stop], INCLINATION[start:stop], FLEXION[start:stop])


@settings(max_examples=60, deadline=None)
@given(cuts=st.lists(st.integers(0, N), max_size=8), gap_s=st.sampled_from([0, 70, TALLY_S, 3 * TALLY_S]))
def test_any_way_of_cutting_the_seconds_into_chunks_gives_the_same_tallies(cuts, gap_s):
    edges = sorted({0, N // 2, N, *cuts})
    chunks = [piece(start, stop, gap_s) for start, stop in pairwise(edges)]
    assert tallied(*chunks, sitting=BACKWARD) == tallied(
        piece(0, N // 2, gap_s), piece(N // 2, N, gap_s), sitting=BACKWARD
    )


@settings(max_examples=20, deadline=None)
@given(cut=st.integers(1, N // 2))
def test_a_tallier_with_its_state_set_goes_on_as_if_never_stopped(cut):
    stopped, resumed = PostureTallier(BANDS), PostureTallier(BANDS)
    before = stopped.push(piece(0, cut, 0))
    resumed.state = stopped.state
    after = resumed.push(piece(cut, N, 0))
    assert before + after + resumed.flush() == tallied(piece(0, N, 0))
