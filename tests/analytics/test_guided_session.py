"""A guided session leads through a plan, counts only what is done in a set, and always ends."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
    SessionDone,
    SetDone,
    Skip,
    Stop,
    StopReason,
    WalkDone,
)
from analytics.exercises.guided_session import GuidedSession
from analytics.exercises.records import CountedRepetition, ExerciseSet, Holding, Repetition
from analytics.steps import Step
from config.exercise_library import load_exercises
from config.exercise_plan import Plan, PlannedExercise, PlannedWalk

LIBRARY = load_exercises()
T0 = 1_767_600_000.0
PARAMETERS = GuidedParameters()
IN_POSITION_S = PARAMETERS.position_s + PARAMETERS.countdown_s


def planned(name, **dose):
    exercise = LIBRARY[name]
    return PlannedExercise(exercise, exercise.dose.model_copy(update=dose))


def plan(*items):
    return Plan("test", "For the test", None, items)


BRIDGES = planned("bridge", sets=2, repetitions=3, hold_s=0.0, rest_s=30.0)
TUCKS = planned("chin_tuck", sets=1, repetitions=2, hold_s=3.0, rest_s=10.0)
PLANKS = planned("plank", sets=1, repetitions=2, hold_s=20.0, rest_s=10.0)
WALK = PlannedWalk(1.0)


def repetition(end, *, length_s=2.0, complete=True, hold_s=0.0):
    start = end - length_s
    return Repetition(start, start + length_s / 2, end, None, 30.0, None, hold_s, 1.0, 1.0, None, complete)


class Told:
    """Plays a session beside an engine that counts, and keeps what it tells; times count from its beginning."""

    def __init__(self, *items):
        self.session = GuidedSession(plan(*items))
        self.told = []
        self.now = 0.0
        self.followed = None
        self.chain = []
        self.told += self.session.push(T0, T0, [])
        self.follow()

    def follow(self):
        """Begin with another exercise where that is wished for, and hand over what was found of the last."""
        if self.session.follows is not self.followed:
            self.hand_over()
            self.followed = self.session.follows

    def hand_over(self):
        chain, self.chain = self.chain, []
        if chain:
            found = ExerciseSet(self.followed.id, chain[0].start, chain[-1].end, tuple(chain), 1.0)
            self.told += self.session.push(T0 + self.now, T0 + self.now, [found])

    def wait(self, seconds, seen=()):
        steps = max(1, int(seconds / 0.4))
        for i in range(steps):
            start, end = self.now + seconds * i / steps, self.now + seconds * (i + 1) / steps
            inside = [one for one in seen if T0 + start < one.time <= T0 + end]
            if self.followed is not None:
                self.chain += [one.repetition for one in inside if isinstance(one, CountedRepetition)]
            self.told += self.session.push(T0 + start, T0 + end, inside)
            self.now, before = end, self.now
            self.follow()
            self.now = before
        self.now += seconds

    def until(self, phase, within_s=400.0):
        for _ in range(int(within_s / 0.5)):
            if self.session.standing.phase is phase:
                return
            self.wait(0.5)
        raise AssertionError(f"never came to {phase}")

    def announce(self, repetition, exercise="bridge"):
        number = 1 + sum(each.complete for each in self.chain) if repetition.complete else 0
        return CountedRepetition(repetition.end + 0.3, exercise, number, repetition)

    def repeat(self, n=1, exercise="bridge", **how):
        length_s = how.get("length_s", 2.0)
        for _ in range(n):
            sees = self.followed is not None and self.followed.id == exercise
            seen = [self.announce(repetition(T0 + self.now + length_s, **how), exercise)] if sees else []
            self.wait(length_s + 0.5, seen)

    def say(self, command):
        if self.session.counts and isinstance(command, Pause | FinishSet | Skip | Stop | Ready):
            self.hand_over()
            self.followed = None
        self.told += self.session.command(command)
        self.follow()

    def end(self):
        if not self.session.done:
            self.hand_over()
        self.told += self.session.flush()
        return self.done

    def of(self, kind):
        return [one for one in self.told if isinstance(one, kind)]

    def texts(self, kind):
        return [cue.text for cue in self.of(Cue) if cue.kind is kind]

    @property
    def done(self):
        (session,) = self.of(SessionDone)
        return session


def test_a_session_goes_from_position_over_countdown_sets_and_rests_to_the_end():
    told = Told(BRIDGES)
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


def test_the_rest_is_as_long_as_planned():
    told = Told(BRIDGES)
    told.wait(IN_POSITION_S)
    told.repeat(3)
    (over,) = [cue.time for cue in told.of(Cue) if cue.kind is CueKind.SET_DONE]
    told.until(Phase.COUNTING)
    _, go = [cue.time for cue in told.of(Cue) if cue.kind is CueKind.START]
    assert go - over == pytest.approx(30 + PARAMETERS.countdown_s)


def test_repetitions_beyond_those_planned_are_counted_and_the_rest_begins_anew():
    told = Told(BRIDGES)
    told.wait(IN_POSITION_S)
    told.repeat(5)
    assert told.texts(CueKind.REPETITION)[-1] == "5"
    told.until(Phase.COUNTING)
    (first,) = told.of(SetDone)
    assert (first.count, first.planned) == (5, 3)


def test_whoever_begins_before_go_is_counted_from_the_first():
    told = Told(BRIDGES)
    told.repeat(2)
    assert told.session.standing.phase is Phase.COUNTING
    assert told.session.standing.count == 2


def test_whoever_begins_the_next_exercise_in_the_rest_is_counted_from_the_first():
    told = Told(planned("bridge", sets=1, repetitions=3, hold_s=0.0, rest_s=60.0), planned("pelvic_tilt", hold_s=0.0))
    told.wait(IN_POSITION_S)
    told.repeat(3)
    told.wait(10)
    told.repeat(3, exercise="pelvic_tilt")
    assert (told.session.current, told.session.standing.count) == ("pelvic_tilt", 3)
    first, second = told.end().items
    assert (first.ending, first.sets[0].count, second.sets[0].count) == (Ending.DONE, 3, 3)


def test_one_movement_while_getting_into_position_is_no_repetition():
    told = Told(BRIDGES)
    told.repeat(1)
    told.wait(IN_POSITION_S)
    assert told.session.standing.count == 0


def test_a_movement_in_the_rest_begins_no_set():
    told = Told(BRIDGES)
    told.wait(IN_POSITION_S)
    told.repeat(3)
    told.wait(12)
    told.repeat(1)
    told.until(Phase.COUNTING)
    assert told.session.standing.count == 0
    assert [done.count for done in told.of(SetDone)] == [3]


def test_repetitions_of_another_exercise_do_not_count():
    told = Told(BRIDGES)
    told.wait(IN_POSITION_S)
    told.wait(5, [told.announce(repetition(T0 + told.now + 3), "squat")])
    assert told.session.standing.count == 0


def test_a_short_repetition_is_told_and_not_counted():
    told = Told(BRIDGES)
    told.wait(IN_POSITION_S)
    told.repeat(2, complete=False)
    assert told.texts(CueKind.REMINDER) == ["A little further, as far as it feels comfortable."]
    told.repeat(3)
    told.wait(10)
    (done,) = told.of(SetDone)
    assert (done.count, len(done.repetitions)) == (3, 5)


def test_a_short_hold_is_told():
    told = Told(planned("bridge", sets=1, repetitions=9, hold_s=10.0))
    told.wait(IN_POSITION_S)
    told.repeat(4, length_s=12.0, hold_s=4.0)
    assert any("Hold it a little longer: 10 s" in text for text in told.texts(CueKind.REPETITION))


def test_whoever_stops_moving_is_reminded_and_then_the_set_is_left_as_it_is():
    told = Told(BRIDGES)
    told.wait(IN_POSITION_S)
    told.repeat(1)
    told.wait(PARAMETERS.idle_s)
    assert told.texts(CueKind.REMINDER) == ["Go on when you are ready: 2 to go."]
    told.wait(3 * PARAMETERS.idle_s)
    assert told.texts(CueKind.SET_DONE) == ["1 of 3: that is all right."]


def test_an_exercise_that_the_sensor_does_not_see_is_timed_and_says_so():
    told = Told(TUCKS)
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


def test_what_the_wearer_reports_is_kept_after_the_next_exercise_has_begun():
    told = Told(TUCKS, BRIDGES)
    told.until(Phase.REST)
    told.wait(PARAMETERS.straight_on_s)
    told.until(Phase.POSITION)
    told.say(Did(1))
    told.say(Pain(2))
    first, second = told.end().items
    assert (first.sets[0].reported, first.pain, second.pain) == (1, 2, None)


def test_a_count_of_the_sensors_is_not_overruled_by_a_report():
    told = Told(BRIDGES)
    told.wait(IN_POSITION_S)
    told.repeat(3)
    told.say(Did(30))
    assert (told.end().items[0].sets[0].count, told.done.items[0].sets[0].reported) == (3, None)


def test_holds_are_timed_and_counted_by_what_the_sensor_saw():
    told = Told(PLANKS)
    told.wait(IN_POSITION_S)
    held = repetition(T0 + told.now + 21, length_s=20.0, hold_s=19.0)
    told.wait(22, [told.announce(held, "plank")])
    told.until(Phase.DONE)
    (done,) = told.of(SetDone)
    assert (done.count, done.planned) == (1, 2), "the second one was not seen"
    assert told.texts(CueKind.HOLD_ON) == ["Half of it."] * 2


def test_a_walk_takes_as_long_as_there_are_steps():
    told = Told(WALK)
    told.wait(20)
    steps = [Step(T0 + 20 + 0.5 * i) for i in range(130)]
    told.wait(70, steps)
    (walk,) = told.of(WalkDone)
    assert walk.walked_s == pytest.approx(60, abs=0.5)
    assert walk.end == pytest.approx(T0 + 80, abs=0.5)
    assert walk.steps == 121
    told.until(Phase.DONE)
    assert told.done.items[0].walk == walk


def test_a_walk_that_nobody_does_is_reminded_of_and_ends():
    told = Told(WALK)
    told.wait(61)
    assert told.texts(CueKind.REMINDER) == ["Walk on when you are ready."]
    told.wait(200)
    assert told.done.items[0].walk.walked_s == 0


def test_a_pause_is_not_the_wearers_time_and_nothing_counts_in_it():
    told = Told(BRIDGES)
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


def test_a_repetition_that_began_in_the_pause_does_not_count():
    told = Told(BRIDGES)
    told.wait(IN_POSITION_S)
    told.say(Pause())
    told.wait(5)
    told.say(Resume())
    told.wait(2, [told.announce(repetition(T0 + told.now + 1, length_s=3.0))])
    assert told.session.standing.count == 0


def test_a_pause_without_end_ends_the_session():
    told = Told(BRIDGES)
    told.say(Pause())
    told.wait(PARAMETERS.longest_pause_s + 1)
    assert told.done.end == T0 + PARAMETERS.longest_pause_s


def test_time_without_samples_is_not_the_wearers_time():
    told = Told(BRIDGES)
    told.wait(IN_POSITION_S)
    told.repeat(1)
    told.now += 500
    told.wait(1)
    assert told.session.standing.phase is Phase.COUNTING
    assert any("away for 500 seconds" in text for text in told.texts(CueKind.NOTICE))


def test_skipping_goes_to_the_next_exercise_with_what_was_done():
    told = Told(BRIDGES, WALK)
    told.wait(IN_POSITION_S)
    told.repeat(2)
    told.say(Skip(StopReason.TIRED))
    assert told.session.standing.phase is Phase.WALKING
    first, second = told.end().items
    assert (first.ending, first.reason, first.sets[0].count) == (Ending.SKIPPED, StopReason.TIRED, 2)
    assert second.ending is Ending.STOPPED


def test_stopping_because_of_pain_asks_how_much_and_says_what_was_not_begun():
    told = Told(BRIDGES, TUCKS)
    told.wait(IN_POSITION_S)
    told.repeat(1)
    told.say(Stop(StopReason.PAIN))
    assert told.texts(CueKind.PAIN_QUESTION)
    told.say(Pain(8))
    assert "physiotherapist" in told.texts(CueKind.NOTICE)[-1]
    assert told.done.stopped is StopReason.PAIN
    assert [item.ending for item in told.done.items] == [Ending.STOPPED, Ending.NOT_BEGUN]
    assert told.done.items[0].pain == 8


def test_ready_shortens_position_countdown_and_rest():
    told = Told(BRIDGES)
    for phase in (Phase.COUNTDOWN, Phase.COUNTING):
        told.say(Ready())
        assert told.session.standing.phase is phase
    told.repeat(3)
    told.say(Ready())
    assert told.session.standing.phase is Phase.COUNTDOWN
    assert len(told.of(SetDone)) == 1


def test_a_set_can_be_left():
    told = Told(BRIDGES)
    told.wait(IN_POSITION_S)
    told.repeat(1)
    told.say(FinishSet())
    assert told.session.standing.phase is Phase.REST


def test_the_next_exercise_in_the_same_position_begins_sooner():
    told = Told(BRIDGES, planned("pelvic_tilt", sets=1))
    told.say(Skip())
    told.wait(PARAMETERS.same_position_s)
    assert told.session.standing.phase is Phase.COUNTDOWN
    assert told.session.follows is LIBRARY["pelvic_tilt"]


@pytest.mark.parametrize("score", [-1, 11])
def test_pain_is_from_0_to_10(score):
    with pytest.raises(ValueError, match="from 0 to 10"):
        Pain(score)


def test_samples_that_end_end_the_session_as_it_is():
    told = Told(BRIDGES)
    told.wait(IN_POSITION_S)
    told.repeat(2)
    done = told.end()
    assert (done.items[0].sets[0].count, done.items[0].ending, done.stopped) == (2, Ending.STOPPED, None)
    assert told.session.flush() == []


def test_a_session_without_samples_has_nothing_to_tell():
    session = GuidedSession(plan(BRIDGES))
    assert (session.command(Stop(StopReason.OTHER)), session.flush()) == ([], [])


COMMANDS = st.sampled_from(
    [
        Pause(),
        Resume(),
        Ready(),
        FinishSet(),
        Skip(),
        Skip(StopReason.PAIN),
        Stop(StopReason.OTHER),
        Pain(3),
        Pain(10),
        Did(4),
    ]
)
HAPPENINGS = st.one_of(
    COMMANDS,
    st.tuples(st.sampled_from(["bridge", "plank", "squat"]), st.booleans()),
    st.floats(0.05, 60.0),
    st.just("gap"),
)
ITEMS = st.lists(st.sampled_from([BRIDGES, TUCKS, PLANKS, WALK]), min_size=1, max_size=4)


def play(items, happenings):
    told = Told(*items)
    for happening in happenings:
        if isinstance(happening, float):
            told.wait(happening, [Step(T0 + told.now + 0.6 * i) for i in range(int(happening / 0.6))])
        elif isinstance(happening, tuple):
            told.repeat(1, exercise=happening[0], complete=happening[1])
        elif happening == "gap":
            told.now += 30.0
        else:
            told.say(happening)
    return told


@given(ITEMS, st.lists(HAPPENINGS, max_size=40))
@settings(deadline=None, max_examples=400)
def test_whatever_happens_a_session_ends_with_all_items_and_counts_each_repetition_once(items, happenings):
    told = play(items, happenings)
    told.told += told.session.push(T0 + told.now, T0 + told.now + 24 * 3600.0, [])
    assert told.session.done
    assert told.session.follows is None
    done = told.done
    assert len(done.items) == len(items)
    assert told.told[-1] is done
    assert [one.time for one in told.of(Cue)] == sorted(one.time for one in told.of(Cue))
    sets = told.of(SetDone)
    seen = [each for one in sets for each in one.repetitions]
    for each, later in pairwise(seen):
        assert each.end <= later.start
    assert len({(each.start, each.end) for each in seen}) == len(seen)
    for one in sets:
        assert one.start <= one.end
        assert all(one.start <= each.start and each.end <= one.end for each in one.repetitions)
        assert one.count is None or one.count == sum(each.complete for each in one.repetitions)
    for one, other in pairwise(sets):
        assert one.end <= other.start
    for item, begun in zip(items, done.items, strict=True):
        assert len(begun.sets) <= begun.planned_sets
        assert begun.exercise == (None if item is WALK else item.exercise.id)


@given(ITEMS, st.lists(HAPPENINGS, max_size=20))
@settings(deadline=None)
def test_nothing_is_counted_while_it_is_paused_or_over(items, happenings):
    told = play(items, happenings)
    told.say(Pause())
    before = told.session.standing.count
    told.repeat(3)
    told.repeat(3, exercise="plank")
    assert told.session.standing.count == before


@given(ITEMS, st.lists(HAPPENINGS, max_size=20), st.floats(1.0, 300.0), st.lists(st.floats(0, 1), max_size=8))
@settings(deadline=None)
def test_it_tells_the_same_however_the_samples_are_cut(items, happenings, wait_s, cuts):
    whole, parts = play(items, happenings).session, play(items, happenings).session
    start = whole.state.now
    repetitions = [repetition(start + 3.0 * i + 2.5) for i in range(int(wait_s / 3))]
    seen = [CountedRepetition(each.end + 0.25, "bridge", i, each) for i, each in enumerate(repetitions, 1)]
    seen = [one for one in seen if one.time <= start + wait_s]
    told = whole.push(start, start + wait_s, seen)
    in_parts = []
    for before, after in pairwise(sorted({0.0, *(cut * wait_s for cut in cuts), wait_s})):
        inside = [one for one in seen if start + before < one.time <= start + after]
        in_parts += parts.push(start + before, start + after, inside)
    assert in_parts == told
    assert parts.state == whole.state


@given(ITEMS, st.lists(HAPPENINGS, max_size=20))
@settings(deadline=None)
def test_another_session_goes_on_where_one_stopped(items, happenings):
    one, other = play(items, happenings), GuidedSession(plan(*items))
    other.state = one.session.state
    after = one.session.push(T0 + one.now, T0 + one.now + 500, [])
    assert other.push(T0 + one.now, T0 + one.now + 500, []) == after


def recognised(name, first_s, last_s, n=4):
    """Return a set of an exercise as somebody who looks on would recognise it."""
    ends = [T0 + first_s + (last_s - first_s) * (i + 1) / n for i in range(n)]
    repetitions = tuple(repetition(end, length_s=1.0) for end in ends)
    return ExerciseSet(name, repetitions[0].start, repetitions[-1].end, repetitions, 0.9)


def look_on(played, seen):
    told = played.session.found(seen)
    played.told += told
    played.follow()
    return [one.text for one in told if isinstance(one, Cue)]


def test_who_does_a_later_exercise_of_the_plan_is_followed_and_it_counts():
    played = Told(BRIDGES, TUCKS, planned("cat_cow", sets=2, repetitions=4, rest_s=30.0))
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
def test_what_is_not_on_the_plan_is_said_and_changes_nothing(name, said):
    played = Told(BRIDGES)
    played.wait(60.0)
    before = played.session.standing
    assert look_on(played, recognised(name, 20.0, 50.0)) == said
    assert (played.session.standing.phase, played.session.standing.count) == (before.phase, before.count)


def test_what_was_counted_as_another_exercise_stays_so_but_is_said():
    played = Told(BRIDGES, planned("cat_cow", sets=1, repetitions=4))
    played.wait(IN_POSITION_S)
    ends = [T0 + IN_POSITION_S + 5.0 * (i + 1) for i in range(2)]
    seen = [CountedRepetition(end, "bridge", i + 1, repetition(end)) for i, end in enumerate(ends)]
    played.wait(11.0, seen)
    at_s = IN_POSITION_S
    said = look_on(played, recognised("cat_cow", at_s, at_s + 11.0))
    assert said == ["That looked like cat cow, 4 times, but was counted as bridge."]
    assert (played.session.current, played.session.standing.count) == ("bridge", 2)
    assert look_on(played, recognised("bridge", at_s, at_s + 11.0)) == []


def test_a_hold_is_only_told_in_a_set_that_is_counted():
    played = Told(planned("bridge", sets=1, repetitions=3, hold_s=5.0))
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


def test_planks_are_released_by_the_timer_alone():
    played = Told(PLANKS)
    played.wait(IN_POSITION_S + 30.0)
    assert played.session.hold(Holding("plank", T0 + IN_POSITION_S + 1.0, T0 + IN_POSITION_S + 29.0)) == []
    assert played.session.standing.held_s == pytest.approx(28.0)
