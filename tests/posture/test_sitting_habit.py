"""How somebody sits is learnt from their own sitting: not before enough is seen, not where it is all alike, and anew
when the sensor has moved."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posture.calibration import Calibration, CalibrationSource
from posture.events import Activity
from posture.rotations import flexion, lateral_bend
from posture.sitting_habit import PUT_ON_ANEW_S, SittingHabit, what_was_learnt
from posture.sitting_ways import ENOUGH_SITTING_S, SittingSource
from posture.slouch import entry_deg

START = 1_767_600_000
MOUNTED = Calibration(CalibrationSource.WALKING, np.array([1.0, 0.0, 0.0]), forward=np.array([0.0, 0.0, 1.0]))

UPRIGHT_DEG, SLOUCHED_DEG = -8.0, -22.0


@pytest.fixture(scope="module")
def day(posture):
    """``day((activity, flexion_deg, seconds), ...)`` returns the seconds of these parts; a hole where it is None."""

    def make(*parts, seed=0, noise_deg=0.7):
        random = np.random.default_rng(seed)
        activity, flexion_deg, second = [], [], []
        now = START
        for what, angle_deg, length in parts:
            if what is not None:
                activity += [what] * length
                flexion_deg.append(angle_deg + random.normal(0, noise_deg, length))
                second.append(np.arange(now, now + length))
            now += length
        return posture(activity, np.concatenate(flexion_deg), second=np.concatenate(second))

    return make


def sat(*angles_deg, each_s=240):
    """Return sitting in these angles one after the other, with four minutes of walking in front, and one at times."""
    parts = [(Activity.WALKING, 0.0, 240)]
    for number, angle_deg in enumerate(angles_deg, 1):
        parts.append((Activity.SITTING, angle_deg, each_s))
        if number % 4 == 0:
            parts.append((Activity.WALKING, 0.0, 60))
    return parts


def two_ways(n=6, upright_deg=UPRIGHT_DEG, slouched_deg=SLOUCHED_DEG, spread_deg=1.5, seed=0):
    """Return n stays upright and n slouched in turns, no two alike."""
    random = np.random.default_rng(seed)
    each = np.array([upright_deg, slouched_deg] * n) + random.uniform(-spread_deg, spread_deg, 2 * n)
    return each.tolist()


@pytest.fixture
def learn(defaults):
    """Return what is known after seconds of one mounting."""

    def known(seconds, calibration=MOUNTED):
        habit = SittingHabit(defaults.slouch)
        habit.know_mounting(calibration)
        habit.push(seconds)
        return habit.flush()

    return known


@given(
    upright_deg=st.floats(-20, 0),
    range_deg=st.floats(11, 40),
    spread_deg=st.floats(0, 2.5),
    seed=st.integers(0, 999),
)
@settings(max_examples=40, deadline=None)
def test_who_sits_in_two_ways_has_both_learnt(day, defaults, upright_deg, range_deg, spread_deg, seed):
    angles_deg = two_ways(7, upright_deg, upright_deg - range_deg, spread_deg, seed)
    ((_, known),) = what_was_learnt(day(*sat(*angles_deg), seed=seed), MOUNTED, defaults.slouch)
    assert known.source is SittingSource.LEARNT
    assert known.sitting.upright_deg == pytest.approx(upright_deg, abs=spread_deg + 0.5)
    assert known.sitting.slouched_deg == pytest.approx(upright_deg - range_deg, abs=spread_deg + 0.5)
    assert known.sitting.upright_deg - entry_deg(defaults.slouch, known.sitting) > upright_deg - range_deg
    assert known.seen_s == pytest.approx(14 * 240, abs=14 * 5)


def test_short_sitting_is_not_enough(day, learn):
    known = learn(day(*sat(*two_ways(6), each_s=ENOUGH_SITTING_S // 12 - 10)))
    assert known.source is SittingSource.NOT_ENOUGH_SEEN
    assert known.sitting is None
    assert known.needed_s > known.seen_s > ENOUGH_SITTING_S / 2


def test_hours_in_two_stays_are_two_looks_and_tell_nothing(day, learn):
    known = learn(day(*sat(UPRIGHT_DEG, SLOUCHED_DEG, each_s=2 * 3600)))
    assert known.source is SittingSource.NOT_DISTINCT
    assert known.sitting is None


def test_a_way_seen_twice_is_not_known(day, learn):
    assert (
        learn(day(*sat(*[UPRIGHT_DEG] * 9, SLOUCHED_DEG, UPRIGHT_DEG, SLOUCHED_DEG))).source is not SittingSource.LEARNT
    )


@pytest.mark.parametrize("angle_deg", [-5.0, -25.0, -45.0])
@given(seed=st.integers(0, 999))
@settings(max_examples=15, deadline=None)
def test_who_always_sits_alike_is_not_said_to_slouch(day, defaults, angle_deg, seed):
    """Whether it is upright or slouched, nobody knows; nor does the wander of one habit make it two."""
    each = np.random.default_rng(seed).normal(angle_deg, 2.5, 60)
    ((_, known),) = what_was_learnt(day(*sat(*each, each_s=120), seed=seed), MOUNTED, defaults.slouch)
    assert known.source is not SittingSource.LEARNT
    assert known.sitting is None


def test_who_sits_in_every_angle_is_judged_by_the_angle_not_by_a_share_of_it(day, learn, defaults):
    """What may be one wide habit has no slouched way; far from upright is far all the same."""
    order = np.random.default_rng(0).permutation(13)
    known = learn(day(*sat(*np.linspace(-50, -5, 13)[order])))
    assert known.source is SittingSource.LEARNT
    assert entry_deg(defaults.slouch, known.sitting) >= defaults.slouch.entry_deg
    assert learn(day(*sat(*np.linspace(-25, -5, 13)[order]))).source is SittingSource.NOT_DISTINCT


def test_two_ways_less_than_the_usual_angle_apart_take_more_stays(day, learn, defaults):
    near = {"upright_deg": -8.0, "slouched_deg": -18.0, "spread_deg": 5.0}
    assert learn(day(*sat(*two_ways(5, **near)))).source is SittingSource.NOT_DISTINCT
    known = learn(day(*sat(*two_ways(30, **near))))
    assert known.source is SittingSource.LEARNT
    assert entry_deg(defaults.slouch, known.sitting) < defaults.slouch.entry_deg


def test_leaning_over_the_desk_is_not_the_upright_way(day, learn):
    leaning = [angle for pair in zip([12.0] * 8, [UPRIGHT_DEG] * 8, strict=True) for angle in pair]
    assert learn(day(*sat(*leaning))).source is not SittingSource.LEARNT
    known = learn(day(*sat(*leaning, *two_ways(6))))
    assert known.sitting.upright_deg == pytest.approx(UPRIGHT_DEG, abs=1.0)


def test_a_reach_is_no_stay(day, learn):
    reaches = [part for _ in range(40) for part in ((Activity.SITTING, UPRIGHT_DEG, 60), (Activity.SITTING, 25.0, 4))]
    assert learn(day((Activity.WALKING, 0.0, 130), *reaches)).source is SittingSource.NOT_DISTINCT


def test_it_sharpens_during_the_day(day, learn):
    errors_deg = [learn(day(*sat(*two_ways(n)))).sitting.error_deg for n in (5, 10, 40)]
    assert errors_deg == sorted(errors_deg, reverse=True)
    assert errors_deg[-1] < errors_deg[0] / 2


def test_once_known_it_changes_only_when_the_wearer_gets_up(day, defaults):
    habit = SittingHabit(defaults.slouch)
    habit.know_mounting(MOUNTED)
    seconds = day(*sat(*two_ways(20)))
    known = [each for each in habit.push(seconds) if each.knowledge.sitting is not None]
    assert len(known) > 3
    activity = dict(zip(seconds.second.tolist(), seconds.activity, strict=True))
    assert all(activity[each.second] is Activity.WALKING for each in known[1:])


def test_nothing_is_learnt_before_the_mounting_is_known(day, learn):
    assert learn(day(*sat(*two_ways(8))), Calibration(CalibrationSource.NONE)).seen_s == 0


def test_after_the_strap_has_moved_all_is_forgotten(day, defaults):
    habit = SittingHabit(defaults.slouch)
    habit.know_mounting(MOUNTED)
    habit.push(day(*sat(*two_ways(7))))
    assert habit.knowledge.source is SittingSource.LEARNT
    habit.forget()
    assert habit.knowledge.seen_s == 0
    habit.know_mounting(MOUNTED)
    habit.push(day(*sat(*two_ways(7, upright_deg=UPRIGHT_DEG + 10.0, slouched_deg=SLOUCHED_DEG + 10.0))))
    assert habit.knowledge.sitting.upright_deg == pytest.approx(UPRIGHT_DEG + 10.0, abs=1.0)


@pytest.mark.parametrize("away", [(None, 0.0, PUT_ON_ANEW_S + 1), (Activity.UNKNOWN, 0.0, PUT_ON_ANEW_S + 1)])
def test_a_sensor_put_on_anew_is_learnt_anew(day, defaults, away):
    seconds = day(*sat(*two_ways(7)), away, (Activity.STANDING, 0.0, 20))
    (_, before), (row, after) = what_was_learnt(seconds, MOUNTED, defaults.slouch)
    assert before.source is SittingSource.LEARNT
    assert after.source is SittingSource.NOT_ENOUGH_SEEN
    assert seconds.second[row] == seconds.second[-1] - 19


@given(cut=st.floats(0.05, 0.95), tip_deg=st.floats(-25, 25), aside_deg=st.floats(-25, 25))
@settings(max_examples=30, deadline=None)
def test_a_better_calibration_tells_the_old_angles_anew(day, defaults, cut, tip_deg, aside_deg):
    """What was learnt by one calibration is as if it had been learnt by the next."""
    tip, aside = np.radians([tip_deg, aside_deg])
    tilted = np.array([[np.cos(tip), 0, -np.sin(tip)], [0, 1, 0], [np.sin(tip), 0, np.cos(tip)]])
    turned = tilted @ np.array([[1, 0, 0], [0, np.cos(aside), -np.sin(aside)], [0, np.sin(aside), np.cos(aside)]])
    better = Calibration(CalibrationSource.WALKING, turned[0], forward=turned[2])
    before = day(*sat(*two_ways(6)))
    bent, leaning = np.radians(before.flexion_deg), np.radians(before.lateral_deg)
    up = np.column_stack([np.cos(leaning) * np.cos(bent), -np.sin(leaning), -np.cos(leaning) * np.sin(bent)])
    up = better.up_in_body(up)
    after = replace(before, flexion_deg=np.degrees(flexion(up)), lateral_deg=np.degrees(lateral_bend(up)))
    row = round(cut * len(before))

    habit, all_along = SittingHabit(defaults.slouch), SittingHabit(defaults.slouch)
    habit.know_mounting(MOUNTED)
    habit.push(before.rows(0, row))
    habit.know_mounting(better)
    habit.push(after.rows(row, len(after)))
    all_along.know_mounting(better)
    all_along.push(after)
    one, other = habit.flush(), all_along.flush()
    assert one.source is other.source
    if one.sitting is not None:
        assert one.sitting.upright_deg == pytest.approx(other.sitting.upright_deg, abs=0.5)
        assert one.sitting.slouched_deg == pytest.approx(other.sitting.slouched_deg, abs=0.5)


@given(data=st.data(), seed=st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_however_cut_and_restarted_the_same_is_known(day, defaults, cutting, data, seed):
    parts = sat(*two_ways(8, seed=seed)), [(None, 0.0, PUT_ON_ANEW_S + 1)], sat(*two_ways(8, seed=seed + 1))
    seconds = day(*(part for each in parts for part in each), seed=seed)
    cuts = data.draw(cutting.draw(len(seconds)))
    whole = SittingHabit(defaults.slouch)
    whole.know_mounting(MOUNTED)
    expected = [*whole.push(seconds), whole.flush()]
    known, state = [], None
    for start, stop in pairwise(cuts):
        habit = SittingHabit(defaults.slouch)
        habit.know_mounting(MOUNTED)
        if state is not None:
            habit.state = state
        known += habit.push(seconds.rows(start, stop))
        state = habit.state
    assert [*known, habit.flush()] == expected
