"""Who stands turns about the vertical, and a seat holds the pelvis: of those who show it, it tells the two apart."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge.recordings.read import open_recording
from firmware_bridge.virtual import Lie, Person, Sit, Stand, Walk
from lumbar.analysis import analyze_recording
from posture.activity import SITTING, STANDING
from posture.calibration import Calibration, CalibrationSource
from posture.decoder import smooth_activity
from posture.events import Activity, ActivityEpisode
from posture.frame import GRID_HZ, GridSegment, PostureFrame
from posture.mounting_search import MountingSearch
from posture.own_turning import MOST, QUIET_MS2, QUIET_RAD_S, SEEN_S, rather_standing, turns_standing
from posture.seconds import SecondSummarizer, join_seconds
from posture.seconds_log import SecondsLog
from posture.self_calibration import LEARN_EVERY_S, SelfCalibration, learn_calibration, with_turning

LEAN_RAD_S = 0.01
STANDING_TURN, SITTING_TURN = 1.2, 0.4
"""For what they lean: medians of hapt."""
NUMBERS = {Activity.SITTING: SITTING, Activity.STANDING: STANDING}


def swaying(seconds, activity, standing=STANDING_TURN, sitting=SITTING_TURN, spread=0.25, seed=0):
    """Return seconds with sway of people: so much turning for what they lean, standing and sitting."""
    random = np.random.default_rng(seed)
    share = np.where(np.asarray(activity) == STANDING, standing, sitting) * 10 ** random.normal(0, spread, len(seconds))
    lean = LEAN_RAD_S * 10 ** random.normal(0, spread, len(seconds))
    return replace(seconds, turn_rad_s=(share * lean).astype(np.float32), tip_rad_s=lean.astype(np.float32))


@pytest.fixture(scope="module")
def still(play, analyse):
    """Return the seconds of one who hardly moves."""
    seconds = analyse(play((Stand(400.0),), 0).chunk, 100.0).seconds
    return seconds.where(seconds.movement < QUIET_MS2)


def half_and_half(seconds):
    return np.where(np.arange(len(seconds)) % 2, STANDING, SITTING)


def seen_to_turn(seconds, activity):
    return turns_standing(seconds, activity == STANDING, activity == SITTING)


def test_who_turns_standing_and_not_sitting_is_seen_to(still):
    activity = half_and_half(still)
    assert seen_to_turn(swaying(still, activity), activity)


@pytest.mark.parametrize(
    ("standing", "sitting"),
    [
        pytest.param(0.4, 0.4, id="not while standing: the sensor does not show it"),
        pytest.param(1.2, 1.2, id="while sitting, too: the chair turns"),
        pytest.param(0.4, 1.2, id="the other way round"),
    ],
)
def test_of_others_it_tells_nothing(still, standing, sitting):
    activity = half_and_half(still)
    assert not seen_to_turn(swaying(still, activity, standing, sitting), activity)


def test_a_few_seconds_show_nothing(still):
    activity = half_and_half(still)
    few = still.rows(0, 2 * SEEN_S - 2)
    assert not seen_to_turn(swaying(few, activity[: len(few)]), activity[: len(few)])


def test_an_accelerometer_alone_shows_nothing(still):
    activity = half_and_half(still)
    assert not seen_to_turn(replace(swaying(still, activity), has_gyr=False), activity)


@settings(deadline=None)
@given(share=st.floats(0.0, 0.1), seed=st.integers(0, 50))
def test_it_is_seen_although_some_is_taken_for_the_other(still, share, seed):
    check_it_is_seen(still, share, seed)


def check_it_is_seen(still, share, seed):
    """Apart from the law: hypothesis would write out all seconds with a draw for which it does not hold."""
    activity = half_and_half(still)
    taken = np.where(np.random.default_rng(seed).random(len(still)) < share, SITTING + STANDING - activity, activity)
    assert seen_to_turn(swaying(still, activity, seed=seed), taken)


def test_exercises_on_ones_feet_are_no_sway(still):
    activity = half_and_half(still)
    seconds = swaying(still, activity, standing=0.4)
    exercised = np.arange(len(still)) % 5 < 2
    turned = np.where(exercised, 0.09, seconds.turn_rad_s).astype(np.float32)
    assert not seen_to_turn(replace(seconds, turn_rad_s=turned), activity)


def test_turning_speaks_for_standing_and_leaning_for_sitting(still):
    activity = half_and_half(still)
    ratio = rather_standing(swaying(still, activity, spread=0.0))
    assert (ratio[activity == STANDING] > 1.0).all()
    assert (ratio[activity == SITTING] < -1.0).all()
    assert np.abs(rather_standing(swaying(still, activity, 1e3, 1e-3))).max() <= MOST


@pytest.mark.parametrize("change", [{"movement": QUIET_MS2}, {"turn_rad_s": QUIET_RAD_S}])
def test_who_moves_or_looks_round_tells_nothing(still, change):
    seconds = swaying(still, half_and_half(still))
    (name, value), *_ = change.items()
    column = np.full(len(still), value, dtype=getattr(seconds, name).dtype)
    assert (rather_standing(replace(seconds, **{name: column})) == 0.0).all()


def turned_about(axis, up, rate_hz=1.5, bias=0.0, n_s=20):
    """Return the seconds of a sensor at rest but for turning to and fro about an axis by 0.02 rad/s at most."""
    n = n_s * GRID_HZ
    angle = 2 * np.pi * rate_hz * np.arange(n) / GRID_HZ
    gyr = 0.02 * np.sin(angle)[:, np.newaxis] * np.asarray(axis) + bias
    rows = GridSegment(0, restarts=True, acc=np.tile(9.81 * np.asarray(up), (n, 1)), gyr=gyr)
    frame = PostureFrame(rows, np.tile([1.0, 0, 0, 0], (n, 1)), np.tile(up, (n, 1)), np.zeros(n))
    summarizer = SecondSummarizer()
    return join_seconds([summarizer.push(frame), summarizer.flush()])


@pytest.mark.parametrize("up", [(1.0, 0.0, 0.0), (0.0, -1.0, 0.0), (0.0, 0.6, 0.8)])
@pytest.mark.parametrize("bias", [0.0, 0.05])
def test_turning_is_told_from_leaning_at_any_mounting_and_with_any_bias(up, bias):
    level = np.cross(up, [0.3, 0.5, -0.4])
    level /= np.linalg.norm(level)
    rms = 0.02 / np.sqrt(2)
    turning, leaning = (turned_about(axis, up, bias=bias).rows(3, 19) for axis in (up, level))
    assert turning.turn_rad_s == pytest.approx(rms, rel=0.1)
    assert turning.tip_rad_s == pytest.approx(0.0, abs=rms / 50)
    assert leaning.tip_rad_s == pytest.approx(rms, rel=0.1)
    assert leaning.turn_rad_s == pytest.approx(0.0, abs=rms / 50)


def test_turning_round_slowly_is_no_sway():
    slow = turned_about((1.0, 0.0, 0.0), (1.0, 0.0, 0.0), rate_hz=0.1).rows(5, 20)
    assert slow.turn_rad_s.max() < 0.02 / np.sqrt(2) / 10


LIES_THEN_SITS = (Stand(40.0), Walk(30.0), Sit(60.0), Stand(40.0), Lie(40.0), Sit(40.0), Stand(30.0), Walk(20.0))


@pytest.fixture(scope="module")
def upright_sitter(play, kept_seconds):
    """Return the seconds of one who sits as upright as they stand, with the sway of people, and what they do."""
    person = replace(Person.drawn(3), upright_sit_tilt_deg=3.0)
    played = play(LIES_THEN_SITS, 3, person=person, sensor=None)
    seconds = kept_seconds(played)
    truth = np.full(len(seconds), -1)
    for part in played.truth.activities:
        truth[(seconds.second >= part.start) & (seconds.second < part.end)] = NUMBERS.get(part.activity, -1)
    return swaying(seconds, truth), truth


def test_it_is_learnt_with_the_mounting(upright_sitter):
    seconds, _ = upright_sitter
    assert learn_calibration(seconds).turns_standing
    held = swaying(seconds, np.full(len(seconds), SITTING))
    assert not learn_calibration(held).turns_standing


def test_who_sits_down_unseen_as_upright_as_they_stand_is_told_by_it(upright_sitter):
    seconds, truth = upright_sitter
    nothing = np.zeros(len(seconds))
    heights = dict.fromkeys(("rise", "fall", "rise_by_norm", "fall_by_norm", "speed_gain", "height_gain"), nothing)
    unseen, known = replace(seconds, **heights), learn_calibration(seconds)

    def share_seen(calibration):
        return np.mean(smooth_activity(unseen, calibration)[truth == SITTING] == SITTING)

    assert share_seen(known) > 0.9
    assert share_seen(replace(known, turns_standing=False)) < 0.7


def test_of_one_who_has_shown_the_mounting_only_that_is_learnt(upright_sitter):
    seconds, _ = upright_sitter
    shown = Calibration(CalibrationSource.GUIDED, np.array([1.0, 0, 0]), np.array([0, 0, 1.0]))
    learning, seen = SelfCalibration(np.zeros(3), shown), SecondsLog()
    for start in range(0, len(seconds), LEARN_EVERY_S):
        seen.append(seconds.rows(start, start + LEARN_EVERY_S))
        learning.push(seen)
    assert learning.calibration.turns_standing
    assert learning.calibration.upright is shown.upright
    assert learning.calibration.source is CalibrationSource.GUIDED


def test_it_is_forgotten_where_more_has_been_seen(upright_sitter):
    seconds, _ = upright_sitter
    known = replace(learn_calibration(seconds), turns_standing=True)
    assert not with_turning(known, swaying(seconds, np.full(len(seconds), SITTING))).turns_standing


def test_it_goes_along_when_the_strap_moves():
    known = Calibration(CalibrationSource.WALKING, np.array([1.0, 0, 0]), turns_standing=True)
    anew = Calibration(CalibrationSource.WALKING, np.array([0.0, 1, 0]))
    assert known.moved_to(np.array([0.0, 1, 0])).turns_standing
    assert anew.added_to(known).turns_standing


@settings(deadline=None, max_examples=15)
@given(cuts=st.lists(st.integers(0, 250), max_size=12))
def test_before_the_mounting_is_known_the_same_is_told_however_the_seconds_come(upright_sitter, differs, cuts):
    seconds, _ = upright_sitter
    before_walking = seconds.rows(0, 250)

    def searched(edges):
        search, seen, told = MountingSearch(), SecondsLog(), []
        for start, stop in pairwise(edges):
            seen.append(before_walking.rows(start, stop))
            told += search.push(before_walking.rows(start, stop), seen)
        told += search.flush()
        return [activity for each in told for activity in each.activity]

    assert differs(searched([0, 250]), searched([0, *sorted(cuts), 250])) is None


@pytest.mark.parametrize("recording", ["user17-exp34", "user14-exp29"])
def test_people_who_sit_as_they_stand_are_told_apart(data_folder, labelled, defaults, recording):
    """Both were taken for the other for half a minute and more until turning was looked at (real people; hapt)."""
    path = data_folder / "hapt" / f"{recording}.parquet"
    _, labels, _ = labelled(path)
    found = analyze_recording(open_recording(path), defaults).review.findings.events
    episodes = [each for each in found if isinstance(each, ActivityEpisode)]
    for name, activity in (("sitting", Activity.SITTING), ("standing", Activity.STANDING)):
        bouts = labels[labels["label"] == name]
        second = np.concatenate([np.arange(b.start_s + 0.5, b.end_s) for b in bouts.itertuples()])
        told = [any(e.activity is activity and e.start <= at < e.end for e in episodes) for at in second]
        assert np.mean(told) > 0.95
