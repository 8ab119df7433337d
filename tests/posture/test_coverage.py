"""What there is of a recording: covered time and gaps make up all of it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge.imu import ImuChunk
from posture.coverage import Coverage
from posture.resample import GAP_S, Resampler

START = 1_767_600_000.0


def chunk_at(time):
    return ImuChunk(np.asarray(time, dtype=np.float64), np.tile(np.float32([9.8, 0.0, 0.0]), (len(time), 1)))


def covered(time, rate_hz=50.0):
    coverage = Coverage(rate_hz)
    coverage.push(chunk_at(time))
    return coverage


def test_before_the_first_sample_there_is_nothing():
    coverage = covered([])
    assert (coverage.start, coverage.end, coverage.gaps, coverage.covered) == (None, None, (), [])
    assert coverage.rate_hz == 50.0


def test_one_sample_lasts_one_period():
    coverage = covered([START])
    assert coverage.covered == [(START, START + 0.02)]
    assert coverage.rate_hz == 50.0


def test_whole_recording():
    coverage = covered(START + np.arange(500) / 50.0)
    assert coverage.covered == [(START, pytest.approx(START + 10.0, abs=1e-6))]
    assert coverage.rate_hz == pytest.approx(50.0)
    assert coverage.n_samples == 500


def test_only_holes_of_more_than_a_second_are_gaps():
    time = START + np.arange(500) / 50.0
    time[100:] += 0.9
    time[300:] += 5.0
    coverage = covered(time)
    assert coverage.gaps == ((pytest.approx(time[299] + 0.02), pytest.approx(time[300])),)


@given(
    rate_hz=st.sampled_from([25.0, 50.0, 100.0]),
    share=st.floats(0.0, 0.999),
    holes=st.lists(st.floats(0.0, 500.0), max_size=6),
    seed=st.integers(0, 9999),
)
@settings(max_examples=80, deadline=None)
def test_covered_and_gaps_make_up_the_span_whatever_is_lost(rate_hz, share, holes, seed):
    random = np.random.default_rng(seed)
    time = START + np.arange(3000) / rate_hz
    for length in holes:
        time[int(random.integers(1, 3000)) :] += length
    time = time[random.random(3000) >= share]
    if len(time) == 0:
        return
    coverage = covered(time, rate_hz)
    stretches = coverage.covered
    assert coverage.start == time[0]
    assert coverage.end == time[-1] + 1 / rate_hz
    assert coverage.n_samples == len(time)
    total = sum(end - start for start, end in stretches) + sum(end - start for start, end in coverage.gaps)
    assert total == pytest.approx(coverage.end - coverage.start, abs=1e-6)
    edges = [edge for stretch in stretches for edge in stretch]
    assert edges == sorted(edges)
    assert len(stretches) == len(coverage.gaps) + 1 == np.count_nonzero(np.diff(time) > GAP_S) + 1
    assert all(end - start > GAP_S - 1 / rate_hz for start, end in coverage.gaps)
    inside = np.zeros(len(time), dtype=bool)
    for start, end in stretches:
        inside |= (time >= start) & (time < end)
    assert inside.all(), "no sample lies in a gap"


@given(holes=st.lists(st.tuples(st.integers(1, 999), st.floats(0.5, 3.0)), max_size=5))
@settings(max_examples=40, deadline=None)
def test_gaps_are_where_the_filters_restart(holes):
    time = START + np.arange(1000) / 50.0
    for at, length in holes:
        time[at:] += length
    segments = Resampler(2).push(chunk_at(time))
    coverage = covered(time)
    long_enough = [(start, end) for start, end in coverage.covered if end - start > 0.1]
    restarts = [segment.rows().time[0] for segment in segments if segment.restarts]
    for start, end in long_enough:
        assert any(start <= time <= end for time in restarts)
    assert len(restarts) <= len(coverage.covered)
