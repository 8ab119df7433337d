import copy

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge.imu import concatenate
from firmware_bridge.time_base import SampleStream
from firmware_bridge.time_base.host_clock import SETTLED_SLEW
from firmware_bridge.time_base.sample_clock import make_time_base
from firmware_bridge.time_base.unwrap import unwrap

UTC_S = 1_800_000_000.0
DELAY_S = st.floats(0.003, 0.4)


@given(value=st.integers(0, 2**40), bits=st.sampled_from([8, 16, 24, 32]), error=st.floats(-0.49, 0.49))
def test_a_wrapped_number_is_told_by_a_guess_within_half_a_wrap(value, bits, error):
    assert unwrap(value % 2**bits, bits, value + error * 2**bits) == value


@st.composite
def journeys(draw):
    """Numbers of packets as they arrive: some lost, some twice, some later than those after them."""
    sent = draw(st.lists(st.integers(0, 3), min_size=2, max_size=60))
    order = []
    for number, times in enumerate(sent):
        order.extend([number] * min(times, 2))
    for place in draw(st.lists(st.integers(0, 200), max_size=15)):
        if order and place < len(order):
            order.insert(min(place + 3, len(order) - 1), order.pop(place))
    return order, draw(st.lists(DELAY_S, min_size=len(order), max_size=len(order)))


@given(journey=journeys(), sizes=st.lists(st.integers(1, 19), min_size=61, max_size=61), start=st.integers(0, 2**16))
@settings(deadline=None, max_examples=150)
def test_whatever_the_radio_does_the_account_is_exact(make_sensor, clocks, journey, sizes, start):
    order, delays = journey
    firsts = start + np.concatenate([[0], np.cumsum(sizes)])
    sensor = make_sensor(clocks["lsp"], first_ticks=2**32 - 5000)
    stream = SampleStream(clocks["lsp"], 100.0, 0.0, UTC_S)
    chunks, arrival_s, highest, kept, duplicates = [], 0.0, -1, [], 0
    for number, delay_s in zip(order, delays, strict=True):
        first, n = int(firsts[number]), sizes[number]
        arrival_s = max(arrival_s, float(sensor.time_s(first + n - 1)) + delay_s)
        chunks.extend(stream.push(sensor.packet(first, n), arrival_s))
        duplicates += number in kept
        if number > highest:
            highest = number
            kept.append(number)
    if not order:
        return
    chunks.extend(stream.flush())
    segment = stream.ledger.total
    received = np.concatenate([np.arange(firsts[number], firsts[number] + sizes[number]) for number in kept])
    joined = concatenate(chunks)
    assert len(stream.ledger.segments) == 1
    assert joined.acc[:, 0].astype(int).tolist() == received.tolist()
    assert segment.received == len(received)
    assert segment.received + segment.lost == received[-1] - received[0] + 1
    assert sum(gap.lost for gap in stream.ledger.gaps) == segment.lost
    assert segment.duplicate_packets == duplicates
    assert segment.late_packets == len(order) - len(kept) - duplicates


@pytest.mark.parametrize("name", ["lsp", "movesense", "dot", "polar", "capture2go"])
@given(lost=st.sets(st.integers(1, 150), max_size=60), ppm=st.floats(-100, 100), rate_off=st.floats(-0.01, 0.01))
@settings(deadline=None, max_examples=25)
def test_every_sensor_with_ticks_counts_loss_exactly_though_its_rate_is_off(
    make_sensor, clocks, name, lost, ppm, rate_off
):
    true_hz = 52 * (1 + rate_off)
    sensor = make_sensor(clocks[name], true_hz, ppm, first_ticks=2**32 - 10_000)
    base = make_time_base(clocks[name], 52.0)
    arriving = [number for number in range(160) if number not in lost]
    placed = [
        one
        for number in arriving
        for one in base.push(sensor.packet(number * 8, 8), float(sensor.time_s(number * 8 + 7)) + 0.01)
    ]
    placed += base.flush()
    assert [one.packet.acc[0, 0] for one in placed] == [number * 8 for number in arriving]
    assert [one.lost_before for one in placed] == [0, *(8 * (np.diff(arriving) - 1)).tolist()]


@given(delays=st.lists(st.floats(0.0, 2.0) | st.floats(0.0, 0.05), min_size=20, max_size=200), ticks=st.booleans())
@settings(deadline=None, max_examples=60)
def test_times_increase_strictly_however_late_packets_come(make_sensor, clocks, delays, ticks):
    clock = clocks["lsp"] if ticks else None
    sensor = make_sensor(clock)
    base = make_time_base(clock, 100.0)
    arrival_s, placed = 0.0, []
    for number, delay_s in enumerate(delays):
        arrival_s = max(arrival_s, float(sensor.time_s(number * 10 + 9)) + delay_s)
        placed.extend(base.push(sensor.packet(number * 10), arrival_s))
    placed.extend(base.flush())
    times = np.concatenate([one.time_s for one in placed])
    assert len(times) == 10 * len(delays)
    assert (np.diff(times) > 0).all()


