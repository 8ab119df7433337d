"""Steps: what counts as walking, what does not, and what the stage promises about chunks and state."""

import pickle
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter1d
from scipy.spatial.transform import Rotation

from analytics.steps import StepDetector
from posture.frame import GRID_HZ, GridSegment, PostureFrame

EPOCH_INDEX = 1_780_000_000 * GRID_HZ


def frame_of(vertical, tilt_deg=0.0, start_index=EPOCH_INDEX, *, restarts=True):
    """Return the samples of a sensor whose x axis points up but for a tilt."""
    vertical = np.asarray(vertical, dtype=np.float64)
    tilt = np.broadcast_to(np.radians(tilt_deg), vertical.shape)
    up = np.stack([np.cos(tilt), np.zeros_like(tilt), np.sin(tilt)], axis=1)
    acc = up * (vertical + 9.80665)[:, None]
    quat = np.zeros((len(vertical), 4))
    return PostureFrame(GridSegment(start_index, restarts, acc, None), quat, up, vertical)


def rows(frame, start, stop):
    segment = frame.segment
    part = GridSegment(
        segment.start_index + start, segment.restarts and start == 0, segment.acc[start:stop], segment.gyr
    )
    return PostureFrame(part, frame.quat[start:stop], frame.up[start:stop], frame.vertical[start:stop])


def seconds(duration_s):
    return np.arange(round(duration_s * GRID_HZ)) / GRID_HZ


def sway(duration_s, frequency_hz, rise_m):
    """Return the vertical acceleration of a trunk that rises and falls by `rise_m` in all."""
    return rise_m / 2 * (2 * np.pi * frequency_hz) ** 2 * np.sin(2 * np.pi * frequency_hz * seconds(duration_s))


def walk(duration_s, frequency_hz, rise_m):
    """Return the same rise and fall on feet that hit the ground once in each."""
    smooth = sway(duration_s, frequency_hz, rise_m)
    strikes = np.exp(-((((seconds(duration_s) * frequency_hz) % 1 - 0.1) / frequency_hz / 0.02) ** 2))
    return smooth + smooth.max() * (strikes - strikes.mean())


def pushes(contacts_s, duration_s, strength_ms2=3.0, width_s=0.12):
    """Return the vertical acceleration of a strike and a push just after each contact, on top of a mean of nought."""
    distance = seconds(duration_s)[:, None] - np.asarray(contacts_s)
    push, strike = np.exp(-(((distance - 0.07) / width_s) ** 2)), np.exp(-(((distance - 0.03) / 0.02) ** 2))
    return strength_ms2 * (push + strike).sum(axis=1) - 0.5


def steps_of(*frames):
    detector = StepDetector()
    found = [step.time for frame in frames for step in detector.push(frame)]
    return [*found, *(step.time for step in detector.flush())]


def quiet(duration_s=3.0):
    return np.zeros(round(duration_s * GRID_HZ))


def test_every_contact_of_a_walk_is_found_at_its_time():
    contacts = 3.0 + np.cumsum([0.6, 0.55, 0.62, 0.58, 0.6, 0.57, 0.61, 0.59, 0.6, 0.58])
    times = np.array(steps_of(frame_of(pushes(contacts, 12.0)))) - EPOCH_INDEX / GRID_HZ
    assert len(times) == len(contacts)
    np.testing.assert_allclose(times, contacts, atol=0.02)


@pytest.mark.parametrize(
    ("cadence_spm", "rise_m"),
    [
        pytest.param(55, 0.02, id="very slow"),
        pytest.param(70, 0.010, id="slow and feeble"),
        pytest.param(100, 0.03, id="usual"),
        pytest.param(130, 0.04, id="brisk"),
        pytest.param(170, 0.08, id="running"),
    ],
)
def test_walking_is_counted_at_every_pace(cadence_spm, rise_m):
    steps = steps_of(frame_of(np.concatenate([quiet(), walk(60.0, cadence_spm / 60, rise_m), quiet()])))
    assert len(steps) == pytest.approx(cadence_spm, abs=2)


