"""The log of all seconds: what it has given out stays as it was, whatever comes later."""

import numpy as np
import pytest

from posture.seconds import join_seconds
from posture.seconds_log import SecondsLog


@pytest.fixture(scope="module")
def seconds(busy, analyse):
    return analyse(busy(50.0, has_gyro=True).chunk, 50.0).seconds


def test_seconds_are_the_same_one_by_one_and_at_once(seconds, differs):
    log = SecondsLog()
    for row in range(len(seconds)):
        log.append(seconds.rows(row, row + 1))
    assert len(log) == len(seconds)
    assert log.end == seconds.second[-1] + 1
    assert differs(log.joined(), seconds) is None


def test_what_was_given_out_stays(seconds, differs):
    log = SecondsLog(seconds.rows(0, 10))
    early = log.joined()
    kept = join_seconds([early])
    log.append(seconds.rows(10, len(seconds)))
    log.take_off(np.array([0.3, 0.0, -0.2]))
    log.append(seconds.rows(0, 10))
    assert differs(early, kept) is None


def test_an_offset_taken_off_holds_for_the_seconds_before_only(seconds, differs):
    offset = np.array([0.3, 0.0, -0.2])
    log = SecondsLog(seconds.rows(0, 10))
    up_ms2 = log.take_off(offset)
    log.append(seconds.rows(10, 20))
    assert up_ms2 == pytest.approx(seconds.up[9] @ offset)
    expected = join_seconds([seconds.rows(0, 10).without_offset(offset), seconds.rows(10, 20)])
    assert differs(log.joined(), expected) is None


def test_none_yet():
    with pytest.raises(ValueError, match="no seconds"):
        SecondsLog().joined()
