"""What is known of a sensor's crystal outlives restarts and broken links; where its clock stands is learnt anew."""

import numpy as np
import pytest

from firmware_bridge.time_base import UNKNOWN, Rate, SampleStream
from firmware_bridge.time_base.sample_clock import make_time_base

UTC_S = 1_800_000_000.0
INTERVAL_S = 0.0375
PPM = -25.0
"""The sensor's clock is fast: packets come ever earlier before the connection events, until they reach the next one."""

BEGAN_S = 0.0225
"""Sampling begins on a command, at a connection event: the first packet of ten is complete at another."""


def events(true_s):
    """Return when packets arrive that are in step with the connection events: 12.5 ms steps that creep for 500 s."""
    return np.ceil(true_s / INTERVAL_S - 1e-9) * INTERVAL_S


def errors_ms(stream, sensor, packets, began_s=BEGAN_S):
    """Return how late samples are said to be, all packets sent that arrive at the connection events."""
    errors = []
    for number in packets:
        true_s = began_s + sensor.time_s(number * 10 + np.arange(10))
        chunks = stream.push(sensor.packet(number * 10), float(events(true_s[-1])))
        errors.extend(
            (chunk.time - UTC_S - began_s - sensor.time_s(chunk.acc[:, 0].astype(float))) * 1000 for chunk in chunks
        )
    return np.concatenate(errors)


def test_a_restart_of_the_sensor_does_not_make_its_crystal_unknown(make_sensor, clocks):
    sensor = make_sensor(clocks["lsp"], ppm=PPM)
    stream = SampleStream(clocks["lsp"], 100.0, 0.0, UTC_S)
    errors_ms(stream, sensor, range(18_000))
    stream.restart()
    after = errors_ms(stream, sensor, range(3000), began_s=1830.0 + BEGAN_S)
    assert after.std() < 0.5


def test_a_restart_of_the_program_does_not_make_the_crystal_unknown(make_sensor, clocks):
    sensor = make_sensor(clocks["lsp"], ppm=PPM)
    stream = SampleStream(clocks["lsp"], 100.0, 0.0, UTC_S)
    stream.recall([], Rate(PPM * 1e-6, 1200.0))
    assert errors_ms(stream, sensor, range(3000)).std() < 0.5


def test_a_rate_that_was_wrong_is_unlearnt(make_sensor, clocks):
    """The sensor under this name is another one now."""
    sensor = make_sensor(clocks["lsp"], ppm=PPM)
    stream = SampleStream(clocks["lsp"], 100.0, 0.0, UTC_S)
    stream.recall([], Rate(40e-6, 1200.0))
    errors_ms(stream, sensor, range(24_000))
    assert stream.clock_rate.slope == pytest.approx(PPM * 1e-6, abs=6e-6)


def test_a_sensor_without_a_clock_has_no_rate_to_keep(make_sensor):
    stream = SampleStream(None, 100.0, 0.0, UTC_S)
    errors_ms(stream, make_sensor(None), range(100))
    assert stream.clock_rate == UNKNOWN


def test_sampling_begun_anew_does_not_change_the_sample_rate(make_sensor, clocks):
    """A broken link took no whole number of packets; that is no news of how fast the sensor samples."""
    sensor = make_sensor(clocks["polar"], 52.0)
    base = make_time_base(clocks["polar"], 52.0)
    anew = make_sensor(clocks["polar"], 52.0, first_ticks=round(122.137 * 1e9))
    for number in range(240):
        base.push(sensor.packet(number * 26, 26), float(sensor.time_s(number * 26 + 25)) + 0.01)
    off_ms = []
    for number in range(200):
        true_s = 122.137 + anew.time_s(number * 26 + np.arange(26))
        (placed,) = base.push(anew.packet(number * 26, 26), float(true_s[-1]) + 0.01)
        off_ms.append((placed.time_s - true_s) * 1000)
    assert np.ptp(np.concatenate(off_ms)) < 0.1


def test_a_late_first_packet_of_a_connection_is_forgotten_within_a_second(make_sensor, clocks):
    """The line of before is ms off after so long; the first packet hides it, the next ones tell."""
    sensor = make_sensor(clocks["lsp"], ppm=PPM)
    stream = SampleStream(clocks["lsp"], 100.0, 0.0, UTC_S)
    late = []
    for number in [*range(600), *range(6000, 6100)]:
        true_s = sensor.time_s(number * 10 + np.arange(10)) - (0.008 if number >= 6000 else 0.0)
        delay_s = 0.05 if number == 6000 else 0.01
        chunks = stream.push(sensor.packet(number * 10), float(true_s[-1]) + delay_s)
        late.extend((chunk.time - UTC_S - true_s)[-1] for chunk in chunks)
    assert late[-90] == pytest.approx(0.01, abs=5e-4)
