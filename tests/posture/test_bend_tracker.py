"""Deep bends: how deep, how long, and only on the feet."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge.virtual import Bend as Bending
from firmware_bridge.virtual import Calibration as Calibrate
from firmware_bridge.virtual import Person, Stand
from lumbar.pipeline import LivePipeline
from lumbar.review import review
from posture.bends import BendTracker
from posture.events import Activity, Bend

START = 1_767_600_000


@pytest.fixture(scope="module")
def follow(defaults, posture):
    def run(flexion_deg, *, activity=Activity.STANDING, **options):
        tracker = BendTracker(defaults.bend)
        return [*tracker.push(posture(activity, np.asarray(flexion_deg, dtype=float), **options)), *tracker.flush()]

    return run


def bent(seconds, degrees=70.0):
    return [5.0] * 20 + [degrees] * seconds + [5.0] * 20


@pytest.mark.parametrize(("seconds", "n"), [(3, 0), (5, 0), (6, 1), (60, 1)])
def test_more_than_five_seconds(follow, seconds, n):
    bends = follow(bent(seconds))
    assert len(bends) == n
    if n:
        assert bends[0] == Bend(START + 20, START + 20 + seconds, pytest.approx(70.0))


@pytest.mark.parametrize(("degrees", "n"), [(30.0, 0), (45.0, 0), (46.0, 1), (120.0, 1)])
def test_more_than_45_degrees(follow, degrees, n):
    assert len(follow(bent(20, degrees))) == n


@pytest.mark.parametrize("sign", [-1, 1])
def test_to_the_side_too(follow, sign):
    assert len(follow(np.zeros(60), lateral_deg=sign * np.array(bent(20)))) == 1


def test_leaning_back_is_no_bend(follow):
    assert follow(bent(20, -70.0)) == []


@pytest.mark.parametrize("activity", [Activity.SITTING, Activity.LYING, Activity.UNKNOWN, Activity.CYCLING])
def test_only_on_the_feet(follow, activity):
    assert follow(bent(20), activity=activity) == []


def test_unknown_angles_are_no_bend(follow):
    assert follow(np.full(60, np.nan)) == []


def test_a_hole_ends_a_bend(follow):
    second = START + np.arange(60)
    second[24:] += 10
    assert [bend.end - bend.start for bend in follow(bent(20), second=second)] == [16]
    second[30:] += 10
    assert [bend.end - bend.start for bend in follow(bent(20), second=second)] == [6, 10]


@given(trace=st.lists(st.tuples(st.floats(-90, 120), st.integers(1, 30)), min_size=1, max_size=20))
@settings(max_examples=60, deadline=None)
def test_time_bent_is_neither_lost_nor_made_up(follow, defaults, trace):
    flexion = np.concatenate([np.full(seconds, degrees) for degrees, seconds in trace])
    bends = follow(flexion)
    deep = flexion > defaults.bend.inclination_deg
    for bend in bends:
        inside = slice(round(bend.start - START), round(bend.end - START))
        assert deep[inside].all()
        assert bend.end - bend.start > defaults.bend.minimum_s
        assert bend.peak_deg == pytest.approx(flexion[inside].max(), abs=1e-6)
    runs = np.diff(np.flatnonzero(np.diff(np.concatenate([[False], deep, [False]]))))[::2]
    assert len(bends) == np.count_nonzero(runs > defaults.bend.minimum_s)


@pytest.mark.parametrize("degrees", [60.0, 75.0, 90.0])
@pytest.mark.parametrize("seed", range(3))
def test_the_generated_wearer_bends(play, defaults, degrees, seed):
    script = (
        Stand(5.0),
        Calibrate(),
        Stand(20.0),
        Bending(degrees, 9.0, 1.5),
        Stand(20.0),
        Bending(degrees, 1.0),
        Stand(10.0),
    )
    played = play(script, seed, person=Person.drawn(seed), sensor=None)
    pipeline = LivePipeline(defaults, 100.0, sections=played.sections)
    events = [*pipeline.push(played.chunk), *pipeline.flush()]
    true_bend = played.truth.bends[0]
    for found in (events, review(pipeline, defaults, []).findings.events):
        bends = [event for event in found if isinstance(event, Bend) and event.start > played.sections[-1].end]
        assert len(bends) == 1
        assert true_bend.start - 1 <= bends[0].start <= bends[0].end <= true_bend.end + 1
        assert bends[0].peak_deg == pytest.approx(true_bend.peak_deg, abs=6.0)
