"""Stretches of one activity, and the changes of posture between them."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from posture.episodes import PASSING_S, ActivityEpisodes
from posture.events import Activity, ActivityEpisode, Transition
from posture.timeline import PostureSeconds

LONG_S = 3 * PASSING_S
BRIEF_S = PASSING_S - 1


def seconds_of(*stretches):
    """Return seconds with these activities, each for so long."""
    activity = tuple(each for each, n in stretches for _ in range(n))
    angle = np.zeros(len(activity))
    return PostureSeconds(np.arange(len(activity)), activity, angle, angle, angle)


def told(seconds, cuts=()):
    episodes, events = ActivityEpisodes(), []
    edges = [0, *cuts, len(seconds)]
    for start, stop in pairwise(edges):
        events += episodes.push(seconds.rows(start, stop))
    return [*events, *episodes.flush()]


def changes(*stretches):
    return [(event.kind, event.time) for event in told(seconds_of(*stretches)) if isinstance(event, Transition)]


STAND, SIT, LIE, WALK = Activity.STANDING, Activity.SITTING, Activity.LYING, Activity.WALKING


def test_each_change_of_posture_is_told_where_it_is():
    found = changes((WALK, LONG_S), (SIT, LONG_S), (LIE, LONG_S), (SIT, LONG_S), (STAND, LONG_S))
    assert found == [
        ("stand_to_sit", LONG_S),
        ("sit_to_lie", 2 * LONG_S),
        ("lie_to_sit", 3 * LONG_S),
        ("sit_to_stand", 4 * LONG_S),
    ]


def test_who_sits_only_on_the_way_down_lies_down():
    assert changes((STAND, LONG_S), (SIT, 4), (LIE, LONG_S)) == [("stand_to_lie", LONG_S + 2)]


def test_who_sits_only_on_the_way_up_gets_up():
    assert changes((LIE, LONG_S), (SIT, 4), (WALK, LONG_S)) == [("lie_to_stand", LONG_S + 2)]


@pytest.mark.parametrize("around", [STAND, LIE])
def test_who_sits_for_a_moment_and_goes_back_did_sit(around):
    there_and_back = changes((around, LONG_S), (SIT, 3), (around, LONG_S))
    assert [time for _, time in there_and_back] == [LONG_S, LONG_S + 3]


def test_sitting_that_lasts_is_told_while_it_lasts():
    episodes = ActivityEpisodes()
    seconds = seconds_of((STAND, LONG_S), (SIT, LONG_S))
    first = episodes.push(seconds.rows(0, LONG_S + BRIEF_S))
    assert not [event for event in first if isinstance(event, Transition)]
    (change,) = episodes.push(seconds.rows(LONG_S + BRIEF_S, LONG_S + BRIEF_S + 1))
    assert change == Transition(float(LONG_S), change.kind, duration_s=None)


def test_what_comes_after_a_hole_is_no_change():
    seconds = seconds_of((STAND, LONG_S), (SIT, 3), (LIE, LONG_S))
    there = (seconds.second < LONG_S + 3) | (seconds.second >= LONG_S + 6)
    with_hole = PostureSeconds(
        seconds.second[there],
        tuple(each for each, is_there in zip(seconds.activity, there, strict=True) if is_there),
        *(np.zeros(int(there.sum())) for _ in range(3)),
    )
    found = [event for event in told(with_hole) if isinstance(event, Transition)]
    assert [(event.kind, event.time) for event in found] == [("stand_to_sit", LONG_S)]


@given(
    stretches=st.lists(st.tuples(st.sampled_from(list(Activity)), st.integers(1, 2 * PASSING_S)), max_size=8),
    cuts=st.lists(st.integers(0, 60), max_size=6).map(sorted),
)
def test_the_same_however_the_seconds_are_cut_and_every_second_is_in_one_episode(stretches, cuts):
    seconds = seconds_of(*stretches)
    whole = told(seconds)
    assert told(seconds, [min(cut, len(seconds)) for cut in cuts]) == whole
    episodes = [event for event in whole if isinstance(event, ActivityEpisode)]
    assert [each.start for each in episodes[1:]] == [each.end for each in episodes[:-1]]
    assert sum(each.end - each.start for each in episodes) == len(seconds)