@given(seed=st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=10)
def test_after_the_start_time_is_slewed_never_stepped(make_sensor, clocks, seed):
    random = np.random.default_rng(seed)
    sensor = make_sensor(clocks["lsp"], ppm=25)
    base = make_time_base(clocks["lsp"], 100.0)
    arrival_s, times = 0.0, []
    for number in range(1200):
        arrival_s = max(arrival_s, float(sensor.time_s(number * 10 + 9)) + random.exponential(0.03))
        times.extend(one.time_s for one in base.push(sensor.packet(number * 10), arrival_s))
    steps_s = np.diff(np.concatenate(times))
    assert steps_s.min() >= 0.95 * 0.01, "nor crowded at the start"
    late = np.concatenate(times)[4000:]
    quantum_s = 0.1 / 32768
    clock_off = 200e-6
    assert (np.abs(np.diff(late) - 0.01) <= 0.01 * (SETTLED_SLEW + clock_off) + quantum_s).all()


@given(steps=st.lists(st.floats(-7200, 7200), min_size=1, max_size=6), drop=st.booleans())
@settings(deadline=None, max_examples=40)
def test_a_clock_that_is_set_does_not_tear_the_samples(make_sensor, clocks, steps, drop):
    sensor = make_sensor(clocks["lsp"])
    stream = SampleStream(clocks["lsp"], 100.0, 0.0, UTC_S)
    chunks, number = [], 0
    for step_s in steps:
        for _ in range(20):
            chunks.extend(stream.push(sensor.packet(number * 10), float(sensor.time_s(number * 10 + 9)) + 0.01))
            number += 1
        stream.anchor_utc(number / 10, UTC_S + step_s + number / 10)
        number += 50 * drop
    joined = concatenate(chunks)
    within = np.diff(joined.acc[:, 0]) == 1
    assert (np.abs(np.diff(joined.time)[within] - 0.01) < 1e-4).all()


@given(stop=st.integers(1, 60), ticks=st.booleans())
@settings(deadline=None, max_examples=20)
def test_a_copy_goes_on_like_the_original(make_sensor, clocks, stop, ticks):
    clock = clocks["lsp"] if ticks else None
    sensor = make_sensor(clock, ppm=40)
    stream = SampleStream(clock, 100.0, 0.0, UTC_S)
    arrivals = [float(sensor.time_s(number * 10 + 9)) + 0.02 * (number * 7 % 5) for number in range(80)]
    for number in range(stop):
        stream.push(sensor.packet(number * 10), arrivals[number])
    other = copy.deepcopy(stream)
    for number in range(stop, 80):
        mine, copied = (one.push(sensor.packet(number * 10), arrivals[number]) for one in (stream, other))
        assert [chunk.time.tolist() for chunk in mine] == [chunk.time.tolist() for chunk in copied]
    assert stream.ledger.total == other.ledger.total


@given(
    lost_acc=st.sets(st.integers(1, 59), max_size=10),
    lost_gyr=st.sets(st.integers(1, 59), max_size=10),
    behind=st.integers(0, 3),
)
@settings(deadline=None, max_examples=40)
def test_accelerometer_and_gyroscope_meet_at_the_right_times(make_sensor, clocks, lost_acc, lost_gyr, behind):
    """A linear signal is interpolated exactly, and no sample is made across a hole of the gyroscope."""
    sensor = make_sensor(clocks["polar"], 52.0)
    stream = SampleStream(clocks["polar"], 52.0, 0.0, UTC_S)
    chunks = []
    for number in range(60 + behind):
        arrival_s = float(sensor.time_s(number * 10 + 9)) + 0.01
        if number < 60 and number not in lost_acc:
            chunks.extend(stream.push(sensor.packet(number * 10, gyr=False), arrival_s))
        gyr_number = number - behind
        if gyr_number >= 0 and gyr_number not in lost_gyr:
            chunks.extend(stream.push(sensor.packet(gyr_number * 10, acc=False), arrival_s))
    joined = concatenate([*chunks, *stream.flush()])
    assert joined.gyr is not None
    np.testing.assert_allclose(joined.gyr, joined.acc / 100, atol=2e-3)
    assert not {int(value) // 10 for value in np.round(joined.acc[1:-1, 0])} & lost_gyr
    assert len(joined) + stream.unpaired == stream.ledger.total.received == (60 - len(lost_acc)) * 10
    assert stream.unpaired <= 12 * (len(lost_gyr) + 1)
