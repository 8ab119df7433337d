"""MetaMotion's log comes whole, once and in order, however often its download is cut or the program is killed."""

import asyncio
import random

import numpy as np
import pytest

from firmware_bridge.imu import concatenate
from firmware_bridge.recordings import open_recording
from firmware_bridge.virtual.air import Oscillator, run_virtually

EPOCH_S = 1_800_000_000.0
RATE_HZ = 25
MOST_ERROR_S = 0.005


def check_log(life, numbers_of):
    """Each sample that was logged is recorded once, at the right time; the log is empty."""
    recorded = concatenate(list(open_recording(life.folder).chunks()))
    assert (np.diff(recorded.time) > 0).all(), "in order of time"
    live, log = (life.sensor.truths[name].samples() for name in ("acc", "log_acc"))
    from_log, from_live = (numbers_of(recorded, truth) for truth in (log, live))
    assert ((from_live >= 0) | (from_log >= 0)).all(), "nothing invented"
    time_s = recorded.time - EPOCH_S
    is_late = from_log >= 0
    assert (np.diff(from_live[~is_late]) > 0).all(), "in the order in which they were taken, none twice"
    np.testing.assert_array_equal(from_log[is_late], np.arange(len(log.number)), "all, in order, none twice")
    assert np.abs(time_s[is_late] - log.time_s[from_log[is_late]]).max() < MOST_ERROR_S
    assert life.log_is_empty


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_a_download_cut_fifty_times_gives_each_logged_sample_once(tmp_path, seed, numbers_of, life_in):
    async def live():
        chance = random.Random(seed)  # noqa: S311 - chance, no secret
        life = life_in(tmp_path, "metamotion", rate_hz=RATE_HZ)
        await life.begin(seed, Oscillator(ppm=25, wander_ppm=3))
        await asyncio.sleep(60)
        await life.away(120)
        await life.be_cut(chance, 50, 3)
        await life.live_on(600)
        check_log(life, numbers_of)

    run_virtually(live())


@pytest.mark.parametrize(
    ("kills", "away_s", "rest_s"), [(8, 60, 100), pytest.param(20, 120, 300, marks=pytest.mark.slow)]
)
def test_a_program_killed_in_downloads_loses_and_doubles_nothing(tmp_path, kills, away_s, rest_s, numbers_of, life_in):
    async def live():
        chance = random.Random(0)  # noqa: S311 - chance, no secret
        life = life_in(tmp_path, "metamotion", rate_hz=RATE_HZ)
        await life.begin(0, Oscillator(ppm=25, wander_ppm=3))
        await asyncio.sleep(60)
        await life.away(away_s)
        await life.be_killed(chance, kills, 3)
        await life.live_on(rest_s)
        check_log(life, numbers_of)

    run_virtually(live())
