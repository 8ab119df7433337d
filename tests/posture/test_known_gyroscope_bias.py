"""A gyroscope bias that a calibration has shown is taken off from then on, also where it is too large for VQF."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge.virtual import Calibration, SensorModel, Sit, Stand
from lumbar.pipeline import LivePipeline
from posture.calibration import CalibrationSource
from posture.orientation import OrientationFilter
from posture.resample import Resampler
from posture.rotations import angle_between

LARGE_DPS = (3.1, -2.6, 2.9)
RATE_HZ = 100.0


@pytest.fixture(scope="module")
def calibrated(play):
    """A guided calibration done with a gyroscope that reads 5 deg/s at rest."""
    sensor = replace(SensorModel(), gyr_bias_dps=LARGE_DPS, gyr_drift_dps=0.0)
    return play((Stand(3.0), Calibration(), Sit(20.0)), 5, RATE_HZ, sensor=sensor)


def known_bias_dps(pipeline):
    """Return what the orientation filter takes off, with what is left for VQF to take off."""
    state = pipeline.state["_orientation"]
    return np.degrees(state["gyr_bias_rad_s"] + state["vqf"]["bias"])


def headings_deg(orientation, chunk):
    (segment,) = Resampler(2).push(chunk)
    quat = orientation.push(segment).quat
    return np.degrees(np.unwrap(2 * np.arctan2(quat[:, 3], quat[:, 0])))


def test_a_known_bias_turns_nothing(play):
    sensor = replace(SensorModel(), gyr_bias_dps=LARGE_DPS, gyr_drift_dps=0.0)
    chunk = play((Sit(30.0, fidgets_per_min=0.0),), 2, RATE_HZ, sensor=sensor).chunk
    unknown = headings_deg(OrientationFilter(2), chunk)
    known = headings_deg(OrientationFilter(2, gyr_bias_rad_s=np.radians(LARGE_DPS)), chunk)
    assert np.ptp(known) < 3.0
    assert np.ptp(unknown) > 20.0


def test_the_guided_calibration_hands_it_to_the_filter(calibrated, defaults):
    pipeline = LivePipeline(defaults, RATE_HZ, sections=calibrated.sections)
    pipeline.push(calibrated.chunk)
    np.testing.assert_allclose(known_bias_dps(pipeline), LARGE_DPS, atol=0.15)
    np.testing.assert_allclose(np.degrees(pipeline.calibration.gyr_bias_rad_s), LARGE_DPS, atol=0.15)


def test_a_profile_does_so_from_the_first_sample(calibrated, defaults):
    pipeline = LivePipeline(defaults, RATE_HZ, sections=calibrated.sections)
    pipeline.push(calibrated.chunk)
    profile = replace(pipeline.calibration, source=CalibrationSource.PROFILE)
    np.testing.assert_allclose(known_bias_dps(LivePipeline(defaults, RATE_HZ, profile)), LARGE_DPS, atol=0.15)


@given(seconds=st.floats(0.05, 70.0))
@settings(max_examples=8, deadline=None)
def test_the_same_however_the_recording_is_cut(calibrated, defaults, differs, seconds):
    states = []
    for pieces in ([calibrated.chunk], calibrated.chunk.split(seconds)):
        pipeline = LivePipeline(defaults, RATE_HZ, sections=calibrated.sections)
        for piece in pieces:
            pipeline.push(piece)
        states.append(pipeline.state["_orientation"])
    assert differs(states[1], states[0]) is None


def test_a_filter_surer_of_its_own_keeps_it(play):
    chunk = play((Sit(30.0, fidgets_per_min=0.0),), 2, RATE_HZ).chunk
    orientation = OrientationFilter(2)
    headings_deg(orientation, chunk)
    before = orientation.state
    orientation.take_bias(np.radians(LARGE_DPS))
    np.testing.assert_array_equal(orientation.state["gyr_bias_rad_s"], before["gyr_bias_rad_s"])
    np.testing.assert_array_equal(orientation.state["vqf"]["bias"], before["vqf"]["bias"])


def test_rows_are_cut_at_a_grid_index_once(play):
    (segment,) = Resampler(2).push(play((Stand(4.0),), 0, RATE_HZ).chunk)
    middle = segment.start_index + 70
    before, after = segment.cut_at(middle)
    assert (before.start_index, len(before), after.start_index) == (segment.start_index, 70, middle)
    assert not after.restarts
    np.testing.assert_array_equal(np.vstack([before.gyr, after.gyr]), segment.gyr)
    for outside in (segment.start_index, segment.start_index + len(segment), middle + 10**6):
        assert segment.cut_at(outside) == [segment]


@pytest.mark.parametrize("axis", range(3))
@pytest.mark.parametrize("bias_dps", [-3.0, 3.0])
def test_a_bias_leans_nothing_that_a_guided_calibration_shows(play, defaults, axis, bias_dps):
    def shown(bias):
        sensor = replace(SensorModel(), gyr_bias_dps=tuple(np.eye(3)[axis] * bias), gyr_drift_dps=0.0)
        played = play((Stand(3.0), Calibration(), Sit(5.0)), 5, RATE_HZ, sensor=sensor)
        pipeline = LivePipeline(defaults, RATE_HZ, sections=played.sections, acc_offset_ms2=np.zeros(3))
        pipeline.push(played.chunk)
        return pipeline.calibration

    without, biased = shown(0.0), shown(bias_dps)
    assert np.degrees(angle_between(without.upright, biased.upright)) < 0.2
    assert biased.sitting.upright_deg == pytest.approx(without.sitting.upright_deg, abs=0.5)
    assert biased.sitting.range_deg == pytest.approx(without.sitting.range_deg, abs=0.5)
