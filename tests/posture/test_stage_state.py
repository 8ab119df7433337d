"""A live day survives a restart: every stage goes on in a new program from its pickled state as if nothing had been."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.posture_tally import PostureTallier
from analytics.steps import StepDetector
from firmware_bridge.virtual import NotWorn, SimulatedWearer, Stand, StrapSlip, Walk, desk_day
from lumbar.pipeline import LivePipeline
from posture.accelerometer_offset import RestSurvey
from posture.bends import BendTracker
from posture.calibration import Calibration, CalibrationSource, SittingRange
from posture.coverage import Coverage
from posture.decoder import ActivityDecoder, smooth_activity
from posture.episodes import ActivityEpisodes
from posture.guided_calibration import GuidedCalibration
from posture.mounting_search import MountingSearch
from posture.orientation import OrientationFilter
from posture.resample import Resampler
from posture.rotations import unit
from posture.seconds import SecondSummarizer
from posture.seconds_log import SecondsLog
from posture.self_calibration import SelfCalibration
from posture.sitting import SittingTracker
from posture.sitting_habit import SittingHabit
from posture.slouch import SlouchTracker
from posture.strap import StrapTracker
from posture.timeline import posture_seconds
from posture.wear import WearTracker

EXAMPLES = 15


def saved_and_read(state):
    """Return the state after the program has written it to a file, ended, and read it again."""
    return pickle.loads(pickle.dumps(state))  # noqa: S301 - our own bytes


def finish(stage, pieces, result):
    """Return all the stage gives for the rest of a recording, and what it then says it knows."""
    outputs = [stage.push(piece) for piece in pieces]
    return [*outputs, stage.flush() if hasattr(stage, "flush") else None, result(stage)]


def check_restart(make, pieces, stop, differs, result=lambda _: None):
    """Stop before the piece `stop`, and go on in a new stage; the old one, going on too, must not notice."""
    stage = make()
    for piece in pieces[:stop]:
        stage.push(piece)
    state = saved_and_read(stage.state)
    again, once_more = make(), make()
    again.state = state
    expected = finish(stage, pieces[stop:], result)
    assert differs(finish(again, pieces[stop:], result), expected) is None
    once_more.state = state
    assert differs(finish(once_more, pieces[stop:], result), expected) is None, "a state set once may be set again"


@pytest.fixture(scope="module")
def day(busy, analyse):
    """The recording of a bit of everything, at each level, in pieces; and its calibration."""
    played = busy(100.0, has_gyro=True)
    result = analyse(played.chunk, 100.0)
    guided = GuidedCalibration(played.sections)
    for frame in result.frames:
        guided.push(frame)
    calibration = guided.result()
    posture = posture_seconds(result.seconds, smooth_activity(result.seconds, calibration), calibration)
    return played, result, calibration, posture


def log_of(pieces):
    """Return a log of pieces of seconds."""
    log = SecondsLog()
    for piece in pieces:
        log.append(piece)
    return log


def stops(data, n):
    return data.draw(st.integers(0, n), label="stop before piece")


def by_cuts(data, cutting, whole):
    return cutting.pieces(whole, data.draw(cutting.draw(len(whole))))


@pytest.mark.parametrize(
    ("make", "result"),
    [
        pytest.param(lambda: Resampler(2), lambda _: None, id="Resampler"),
        pytest.param(RestSurvey, lambda stage: stage.offset(), id="RestSurvey"),
        pytest.param(lambda: Coverage(100.0), lambda stage: stage.covered, id="Coverage"),
    ],
)
@given(data=st.data())
@settings(max_examples=EXAMPLES, deadline=None)
def test_stages_of_samples(day, cutting, differs, make, result, data):
    pieces = by_cuts(data, cutting, day[0].chunk)
    check_restart(make, pieces, stops(data, len(pieces)), differs, result)


@pytest.mark.parametrize("has_gyro", [True, False], ids=["gyroscope", "no gyroscope"])
@given(data=st.data())
@settings(max_examples=EXAMPLES, deadline=None)
def test_orientation_filter(busy, analyse, cutting, differs, has_gyro, data):
    segments = analyse(busy(100.0, has_gyro=has_gyro).chunk, 100.0).segments
    pieces = [piece for segment in segments for piece in by_cuts(data, cutting, segment) if len(piece)]
    check_restart(lambda: OrientationFilter(2), pieces, stops(data, len(pieces)), differs)


@pytest.mark.parametrize("make", [SecondSummarizer, StepDetector])
@given(data=st.data())
@settings(max_examples=EXAMPLES, deadline=None)
def test_stages_of_frames(day, cutting, differs, make, data):
    pieces = [piece for frame in day[1].frames for piece in by_cuts(data, cutting, frame) if len(piece)]
    check_restart(make, pieces, stops(data, len(pieces)), differs)


@given(data=st.data())
@settings(max_examples=EXAMPLES, deadline=None)
def test_guided_calibration(day, cutting, differs, data):
    played, result, *_ = day
    pieces = [piece for frame in result.frames for piece in by_cuts(data, cutting, frame)]
    check_restart(
        lambda: GuidedCalibration(played.sections),
        pieces,
        stops(data, len(pieces)),
        differs,
        lambda stage: stage.result(),
    )


def test_the_offset_that_was_taken_off_is_remembered(day):
    played, result, *_ = day
    guided, again = GuidedCalibration(played.sections), GuidedCalibration(played.sections)
    for frame in result.frames:
        guided.push(frame)
    guided.take_offset(np.array([0.2, 0.0, 0.0]))
    again.state = saved_and_read(guided.state)
    assert again.result().acc_offset_ms2 == pytest.approx([0.2, 0.0, 0.0])


class FollowedSearch(MountingSearch):
    """A search that is told of all seconds with each piece."""

    def push(self, seen):
        return super().push(*seen)


@given(data=st.data())
@settings(max_examples=EXAMPLES, deadline=None)
def test_search_and_habit(day, defaults, cutting, differs, data):
    _, result, calibration, posture = day
    pieces = by_cuts(data, cutting, result.seconds)
    stop = stops(data, len(pieces))
    seen = [(piece, log_of(pieces[: n + 1])) for n, piece in enumerate(pieces)]
    check_restart(FollowedSearch, seen, stop, differs)

    def habit():
        stage = SittingHabit(defaults.slouch)
        stage.know_mounting(calibration)
        return stage

    pieces = by_cuts(data, cutting, posture)
    check_restart(habit, pieces, stops(data, len(pieces)), differs, lambda stage: stage.knowledge)


@given(data=st.data())
@settings(max_examples=EXAMPLES, deadline=None)
def test_stages_of_seconds(day, cutting, differs, data):
    _, result, calibration, _ = day
    pieces = by_cuts(data, cutting, result.seconds)
    stop = stops(data, len(pieces))
    nothing = Calibration(CalibrationSource.NONE)
    check_restart(lambda: ActivityDecoder(calibration), pieces, stop, differs, lambda stage: stage.calibration)
    seen = [log_of(pieces[: n + 1]) for n in range(len(pieces))]
    check_restart(SelfCalibration, seen, stop, differs, lambda stage: (stage.calibration, stage.next_cut(SecondsLog())))
    check_restart(lambda: StrapTracker(nothing), pieces, stop, differs)


@given(stop=st.integers(0, 60))
@settings(max_examples=EXAMPLES, deadline=None)
def test_trackers_of_wear_and_strap(play_slipped, cutting, differs, stop):
    pieces = cutting.pieces(play_slipped, np.linspace(0, len(play_slipped), 61, dtype=int).tolist())
    worn_upright = Calibration(CalibrationSource.WALKING, play_slipped.up[20])
    check_restart(WearTracker, pieces, stop, differs)
    check_restart(lambda: StrapTracker(worn_upright), pieces, stop, differs)


@pytest.fixture(scope="module")
def play_slipped(play, kept_seconds):
    """Seconds, steps and all, in which the strap moves and the sensor is then left on a table."""
    played = play((Stand(5.0), Walk(45.0), StrapSlip(30.0), Walk(60.0), NotWorn(2000.0), Stand(5.0)), seed=4)
    return kept_seconds(played)


@given(data=st.data())
@settings(max_examples=EXAMPLES, deadline=None)
def test_trackers_of_posture(day, defaults, cutting, differs, data):
    *_, calibration, posture = day

    def slouch():
        tracker = SlouchTracker(defaults.slouch, defaults.alerts, 5.0)
        tracker.sitting = calibration.sitting
        return tracker

    def tallier():
        stage = PostureTallier(defaults.bend.bands_deg)
        stage.sitting = calibration.sitting
        return stage

    pieces = by_cuts(data, cutting, posture)
    stop = stops(data, len(pieces))
    check_restart(slouch, pieces, stop, differs, lambda stage: (stage.dose_s, stage.posture, stage.angle_deg))
    check_restart(tallier, pieces, stop, differs)
    check_restart(lambda: SittingTracker(defaults.sitting, defaults.alerts, 5.0), pieces, stop, differs)
    check_restart(lambda: BendTracker(defaults.bend), pieces, stop, differs)
    check_restart(ActivityEpisodes, pieces, stop, differs)


def test_the_slouch_state_carries_the_sitting_range(defaults):
    tracker = SlouchTracker(defaults.slouch, defaults.alerts)
    tracker.sitting = SittingRange(-8.0, -28.0)
    again = SlouchTracker(defaults.slouch, defaults.alerts)
    again.state = saved_and_read(tracker.state)
    assert again.sitting == SittingRange(-8.0, -28.0)


@pytest.mark.parametrize("known", ["guided", "profile", "nothing"])
@given(data=st.data())
@settings(max_examples=10, deadline=None)
def test_whole_pipeline(busy, day, defaults, cutting, differs, known, data):
    played = busy(52.0, has_gyro=True)
    sections = played.sections if known == "guided" else ()
    tipped = unit(np.cross(day[2].upright, day[2].forward) * 0.2 + day[2].upright)
    of_other_day = replace(day[2], source=CalibrationSource.PROFILE, shown=(), walking=tipped)
    profile = of_other_day if known == "profile" else None
    pieces = by_cuts(data, cutting, played.chunk)
    check_restart(
        lambda: LivePipeline(defaults, played.rate_hz, profile, sections),
        pieces,
        stops(data, len(pieces)),
        differs,
        lambda pipeline: (pipeline.calibration, pipeline.features, pipeline.step_times, pipeline.coverage.covered),
    )


@pytest.mark.parametrize("guided", [True, False], ids=["guided", "learning"])
def test_pipeline_restarted_every_ten_minutes_of_a_day(play, defaults, differs, guided):
    played = play(desk_day(2, 1.0), seed=2)
    sections = played.sections if guided else ()

    def pipeline():
        return LivePipeline(defaults, 100.0, sections=sections)

    pieces = list(played.chunk.split(600.0))
    running = pipeline()
    expected = finish(running, pieces, lambda stage: stage.calibration)
    outputs, state = [], pipeline().state
    for piece in pieces:
        fresh = pipeline()
        fresh.state = saved_and_read(state)
        outputs.append(fresh.push(piece))
        state = fresh.state
    assert differs([*outputs, fresh.flush(), fresh.calibration], expected) is None


def test_a_state_fits_only_a_pipeline_built_alike(busy, defaults):
    played = busy(100.0, has_gyro=True)
    learning = LivePipeline(defaults, 100.0)
    with pytest.raises(ValueError, match="built with other arguments"):
        learning.state = LivePipeline(defaults, 100.0, sections=played.sections).state


def test_the_state_of_a_long_day_stays_small(defaults):
    """A day second by second is a few arrays, not a hundred thousand objects."""
    pipeline = LivePipeline(defaults, 25.0)
    for chunk in SimulatedWearer((Stand(5.0), Walk(30.0), Stand(900.0)), rate_hz=25.0).chunks(1.0):
        pipeline.push(chunk)
    assert len(pipeline.features) > 900
    assert len(pickle.dumps(pipeline.state)) / len(pipeline.features) < 600
