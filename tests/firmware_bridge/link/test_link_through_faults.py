"""Every sensor through everything that goes wrong: each sample is recorded exactly once, or is in a counted gap."""

import asyncio

import numpy as np
import pytest

from firmware_bridge.virtual.air import Fate

MINUTE_S = 60.0
EPOCH_S = 1_800_000_000.0
HOUR_MIN = 60.0
LEAST_STEP = 0.8

MOST_SD_S = {"lsp": 0.0003, "dot": 0.0004, "capture2go": 0.0003, "polar": 0.0012}
"""Polar's packets of 500 ms are in step with the connection interval, 37.5 ms, for minutes; see docs/benchmarks.md."""


def everything(minutes):
    """Return a script: broken links, a stall, 5 minutes (of an hour) out of reach, a restart."""
    part_s = minutes * MINUTE_S / 12

    async def faults(sensor, lived):
        await asyncio.sleep(part_s)
        for _ in range(3):
            sensor.drop_link()
            lived.returned_s.append(asyncio.get_running_loop().time())
            await asyncio.sleep(part_s)
        sensor.stall(8.0)
        await asyncio.sleep(part_s)
        sensor.set_in_range(in_range=False)
        await asyncio.sleep(part_s)
        sensor.set_in_range(in_range=True)
        lived.returned_s.append(asyncio.get_running_loop().time())
        await asyncio.sleep(2 * part_s)
        await sensor.reboot(off_s=3.0)
        lived.returned_s.append(asyncio.get_running_loop().time())
        await asyncio.sleep(2 * part_s)

    return faults


def check_accounts(lived, truth, received):
    """All that reached the host's radio is recorded once, in order; all else is in a gap that is counted."""
    assert (received >= 0).all(), "nothing invented"
    assert (np.diff(received) > 0).all(), "in order, none twice"
    assert (truth.fate[received] != Fate.TAKEN).all(), "nothing invented"
    total = lived.link.stream.ledger.total
    unpaired = lived.link.stream.unpaired
    assert total.received - len(received) in {0, unpaired}, "those paired by order are left out before the account"
    missing = np.setdiff1d(np.flatnonzero(truth.fate == Fate.ARRIVED), received)
    assert len(missing) <= unpaired
    between = np.setdiff1d(np.arange(received[0], received[-1] + 1), received)
    time_s = truth.time_s[between] + EPOCH_S
    slack_s = 0.1
    inside = [
        any(gap.start_s - slack_s <= time <= gap.end_s + slack_s for gap in lived.link.stream.ledger.gaps)
        for time in time_s.tolist()
    ]
    assert len(between) - sum(inside) <= unpaired


@pytest.fixture(params=[6.0, pytest.param(60.0, marks=pytest.mark.slow)], ids=["six minutes", "an hour"])
def minutes(request):
    return request.param


def test_every_sample_is_recorded_once_or_counted(live_through, kind, minutes, lossy, crystal, resistor, is_ticked):
    oscillator = resistor if kind == "witmotion" else crystal
    lived = live_through(kind, everything(minutes), conditions=lossy, oscillator=oscillator)
    truth = next(truth for name, truth in lived.sensor.truths.items() if name in ("imu", "acc")).samples()
    received = lived.numbers_of(truth)
    check_accounts(lived, truth, received)
    assert len(lived.recorded) == len(lived.live) + lived.late
    for returned_s in lived.returned_s:
        assert lived.connected_after(returned_s) - returned_s <= 5.0
    error_s = lived.live.time - EPOCH_S - truth.time_s[received]
    settled = truth.time_s[received] > minutes * MINUTE_S / 3
    if minutes < HOUR_MIN:
        # The sensor's clock was never seen before, its rate is still being learnt.
        most_s = 0.0015 if kind == "lsp" else 0.005 if is_ticked(kind) else 0.010
    else:
        most_s = MOST_SD_S.get(kind, 0.0005 if is_ticked(kind) else 0.010)
    assert error_s[settled].std() <= most_s
    if is_ticked(kind):
        steps_s = np.diff(lived.live.time)
        assert steps_s.min() >= LEAST_STEP * np.median(steps_s), "no two samples crowd"
    assert abs(error_s[settled].mean()) <= 0.010
