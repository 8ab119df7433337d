import numpy as np
import pytest

from config.errors import PacketError
from firmware_bridge.devices.driver import Packet
from firmware_bridge.imu import concatenate
from firmware_bridge.time_base import SampleStream
from firmware_bridge.time_base.merge import WAIT_S
from firmware_bridge.time_base.pairing import STEADY_PACKETS
from firmware_bridge.time_base.sample_clock import make_time_base

UTC_S = 1_800_000_000.0


def send(stream, sensor, packets, *, host_s=0.0, delay_s=0.01, n=10):
    chunks = []
    for number in packets:
        arrival_s = host_s + float(sensor.time_s(number * n + n - 1)) + delay_s
        chunks.extend(stream.push(sensor.packet(number * n, n), arrival_s))
    return chunks


def noisy_link(sensor, packets, seed, interval_s=0.0425):
    """Arrivals over a link with connection events, missed events and stalls."""
    random = np.random.default_rng(seed)
    true_s = sensor.time_s(np.arange(packets) * 10 + 9)
    late_s = interval_s - true_s % interval_s + interval_s * (random.geometric(0.92, packets) - 1)
    late_s += 0.003 + random.exponential(0.002, packets) + (random.random(packets) < 0.002) * 0.3
    return np.maximum.accumulate(true_s + late_s)


@pytest.mark.parametrize(("ticks", "ppm", "most_ms"), [(True, 25.0, 0.5), (False, 7000.0, 10.0)])
def test_times_are_true_over_a_bad_link(make_sensor, clocks, ticks, ppm, most_ms):
    clock = clocks["lsp"] if ticks else None
    sensor = make_sensor(clock, ppm=ppm)
    base = make_time_base(clock, 100.0)
    arrivals = noisy_link(sensor, 9000, seed=3)
    placed = []
    for number in [*range(4000), *range(4600, 9000)]:
        placed.extend(base.push(sensor.packet(number * 10), arrivals[number]))
    placed.extend(base.flush())
    numbers = np.concatenate([one.packet.acc[:, 0] for one in placed])
    off_ms = (np.concatenate([one.time_s for one in placed]) - sensor.time_s(numbers)) * 1000
    settled = off_ms[numbers > 12_000]
    assert settled.std() < most_ms
    assert 2 < settled.mean() < 8
    assert sum(one.lost_before for one in placed) == 6000
    assert {one.lost_is_estimate for one in placed if one.lost_before} == {not ticks}


def test_the_first_packet_has_a_sensible_time(make_sensor, clocks):
    sensor = make_sensor(clocks["lsp"])
    stream = SampleStream(clocks["lsp"], 100.0, 0.0, UTC_S)
    assert send(stream, sensor, [0]) == []
    (chunk,) = stream.flush()
    np.testing.assert_allclose(chunk.time - UTC_S, np.arange(10) / 100 + 0.01, atol=1e-4)


def test_a_stalled_first_packet_is_forgotten_within_seconds(make_sensor, clocks):
    sensor = make_sensor(clocks["lsp"])
    stream = SampleStream(clocks["lsp"], 100.0, 0.0, UTC_S)
    send(stream, sensor, [0], delay_s=0.2)
    chunks = send(stream, sensor, range(3, 120))
    last = chunks[-1]
    assert last.time[-1] - UTC_S == pytest.approx(sensor.time_s(1199) + 0.01, abs=1e-3)


def test_the_first_samples_have_the_times_that_the_least_late_packet_tells(make_sensor, clocks):
    """All packets of the first second waited; they are held until one comes that did not."""
    sensor = make_sensor(clocks["lsp"])
    stream = SampleStream(clocks["lsp"], 100.0, 0.0, UTC_S)
    assert send(stream, sensor, range(15), delay_s=0.035) == []
    joined = concatenate(send(stream, sensor, range(15, 40)))
    np.testing.assert_allclose(joined.time - UTC_S, sensor.time_s(joined.acc[:, 0]) + 0.01, atol=2e-4)
    assert joined.acc[:, 0].tolist() == list(range(400))


