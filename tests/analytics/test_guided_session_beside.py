"""What a guided session makes of what is recognised beside it: other exercises of the wearer, and holds."""

import pytest

from analytics.exercises.guided_agenda import GuidedParameters
from analytics.exercises.guided_records import Cue, CueKind, Ending, SetDone
from analytics.exercises.records import CountedRepetition, ExerciseSet, Holding

T0 = 1_767_600_000.0
PARAMETERS = GuidedParameters()
IN_POSITION_S = PARAMETERS.position_s + PARAMETERS.countdown_s


@pytest.fixture
def recognised(repetition):
    def found(name, first_s, last_s, n=4):
        """Return a set of an exercise as somebody who looks on would recognise it."""
        ends = [T0 + first_s + (last_s - first_s) * (i + 1) / n for i in range(n)]
        repetitions = tuple(repetition(end, length_s=1.0) for end in ends)
        return ExerciseSet(name, repetitions[0].start, repetitions[-1].end, repetitions, 0.9)

    return found


def look_on(played, seen):
    told = played.session.found(seen)
    played.told += told
    played.follow()
    return [one.text for one in told if isinstance(one, Cue)]


def test_who_does_a_later_exercise_of_the_plan_is_followed_and_it_counts(begin, bridges, tucks, planned, recognised):
    played = begin(bridges, tucks, planned("cat_cow", sets=2, repetitions=4, rest_s=30.0))
    played.wait(60.0)
    said = look_on(played, recognised("cat_cow", 20.0, 50.0))
    assert said[0] == "That was Cat-cow already: 4. Going on with it."
    assert (played.session.current, played.session.standing.set_number) == ("cat_cow", 2)
    played.wait(15.0)
    (done,) = [one for one in played.told if isinstance(one, SetDone)]
    assert (done.exercise, done.count) == ("cat_cow", 4)
    told = played.session.flush()
    assert [item.ending for item in told[-1].items] == [Ending.SKIPPED, Ending.SKIPPED, Ending.STOPPED]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("squat", ["That looked like squat, 4 times. It is not on this plan."]),
        ("bridge", []),
        ("unknown", []),
    ],
)
def test_what_is_not_on_the_plan_is_said_and_changes_nothing(name, said, begin, bridges, recognised):
    played = begin(bridges)
    played.wait(60.0)
    before = played.session.standing
    assert look_on(played, recognised(name, 20.0, 50.0)) == said
    assert (played.session.standing.phase, played.session.standing.count) == (before.phase, before.count)


def test_what_was_counted_as_another_exercise_stays_so_but_is_said(begin, bridges, planned, repetition, recognised):
    played = begin(bridges, planned("cat_cow", sets=1, repetitions=4))
    played.wait(IN_POSITION_S)
    ends = [T0 + IN_POSITION_S + 5.0 * (i + 1) for i in range(2)]
    seen = [CountedRepetition(end, "bridge", i + 1, repetition(end)) for i, end in enumerate(ends)]
    played.wait(11.0, seen)
    at_s = IN_POSITION_S
    said = look_on(played, recognised("cat_cow", at_s, at_s + 11.0))
    assert said == ["That looked like cat cow, 4 times, but was counted as bridge."]
    assert (played.session.current, played.session.standing.count) == ("bridge", 2)
    assert look_on(played, recognised("bridge", at_s, at_s + 11.0)) == []


def test_a_hold_is_only_told_in_a_set_that_is_counted(begin, planned):
    played = begin(planned("bridge", sets=1, repetitions=3, hold_s=5.0))
    held = Holding("bridge", T0 + 2.0, T0 + 9.0)
    assert played.session.hold(held) == []
    assert played.session.asked_hold_s == 0.0
    played.wait(IN_POSITION_S + 10.0)
    since = T0 + IN_POSITION_S + 1.0
    assert played.session.asked_hold_s == 5.0
    assert played.session.hold(Holding("bridge", since, since + 4.9)) == []
    assert played.session.standing.held_s == pytest.approx(4.9)
    (cue,) = played.session.hold(Holding("bridge", since, since + 5.1))
    assert (cue.kind, cue.text) == (CueKind.RELEASE, "And let go.")
    assert played.session.hold(Holding("bridge", since + 0.1, since + 6.0)) == [], "once"
    assert played.session.hold(None) == []
    assert played.session.standing.held_s is None


def test_planks_are_released_by_the_timer_alone(begin, planks):
    played = begin(planks)
    played.wait(IN_POSITION_S + 30.0)
    assert played.session.hold(Holding("plank", T0 + IN_POSITION_S + 1.0, T0 + IN_POSITION_S + 29.0)) == []
    assert played.session.standing.held_s == pytest.approx(28.0)