def frail_walk(cadence_spm, speed_m_s, *, short=0.5, drag=1.0, softness=1.0, count=40):
    """Return the vertical acceleration of an inverted pendulum that walks, and its contacts.

    The trunk rises over each leg by step length^2 / 7.2 m, rounded where both feet are down; each contact shakes it in
    proportion to the speed. One step takes the share `short` of a stride, on one leg rise and shock are `drag` of those
    of the other, and all shocks are weaker by `softness`.
    """
    step_s = 60 / cadence_spm
    steps_s = np.tile([2 * step_s * (1 - short), 2 * step_s * short], count // 2)
    contacts = 4.0 + np.concatenate([[0], np.cumsum(steps_s)])
    clock = np.arange(0, contacts[-1] + 4.0, 0.005)
    step = np.clip(np.searchsorted(contacts, clock, side="right") - 1, 0, count - 1)
    phase = np.clip((clock - contacts[step]) / steps_s[step], 0, 1)
    height = (speed_m_s * steps_s[step]) ** 2 / 7.2 * (1 - (2 * phase - 1) ** 2) * np.where(step % 2, 1.0, drag)
    height = gaussian_filter1d(height, 0.12 * step_s / 0.005)
    vertical = np.gradient(np.gradient(height, 0.005), 0.005)
    for number, contact in enumerate(contacts):
        since = np.maximum(clock - contact - 0.02, 0)
        shock = 2.2 * speed_m_s * softness * (1.0 if number % 2 else drag)
        vertical += shock * np.exp(-since / 0.035) * np.sin(2 * np.pi * 9 * since)
    noise = np.random.default_rng(5).normal(0, 0.05, len(vertical) // 4)
    return vertical[: len(noise) * 4].reshape(-1, 4).mean(axis=1) + noise, contacts


@pytest.mark.parametrize(
    ("cadence_spm", "speed_m_s", "options"),
    [
        pytest.param(50, 0.4, {}, id="very slow"),
        pytest.param(50, 0.5, {"short": 0.35}, id="very slow, with a limp"),
        pytest.param(60, 0.4, {"short": 0.42, "drag": 0.4}, id="slow, one leg dragging"),
        pytest.param(80, 0.5, {"short": 0.4, "drag": 0.4}, id="one leg dragging"),
        pytest.param(80, 0.4, {}, id="small steps"),
        pytest.param(110, 0.6, {}, id="quick small steps"),
        pytest.param(80, 0.7, {"softness": 0.5}, id="soft shoes"),
    ],
)
def test_frail_walking_is_counted_step_by_step(cadence_spm, speed_m_s, options):
    vertical, contacts = frail_walk(cadence_spm, speed_m_s, **options)
    assert len(steps_of(frame_of(vertical))) == pytest.approx(len(contacts), abs=2)


def test_a_limp_is_counted_step_by_step():
    contacts = 3.0 + np.cumsum([0.45, 0.75] * 10)
    assert len(steps_of(frame_of(pushes(contacts, 18.0)))) == len(contacts)


@pytest.mark.parametrize(
    "vertical",
    [
        pytest.param(np.random.default_rng(1).normal(0, 0.3, 3000), id="still, with noise"),
        pytest.param(sway(60.0, 0.4, 0.40), id="squats"),
        pytest.param(sway(60.0, 0.9, 0.12), id="bouncing deep"),
        pytest.param(sway(60.0, 2.8, 0.003), id="pedalling"),
        pytest.param(sway(60.0, 1.9, 0.05), id="pedalling out of the saddle"),
        pytest.param(sway(60.0, 4.0, 0.002), id="driving"),
        pytest.param(pushes([3.0, 4.4, 4.8, 6.9, 7.3, 9.6, 10.9, 11.3], 14.0), id="fidgeting"),
        pytest.param(pushes([3.0, 3.6, 4.2, 4.8], 8.0), id="four steps"),
    ],
)
def test_what_is_no_walk_has_no_steps(vertical):
    assert steps_of(frame_of(np.concatenate([quiet(), vertical, quiet()]))) == []


def test_a_slow_rhythm_with_a_swinging_trunk_is_an_exercise():
    rises = walk(60.0, 1.0, 0.03)
    swing_deg = 15 * np.sin(np.pi * seconds(60.0))
    assert len(steps_of(frame_of(rises))) > 50
    assert steps_of(frame_of(rises, swing_deg)) == []


def test_weak_steps_before_and_after_a_rhythm_belong_to_it():
    strong = 4.0 + np.cumsum([0.6] * 6)
    weak = [3.0, 3.8, strong[-1] + 0.8, strong[-1] + 1.5]
    vertical = pushes(strong, 12.0) + pushes(weak, 12.0, strength_ms2=1.4)
    times = np.array(steps_of(frame_of(vertical))) - EPOCH_INDEX / GRID_HZ
    np.testing.assert_allclose(times, sorted([*strong, *weak]), atol=0.1)


def test_the_push_before_the_first_step_is_no_step():
    contacts = 4.0 + np.cumsum([0.6] * 8)
    push_off = 2.0 * np.exp(-(((seconds(12.0) - 3.9) / 0.15) ** 2))
    times = np.array(steps_of(frame_of(pushes(contacts, 12.0) + push_off))) - EPOCH_INDEX / GRID_HZ
    np.testing.assert_allclose(times, contacts, atol=0.05)


def test_what_follows_a_walk_later_does_not_belong_to_it():
    strong = 4.0 + np.cumsum([0.6] * 6)
    both = pushes(strong, 16.0) + pushes([1.0, strong[-1] + 4.0, strong[-1] + 5.0], 16.0)
    assert len(steps_of(frame_of(both))) == len(strong)


def test_steps_are_the_same_at_any_mounting():
    contacts = 3.0 + np.cumsum([0.6, 0.55, 0.62, 0.58, 0.6, 0.57, 0.61])
    upright = frame_of(pushes(contacts, 10.0))
    turn = Rotation.from_euler("xyz", [1.2, -0.7, 2.8]).as_matrix()
    turned = GridSegment(EPOCH_INDEX, restarts=True, acc=upright.segment.acc @ turn, gyr=None)
    sideways = PostureFrame(turned, upright.quat, upright.up, upright.vertical)
    np.testing.assert_allclose(steps_of(sideways), steps_of(upright), atol=1e-6)


def test_a_rough_rhythm_counts_only_beside_a_clear_one():
    rough = np.cumsum([0.7, 0.9, 0.55, 0.62, 0.9, 0.7])
    clear = np.cumsum([0.6] * 8)
    assert steps_of(frame_of(pushes(3.0 + rough, 10.0))) == []
    both = np.concatenate([3.0 + clear, 3.0 + clear[-1] + rough])
    assert len(steps_of(frame_of(pushes(both, 16.0)))) > len(clear) + 2


def test_steps_do_not_reach_across_lost_data():
    short = walk(2.0, 1.8, 0.03)
    later = EPOCH_INDEX + len(short) + 2 * GRID_HZ
    assert steps_of(frame_of(short), frame_of(short, start_index=later)) == []


def test_an_empty_frame_changes_nothing():
    detector = StepDetector()
    assert detector.push(frame_of([])) == []
    assert detector.flush() == []


def test_while_walking_steps_come_within_two_and_a_half_seconds():
    detector = StepDetector()
    frame = frame_of(walk(30.0, 1.0, 0.03))
    for start in range(0, len(frame), 10):
        detector.push(rows(frame, start, start + 10))
        now = (frame.segment.start_index + start + 10) / GRID_HZ
        if start > 8 * GRID_HZ:
            assert now - detector.settled_time < 2.5


stretches = st.tuples(
    st.floats(0.1, 3.0),  # seconds of quiet
    st.floats(2.0, 12.0),  # seconds of movement
    st.floats(0.4, 3.0),  # its frequency
    st.floats(0.002, 0.1),  # its rise
)
plans = st.lists(
    st.tuples(
        st.lists(stretches, min_size=1, max_size=3),
        st.sampled_from([0.0, 0.2, 1.0]),  # noise
        st.integers(60, 500),  # rows lost afterwards
    ),
    min_size=1,
    max_size=3,
)


def recording(plan):
    """Return stretches of walking, exercise and noise, with data lost between them."""
    random = np.random.default_rng(0)
    frames, index = [], EPOCH_INDEX
    for parts, noise_ms2, lost in plan:
        clean = [part for quiet_s, *movement in parts for part in (quiet(quiet_s), walk(*movement))]
        vertical = np.concatenate(clean)
        vertical += random.normal(0, noise_ms2, len(vertical))
        frames.append(frame_of(vertical, 5 * random.standard_normal(len(vertical)), index))
        index += len(vertical) + lost
    return frames


def cut(frame, cuts):
    edges = [0, *sorted({place % len(frame) for place in cuts} - {0}), len(frame)]
    return [rows(frame, start, stop) for start, stop in pairwise(edges)]


@settings(max_examples=150, deadline=None)
@given(plan=plans, cuts=st.lists(st.integers(0, 3000), max_size=40))
def test_steps_are_the_same_however_the_recording_is_cut(plan, cuts):
    frames = recording(plan)
    assert steps_of(*[piece for frame in frames for piece in cut(frame, cuts)]) == steps_of(*frames)


@settings(max_examples=150, deadline=None)
@given(plan=plans, cuts=st.lists(st.integers(0, 3000), min_size=1, max_size=10), data=st.data())
def test_a_detector_goes_on_from_a_saved_state(plan, cuts, data):
    frames = recording(plan)
    pieces = [piece for frame in frames for piece in cut(frame, cuts)]
    stop = data.draw(st.integers(0, len(pieces)))
    first, second = StepDetector(), StepDetector()
    found = [step.time for piece in pieces[:stop] for step in first.push(piece)]
    second.state = pickle.loads(pickle.dumps(first.state))  # noqa: S301  our own bytes
    found += [step.time for piece in pieces[stop:] for step in second.push(piece)]
    assert [*found, *(step.time for step in second.flush())] == steps_of(*frames)


@settings(max_examples=150, deadline=None)
@given(plan=plans, cuts=st.lists(st.integers(0, 3000), max_size=40))
def test_steps_come_in_order_and_never_before_the_settled_time(plan, cuts):
    detector = StepDetector()
    frames = recording(plan)
    times, settled = [], -np.inf
    for piece in (piece for frame in frames for piece in cut(frame, cuts)):
        new = [step.time for step in detector.push(piece)]
        assert all(time >= settled for time in new)
        settled = max(settled, detector.settled_time)
        times += new
    times += [step.time for step in detector.flush()]
    assert all(later - earlier >= 0.2 for earlier, later in pairwise(times))
