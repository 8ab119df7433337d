"""The same recording, cut into chunks in any way, gives the same output: every stage, and the whole pipeline."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.posture_tally import PostureTallier
from firmware_bridge.imu import ImuChunk
from firmware_bridge.virtual import Calibration as Calibrate
from firmware_bridge.virtual import NotWorn, Sit, Stand, StrapSlip, Walk
from lumbar.pipeline import LivePipeline
from lumbar.review import review
from posture.accelerometer_offset import RestSurvey
from posture.bends import BendTracker
from posture.calibration import Calibration, CalibrationSource
from posture.coverage import Coverage
from posture.decoder import ActivityDecoder, smooth_activity
from posture.episodes import ActivityEpisodes
from posture.frame import GRID_HZ
from posture.guided_calibration import GuidedCalibration
from posture.orientation import OrientationFilter
from posture.resample import Resampler, cells_per_row
from posture.seconds import SecondSummarizer, join_seconds
from posture.seconds_log import SecondsLog
from posture.self_calibration import SelfCalibration
from posture.sitting import SittingTracker
from posture.slouch import SlouchTracker
from posture.strap import StrapTracker
from posture.timeline import posture_seconds
from posture.wear import WearTracker

EXAMPLES = 20
RATES_HZ = (25.0, 50.0, 52.0, 100.0, 128.0, 286.0)
GYROSCOPE = pytest.mark.parametrize("has_gyro", [True, False], ids=["gyroscope", "no gyroscope"])
RATE = pytest.mark.parametrize("rate_hz", RATES_HZ)


def in_pieces(stage, pieces):
    """Return all that a stage gives for the pieces, in order."""
    given_out = [stage.push(piece) for piece in pieces]
    flush = getattr(stage, "flush", None)
    return [*given_out, *([] if flush is None else [flush()])]


def joined(lists):
    return [entry for part in lists for entry in part]


def joined_segments(lists):
    """Return for each stretch without a gap: first index, and the cells of both sensors."""
    stretches = []
    for segment in joined(lists):
        gyr = np.empty((0, 3)) if segment.gyr is None else segment.gyr
        if segment.restarts:
            stretches.append([segment.start_index, segment.acc, gyr])
        else:
            stretch = stretches[-1]
            assert segment.start_index == stretch[0] + len(stretch[1]) // segment.per_row
            stretch[1:] = np.vstack([stretch[1], segment.acc]), np.vstack([stretch[2], gyr])
    return stretches


@GYROSCOPE
@RATE
@given(data=st.data())
@settings(max_examples=EXAMPLES, deadline=None)
def test_resampler(busy, cutting, differs, rate_hz, has_gyro, data):
    chunk = busy(rate_hz, has_gyro=has_gyro).chunk
    per_row = cells_per_row(rate_hz)
    whole = joined_segments(in_pieces(Resampler(per_row), [chunk]))
    pieces = cutting.pieces(chunk, data.draw(cutting.draw(len(chunk))))
    assert differs(joined_segments(in_pieces(Resampler(per_row), pieces)), whole) is None


@pytest.mark.parametrize("period_ms", [5, 8, 10, 20, 40])
def test_holes_of_exactly_one_second_are_the_same_gap_however_cut(cutting, differs, period_ms):
    for hole in range(1, 100):
        same_gap_however_cut(cutting, differs, period_ms, hole)


def same_gap_however_cut(cutting, differs, period_ms, hole):
    n = 100
    ticks = np.arange(n) * period_ms
    ticks[hole:] += 1000 - period_ms
    chunk = ImuChunk(ticks / 1000.0, np.tile(np.float32([9.8, 0.1, 0.2]), (n, 1)))
    pieces = cutting.pieces(chunk, [0, hole, n])
    outcomes = []
    for parts in ([chunk], pieces):
        coverage = Coverage(1000 / period_ms)
        for part in parts:
            coverage.push(part)
        outcomes.append((joined_segments(in_pieces(Resampler(2), parts)), coverage.covered))
    assert differs(outcomes[1], outcomes[0]) is None


@GYROSCOPE
@given(data=st.data())
@settings(max_examples=EXAMPLES, deadline=None)
def test_orientation_filter(busy, analyse, cutting, differs, has_gyro, data):
    segments = analyse(busy(100.0, has_gyro=has_gyro).chunk, 100.0).segments
    whole, cut = OrientationFilter(2), OrientationFilter(2)
    for segment in segments:
        frame = whole.push(segment)
        cuts = data.draw(cutting.draw(len(segment)))
        parts = [cut.push(piece) for piece in cutting.pieces(segment, cuts) if len(piece)]
        for name in ("quat", "up", "vertical"):
            assert differs(np.concatenate([getattr(part, name) for part in parts]), getattr(frame, name)) is None


@GYROSCOPE
@given(data=st.data())
@settings(max_examples=EXAMPLES, deadline=None)
def test_second_summarizer(busy, analyse, cutting, differs, has_gyro, data):
    result = analyse(busy(100.0, has_gyro=has_gyro).chunk, 100.0)
    summarizer, parts = SecondSummarizer(), []
    for frame in result.frames:
        pieces = cutting.pieces(frame, data.draw(cutting.draw(len(frame))))
        # A restart belongs to the first row, so that a piece without rows cannot carry it.
        parts += [summarizer.push(piece) for piece in pieces if len(piece)]
    assert differs(join_seconds(parts), result.seconds) is None


@RATE
@given(data=st.data())
@settings(max_examples=EXAMPLES, deadline=None)
def test_rest_survey(busy, cutting, rate_hz, data):
    chunk = busy(rate_hz, has_gyro=True).chunk
    whole, cut = RestSurvey(), RestSurvey()
    whole.push(chunk)
    for piece in cutting.pieces(chunk, data.draw(cutting.draw(len(chunk)))):
        cut.push(piece)
    np.testing.assert_array_equal(cut.offset(), whole.offset())


@given(data=st.data())
@settings(max_examples=EXAMPLES, deadline=None)
def test_coverage(busy, cutting, differs, data):
    chunk = busy(100.0, has_gyro=False).chunk
    whole, cut = Coverage(100.0), Coverage(100.0)
    whole.push(chunk)
    for piece in cutting.pieces(chunk, data.draw(cutting.draw(len(chunk)))):
        cut.push(piece)
    assert cut.gaps == whole.gaps
    for name in ("covered", "start", "end", "n_samples", "rate_hz"):
        assert differs(getattr(cut, name), getattr(whole, name)) is None


@pytest.fixture(scope="module")
def everything(busy, analyse):
    """Seconds, calibration and decoded posture of a busy recording."""
    played = busy(100.0, has_gyro=True)
    seconds = analyse(played.chunk, 100.0).seconds
    frames = analyse(played.chunk, 100.0).frames
    guided = GuidedCalibration(played.sections)
    for frame in frames:
        guided.push(frame)
    calibration = guided.result()
    state = smooth_activity(seconds, calibration)
    return seconds, calibration, posture_seconds(seconds, state, calibration), frames, played


@given(data=st.data())
@settings(max_examples=EXAMPLES, deadline=None)
def test_activity_decoder(everything, cutting, differs, data):
    seconds, calibration, *_ = everything

    def decoded(pieces):
        blocks = joined(in_pieces(ActivityDecoder(calibration), pieces))
        return np.concatenate([block.state for block in blocks]), join_seconds([block.features for block in blocks])

    whole, cut = decoded([seconds]), decoded(cutting.pieces(seconds, data.draw(cutting.draw(len(seconds)))))
    assert differs(cut, whole) is None
    assert differs(whole[1], seconds) is None, "every second is decided once"


def trackers(defaults, calibration):
    slouch = SlouchTracker(defaults.slouch, defaults.alerts, 5.0)
    tallier = PostureTallier(defaults.bend.bands_deg)
    slouch.sitting = tallier.sitting = calibration.sitting
    sitting = SittingTracker(defaults.sitting, defaults.alerts, 5.0)
    return ActivityEpisodes(), slouch, sitting, BendTracker(defaults.bend), tallier


@given(data=st.data())
@settings(max_examples=EXAMPLES, deadline=None)
def test_trackers_of_posture(everything, defaults, cutting, differs, data):
    _, calibration, posture, *_ = everything
    cuts = data.draw(cutting.draw(len(posture)))
    for one, other in zip(trackers(defaults, calibration), trackers(defaults, calibration), strict=True):
        whole, cut = in_pieces(one, [posture]), in_pieces(other, cutting.pieces(posture, cuts))
        assert joined(whole), "the recording holds something for every tracker"
        assert differs(joined(cut), joined(whole)) is None


@pytest.fixture(scope="module")
def slipped(play, kept_seconds):
    """Seconds, steps and all, of a day on which the strap moves, and the sensor is then left on a table."""
    played = play((Stand(5.0), Walk(45.0), StrapSlip(30.0), Walk(60.0), NotWorn(2000.0), Stand(5.0)), seed=4)
    return kept_seconds(played)


@given(data=st.data())
@settings(max_examples=EXAMPLES, deadline=None)
def test_wear_and_strap_trackers(slipped, cutting, differs, data):
    upright = slipped.up[20]
    calibration = Calibration(CalibrationSource.WALKING, upright)
    cuts = data.draw(cutting.draw(len(slipped)))
    for follow in (lambda pieces: joined(in_pieces(WearTracker(), pieces)), lambda pieces: slips(calibration, pieces)):
        whole, cut = follow([slipped]), follow(cutting.pieces(slipped, cuts))
        assert whole
        assert differs(cut, whole) is None


def slips(calibration, pieces):
    """Return the alerts and moves of a strap, and after how many seconds each move shows; what is left goes on then."""
    tracker, found, n = StrapTracker(calibration), [], 0
    for piece in pieces:
        rest = piece
        while len(rest):
            news = tracker.push(rest)
            found += news.events
            n, rest = n + news.n_taken, rest.rows(news.n_taken, len(rest))
            if news.move is not None:
                found.append((n, news.move))
                tracker.calibration = tracker.calibration.moved_to(news.move.upright)
    return found


def learnt(pieces):
    """Return what self-calibration knows after each of its learnings, fed as `next_cut` asks."""
    stage, seen = SelfCalibration(), SecondsLog()
    known_then = [stage.calibration]
    for piece in pieces:
        start = 0
        while start < len(piece):
            stop = min(start + stage.next_cut(seen), len(piece))
            seen.append(piece.rows(start, stop))
            stage.push(seen)
            start = stop
            if stage.calibration is not known_then[-1]:
                known_then.append(stage.calibration)
    return known_then


@given(data=st.data())
@settings(max_examples=EXAMPLES, deadline=None)
def test_self_calibration(everything, cutting, differs, data):
    seconds = everything[0]
    whole, cut = learnt([seconds]), learnt(cutting.pieces(seconds, data.draw(cutting.draw(len(seconds)))))
    assert len(whole) > 1
    assert differs(cut, whole) is None


@given(data=st.data())
@settings(max_examples=EXAMPLES, deadline=None)
def test_guided_calibration(everything, cutting, differs, data):
    *_, frames, played = everything
    guided = GuidedCalibration(played.sections)
    for frame in frames:
        for piece in cutting.pieces(frame, data.draw(cutting.draw(len(frame)))):
            guided.push(piece)
    assert differs(guided.result(), everything[1]) is None


def through_pipeline(pieces, rate_hz, defaults, **options):
    """Return all that a recording shows, live and in review."""
    pipeline = LivePipeline(defaults, rate_hz, **options)
    noticed = joined([*(pipeline.push(piece) for piece in pieces), pipeline.flush()])
    alerts = [event for event in noticed if type(event).__name__.startswith("Alert")]
    reviewed = review(pipeline, defaults, alerts)
    return sorted(noticed, key=repr), pipeline.calibration, pipeline.features, pipeline.step_times, reviewed


@pytest.fixture(scope="module")
def in_one_piece(busy, defaults):
    """Return a recording, when it was calibrated, and all that it shows in one piece."""

    @cache
    def make(*, guided, has_gyro):
        played = busy(100.0 if guided else 52.0, has_gyro=has_gyro)
        sections = played.sections if guided else ()
        return played, sections, through_pipeline([played.chunk], played.rate_hz, defaults, sections=sections)

    return make


@GYROSCOPE
@pytest.mark.parametrize("guided", [True, False], ids=["guided", "learning"])
@given(data=st.data())
@settings(max_examples=12, deadline=None)
def test_whole_pipeline(in_one_piece, defaults, cutting, differs, guided, has_gyro, data):
    played, sections, whole = in_one_piece(guided=guided, has_gyro=has_gyro)
    pieces = cutting.pieces(played.chunk, data.draw(cutting.draw(len(played.chunk))))
    cut = through_pipeline(pieces, played.rate_hz, defaults, sections=sections)
    assert whole[0]
    assert differs(cut, whole) is None


@pytest.mark.parametrize("seconds", [0.3, 7.3, 45.0])
@pytest.mark.parametrize("guided", [True, False], ids=["guided", "learning"])
def test_whole_pipeline_with_a_strap_that_moves(play, defaults, differs, guided, seconds):
    opening = (Stand(5.0), Calibrate()) if guided else (Stand(5.0),)
    played = play((*opening, Walk(50.0), Sit(40.0), StrapSlip(40.0), Sit(30.0), Stand(5.0), Walk(45.0), Sit(100.0)), 2)
    whole = through_pipeline([played.chunk], 100.0, defaults, sections=played.sections)
    assert len(whole[-1].mountings) == 2
    cut = through_pipeline(played.chunk.split(seconds), 100.0, defaults, sections=played.sections)
    assert differs(cut, whole) is None


@pytest.mark.parametrize("sitting_s", [94.0, 95.0, 96.0], ids=["before", "as", "after"])
def test_a_strap_shown_to_have_moved_just_as_more_is_learnt(play, defaults, differs, sitting_s):
    """The accelerometer's offset is learnt anew with the very second whose walking shows the move."""
    moved = (Sit(sitting_s), StrapSlip(60.0), Sit(20.0), Stand(5.0), Walk(60.0), Sit(60.0))
    played = play((Stand(10.0), Walk(60.0), *moved), 3)
    whole = through_pipeline([played.chunk], 100.0, defaults)
    assert len(whole[-1].mountings) == 2
    assert differs(through_pipeline(played.chunk.split(7.3), 100.0, defaults), whole) is None


@pytest.mark.parametrize("seconds", [0.1, 1.0, 7.3, 60.0])
def test_whole_pipeline_on_a_real_recording(data_folder, labelled, defaults, differs, seconds):
    chunk, *_ = labelled(data_folder / "hapt" / "user01-exp01.parquet")
    whole = through_pipeline([chunk], 50.0, defaults)
    cut = through_pipeline(chunk.split(seconds), 50.0, defaults)
    assert len(whole[0]) > 100
    assert differs(cut, whole) is None


def test_output_is_dated_by_the_grid_not_by_the_chunk(busy, analyse):
    result = analyse(busy(100.0, has_gyro=True).chunk, 100.0)
    for segment, frame in zip(result.segments, result.frames, strict=True):
        assert frame.segment.time[0] == segment.start_index / GRID_HZ
