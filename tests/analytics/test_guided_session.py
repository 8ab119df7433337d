"""A guided session leads through a plan, and counts only what is done in a set."""

import pytest

from analytics.exercises.guided_agenda import GuidedParameters
from analytics.exercises.guided_records import (
    Cue,
    CueKind,
    Did,
    Ending,
    FinishSet,
    Pain,
    Pause,
    Phase,
    Ready,
    Resume,
    SetDone,
    Skip,
    Stop,
    StopReason,
    WalkDone,
)
from analytics.exercises.guided_session import GuidedSession
from analytics.steps import Step

T0 = 1_767_600_000.0
PARAMETERS = GuidedParameters()
IN_POSITION_S = PARAMETERS.position_s + PARAMETERS.countdown_s


def test_a_session_goes_from_position_over_countdown_sets_and_rests_to_the_end(begin, bridges):
    told = begin(bridges)
    assert told.texts(CueKind.POSITION) == ["Bridge: 2 sets of 3.", "Lie down on your back."]
    told.wait(IN_POSITION_S)
    assert told.texts(CueKind.COUNTDOWN) == ["3", "2", "1"]
    assert told.texts(CueKind.START) == ["Go."]
    told.repeat(3)
    assert told.texts(CueKind.REPETITION)[:2] == ["1", "2"]
    assert told.texts(CueKind.SET_DONE) == ["3: well done."]
    told.until(Phase.COUNTING)
    told.repeat(3)
    told.until(Phase.DONE)
    assert [done.count for done in told.of(SetDone)] == [3, 3]
    assert told.done.completed
    (item,) = told.done.items
    assert (item.ending, item.planned_sets, item.pain) == (Ending.DONE, 2, None)


def test_the_rest_is_as_long_as_planned(begin, bridges):
    told = begin(bridges)
    told.wait(IN_POSITION_S)
    told.repeat(3)
    (over,) = [cue.time for cue in told.of(Cue) if cue.kind is CueKind.SET_DONE]
    told.until(Phase.COUNTING)
    _, go = [cue.time for cue in told.of(Cue) if cue.kind is CueKind.START]
    assert go - over == pytest.approx(30 + PARAMETERS.countdown_s)


def test_repetitions_beyond_those_planned_are_counted_and_the_rest_begins_anew(begin, bridges):
    told = begin(bridges)
    told.wait(IN_POSITION_S)
    told.repeat(5)
    assert told.texts(CueKind.REPETITION)[-1] == "5"
    told.until(Phase.COUNTING)
    (first,) = told.of(SetDone)
    assert (first.count, first.planned) == (5, 3)


def test_whoever_begins_before_go_is_counted_from_the_first(begin, bridges):
    told = begin(bridges)
    told.repeat(2)
    assert told.session.standing.phase is Phase.COUNTING
    assert told.session.standing.count == 2


def test_whoever_begins_the_next_exercise_in_the_rest_is_counted_from_the_first(begin, planned):
    told = begin(planned("bridge", sets=1, repetitions=3, hold_s=0.0, rest_s=60.0), planned("pelvic_tilt", hold_s=0.0))
    told.wait(IN_POSITION_S)
    told.repeat(3)
    told.wait(10)
    told.repeat(3, exercise="pelvic_tilt")
    assert (told.session.current, told.session.standing.count) == ("pelvic_tilt", 3)
    first, second = told.end().items
    assert (first.ending, first.sets[0].count, second.sets[0].count) == (Ending.DONE, 3, 3)


def test_one_movement_while_getting_into_position_is_no_repetition(begin, bridges):
    told = begin(bridges)
    told.repeat(1)
    told.wait(IN_POSITION_S)
    assert told.session.standing.count == 0


def test_a_movement_in_the_rest_begins_no_set(begin, bridges):
    told = begin(bridges)
    told.wait(IN_POSITION_S)
    told.repeat(3)
    told.wait(12)
    told.repeat(1)
    told.until(Phase.COUNTING)
    assert told.session.standing.count == 0
    assert [done.count for done in told.of(SetDone)] == [3]


def test_repetitions_of_another_exercise_do_not_count(begin, bridges, repetition):
    told = begin(bridges)
    told.wait(IN_POSITION_S)
    told.wait(5, [told.announce(repetition(T0 + told.now + 3), "squat")])
    assert told.session.standing.count == 0


