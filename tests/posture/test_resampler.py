"""From any sensor's rate to the 50 Hz grid: what is kept, what is left out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge.imu import ImuChunk
from posture.frame import GRID_HZ
from posture.resample import GAP_S, Resampler, cells_per_row

START = 1_767_600_000.0
"""Seconds since the Unix epoch; there, times are known to 0.24 us, and a cell of 10 ms to 24 parts in a million."""
RATES_HZ = (25.0, 50.0, 52.0, 100.0, 128.0, 286.0)


def chunk_of(time, signal, *, gyro=True):
    """Return a chunk whose six columns are multiples of one signal of time (from the first sample)."""
    values = signal(np.asarray(time) - time[0])[:, np.newaxis]
    return ImuChunk(np.asarray(time), values * [1.0, 2.0, -1.0], values * [0.5, 0.1, 3.0] if gyro else None)


def resampled(chunk, per_row=2):
    segments = Resampler(per_row).push(chunk)
    assert len(segments) == 1
    return segments[0].rows()


@pytest.mark.parametrize("rate_hz", RATES_HZ)
@pytest.mark.parametrize(("start", "tolerance"), [(0.0, 3e-7), (START, 5e-5)], ids=["clock of the file", "epoch"])
def test_a_ramp_stays_the_same_ramp(rate_hz, start, tolerance):
    time = start + 0.003 + np.arange(round(5 * rate_hz)) / rate_hz
    rows = resampled(chunk_of(time, lambda t: 3.0 * t), cells_per_row(rate_hz))
    expected = 3.0 * (rows.time - time[0])
    np.testing.assert_allclose(rows.acc[:, 0], expected, rtol=tolerance, atol=1e-5)
    np.testing.assert_allclose(rows.gyr[:, 2], 3.0 * expected, rtol=tolerance, atol=1e-5)
    assert len(rows) >= 5 * GRID_HZ - 4


@pytest.mark.parametrize("rate_hz", RATES_HZ)
@pytest.mark.parametrize("frequency_hz", [0.5, 2.0, 4.0])
def test_movements_of_the_body_come_through(rate_hz, frequency_hz):
    time = START + np.arange(round(6 * rate_hz)) / rate_hz
    rows = resampled(chunk_of(time, lambda t: np.sin(2 * np.pi * frequency_hz * t)), cells_per_row(rate_hz))
    expected = np.sin(2 * np.pi * frequency_hz * (rows.time - time[0]))
    # Straight lines between the samples of a slow sensor cut the peaks off.
    loss = 0.5 * (np.pi * frequency_hz) ** 2 * (1 / rate_hz**2 + 1 / GRID_HZ**2)
    np.testing.assert_allclose(rows.acc[:, 0], expected, atol=0.005 + loss)


@given(
    rate_hz=st.sampled_from(RATES_HZ),
    lost=st.lists(st.integers(1, 200), max_size=40),
    jitter=st.floats(0, 0.4),
    offset=st.floats(0, 0.02),
)
@settings(max_examples=40, deadline=None)
def test_jitter_and_short_holes_do_not_bend_a_ramp(rate_hz, lost, jitter, offset):
    n = round(4 * rate_hz)
    shifts = np.random.default_rng(5).uniform(-0.5, 0.5, n) * jitter / rate_hz
    kept = np.setdiff1d(np.arange(n), [index for index in lost if index < n - 1])
    time = 1.0 + offset + (np.arange(n) / rate_hz + shifts)[kept]
    if np.diff(time).max() > GAP_S:
        return
    rows = resampled(chunk_of(time, lambda t: t))
    np.testing.assert_allclose(rows.acc[:, 0], rows.time - time[0], atol=2e-6)
    assert rows.time[0] >= time[0]
    assert rows.time[-1] <= time[-1]
    assert len(rows) >= (time[-1] - time[0]) * GRID_HZ - 3


@pytest.mark.parametrize(("hole_s", "n_segments"), [(0.5, 1), (0.99, 1), (1.01, 2), (3600.0, 2)])
def test_only_a_hole_of_more_than_a_second_is_a_gap(hole_s, n_segments):
    time = START + np.arange(400) / 100.0
    time[200:] += hole_s - 0.01
    segments = Resampler(2).push(chunk_of(time, np.ones_like))
    assert len(segments) == n_segments
    assert all(segment.restarts for segment in segments)
    if n_segments == 2:
        assert segments[1].rows().time[0] > time[200]
        assert segments[0].rows().time[-1] < time[199]


def test_rows_lie_on_the_grid_of_the_epoch():
    first = resampled(chunk_of(START + 0.0137 + np.arange(300) / 104.0, np.ones_like)).time
    np.testing.assert_allclose(first * GRID_HZ, np.round(first * GRID_HZ), atol=1e-4)


def test_without_gyroscope_there_is_none():
    assert resampled(chunk_of(START + np.arange(100) / 50.0, np.ones_like, gyro=False)).gyr is None


def test_time_must_go_on_and_the_gyroscope_must_stay():
    resampler = Resampler(2)
    time = START + np.arange(100) / 50.0
    resampler.push(chunk_of(time, np.ones_like))
    with pytest.raises(ValueError, match="before the end"):
        resampler.push(chunk_of(time, np.ones_like))
    with pytest.raises(ValueError, match="gyroscope"):
        resampler.push(chunk_of(time + 10, np.ones_like, gyro=False))


def test_samples_seconds_apart_give_no_rows():
    assert Resampler(2).push(chunk_of(START + 1.5 * np.arange(50), np.ones_like)) == []


def test_hours_of_samples_lose_no_precision():
    """Integrals grow; the last second must average as well as the first."""
    level = np.float32([9.8, -3.3, 0.7])
    time = np.arange(0, 4 * 3600, 0.9)
    (segment,) = Resampler(1).push(ImuChunk(time, np.tile(level, (len(time), 1))))
    np.testing.assert_allclose(segment.acc[-100:], np.tile(level, (100, 1)), atol=1e-6)
