"""What virtual sensors feel, and when by their own clocks."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.virtual import Script, SensorModel, SimulatedWearer, Sit, Stand
from firmware_bridge.virtual.air import CodedMotion, Oscillator, PlayedMotion


@given(
    ppm=st.floats(-10_000, 10_000),
    wander_ppm=st.floats(0, 1000),
    period_s=st.floats(10, 7200),
    true_s=st.floats(0, 200_000),
)
def test_the_true_time_of_a_reading_is_when_the_clock_read_it(ppm, wander_ppm, period_s, true_s):
    clock = Oscillator(ppm, wander_ppm, period_s)
    reading_s = clock.reading_s(np.array([true_s]))
    np.testing.assert_allclose(clock.true_s(reading_s), true_s, atol=1e-8)


def test_a_fast_clock_gains():
    assert Oscillator(ppm=7000).reading_s(3600.0) == 3600.0 * 1.007


def test_no_two_milliseconds_of_an_hour_feel_the_same():
    times_s = np.arange(3_600_000) / 1000
    acc, gyr = CodedMotion().at(times_s)
    codes = np.rint(np.hstack((acc[:, :2] * 100, gyr * 500))).astype(np.int64) + 500
    assert (np.diff(np.sort(codes @ 1000 ** np.arange(5))) > 0).all()


def test_a_played_wearer_is_what_the_wearer_recorded():
    wearer = SimulatedWearer(Script([Stand(20), Sit(70), Stand(40)]), 3, sensor=SensorModel.ideal())
    chunks = list(wearer.chunks(30))
    recorded_s = np.concatenate([chunk.time for chunk in chunks]) - wearer.start
    recorded = np.concatenate([chunk.acc for chunk in chunks])
    motion = PlayedMotion(wearer)
    for begin in range(0, len(recorded_s) - 100, 777):
        rows = slice(begin, begin + 100)
        acc, gyr = motion.at(recorded_s[rows])
        np.testing.assert_allclose(acc, recorded[rows], rtol=1e-6)
        assert gyr.shape == acc.shape
    after, _ = motion.at(np.array([wearer.duration_s + 100.0]))
    np.testing.assert_allclose(after[0], recorded[-1], rtol=1e-6)
    again, _ = motion.at(recorded_s[:10])
    np.testing.assert_allclose(again, recorded[:10], rtol=1e-6)
