"""A profile of another day: the belt sits otherwise today, and the wearer walks, sits and slouches as ever."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from firmware_bridge.imu import ImuChunk
from firmware_bridge.virtual import Calibration as Calibrate
from firmware_bridge.virtual import Sit, SittingPosture, Stand, Walk
from lumbar.pipeline import LivePipeline
from lumbar.review import review
from posture.calibration import Calibration, CalibrationSource
from posture.events import Alert, AlertKind, PostureEpisode, PostureState
from posture.put_on import put_on, walking_up
from posture.rotations import angle_between

RATE_HZ = 100.0
SLOUCH = Sit(120.0, SittingPosture.SLOUCHED, 20.0)
TODAY = (Stand(10.0), Walk(40.0), Sit(300.0), SLOUCH, Sit(100.0), Stand(20.0), Walk(40.0))


@pytest.fixture(scope="module")
def profile(play, defaults):
    """What a guided calibration shows of a wearer, and how they walk."""
    played = play((Stand(5.0), Calibrate(), Walk(60.0), Stand(10.0)), 1)
    pipeline = LivePipeline(defaults, RATE_HZ, sections=played.sections)
    pipeline.push(played.chunk)
    known = replace(pipeline.calibration, source=CalibrationSource.PROFILE, shown=(), turns_standing=False)
    return replace(known, walking=walking_up(pipeline.features))


def tipped(chunk, tip_deg):
    """Return the samples of a sensor that leans forward by so much more."""
    turn = Rotation.from_rotvec(np.radians(tip_deg) * np.array([0.0, 1.0, 0.0])).as_matrix()
    return ImuChunk(chunk.time, *((each @ turn.T).astype(np.float32) for each in (chunk.acc, chunk.gyr)))


@pytest.fixture(scope="module")
def worn(play, defaults):
    """Return what is noticed today of a sensor tipped by some degrees, and the pipeline."""

    def live(profile, tip_deg, script=TODAY):
        pipeline = LivePipeline(defaults, RATE_HZ, profile)
        events = pipeline.push(tipped(play(script, 1).chunk, tip_deg))
        return events + pipeline.flush(), pipeline

    return live


def slouched_s(events):
    return sum(e.end - e.start for e in events if isinstance(e, PostureEpisode) and e.state is PostureState.SLOUCHED)


@pytest.mark.parametrize("tip_deg", [-30.0, -16.0, -10.0, -5.0, 0.0, 5.0, 10.0, 16.0, 30.0])
def test_slouches_are_told_as_ever(worn, profile, defaults, tip_deg):
    events, pipeline = worn(profile, tip_deg)
    assert slouched_s(events) == pytest.approx(120, abs=6)
    assert slouched_s(review(pipeline, defaults, []).findings.events) == pytest.approx(120, abs=6)
    assert [event.kind for event in events if isinstance(event, Alert)] == [AlertKind.SLOUCH]
    assert pipeline.calibration.source is CalibrationSource.PROFILE
    assert pipeline.calibration.sitting == profile.sitting


def test_a_profile_that_knows_no_walking_allows_for_nothing(worn, profile):
    events, pipeline = worn(replace(profile, walking=None), -10.0)
    assert slouched_s(events) > 300
    assert pipeline.calibration.upright is profile.upright


def test_before_the_wearer_walks_the_profile_holds_as_it_is(worn, profile):
    _, pipeline = worn(profile, -10.0, (Stand(10.0), Walk(12.0), Sit(60.0)))
    assert pipeline.calibration.upright is profile.upright


def test_a_sensor_put_on_upside_down_is_told_of(worn, profile):
    events, pipeline = worn(profile, 180.0)
    assert [event.kind for event in events if isinstance(event, Alert)] == [AlertKind.STRAP_MOVED]
    assert pipeline.calibration.source is CalibrationSource.WALKING


@pytest.mark.parametrize("tip_deg", [-20.0, 12.0])
def test_upright_and_forward_go_along(play, kept_seconds, profile, tip_deg):
    played = play(TODAY, 1)
    today = put_on(profile, kept_seconds(replace(played, chunk=tipped(played.chunk, tip_deg))))
    turn = Rotation.from_rotvec(np.radians(tip_deg) * np.array([0.0, 1.0, 0.0])).as_matrix()
    for name in ("upright", "forward", "walking"):
        assert np.degrees(angle_between(getattr(today, name), turn @ getattr(profile, name))) < 3.0
    assert today.upright @ today.forward == pytest.approx(0.0, abs=1e-9)


def test_asked_again_of_what_it_said_it_changes_nothing(kept_seconds, play, profile):
    seconds = kept_seconds(play(TODAY, 1))
    today = put_on(profile, seconds)
    assert np.degrees(angle_between(put_on(today, seconds).upright, today.upright)) == pytest.approx(0.0, abs=1e-6)


def test_unsteady_walking_shows_nothing(kept_seconds, play):
    seconds = kept_seconds(play((Walk(40.0),), 1))
    swaying = np.where(np.arange(len(seconds)) % 2, 1.0, -1.0)[:, np.newaxis] * [0.0, 0.3, 0.0]
    assert walking_up(seconds) is not None
    assert walking_up(replace(seconds, up=seconds.up + swaying)) is None
    assert put_on(Calibration(CalibrationSource.PROFILE, seconds.up[0]), seconds.rows(0, 10)) is None
