"""Days without a guided calibration, samples to alerts: nobody is told before it is known how they sit, and then of
slouches only."""

import pickle

import pytest

from analytics.findings import SittingKnown
from firmware_bridge.virtual import Person, SensorModel, Sit, SittingPosture, Stand, StrapSlip, Walk
from lumbar.pipeline import LivePipeline
from lumbar.review import review
from posture.events import Alert, AlertKind, PostureEpisode, PostureState
from posture.sitting_ways import SittingSource

SLOUCH = (AlertKind.SLOUCH, AlertKind.PROLONGED_SLOUCH)
WALK = (Stand(5.0), Walk(65.0), Stand(5.0))
HOUR = (*WALK, *(Sit(240.0), Sit(150.0, SittingPosture.SLOUCHED, 20.0, 4.0), *WALK) * 2)


@pytest.fixture(scope="module")
def live(play, defaults):
    """Play a script through the pipeline that learns by itself: truth, events, and what was known chunk by chunk."""

    def run(script, seed=3):
        played = play(script, seed, rate_hz=50.0, person=Person.drawn(seed), sensor=SensorModel())
        pipeline = LivePipeline(defaults, 50.0)
        events, known = [], []
        for chunk in played.chunk.split(20.0):
            events += pipeline.push(chunk)
            if pipeline.latest is not None:
                known.append((chunk.time[-1], pipeline.latest.sitting))
        return played, [*events, *pipeline.flush()], known, review(pipeline, defaults, [])

    return run


@pytest.fixture(scope="module")
def five_hours(live):
    return live(HOUR * 5)


def test_however_it_is_cut_and_restarted_the_same_is_told(play, defaults, differs):
    played = play(HOUR * 4, 3, rate_hz=25.0, person=Person.drawn(3), sensor=SensorModel())

    def told(seconds, *, restarting):
        pipeline, events = LivePipeline(defaults, 25.0), []
        for chunk in played.chunk.split(seconds):
            events += pipeline.push(chunk)
            if restarting:
                state = pickle.loads(pickle.dumps(pipeline.state))  # noqa: S301 - our own bytes
                pipeline = LivePipeline(defaults, 25.0)
                pipeline.state = state
        events += pipeline.flush()
        return sorted(events, key=repr), review(pipeline, defaults, [])

    whole = told(7200.0, restarting=False)
    assert slouch_alerts(whole[0])
    assert differs(told(613.0, restarting=True), whole) is None
    assert differs(told(5.7, restarting=False), whole) is None


def slouch_alerts(events):
    return [event for event in events if isinstance(event, Alert) and event.kind in SLOUCH]


def test_nobody_is_told_before_it_is_known_and_then_of_each_slouch(five_hours):
    played, events, known, reviewed = five_hours
    known_at = next(time for time, each in known if each.source is SittingSource.LEARNT)
    assert all(each.sitting is None for time, each in known if time < known_at)
    told = [alert for alert in slouch_alerts(events) if alert.kind is AlertKind.SLOUCH]
    to_tell = [part for part in played.truth.slouches if part.settled > known_at]
    assert len(to_tell) >= 3
    for slouch in to_tell:
        assert sum(slouch.start <= alert.time <= slouch.end for alert in told) == 1
    assert all(any(part.start <= alert.time <= part.end for part in played.truth.slouches) for alert in told)
    assert min(alert.time for alert in told) > known_at
    assert reviewed.sitting.source is SittingSource.LEARNT


def test_the_review_judges_the_time_before_it_was_known_too(five_hours):
    played, *_, reviewed = five_hours
    slouched = [
        (episode.start, episode.end)
        for episode in reviewed.findings.of(PostureEpisode)
        if episode.state is PostureState.SLOUCHED
    ]
    for slouch in played.truth.slouches:
        assert any(abs(start - slouch.settled) < 15 and abs(end - slouch.end) < 15 for start, end in slouched)
    assert len(slouched) == len(played.truth.slouches)


def test_an_hour_of_short_sits_is_not_enough(live):
    _, events, known, reviewed = live((*WALK, Sit(200.0), Stand(200.0), Sit(150.0, SittingPosture.SLOUCHED, 20.0)) * 4)
    assert slouch_alerts(events) == []
    assert {each.source for _, each in known} == {SittingSource.NOT_ENOUGH_SEEN}
    assert 15 * 60 < reviewed.sitting.seen_s < reviewed.sitting.needed_s
    assert reviewed.findings.of(PostureEpisode) == []


def test_who_only_sits_upright_is_never_said_to_slouch(live):
    _, events, known, reviewed = live((*WALK, Sit(400.0)) * 8)
    assert slouch_alerts(events) == []
    assert all(each.sitting is None for _, each in known)
    assert reviewed.sitting.source is SittingSource.NOT_DISTINCT
    assert reviewed.sitting.seen_s > reviewed.sitting.needed_s


def test_after_the_strap_has_moved_it_is_learnt_anew(live):
    _, _, known, reviewed = live((*HOUR * 4, Stand(5.0), StrapSlip(14.0), Stand(5.0), Walk(240.0), Sit(300.0)))
    assert any(each.source is SittingSource.LEARNT for _, each in known)
    assert known[-1][1].source is SittingSource.NOT_ENOUGH_SEEN
    before, after = reviewed.findings.of(SittingKnown)
    assert (before.source, after.source) == (SittingSource.LEARNT, SittingSource.NOT_ENOUGH_SEEN)
