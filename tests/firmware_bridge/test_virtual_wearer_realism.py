"""The simulated wearer against figures of real recordings."""

from pathlib import Path

import numpy as np
import pytest
from scipy.signal import find_peaks, welch

from firmware_bridge.imu import concatenate
from firmware_bridge.virtual import Lie, SimulatedWearer, Sit, Stand, Walk

HARTH = Path(__file__).parents[2] / ".." / "shared" / "data" / "harth"
SCRIPTS = {"lying": (Lie(300),), "sitting": (Sit(300),), "standing": (Stand(300),), "walking": (Walk(120, 110),)}


def recorded(script, seed=1):
    return concatenate(list(SimulatedWearer(script, seed).chunks()))


def wander_per_second(acc, rate_hz):
    """Root mean square of the acceleration about its mean, one figure a second."""
    seconds = acc[: len(acc) // rate_hz * rate_hz].reshape(-1, rate_hz, 3)
    return np.sqrt(((seconds - seconds.mean(axis=1, keepdims=True)) ** 2).sum(axis=2).mean(axis=1))


@pytest.mark.parametrize("cadence_spm", [95, 110, 120])
def test_the_cadence_is_the_peak_of_the_vertical_spectrum(cadence_spm):
    frequency_hz, power = welch(recorded((Walk(90, cadence_spm),)).acc[:, 0], 100, nperseg=1600)
    inside = (frequency_hz > 0.5) & (frequency_hz < 5)
    assert 60 * frequency_hz[inside][power[inside].argmax()] == pytest.approx(cadence_spm, abs=4)


def test_sideways_the_body_swings_at_half_the_cadence():
    frequency_hz, power = welch(recorded((Walk(90, 110),)).acc[:, 1], 100, nperseg=1600)
    inside = (frequency_hz > 0.5) & (frequency_hz < 2.4)
    assert 120 * frequency_hz[inside][power[inside].argmax()] == pytest.approx(110, abs=8)


@pytest.mark.parametrize("seed", range(3))
def test_each_step_has_one_upward_peak_after_its_contact(seed):
    wearer = SimulatedWearer((Walk(60, 108, 0.1),), seed)
    chunk, truth = concatenate(list(wearer.chunks())), wearer.truth()
    peaks, _ = find_peaks(chunk.acc[:, 0], distance=30, prominence=2)
    after_s = np.array([np.min(np.abs(chunk.time[peaks] - step)) for step in truth.step_times])
    assert len(peaks) == pytest.approx(len(truth.step_times), abs=3)
    assert np.median(after_s) < 0.12


def test_walking_shakes_the_lower_back_as_published():
    vertical = recorded((Walk(60, 110),)).acc[300:-300, 0]
    assert 1.5 < vertical.std() < 3


def test_an_uneven_walk_is_uneven_and_an_even_one_is_not():
    def unevenness(limp):
        steps = np.diff(SimulatedWearer((Walk(60, 100, limp),), 1).truth().step_times)
        return abs(steps[::2].mean() - steps[1::2].mean()) / steps.mean()

    assert unevenness(0.0) < 0.03
    assert unevenness(0.2) == pytest.approx(0.2, abs=0.03)


def test_breathing_shows_when_lying_still():
    tilt = np.arctan2(*recorded((Lie(240),)).acc[500:, [0, 2]].T)
    frequency_hz, power = welch(tilt, 100, nperseg=6000)
    inside = (frequency_hz > 0.12) & (frequency_hz < 1)
    assert frequency_hz[inside][power[inside].argmax()] == pytest.approx(0.25, abs=0.06)


def test_the_stillest_is_lying_then_sitting_then_standing():
    medians = [np.median(wander_per_second(recorded(SCRIPTS[name]).acc, 100)) for name in SCRIPTS]
    assert medians == sorted(medians)
    assert 0.03 < medians[0] < medians[2] < 0.3


@pytest.mark.skipif(not HARTH.exists(), reason="the labelled recordings are not beside this repository")
@pytest.mark.parametrize("activity", sorted(SCRIPTS))
def test_movement_per_second_lies_among_that_of_real_people(activity):
    pandas = pytest.importorskip("pandas")
    real = []
    for path in sorted(HARTH.glob("*.parquet"))[:4]:
        samples = pandas.read_parquet(path, columns=["time_s", "acc_x", "acc_y", "acc_z"]).to_numpy(dtype=np.float64)
        labels = pandas.read_csv(path.with_suffix("").with_suffix(".labels.csv"))
        for row in labels[labels.label == activity].itertuples():
            first, last = np.searchsorted(samples[:, 0], (row.start_s, min(row.end_s, row.start_s + 120)))
            real.append(wander_per_second(samples[first:last, 1:], 50))
    low, high = np.percentile(np.concatenate(real), [5, 95])
    simulated = wander_per_second(recorded(SCRIPTS[activity], 2).acc, 100)
    assert low < np.median(simulated) < high
