"""After the strap has moved, or the sensor was put on anew: walking shows it, and all that follows is right again."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from analytics.findings import CalibrationInUse
from firmware_bridge.virtual import Calibration as Calibrate
from firmware_bridge.virtual import Gap, Lie, NotWorn, Sit, SittingPosture, SlipAxis, Stand, StrapSlip, Walk
from lumbar.review import review
from posture.calibration import Calibration, CalibrationSource, Mounting, by_mounting
from posture.decoder import smooth_activity, smooth_over_mountings
from posture.events import ActivityEpisode, Alert, AlertKind, AlertResolved, PostureEpisode, PostureState
from posture.remounting import learn_mountings, moved_at
from posture.rotations import angle_between, shortest_turn, unit
from posture.self_calibration import learn_calibration
from posture.strap import StrapTracker
from posture.timeline import posture_over_mountings, posture_seconds

MORNING = (Stand(10.0), Walk(60.0), Sit(240.0), Stand(60.0), Walk(60.0))
AFTERNOON = (Stand(20.0), Walk(60.0), Sit(200.0), Stand(60.0), Lie(90.0), Stand(20.0), Walk(20.0))
MOVES = [
    pytest.param(StrapSlip(degrees, axis), id=f"{axis.value} by {degrees:.0f} deg")
    for degrees, axis in ((28.0, SlipAxis.TIP), (-35.0, SlipAxis.TIP), (90.0, SlipAxis.TIP), (180.0, SlipAxis.TURN))
]


def right_share(played, events, since):
    """Return in which share of the seconds that are clear of changes the activity told is the true one."""
    told = {
        second: episode.activity
        for episode in events
        if isinstance(episode, ActivityEpisode)
        for second in range(int(episode.start), int(episode.end))
    }
    right = [
        told.get(second) == part.activity
        for part in played.truth.activities
        for second in range(int(max(part.start + 6, since)), int(part.end - 6))
    ]
    return float(np.mean(right))


@pytest.mark.parametrize("move", MOVES)
@pytest.mark.parametrize("seed", range(2))
def test_once_one_has_walked_it_is_as_if_it_had_always_sat_so(lived, move, seed):
    events, pipeline, played = lived((*MORNING, Sit(100.0), move, Sit(60.0), *AFTERNOON), seed)
    shown_by = next(bout for bout in played.truth.bouts if bout.start > played.truth.slips[0].end)
    assert right_share(played, events, shown_by.end) > 0.97
    assert pipeline.calibration.source is CalibrationSource.WALKING
    (alert,) = (event for event in events if isinstance(event, Alert) and event.kind is AlertKind.STRAP_MOVED)
    assert shown_by.start < alert.time <= shown_by.end + 8.0
    assert [event.raised for event in events if isinstance(event, AlertResolved)] == [alert.time]


@pytest.mark.parametrize(("hole_s", "n_moves"), [(40.0, 1), (20.0, 0)])
@pytest.mark.parametrize("seed", range(2))
def test_after_a_hole_in_which_it_may_have_been_off_a_short_walk_shows_how_it_sits(lived, hole_s, n_moves, seed):
    again = (Stand(5.0), StrapSlip(180.0, SlipAxis.TURN), Gap(hole_s), Stand(5.0), Walk(14.0), Sit(60.0), Stand(10.0))
    _, pipeline, _ = lived((*MORNING, *again), seed)
    assert len(pipeline.mountings) == 1 + n_moves


@pytest.mark.parametrize(("on_table_s", "n_moves"), [(400.0, 1), (200.0, 0)])
@pytest.mark.parametrize("seed", range(2))
def test_after_it_lay_on_a_table_a_short_walk_shows_how_it_sits(lived, on_table_s, n_moves, seed):
    turned = (Stand(5.0), StrapSlip(180.0, SlipAxis.TURN), NotWorn(on_table_s))
    events, pipeline, _ = lived((*MORNING, *turned, Stand(5.0), Walk(14.0), Sit(60.0), Stand(10.0)), seed)
    assert len(pipeline.mountings) == 1 + n_moves
    alerts = [event.kind for event in events if isinstance(event, Alert)]
    assert alerts == [AlertKind.STRAP_MOVED] * n_moves


@pytest.mark.parametrize("is_learnt", [False, True])
def test_learning_how_the_wearer_turns_changes_nothing_of_the_strap(play, kept_seconds, is_learnt):
    """One who walks leaning by 14 deg, which shows after 3 min, and later up a slope: that is no slip."""
    seconds = kept_seconds(play((Stand(5.0), Walk(420.0)), 1))
    upright = learn_calibration(seconds).upright
    shown, until = Calibration(CalibrationSource.GUIDED, upright), len(seconds) - 60
    tracker = StrapTracker(shown)
    tracker.push(leant(seconds.rows(0, until), upright, 14.0))
    if is_learnt:
        tracker.calibration = replace(shown, turns_standing=True)
    news = tracker.push(leant(seconds.rows(until, len(seconds)), upright, 24.0))
    assert news.move is None
    assert not news.events


def leant(seconds, upright, lean_deg):
    """Return the seconds of a sensor that leans by so much more."""
    axis = unit(np.cross(upright, [0.0, 0.6, 0.8]))
    turn = Rotation.from_rotvec(np.radians(lean_deg) * axis).as_matrix()
    return replace(seconds, up=seconds.up @ turn.T)


@pytest.mark.parametrize("seed", range(2))
def test_who_lies_still_for_long_has_moved_nothing(lived, seed):
    events, pipeline, _ = lived((*MORNING, Lie(600.0), Stand(5.0), Walk(14.0), *AFTERNOON), seed)
    assert len(pipeline.mountings) == 1
    assert not [event for event in events if isinstance(event, Alert)]


@pytest.mark.parametrize("seed", range(2))
def test_a_hole_alone_moves_nothing(lived, seed):
    events, pipeline, _ = lived((*MORNING, Gap(600.0), Stand(5.0), Walk(60.0), Gap(60.0), *AFTERNOON), seed)
    assert len(pipeline.mountings) == 1
    assert not [event for event in events if isinstance(event, Alert)]


def test_only_the_first_walking_after_a_hole_is_looked_at_so_soon(lived):
    walk = (Walk(40.0), Sit(60.0), Gap(60.0), Stand(5.0), Walk(14.0), Sit(30.0))
    later = (StrapSlip(180.0, SlipAxis.TURN), Sit(30.0), Stand(5.0), Walk(14.0), Sit(30.0))
    _, pipeline, _ = lived((Stand(5.0), *walk, *later), 1)
    assert len(pipeline.mountings) == 1


@given(cuts=st.lists(st.integers(1, 400), max_size=6))
def test_holes_are_seen_however_the_seconds_are_cut(around_holes, cuts):
    whole = strap_news(around_holes, [])
    assert len(whole) == 2
    assert strap_news(around_holes, cuts) == whole


@pytest.fixture(scope="module")
def around_holes(play, kept_seconds):
    """The seconds of somebody who turns the sensor over in a hole and on the table."""
    turn = (Sit(20.0), StrapSlip(180.0, SlipAxis.TURN))
    again = (Stand(5.0), Walk(14.0))
    return kept_seconds(
        play((Stand(5.0), Walk(40.0), *turn, Gap(50.0), *again, *turn, NotWorn(350.0), *again, Sit(20.0)), 1)
    )


def strap_news(seconds, cuts):
    """Return when the strap moved, of seconds pushed in parts, and how far up was then from up at first."""
    first = Calibration(CalibrationSource.WALKING, unit(np.median(seconds.up[8:40], axis=0)))
    tracker, moves, start = StrapTracker(first), [], 0
    for stop in [*sorted({cut for cut in cuts if cut < len(seconds)}), len(seconds)]:
        while start < stop:
            news = tracker.push(seconds.rows(start, stop))
            start += news.n_taken
            if news.move is not None:
                now, cosine = int(seconds.second[start - 1]), float(news.move.upright @ first.upright)
                moves.append((news.move.since, now, cosine))
                tracker.calibration = tracker.calibration.moved_to(news.move.upright)
    return moves


@pytest.mark.parametrize("move", MOVES)
@pytest.mark.parametrize("seed", range(2))
def test_the_review_finds_when_it_moved(lived, defaults, move, seed):
    _, pipeline, played = lived((*MORNING, Sit(100.0), move, Sit(60.0), *AFTERNOON), seed)
    reviewed = review(pipeline, defaults, [])
    (slip,) = played.truth.slips
    assert reviewed.mountings[1].start == pytest.approx(slip.end, abs=5.0)
    assert right_share(played, reviewed.findings.events, played.truth.start) > 0.97
    assert [use.source for use in reviewed.findings.of(CalibrationInUse)] == [CalibrationSource.WALKING] * 2


def test_what_was_shown_holds_again_once_it_is_put_right(lived, defaults):
    slouch = Sit(120.0, SittingPosture.SLOUCHED, 22.0)
    script = (Stand(5.0), Calibrate(), Walk(40.0), Sit(60.0), slouch, Stand(5.0), StrapSlip(30.0), Walk(60.0))
    moved = (Sit(200.0), Sit(120.0), Stand(5.0), StrapSlip(-30.0), Walk(60.0))
    events, pipeline, played = lived((*script, *moved, Sit(60.0), slouch, Sit(30.0)), 1)
    used = [event.source for event in events if isinstance(event, CalibrationInUse)]
    assert used == [CalibrationSource.GUIDED, CalibrationSource.WALKING, CalibrationSource.GUIDED]
    slips, walked = played.truth.slips, played.truth.bouts[0].start
    slouched = [
        event
        for event in events
        if isinstance(event, PostureEpisode) and event.state is PostureState.SLOUCHED and event.start > walked
    ]
    assert len(slouched) == 2, "of a sensor that has moved it is not known how the wearer sits"
    assert not [episode for episode in slouched if slips[0].end < episode.start < slips[1].start]
    assert [mounting.calibration.is_shown for mounting in pipeline.mountings] == [True, False, True]
    judged = review(pipeline, defaults, []).findings.of(PostureEpisode)
    assert not [episode for episode in judged if slips[0].end + 5 < episode.start < slips[1].start - 5]


def test_what_held_longest_is_what_the_recording_was_judged_by(lived, defaults):
    opening, walk = (Stand(5.0), Calibrate(), Walk(40.0)), (StrapSlip(30.0), Walk(60.0))
    for sat_before_s, sat_after_s, source in ((400.0, 20.0, "shown"), (20.0, 600.0, "not_enough_seen")):
        _, pipeline, _ = lived((*opening, Sit(sat_before_s), *walk, Sit(sat_after_s)), 1)
        reviewed = review(pipeline, defaults, [])
        assert reviewed.sitting.source == source
        assert reviewed.calibration.is_shown == (source == "shown")


def test_a_move_before_the_first_walk_is_found_where_it_happened(lived, defaults):
    script = (Stand(5.0), Calibrate(), Sit(200.0), StrapSlip(50.0), Sit(400.0), Stand(5.0), Walk(60.0), Sit(60.0))
    _, pipeline, played = lived(script, 0)
    assert review(pipeline, defaults, []).mountings[1].start == pytest.approx(played.truth.slips[0].end, abs=5.0)


@pytest.mark.parametrize("seed", [2, 12])
def test_a_strap_that_keeps_slipping_has_one_mounting_after_the_other(lived, defaults, seed):
    random = np.random.default_rng(seed)
    walks_s, sizes, signs = random.uniform(24.0, 34.0, 8), random.uniform(50.0, 170.0, 8), random.choice([-1.0, 1.0], 8)
    pairs = zip((signs * sizes).tolist(), walks_s.tolist(), strict=True)
    slips = [scene for degrees, walk_s in pairs for scene in (StrapSlip(degrees), Walk(walk_s))]
    _, pipeline, _ = lived((Stand(5.0), Walk(40.0), *slips, Walk(40.0), Sit(60.0)), seed, rate_hz=50.0)
    starts = [mounting.start for mounting in review(pipeline, defaults, []).mountings]
    assert len(starts) == len(slips) // 2 + 1
    assert starts == sorted(set(starts))


def test_steps_before_those_that_showed_a_move_do_not_hide_when_it_was(lived):
    """The window that showed the move before may have had the first steps in this mounting."""
    script = (Stand(5.0), Walk(40.0), Sit(60.0), StrapSlip(90.0), Sit(60.0), Stand(5.0), Walk(60.0), Sit(60.0))
    _, pipeline, played = lived(script, 1)
    before, seen = pipeline.mountings
    late = Mounting(int(played.truth.bouts[-1].start) + 6, seen.calibration)
    _, learnt = learn_mountings(pipeline.features, [before, late], np.zeros(3))
    assert learnt.start == pytest.approx(played.truth.slips[0].end, abs=5.0)


def test_the_move_is_found_among_long_hours_of_sitting(play, analyse):
    played = play((Walk(40.0), Sit(1500.0), StrapSlip(50.0), Sit(900.0), Stand(5.0), Walk(40.0)), 3)
    seconds = analyse(played.chunk, 100.0).seconds
    before, after = (
        Calibration(CalibrationSource.WALKING, unit(np.median(seconds.up[rows], axis=0)))
        for rows in (slice(5, 35), slice(-35, -5))
    )
    found = seconds.second[moved_at(seconds, before, after)]
    assert found == pytest.approx(played.truth.slips[0].end, abs=5.0)


def test_a_sensor_that_has_not_moved_has_one_mounting(play, kept_seconds):
    seconds = kept_seconds(play(MORNING, 1))
    (only,) = learn_mountings(seconds, [Mounting(0, Calibration(CalibrationSource.NONE))], np.zeros(3))
    assert only.start == seconds.second[0]
    one, several = (
        posture_seconds(seconds, smooth_activity(seconds, only.calibration), only.calibration),
        posture_over_mountings(seconds, smooth_over_mountings(seconds, [only, only]), [only, only]),
    )
    assert several.activity == one.activity
    np.testing.assert_array_equal(several.flexion_deg, one.flexion_deg)


@pytest.mark.parametrize("first", [(Sit(100.0),), (Stand(8.0), Walk(4.0), Sit(30.0))], ids=["no walking", "too little"])
def test_a_first_mounting_that_walking_does_not_show_is_none(lived, first):
    _, pipeline, played = lived((*first, Stand(5.0), Walk(60.0), Sit(100.0)), 1)
    shows = Mounting(int(played.truth.bouts[-1].start), Calibration(CalibrationSource.WALKING, np.eye(3)[0]))
    mountings = [Mounting(0, Calibration(CalibrationSource.NONE)), shows]
    (only,) = learn_mountings(pipeline.features, mountings, np.zeros(3))
    assert only.start == pipeline.features.second[0]
    assert np.degrees(angle_between(only.calibration.upright, learn_calibration(pipeline.features).upright)) < 1e-6


def test_seconds_are_told_by_the_mounting_they_are_in():
    calibrations = [Calibration(CalibrationSource.NONE) for _ in range(3)]
    mountings = [Mounting(start, known) for start, known in zip((100, 105, 105), calibrations, strict=True)]
    rows = list(by_mounting(np.arange(98, 110), mountings))
    assert [(start, stop) for start, stop, _ in rows] == [(0, 7), (7, 12)]
    assert rows[0][2] is calibrations[0]
    assert rows[1][2] is calibrations[2]


def test_a_slip_leaves_forward_known_and_putting_on_anew_does_not():
    upright, forward = np.array([1.0, 0.0, 0.0]), np.array([0.0, 0.0, 1.0])
    known = Calibration(CalibrationSource.GUIDED, upright, forward=forward, acc_offset_ms2=np.ones(3))
    for tilt_deg, is_slip in ((30.0, True), (60.0, False)):
        tilted = np.array([np.cos(np.radians(tilt_deg)), 0.0, np.sin(np.radians(tilt_deg))])
        moved = known.moved_to(tilted)
        assert (moved.forward is not None) == is_slip
        assert moved.sitting is None
        assert moved.acc_offset_ms2 is known.acc_offset_ms2
    turned = shortest_turn(upright, known.moved_to(unit(np.array([1.0, 0.3, 0.3]))).upright)
    assert np.degrees(angle_between(turned @ forward, forward)) < np.degrees(np.arctan(0.3 * np.sqrt(2))) + 1e-9
