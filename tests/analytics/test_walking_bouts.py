"""Walking bouts: where they end, and their cadence."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.steps import Step
from analytics.walking import BoutParameters, WalkingBouts


def bouts_of(times, parameters=None):
    stage = WalkingBouts(parameters)
    return [*stage.push([Step(time) for time in times], -math.inf), *stage.flush()]


def walk(start, step_s, count):
    return [start + step_s * number for number in range(count)]


def test_a_bout_lasts_from_its_first_to_its_last_contact():
    (bout,) = bouts_of(walk(100.0, 0.5, 21))
    assert (bout.start, bout.end, bout.steps) == (100.0, 110.0, 21)
    assert bout.cadence_spm == pytest.approx(120.0)


def test_a_pause_longer_than_three_seconds_ends_a_bout():
    short = bouts_of([*walk(0.0, 0.5, 10), *walk(7.4, 0.5, 10)])
    long = bouts_of([*walk(0.0, 0.5, 10), *walk(7.6, 0.5, 10)])
    assert [bout.steps for bout in short] == [20]
    assert [bout.steps for bout in long] == [10, 10]


def test_a_bout_is_reported_once_no_further_step_can_join_it():
    stage = WalkingBouts()
    assert stage.push([Step(time) for time in walk(0.0, 0.5, 11)], settled_time=7.9) == []
    (bout,) = stage.push([], settled_time=8.1)
    assert bout.end == 5.0
    assert stage.flush() == []


def test_a_few_steps_are_no_bout():
    assert bouts_of(walk(0.0, 0.5, 4)) == []
    assert bouts_of(walk(0.0, 0.5, 4), BoutParameters(minimum_steps=4)) != []


def test_a_bout_needs_a_stride():
    with pytest.raises(ValueError, match="at least 3"):
        BoutParameters(minimum_steps=2)


def test_pauses_and_missed_contacts_do_not_slow_the_cadence():
    times = [*walk(0.0, 0.5, 10), *walk(7.0, 0.5, 10)]
    del times[14]
    (bout,) = bouts_of(times)
    assert bout.cadence_spm == pytest.approx(120.0)


def test_setting_off_and_stopping_do_not_slow_the_cadence():
    (bout,) = bouts_of(np.cumsum([1.0, 0.7, 0.5, 0.5, 0.5, 0.7, 0.9]).tolist())
    assert bout.cadence_spm == pytest.approx(120.0)


def test_a_limp_has_the_cadence_of_both_legs():
    times = np.cumsum([0.4, 0.8] * 8).tolist()
    (bout,) = bouts_of(times)
    assert bout.cadence_spm == pytest.approx(100.0)


step_times = st.lists(st.floats(0.25, 5.0), max_size=60).map(lambda gaps: np.cumsum(gaps).tolist())


@given(times=step_times, cut=st.integers(0, 60))
def test_bouts_are_the_same_however_the_steps_arrive(times, cut):
    first, second = WalkingBouts(), WalkingBouts()
    steps = [Step(time) for time in times]
    bouts = first.push(steps[:cut], times[cut] if cut < len(times) else -math.inf)
    second.state = first.state
    bouts += second.push(steps[cut:], -math.inf)
    assert bouts + second.flush() == bouts_of(times)


@given(times=step_times)
def test_bouts_are_apart_and_hold_only_steps_there_are(times):
    bouts = bouts_of(times)
    for bout in bouts:
        assert bout.steps == sum(bout.start <= time <= bout.end for time in times)
        assert bout.cadence_spm <= 60 / 0.25
    assert all(later.start - earlier.end > 3.0 for earlier, later in pairwise(bouts))
