"""Feedback: one short, kind sentence at a time, the most useful first, and not too often."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import chain, pairwise
from string import Formatter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.exercises.form import set_form
from analytics.exercises.form_feedback import feedback_after, feedback_on_set
from analytics.exercises.form_sentences import AFTER_SET, WHILE_EXERCISING, Cue
from analytics.exercises.records import ExerciseSet, Repetition, Side
from config.exercise_library import load_exercises

LIBRARY = load_exercises()
BRIDGE, SIDE_BEND, BIRD_DOG, PLANK = (LIBRARY[name] for name in ("bridge", "side_bend", "bird_dog", "plank"))
SCATTER = (0.3, -0.4, 0.1, -0.2, 0.4, -0.1, 0.2, -0.3, 0.0, 0.35, -0.25, 0.15)

FORBIDDEN = re.compile(
    r"wrong|bad|injur|damag|harm|hurt|pain|danger|risk|fail|poor|weak|incorrect|must|should|never|error|fault"
    r"|abnormal|asymmetr|diagnos|deform|disease|lazy|stupid|careless|problem|posture is|not good|don't",
    re.IGNORECASE,
)
EXAMPLES = {
    "count": "12",
    "hold": "7 seconds",
    "wanted_hold": "20 seconds",
    "smaller_side": "right",
    "larger_side": "left",
    "left_n": "10",
    "right_n": "4",
}
SENTENCES = [*chain(*WHILE_EXERCISING.values()), *chain(*AFTER_SET.values())]


def repetition(length_s=6.0, *, deg=30.0, hold_s=3.0, side=None, complete=True):
    moving_s = max(length_s - hold_s, 0.2)
    return Repetition(0.0, moving_s / 2, length_s, side, deg, None, hold_s, moving_s / 2, moving_s / 2, None, complete)


def told(repetitions, exercise=BRIDGE):
    """Return what is told after each repetition."""
    return [feedback_after(one, repetitions[:n], exercise) for n, one in enumerate(repetitions)]


def told_after(repetitions, exercise=BRIDGE, usual=None):
    form = set_form(ExerciseSet(exercise.id, 0.0, 60.0, tuple(repetitions), 1.0), exercise, usual)
    return feedback_on_set(form, exercise)


def cues_of(sentences):
    """Return the cue of each sentence."""
    return [None if sentence is None else cue_of(sentence, WHILE_EXERCISING) for sentence in sentences]


def cue_of(sentence, table):
    [cue] = {cue for cue, forms in table.items() for form in forms if re.fullmatch(pattern(form), sentence)}
    return cue


def pattern(form):
    return "".join(re.escape(text) + ("" if field is None else ".+") for text, field, _, _ in Formatter().parse(form))


@pytest.mark.parametrize("form", SENTENCES)
def test_a_sentence_is_one_short_and_kind(form):
    sentence = form.format_map(EXAMPLES)
    assert not FORBIDDEN.search(sentence)
    assert len(sentence.split()) <= 18
    assert len(sentence) <= 100
    assert re.fullmatch(r"[A-Z0-9].*[.]", sentence)
    assert len(re.findall(r"[.!?](?: |$)", sentence)) == 1
    assert not re.search(r"\d[.,]\d", sentence)


def test_no_sentence_is_there_twice():
    assert len(set(SENTENCES)) == len(SENTENCES)


def test_what_can_be_said_again_can_be_said_in_other_words():
    assert all(len(forms) > 1 for forms in WHILE_EXERCISING.values())


def test_a_good_set_is_praised_now_and_then_and_at_its_end():
    good = [repetition()] * 12
    assert cues_of(told(good)) == [*[None] * 4, Cue.PRAISE, *[None] * 5, Cue.PRAISE, None]
    assert told_after(good) == "12 done, calm and even."


@pytest.mark.parametrize(
    ("repetitions", "exercise", "cue"),
    [
        ([repetition()] * 2 + [repetition(deg=6.0, complete=False)] * 4, BRIDGE, Cue.INCOMPLETE),
        ([repetition(1.2, hold_s=0.0)] * 6, BRIDGE, Cue.TOO_FAST),
        ([repetition(4.0, hold_s=1.0)] * 6, BRIDGE, Cue.HOLD_SHORT),
        ([repetition(deg=30 - n + s) for n, s in enumerate(SCATTER)], BRIDGE, Cue.RANGE_SHRINKING),
        ([repetition(deg=10.0, side=Side.LEFT), repetition(deg=20.0, side=Side.RIGHT)] * 5, SIDE_BEND, "sides_uneven"),
    ],
)
def test_what_is_told_of_a_set(repetitions, exercise, cue):
    live = [each for each in cues_of(told(repetitions, exercise)) if each not in {None, Cue.PRAISE}]
    assert live[0] == cue
    assert cue_of(told_after(repetitions, exercise), AFTER_SET) == cue


def test_who_hurries_against_the_own_first_repetitions_is_told_though_the_file_allows_it():
    hurrying = [repetition(8.0)] * 4 + [repetition(5.0)] * 4
    assert Cue.TOO_FAST in cues_of(told(hurrying))


def test_whole_repetitions_go_before_tempo_and_tempo_before_hold():
    hasty = [repetition(1.0, hold_s=0.0)] * 3
    assert cues_of(told([*hasty, *[repetition(1.0, hold_s=0.0, complete=False)] * 2]))[-1] is Cue.INCOMPLETE
    assert cues_of(told([*hasty, *hasty])) == [None, Cue.TOO_FAST, None, None, Cue.HOLD_SHORT, None]
    assert cue_of(told_after(hasty), AFTER_SET) is Cue.TOO_FAST


def test_one_small_repetition_is_let_pass():
    assert told([*[repetition()] * 2, repetition(deg=6.0, complete=False), repetition()]) == [None] * 4


def test_who_has_just_held_long_enough_is_not_told_to_hold():
    assert told([*[repetition(3.5, hold_s=0.5)], repetition(), repetition()])[-1] is None


def test_the_hold_of_a_plank_is_told_after_two():
    sentence = told([repetition(12.0, deg=None, hold_s=8.0)] * 2, PLANK)[-1]
    assert sentence == "Hold it a little longer: 20 seconds if you can."


def test_the_plan_s_dose_is_what_is_asked_for():
    longer = BRIDGE.model_copy(update={"dose": BRIDGE.dose.model_copy(update={"hold_s": 6.0})})
    assert "6 seconds" in told([repetition()] * 2, longer)[-1]
    assert told_after([repetition()] * 4, longer) == "4 done, held for about 3 seconds; next time try 6 seconds."


def test_the_smaller_side_is_named():
    uneven = [repetition(deg=20.0, side=Side.LEFT), repetition(deg=10.0, side=Side.RIGHT)] * 4
    assert told_after(uneven, SIDE_BEND) == "8 done; next time go about as far to the right as to the left."


def test_more_of_one_side_is_told_but_a_set_of_one_side_is_not():
    six, two = [repetition(side=Side.LEFT)] * 6, [repetition(side=Side.RIGHT)] * 2
    assert told_after(six + two, SIDE_BEND) == "6 to the left and 2 to the right; next time do as many on each side."
    assert cue_of(told_after(six, SIDE_BEND), AFTER_SET) is Cue.PRAISE


def test_smaller_than_usual_is_fine():
    assert (
        told_after([repetition(deg=15.0)] * 5, usual=30.0) == "5 done, a little smaller than your usual, which is fine."
    )
    assert cue_of(told_after([repetition(deg=29.0)] * 5, usual=30.0), AFTER_SET) is Cue.PRAISE


def test_nothing_counted_is_said_without_blame():
    assert told_after([]) == "The set has ended; no whole repetition was counted this time."


def test_where_a_still_back_is_the_better_form_nobody_is_told_to_move_more():
    shrinking = [repetition(9.0, deg=12 - 0.5 * n, hold_s=7.0, complete=n < 8) for n in range(12)]
    assert set(cues_of(told(shrinking, BIRD_DOG))) <= {None, Cue.PRAISE}
    assert cue_of(told_after(shrinking, BIRD_DOG, 50.0), AFTER_SET) is Cue.PRAISE


def test_who_goes_on_too_fast_is_told_again_in_other_words_and_not_praised():
    sentences = told([repetition(1.2, hold_s=1.1)] * 20, with_no_hold(BRIDGE))
    said = [(n, sentence) for n, sentence in enumerate(sentences) if sentence is not None]
    assert {cue_of(sentence, WHILE_EXERCISING) for _, sentence in said} == {Cue.TOO_FAST}
    assert [later - earlier for (earlier, _), (later, _) in pairwise(said)] == [6, 6, 6]
    assert all(one != other for (_, one), (_, other) in pairwise(said))


def with_no_hold(exercise):
    return exercise.model_copy(update={"dose": exercise.dose.model_copy(update={"hold_s": 0.0})})


SETS = st.lists(
    st.builds(
        repetition,
        st.floats(0.1, 40),
        deg=st.none() | st.floats(0, 120),
        hold_s=st.floats(0, 20),
        side=st.sampled_from([None, Side.LEFT, Side.RIGHT]),
        complete=st.sampled_from([True, True, True, False]),
    ),
    max_size=14,
)
EXERCISES = st.sampled_from(list(LIBRARY.values()))


@settings(max_examples=60, deadline=None)
@given(repetitions=SETS, exercise=EXERCISES, usual=st.none() | st.floats(1, 90))
def test_every_set_of_every_exercise_can_be_spoken_about(repetitions, exercise, usual):
    said = [(n, sentence) for n, sentence in enumerate(told(repetitions, exercise)) if sentence is not None]
    assert all(later - earlier >= 3 for (earlier, _), (later, _) in pairwise(said))
    assert all(one != other for (_, one), (_, other) in pairwise(said))
    for _, sentence in [*said, (0, told_after(repetitions, exercise, usual))]:
        assert "{" not in sentence
        assert not FORBIDDEN.search(sentence)


@settings(max_examples=60, deadline=None)
@given(repetitions=SETS, factor=st.sampled_from([0.5, 2.0]))
def test_a_larger_mover_is_told_the_same(repetitions, factor):
    larger = [one if one.range_deg is None else replace(one, range_deg=one.range_deg * factor) for one in repetitions]
    assert told(larger) == told(repetitions)
    assert told_after(larger) == told_after(repetitions)