def test_a_short_repetition_is_told_and_not_counted(begin, bridges):
    told = begin(bridges)
    told.wait(IN_POSITION_S)
    told.repeat(2, complete=False)
    assert told.texts(CueKind.REMINDER) == ["A little further, as far as it feels comfortable."]
    told.repeat(3)
    told.wait(10)
    (done,) = told.of(SetDone)
    assert (done.count, len(done.repetitions)) == (3, 5)


def test_a_short_hold_is_told(begin, planned):
    told = begin(planned("bridge", sets=1, repetitions=9, hold_s=10.0))
    told.wait(IN_POSITION_S)
    told.repeat(4, length_s=12.0, hold_s=4.0)
    assert any("Hold it a little longer: 10 s" in text for text in told.texts(CueKind.REPETITION))


def test_whoever_stops_moving_is_reminded_and_then_the_set_is_left_as_it_is(begin, bridges):
    told = begin(bridges)
    told.wait(IN_POSITION_S)
    told.repeat(1)
    told.wait(PARAMETERS.idle_s)
    assert told.texts(CueKind.REMINDER) == ["Go on when you are ready: 2 to go."]
    told.wait(3 * PARAMETERS.idle_s)
    assert told.texts(CueKind.SET_DONE) == ["1 of 3: that is all right."]


def test_an_exercise_that_the_sensor_does_not_see_is_timed_and_says_so(begin, tucks):
    told = begin(tucks)
    assert told.session.follows is None
    assert any("cannot see" in text for text in told.texts(CueKind.NOTICE))
    told.wait(IN_POSITION_S)
    assert told.session.standing.phase is Phase.TIMED
    told.until(Phase.REST)
    assert told.texts(CueKind.HOLD) == ["1: hold for 3 seconds.", "2: hold for 3 seconds."]
    assert len(told.texts(CueKind.RELEASE)) == 2
    told.say(Did(2))
    told.until(Phase.DONE)
    (done,) = told.done.items[0].sets
    assert (done.count, done.reported, done.planned) == (None, 2, 2)


def test_what_the_wearer_reports_is_kept_after_the_next_exercise_has_begun(begin, bridges, tucks):
    told = begin(tucks, bridges)
    told.until(Phase.REST)
    told.wait(PARAMETERS.straight_on_s)
    told.until(Phase.POSITION)
    told.say(Did(1))
    told.say(Pain(2))
    first, second = told.end().items
    assert (first.sets[0].reported, first.pain, second.pain) == (1, 2, None)


def test_a_count_of_the_sensors_is_not_overruled_by_a_report(begin, bridges):
    told = begin(bridges)
    told.wait(IN_POSITION_S)
    told.repeat(3)
    told.say(Did(30))
    assert (told.end().items[0].sets[0].count, told.done.items[0].sets[0].reported) == (3, None)


def test_holds_are_timed_and_counted_by_what_the_sensor_saw(begin, planks, repetition):
    told = begin(planks)
    told.wait(IN_POSITION_S)
    held = repetition(T0 + told.now + 21, length_s=20.0, hold_s=19.0)
    told.wait(22, [told.announce(held, "plank")])
    told.until(Phase.DONE)
    (done,) = told.of(SetDone)
    assert (done.count, done.planned) == (1, 2), "the second one was not seen"
    assert told.texts(CueKind.HOLD_ON) == ["Half of it."] * 2


def test_a_walk_takes_as_long_as_there_are_steps(begin, minute_walk):
    told = begin(minute_walk)
    told.wait(20)
    steps = [Step(T0 + 20 + 0.5 * i) for i in range(130)]
    told.wait(70, steps)
    (walk,) = told.of(WalkDone)
    assert walk.walked_s == pytest.approx(60, abs=0.5)
    assert walk.end == pytest.approx(T0 + 80, abs=0.5)
    assert walk.steps == 121
    told.until(Phase.DONE)
    assert told.done.items[0].walk == walk


def test_a_walk_that_nobody_does_is_reminded_of_and_ends(begin, minute_walk):
    told = begin(minute_walk)
    told.wait(61)
    assert told.texts(CueKind.REMINDER) == ["Walk on when you are ready."]
    told.wait(200)
    assert told.done.items[0].walk.walked_s == 0