def test_held_samples_of_a_sensor_that_starts_anew_belong_to_the_start_before(make_sensor, clocks):
    """The gyroscope tells of the restart first; what is held of the accelerometer is of the clock of before."""
    sensor = make_sensor(clocks["polar"])
    stream = SampleStream(clocks["polar"], 100.0, 0.0, UTC_S)
    chunks = []
    for begin_s in (10.0, 20.0):
        for number in range(8):
            arrival_s = begin_s + float(sensor.time_s(number * 10 + 9)) + 0.01
            chunks += stream.push(sensor.packet(number * 10, acc=False), arrival_s)
            chunks += stream.push(sensor.packet(number * 10, gyr=False), arrival_s)
        if begin_s == 10.0:
            chunks += stream.restart()
    joined = concatenate([*chunks, *stream.flush()])
    begin_s = np.where(np.arange(len(joined)) < len(joined) // 2, 10.0, 20.0)
    np.testing.assert_allclose(joined.time - UTC_S, begin_s + sensor.time_s(joined.acc[:, 0]) + 0.01, atol=1e-4)
    assert len(joined) + stream.unpaired == 160


def test_a_reboot_without_a_word_is_a_new_segment(make_sensor, clocks):
    sensor = make_sensor(clocks["lsp"])
    stream = SampleStream(clocks["lsp"], 100.0, 0.0, UTC_S)
    chunks = [*send(stream, sensor, range(200)), *send(stream, sensor, range(50), host_s=30.0)]
    joined = concatenate(chunks)
    assert [segment.received for segment in stream.ledger.segments] == [2000, 500]
    assert [gap.lost for gap in stream.ledger.gaps] == [None]
    assert joined.time[2000] - UTC_S == pytest.approx(30.01, abs=1e-3)


def test_a_reboot_that_is_told_is_a_new_segment_whatever_the_ticks_say(make_sensor, clocks):
    sensor = make_sensor(clocks["lsp"])
    stream = SampleStream(clocks["lsp"], 100.0, 0.0, UTC_S)
    send(stream, sensor, range(20))
    stream.restart()
    send(stream, sensor, range(25, 45))
    assert [segment.lost for segment in stream.ledger.segments] == [0, 0]


def test_a_counter_that_begins_anew_keeps_the_clock_and_the_account(make_sensor, clocks):
    """The sensor was told to start again and counts from zero; its clock, and what is known of it, went on."""
    sensor = make_sensor(clocks["lsp"])
    restarted = make_sensor(clocks["lsp"], first_ticks=32768 * 60)
    stream = SampleStream(clocks["lsp"], 100.0, 0.0, UTC_S)
    send(stream, sensor, range(100))
    send(stream, restarted, range(100), host_s=60.0)
    assert [(segment.received, segment.lost) for segment in stream.ledger.segments] == [(2000, 5000)]


def test_a_night_out_of_reach_is_counted_to_the_sample(make_sensor, clocks):
    """The 16-bit counter wraps 54 times meanwhile, and the sample rate is one percent off."""
    sensor = make_sensor(clocks["lsp"], 101.0)
    stream = SampleStream(clocks["lsp"], 100.0, 0.0, UTC_S)
    night = 10 * 3600 * 10
    send(stream, sensor, [*range(3000), *range(3000 + night, 3100 + night)])
    assert stream.ledger.total.lost == night * 10
    assert len(stream.ledger.segments) == 1


def test_a_computer_that_slept_does_not_tear_or_turn_back_time(make_sensor, clocks):
    """The monotonic clock stood still for an hour; the sensor's did not."""
    sensor = make_sensor(clocks["lsp"])
    stream = SampleStream(clocks["lsp"], 100.0, 0.0, UTC_S)
    chunks = send(stream, sensor, range(600))
    stream.anchor_utc(61.0, UTC_S + 61.0 + 3600)
    chunks += send(stream, sensor, range(36_600, 36_900), host_s=-3600.0)
    joined = concatenate(chunks)
    assert joined.time[6000] - UTC_S == pytest.approx(3660.01, abs=0.02)
    assert stream.utc_trust.correction_s == pytest.approx(0, abs=0.02)


def test_utc_says_how_far_it_is_off(make_sensor, clocks):
    sensor = make_sensor(clocks["lsp"])
    stream = SampleStream(clocks["lsp"], 100.0, 0.0, UTC_S)
    send(stream, sensor, range(30))
    stream.anchor_utc(3.0, UTC_S + 3.0 - 3600)
    assert stream.utc_trust.waits_for_hole
    assert stream.utc_trust.correction_s == pytest.approx(-3600)
    send(stream, sensor, range(32, 40))
    assert stream.utc_trust.waits_for_hole, "a hole shorter than the step back cannot take it"
    stream.anchor_utc(4.0, UTC_S + 4.0 + 0.05)
    send(stream, sensor, range(40, 2000))
    assert stream.utc_trust.correction_s == pytest.approx(0, abs=1e-9)


def test_a_log_of_which_a_part_is_placed_does_not_move_against_it(make_sensor, clocks):
    """The host was held up: all packets were late until the log was being fetched. A new program goes on alike."""
    sensor = make_sensor(clocks["lsp"])
    stream = SampleStream(clocks["lsp"], 100.0, 0.0, UTC_S)
    log_ticks = np.linspace(-300.0, -0.1, 50) * 32768 % 2**32
    send(stream, sensor, range(30), delay_s=0.2)
    placed = stream.utc_of(log_ticks)
    send(stream, sensor, range(30, 60))
    np.testing.assert_allclose(stream.utc_of(log_ticks), placed, rtol=0, atol=1e-5)
    other = SampleStream(clocks["lsp"], 100.0, 0.0, UTC_S)
    other.recall(stream.points(), stream.clock_rate)
    send(other, sensor, range(200, 230))
    np.testing.assert_allclose(other.utc_of(log_ticks), placed, rtol=0, atol=1e-5)


def test_packets_held_at_the_end_of_a_connection_come_out(make_sensor):
    sensor = make_sensor(None)
    stream = SampleStream(None, 100.0, 0.0, UTC_S)
    send(stream, sensor, range(50))
    assert send(stream, sensor, [50, 51], delay_s=0.5) == []
    assert sum(len(chunk) for chunk in stream.flush()) == 20
    assert stream.ledger.total.lost == 0


def test_an_accelerometer_without_gyroscope_does_not_wait_for_one(make_sensor, clocks):
    sensor = make_sensor(clocks["polar"])
    stream = SampleStream(clocks["polar"], 100.0, 0.0, UTC_S, gyroscope=False)
    for number in range(30):
        chunks = stream.push(sensor.packet(number * 10, gyr=False), number / 10 + 0.1)
    assert [chunk.gyr for chunk in chunks] == [None]


def test_a_gyroscope_that_fell_silent_does_not_fill_the_memory(make_sensor, clocks):
    sensor = make_sensor(clocks["polar"])
    stream = SampleStream(clocks["polar"], 100.0, 0.0, UTC_S)
    for number in range(1000):
        assert stream.push(sensor.packet(number * 10, gyr=False), number / 10 + 0.1) == ()
    assert stream.unpaired == pytest.approx(10_000 - 100 * WAIT_S, abs=11)


def test_packets_without_samples_give_nothing_and_samples_without_ticks_are_an_error(clocks):
    stream = SampleStream(clocks["lsp"], 100.0, 0.0, UTC_S)
    assert stream.push(Packet(battery_percent=80), 1.0) == ()
    with pytest.raises(PacketError, match="does not say their time"):
        stream.push(Packet(acc=np.zeros((1, 3))), 1.0)
    with pytest.raises(ValueError, match="positive"):
        make_time_base(None, 0.0)


def test_packets_of_acc_and_gyr_without_times_are_joined_in_their_order():
    stream = SampleStream(None, 100.0, 0.0, UTC_S)
    chunks = []
    for number in range(200):
        values = np.full((3, 3), float(number))
        if number not in {50, 51}:
            chunks += stream.push(Packet(acc=values), number * 0.03 + 0.001)
        if number >= 2:
            chunks += stream.push(Packet(gyr=values), number * 0.03 + 0.002)
    joined = concatenate([*chunks, *stream.flush()])
    assert stream.unpaired == 2 * 3, "the gyroscope was switched on later"
    apart = joined.acc[:, 0] != joined.gyr[:, 0]
    assert 0 < apart.sum() <= 3 * STEADY_PACKETS, "after two lost packets the order is soon right again"
