"""The offline log comes whole, once, in order and at the right times, however often its download is cut or killed."""

import asyncio
import random

import numpy as np
import pytest

from firmware_bridge.imu import concatenate
from firmware_bridge.recordings import open_recording
from firmware_bridge.virtual.air import Oscillator, run_virtually

EPOCH_S = 1_800_000_000.0
RAW, DECIMATED = 1, 2
LOG_HZ = {RAW: 100.0, DECIMATED: 25.0}


def check_log(life, numbers_of):
    """Each sample that was logged is recorded once, within half a sample of when it was taken; the log is empty."""
    recorded = concatenate(list(open_recording(life.folder).chunks()))
    assert (np.diff(recorded.time) > 0).all(), "in order of time"
    live, log = (life.sensor.truths[name].samples() for name in ("imu", "log"))
    from_log, from_live = (numbers_of(recorded, truth) for truth in (log, live))
    time_s = recorded.time - EPOCH_S
    nearer = np.abs(time_s - log.time_s[from_log]) < np.abs(time_s - live.time_s[from_live])
    is_late = (from_log >= 0) & ((from_live < 0) | nearer)
    assert ((from_live >= 0) | is_late).all(), "nothing invented"
    np.testing.assert_array_equal(np.bincount(from_log[is_late], minlength=len(log.number)), 1)
    assert np.bincount(from_live[~is_late]).max() == 1, "no live sample twice"
    error_s = time_s[is_late] - log.time_s[from_log[is_late]]
    assert np.abs(error_s).max() < 0.5 / LOG_HZ[life.given["log_record"]]
    assert life.log_is_empty
    assert life.sensor.log.overwritten == 0


@pytest.mark.parametrize("record", [RAW, pytest.param(DECIMATED, marks=pytest.mark.slow)])
def test_a_download_cut_fifty_times_gives_each_logged_sample_once(tmp_path, record, numbers_of, life_in):
    async def live():
        chance = random.Random(record)  # noqa: S311 - chance, no secret
        life = life_in(tmp_path, "lsp", log_record=record)
        await life.begin(record, Oscillator(ppm=25, wander_ppm=3))
        await asyncio.sleep(60)
        await life.away(120)
        for number in range(50):
            await life.download_begun()
            if number % 3 == 0:
                await life.block()
            else:
                await asyncio.sleep(chance.uniform(0, 0.6))
            await life.cut(chance)
            await asyncio.sleep(0.1)
        await asyncio.sleep(30)
        await life.bury()
        check_log(life, numbers_of)

    run_virtually(live())


def test_a_log_of_a_quarter_of_an_hour_lies_right_in_time_after_a_short_acquaintance(tmp_path, numbers_of, life_in):
    # The sensor's clock is 40 ppm off: drawn back over the outage from what little is known, 36 ms wrong.
    async def live():
        life = life_in(tmp_path, "lsp", log_record=DECIMATED)
        await life.begin(0, Oscillator(ppm=40, wander_ppm=3))
        await asyncio.sleep(20)
        await life.away(900)
        await asyncio.sleep(20)
        await life.bury()
        check_log(life, numbers_of)

    run_virtually(live())


async def in_a_block(_life, chance):
    await asyncio.sleep(chance.uniform(0, 1))


async def before_the_confirmation(life, _chance):
    await life.block()


async def after_the_confirmation(life, chance):
    await life.block()
    await asyncio.sleep(chance.uniform(0, 0.1))


@pytest.mark.parametrize("record", [RAW, DECIMATED])
@pytest.mark.parametrize("moment", [in_a_block, before_the_confirmation, after_the_confirmation])
def test_a_sensor_without_power_in_a_download_gives_the_rest_afterwards(tmp_path, record, moment, numbers_of, life_in):
    async def live():
        chance = random.Random(record)  # noqa: S311 - chance, no secret
        life = life_in(tmp_path, "lsp", log_record=record)
        await life.begin(record, Oscillator(ppm=40, wander_ppm=3))
        await asyncio.sleep(60)
        await life.away(300)
        for _ in range(4):
            await life.download_begun()
            await moment(life, chance)
            await life.sensor.reboot(off_s=3.0)
        await asyncio.sleep(30)
        await life.bury()
        check_log(life, numbers_of)

    run_virtually(live())


@pytest.mark.parametrize("record", [pytest.param(RAW, marks=pytest.mark.slow), DECIMATED])
def test_a_program_killed_twenty_times_in_downloads_loses_and_doubles_nothing(tmp_path, record, numbers_of, life_in):
    async def live():
        chance = random.Random(record)  # noqa: S311 - chance, no secret
        life = life_in(tmp_path, "lsp", log_record=record)
        await life.begin(record, Oscillator(ppm=40, wander_ppm=3))
        await asyncio.sleep(60)
        await life.away(300)
        for number in range(20):
            await life.download_begun()
            if number % 4 == 0:
                await asyncio.sleep(chance.uniform(0, 0.6))
                life.kill()
            else:
                killed = asyncio.get_running_loop().create_future()
                life.listener.on_block = lambda life=life, killed=killed: (life.kill(), killed.set_result(None))
                await asyncio.wait_for(killed, 60)
                if number % 4 == 1:
                    life.tear(chance)
            await asyncio.sleep(10)
            await life.bury()
            life.sensor.set_in_range(in_range=True)
            life.start()
        await asyncio.sleep(30)
        await life.bury()
        check_log(life, numbers_of)

    run_virtually(live())
