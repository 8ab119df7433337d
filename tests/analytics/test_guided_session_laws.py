"""Whatever happens, a guided session ends, counts each repetition once, and tells the same in any pieces."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.exercises.guided_records import (
    Cue,
    Did,
    FinishSet,
    Pain,
    Pause,
    Ready,
    Resume,
    SetDone,
    Skip,
    Stop,
    StopReason,
)
from analytics.exercises.guided_session import GuidedSession
from analytics.exercises.records import CountedRepetition
from analytics.steps import Step

T0 = 1_767_600_000.0
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
NAMES = st.lists(st.sampled_from(["bridges", "tucks", "planks", "minute_walk"]), min_size=1, max_size=4)


@pytest.fixture(scope="module")
def items_named(bridges, tucks, planks, minute_walk):
    """Return the items of a plan by their names."""
    items = {"bridges": bridges, "tucks": tucks, "planks": planks, "minute_walk": minute_walk}
    return lambda names: [items[name] for name in names]


@pytest.fixture(scope="module")
def play(begin):
    """``play(items, happenings)`` returns the session after all of them, as it was told."""

    def played(items, happenings):
        told = begin(*items)
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

    return played


@given(NAMES, st.lists(HAPPENINGS, max_size=40))
@settings(deadline=None, max_examples=400)
def test_whatever_happens_a_session_ends_with_all_items_and_counts_each_repetition_once(
    minute_walk, play, items_named, names, happenings
):
    items = items_named(names)
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
        assert begun.exercise == (None if item is minute_walk else item.exercise.id)


@given(NAMES, st.lists(HAPPENINGS, max_size=20))
@settings(deadline=None)
def test_nothing_is_counted_while_it_is_paused_or_over(play, items_named, names, happenings):
    items = items_named(names)
    told = play(items, happenings)
    told.say(Pause())
    before = told.session.standing.count
    told.repeat(3)
    told.repeat(3, exercise="plank")
    assert told.session.standing.count == before


@given(NAMES, st.lists(HAPPENINGS, max_size=20), st.floats(1.0, 300.0), st.lists(st.floats(0, 1), max_size=8))
@settings(deadline=None)
def test_it_tells_the_same_however_the_samples_are_cut(repetition, play, items_named, names, happenings, wait_s, cuts):
    items = items_named(names)
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


@given(NAMES, st.lists(HAPPENINGS, max_size=20))
@settings(deadline=None)
def test_another_session_goes_on_where_one_stopped(plan, play, items_named, names, happenings):
    items = items_named(names)
    one, other = play(items, happenings), GuidedSession(plan(*items))
    other.state = one.session.state
    after = one.session.push(T0 + one.now, T0 + one.now + 500, [])
    assert other.push(T0 + one.now, T0 + one.now + 500, []) == after
