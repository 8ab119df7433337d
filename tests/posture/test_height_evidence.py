"""What heights say of changes of posture: two views of one height, of which neither decides all by itself."""

from dataclasses import replace

import numpy as np
import pytest

from firmware_bridge.virtual import Bend, Lie, SensorModel, Sit, Stand
from posture.height_evidence import CLEAR, LOOK_AHEAD_S, MOST_FOR_SITTING_UP, MOST_LIFT, height_evidence

RATE_HZ = 100.0
LYING, SITTING, STANDING = Lie(12.0), Sit(12.0), Stand(12.0)


@pytest.fixture
def seen(play, analyse):
    """Return the seconds of a script, and which of them are around its only change of posture."""

    def of(*script):
        played = play(script, 4, RATE_HZ, sensor=SensorModel.ideal())
        seconds = analyse(played.chunk, RATE_HZ).seconds
        first, last = played.truth.activities[0], played.truth.activities[-1]
        return seconds, (seconds.second > first.end - 2) & (seconds.second < last.start + 1)

    return of


@pytest.mark.parametrize(
    ("script", "way", "other"), [((SITTING, STANDING), 0, 1), ((STANDING, SITTING), 1, 0)], ids=["up", "down"]
)
def test_a_change_is_seen_and_is_not_taken_for_its_opposite(seen, script, way, other):
    seconds, during = seen(*script)
    evidence = height_evidence(seconds)
    assert evidence[way][during].max() > 0.5 * MOST_LIFT
    assert evidence[way].max() <= MOST_LIFT
    together = during & (evidence[way] > 0.5 * MOST_LIFT)
    assert evidence[other][together].max() < 0.0


def test_a_bow_is_no_change(seen):
    seconds, _ = seen(STANDING, Bend(60.0, 1.0), STANDING)
    evidence = height_evidence(seconds)
    assert max(evidence.got_up.max(), evidence.sat_down.max()) < 0.5 * MOST_LIFT


def test_a_rebound_does_not_hide_that_the_wearer_sat_down(seen):
    """Who drops onto the seat is pushed up by it: the height over time, which leaks, then shows a rise."""
    seconds, during = seen(STANDING, SITTING)
    rebound = np.where(during, 0.1, 0.0)
    evidence = height_evidence(replace(seconds, rise=rebound, fall=np.zeros(len(seconds))))
    assert evidence.sat_down[during].max() > CLEAR
    assert evidence.got_up[during & (evidence.sat_down > CLEAR)].max() <= 0.0


def test_who_gets_up_from_lying_rather_stands_the_further_they_rose(seen):
    """Sitting up gains hardly any height, so that it speaks against standing rather than for anything."""
    rather_stood = {}
    for up in (SITTING, STANDING):
        seconds, during = seen(LYING, up)
        evidence = height_evidence(seconds)
        rather_stood[up] = (evidence.stood_up_from_lying - evidence.sat_up_from_lying)[during]
        assert evidence.sat_up_from_lying.max() <= MOST_FOR_SITTING_UP
    assert rather_stood[SITTING].max() < 0.0
    assert rather_stood[STANDING].max() > rather_stood[SITTING].max() + 1.0


def test_later_seconds_than_it_looks_ahead_do_not_count(seen):
    seconds, _ = seen(SITTING, STANDING)
    whole = height_evidence(seconds)
    for row in range(5, len(seconds) - LOOK_AHEAD_S):
        part = height_evidence(seconds.rows(0, row + LOOK_AHEAD_S + 1))
        assert [each[row] for each in part] == [each[row] for each in whole]


def test_nothing_is_said_of_no_seconds(seen):
    seconds, _ = seen(SITTING, STANDING)
    assert all(len(each) == 0 for each in height_evidence(seconds.rows(0, 0)))
