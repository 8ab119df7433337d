"""The offline log comes whole, once, in order and at the right times, however often its download is cut or killed."""

import asyncio
import random

import pytest

from firmware_bridge.virtual.air import Oscillator, run_virtually

RAW, DECIMATED = 1, 2
LOG_HZ = {RAW: 100.0, DECIMATED: 25.0}


@pytest.fixture
def check_log(check_lsp_log):
    """Return what checks a life's log: each sample once, within half a sample of its time, and none left."""

    def check(life):
        check_lsp_log(life.folder, life.sensor, 0.5 / LOG_HZ[life.given["log_record"]])
        assert life.log_is_empty

    return check


@pytest.mark.parametrize("record", [RAW, pytest.param(DECIMATED, marks=pytest.mark.slow)])
def test_a_download_cut_fifty_times_gives_each_logged_sample_once(tmp_path, record, check_log, life_in):
    async def live():
        chance = random.Random(record)  # noqa: S311 - chance, no secret
        life = life_in(tmp_path, "lsp", log_record=record)
        await life.begin(record, Oscillator(ppm=25, wander_ppm=3))
        await asyncio.sleep(60)
        await life.away(120)
        await life.be_cut(chance, 50, 0.6)
        await life.live_on(30)
        check_log(life)

    run_virtually(live())


def test_a_log_of_a_quarter_of_an_hour_lies_right_in_time_after_a_short_acquaintance(tmp_path, check_log, life_in):
    # The sensor's clock is 40 ppm off: drawn back over the outage from what little is known, 36 ms wrong.
    async def live():
        life = life_in(tmp_path, "lsp", log_record=DECIMATED)
        await life.begin(0, Oscillator(ppm=40, wander_ppm=3))
        await asyncio.sleep(20)
        await life.away(900)
        await life.live_on(20)
        check_log(life)

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
def test_a_sensor_without_power_in_a_download_gives_the_rest_afterwards(tmp_path, record, moment, check_log, life_in):
    async def live():
        chance = random.Random(record)  # noqa: S311 - chance, no secret
        life = life_in(tmp_path, "lsp", log_record=record)
        await life.begin(record, Oscillator(ppm=40, wander_ppm=3))
        await asyncio.sleep(60)
        await life.away(60 if record == RAW else 240)
        for _ in range(4):
            await life.download_begun()
            await moment(life, chance)
            await life.sensor.reboot(off_s=3.0)
        await life.live_on(30)
        check_log(life)

    run_virtually(live())


@pytest.mark.parametrize("record", [pytest.param(RAW, marks=pytest.mark.slow), DECIMATED])
def test_a_program_killed_twenty_times_in_downloads_loses_and_doubles_nothing(tmp_path, record, check_log, life_in):
    async def live():
        chance = random.Random(record)  # noqa: S311 - chance, no secret
        life = life_in(tmp_path, "lsp", log_record=record)
        await life.begin(record, Oscillator(ppm=40, wander_ppm=3))
        await asyncio.sleep(60)
        await life.away(300)
        await life.be_killed(chance, 20, 0.6)
        await life.live_on(30)
        check_log(life)

    run_virtually(live())
