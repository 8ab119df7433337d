"""On the virtual clock sleeping costs nothing, and a program that waits for nothing is told so."""

import asyncio
import time

import pytest

from firmware_bridge.virtual.air import run_virtually, utc_from


def test_an_hour_of_sleep_takes_no_time():
    async def hour():
        before_s = asyncio.get_running_loop().time()
        await asyncio.sleep(3600)
        return asyncio.get_running_loop().time() - before_s

    began_s = time.monotonic()
    assert run_virtually(hour()) == 3600
    assert time.monotonic() - began_s < 1


def test_timers_fire_in_the_order_of_their_times():
    async def three():
        seen = []

        async def note(delay_s):
            await asyncio.sleep(delay_s)
            seen.append((delay_s, asyncio.get_running_loop().time()))

        await asyncio.gather(note(3), note(1), note(2))
        return seen

    assert run_virtually(three()) == [(1, 1.0), (2, 2.0), (3, 3.0)]


def test_a_wait_that_nobody_can_end_is_an_error():
    async def for_ever():
        await asyncio.Event().wait()

    with pytest.raises(RuntimeError, match="nothing is scheduled"):
        run_virtually(for_ever())


def test_time_limits_hold_on_the_virtual_clock():
    async def limited():
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.Event().wait(), 20)
        return asyncio.get_running_loop().time()

    assert run_virtually(limited()) == pytest.approx(20)


def test_the_clock_stands_still_while_a_thread_works():
    async def threaded():
        ticker = asyncio.create_task(asyncio.sleep(1000))
        await asyncio.to_thread(time.sleep, 0.05)
        now_s = asyncio.get_running_loop().time()
        ticker.cancel()
        return now_s

    assert run_virtually(threaded()) == 0


def test_an_error_in_a_callback_ends_the_run():
    async def failing():
        asyncio.get_running_loop().call_later(1, lambda: 1 / 0)
        await asyncio.sleep(2)

    with pytest.raises(ZeroDivisionError):
        run_virtually(failing())


def test_utc_follows_the_virtual_clock():
    async def day():
        utc_now = utc_from(1_767_600_000.0)
        await asyncio.sleep(86_400)
        return utc_now()

    assert run_virtually(day()) == 1_767_686_400.0