def test_a_pause_is_not_the_wearers_time_and_nothing_counts_in_it(begin, bridges):
    told = begin(bridges)
    told.wait(IN_POSITION_S)
    told.repeat(1)
    told.say(Pause())
    told.repeat(2)
    told.wait(300)
    assert (told.session.standing.paused, told.session.standing.count) == (True, 1)
    told.say(Resume())
    told.wait(PARAMETERS.idle_s - 5)
    assert told.texts(CueKind.REMINDER) == []
    told.repeat(2)
    assert told.texts(CueKind.SET_DONE) == ["3: well done."]


def test_a_repetition_that_began_in_the_pause_does_not_count(begin, bridges, repetition):
    told = begin(bridges)
    told.wait(IN_POSITION_S)
    told.say(Pause())
    told.wait(5)
    told.say(Resume())
    told.wait(2, [told.announce(repetition(T0 + told.now + 1, length_s=3.0))])
    assert told.session.standing.count == 0


def test_a_pause_without_end_ends_the_session(begin, bridges):
    told = begin(bridges)
    told.say(Pause())
    told.wait(PARAMETERS.longest_pause_s + 1)
    assert told.done.end == T0 + PARAMETERS.longest_pause_s


def test_time_without_samples_is_not_the_wearers_time(begin, bridges):
    told = begin(bridges)
    told.wait(IN_POSITION_S)
    told.repeat(1)
    told.now += 500
    told.wait(1)
    assert told.session.standing.phase is Phase.COUNTING
    assert any("away for 500 seconds" in text for text in told.texts(CueKind.NOTICE))


def test_skipping_goes_to_the_next_exercise_with_what_was_done(begin, bridges, minute_walk):
    told = begin(bridges, minute_walk)
    told.wait(IN_POSITION_S)
    told.repeat(2)
    told.say(Skip(StopReason.TIRED))
    assert told.session.standing.phase is Phase.WALKING
    first, second = told.end().items
    assert (first.ending, first.reason, first.sets[0].count) == (Ending.SKIPPED, StopReason.TIRED, 2)
    assert second.ending is Ending.STOPPED


def test_stopping_because_of_pain_asks_how_much_and_says_what_was_not_begun(begin, bridges, tucks):
    told = begin(bridges, tucks)
    told.wait(IN_POSITION_S)
    told.repeat(1)
    told.say(Stop(StopReason.PAIN))
    assert told.texts(CueKind.PAIN_QUESTION)
    told.say(Pain(8))
    assert "physiotherapist" in told.texts(CueKind.NOTICE)[-1]
    assert told.done.stopped is StopReason.PAIN
    assert [item.ending for item in told.done.items] == [Ending.STOPPED, Ending.NOT_BEGUN]
    assert told.done.items[0].pain == 8


def test_ready_shortens_position_countdown_and_rest(begin, bridges):
    told = begin(bridges)
    for phase in (Phase.COUNTDOWN, Phase.COUNTING):
        told.say(Ready())
        assert told.session.standing.phase is phase
    told.repeat(3)
    told.say(Ready())
    assert told.session.standing.phase is Phase.COUNTDOWN
    assert len(told.of(SetDone)) == 1


def test_a_set_can_be_left(begin, bridges):
    told = begin(bridges)
    told.wait(IN_POSITION_S)
    told.repeat(1)
    told.say(FinishSet())
    assert told.session.standing.phase is Phase.REST


def test_the_next_exercise_in_the_same_position_begins_sooner(begin, bridges, planned):
    tilts = planned("pelvic_tilt", sets=1)
    told = begin(bridges, tilts)
    told.say(Skip())
    told.wait(PARAMETERS.same_position_s)
    assert told.session.standing.phase is Phase.COUNTDOWN
    assert told.session.follows is tilts.exercise


@pytest.mark.parametrize("score", [-1, 11])
def test_pain_is_from_0_to_10(score):
    with pytest.raises(ValueError, match="from 0 to 10"):
        Pain(score)


def test_samples_that_end_end_the_session_as_it_is(begin, bridges):
    told = begin(bridges)
    told.wait(IN_POSITION_S)
    told.repeat(2)
    done = told.end()
    assert (done.items[0].sets[0].count, done.items[0].ending, done.stopped) == (2, Ending.STOPPED, None)
    assert told.session.flush() == []


def test_a_session_without_samples_has_nothing_to_tell(bridges, plan):
    session = GuidedSession(plan(bridges))
    assert (session.command(Stop(StopReason.OTHER)), session.flush()) == ([], [])
