"""The form of a set: what was done, and what can be told from it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.exercises.form import Place, set_form, usual_range
from analytics.exercises.form_measures import side_balance
from analytics.exercises.records import ExerciseSet, Repetition, Side
from config.exercise_library import load_exercises

LIBRARY = load_exercises()
BRIDGE, SQUAT, SIDE_BEND, PLANK = (LIBRARY[name] for name in ("bridge", "squat", "side_bend", "plank"))
SCATTER = (0.3, -0.4, 0.1, -0.2, 0.4, -0.1, 0.2, -0.3, 0.0, 0.35, -0.25, 0.15)


def repetition(length_s=5.0, *, deg=30.0, cm=None, hold_s=3.0, side=None, complete=True, strayed_deg=None):
    moving_s = max(length_s - hold_s, 0.2)
    return Repetition(
        start=0.0,
        peak=moving_s / 2,
        end=length_s,
        side=side,
        range_deg=None if cm is not None else deg,
        range_cm=cm,
        hold_s=hold_s,
        out_s=moving_s / 2,
        back_s=moving_s / 2,
        unsteadiness_deg=strayed_deg,
        complete=complete,
    )


def in_turn(repetitions):
    """Return the repetitions one after the other, a second apart."""
    start, placed = 1000.0, []
    for one in repetitions:
        length_s = one.end - one.start
        placed.append(replace(one, start=start, peak=start + one.peak - one.start, end=start + length_s))
        start += length_s + 1
    return tuple(placed)


def set_of(repetitions, exercise="bridge"):
    placed = in_turn(repetitions)
    ends = (placed[0].start, placed[-1].end) if placed else (0.0, 0.0)
    return ExerciseSet(exercise, *ends, placed, 0.9)


def form_of(repetitions, exercise=BRIDGE, usual=None):
    return set_form(set_of(repetitions, exercise.id), exercise, usual)


def test_a_steady_set_in_figures():
    form = form_of([repetition(5.0 + each, deg=30 + each, strayed_deg=0.5) for each in (-1, 0, 1, 0)])
    assert (form.count, form.incomplete) == (4, 0)
    assert form.range_deg == 30
    assert form.range_cm is None
    assert (form.repetition_s, form.hold_s, form.unsteadiness_deg) == (5, 3, 0.5)
    assert (form.range_place, form.tempo_place, form.hold_place) == (Place.WITHIN,) * 3
    assert form.sides is None


def test_incomplete_repetitions_are_counted_apart_and_do_not_lower_the_range():
    form = form_of([*[repetition(deg=30.0)] * 4, *[repetition(deg=5.0, complete=False)] * 2])
    assert (form.count, form.incomplete, form.range_deg) == (4, 2, 30)


def test_an_empty_set_knows_nothing():
    form = form_of([])
    assert (form.count, form.incomplete) == (0, 0)
    assert {getattr(form, name) for name in form.__slots__ if name not in ("count", "incomplete")} == {None}


def test_two_repetitions_are_too_few_to_compare():
    form = form_of([repetition(0.5, deg=2.0)] * 2, usual=30.0)
    assert (form.range_place, form.range_to_usual, form.tempo_place) == (None, None, None)
    assert form.range_deg == 2


@pytest.mark.parametrize(("deg", "place"), [(7.9, Place.BELOW), (8, Place.WITHIN), (60, Place.WITHIN), (61, "above")])
def test_range_against_the_file(deg, place):
    assert form_of([repetition(deg=deg)] * 3).range_place == place


def test_a_rise_is_compared_in_centimetres():
    form = form_of([repetition(cm=40.0)] * 3, SQUAT, usual=50.0)
    assert (form.range_deg, form.range_cm, form.range_place) == (None, 40, Place.WITHIN)
    assert form.range_to_usual == pytest.approx(0.8)


def test_a_repetition_faster_than_the_file_says_is_below_its_tempo():
    assert form_of([repetition(1.2, hold_s=0.0)] * 4).tempo_place is Place.BELOW
    assert form_of([repetition(30.0)] * 4).tempo_place is Place.ABOVE


def with_dose(exercise, hold_s):
    return exercise.model_copy(update={"dose": exercise.dose.model_copy(update={"hold_s": hold_s})})


@pytest.mark.parametrize(
    ("wanted_s", "held_s", "place"),
    [
        (3, 2.1, "within"),
        (3, 1.9, "below"),
        (10, 8.1, "within"),
        (10, 7.9, "below"),
        (0, 0, "within"),
        (3, 17, "above"),
    ],
)
def test_a_hold_is_short_where_it_misses_the_wanted_one_by_a_second_and_a_fifth(wanted_s, held_s, place):
    form = form_of([repetition(25.0, hold_s=held_s)] * 3, with_dose(BRIDGE, wanted_s))
    assert (form.hold_s, form.hold_place) == (held_s, place)


def test_one_hold_is_enough_to_judge_it():
    form = form_of([repetition(12.0, deg=None, hold_s=9.0)], PLANK)
    assert (form.hold_s, form.hold_place, form.range_deg) == (9, Place.BELOW, None)


def test_an_exercise_without_a_hold_has_none():
    quick = BRIDGE.model_copy(update={"hold": BRIDGE.hold.model_copy(update={"hold_s": (0.0, 0.0)})})
    form = form_of([repetition(3.0, hold_s=0.0)] * 3, quick)
    assert (form.hold_s, form.hold_place) == (None, None)


def test_of_an_unknown_exercise_only_what_is_measured_is_known():
    form = set_form(set_of([repetition()] * 4, "unknown"), None)
    assert (form.count, form.range_deg, form.hold_s) == (4, 30, 3)
    assert (form.range_place, form.tempo_place, form.hold_place) == (None, None, None)


def sided(left, right, left_deg=20.0, right_deg=20.0):
    return [repetition(deg=left_deg, side=Side.LEFT)] * left + [repetition(deg=right_deg, side=Side.RIGHT)] * right


def test_side_balance():
    sides = form_of(sided(6, 4, 10.0, 20.0), SIDE_BEND).sides
    assert (sides.left_n, sides.right_n, sides.left_share, sides.left_to_right) == (6, 4, 0.6, 0.5)


@pytest.mark.parametrize(("left", "right", "share", "ratio"), [(1, 2, False, False), (2, 5, True, False), (3, 3, 1, 1)])
def test_side_balance_needs_a_few_of_each(left, right, share, ratio):
    sides = form_of(sided(left, right), SIDE_BEND).sides
    assert (sides.left_share is not None, sides.left_to_right is not None) == (share, ratio)


def test_a_range_that_falls_by_more_than_its_scatter_is_a_trend():
    form = form_of([repetition(deg=30 - 1.0 * n + scatter) for n, scatter in enumerate(SCATTER[:10])])
    trend = form.range_trend
    assert trend.least < trend.per_repetition < trend.greatest < 0
    assert trend.over_set == pytest.approx(-9 / 25.5, abs=0.03)
    assert form.tempo_trend is None


def test_a_range_that_only_scatters_is_none():
    assert form_of([repetition(deg=30 + 10 * scatter) for scatter in SCATTER]).range_trend is None


def test_five_repetitions_are_too_few_for_a_trend():
    falling = [repetition(deg=30.0 - 3 * n) for n in range(6)]
    assert form_of(falling[:5]).range_trend is None
    assert form_of(falling).range_trend is not None


def test_one_odd_repetition_does_not_hide_a_trend_nor_make_one():
    falling = [repetition(deg=30 - 1.5 * n) for n in range(10)]
    falling[7] = repetition(deg=60.0)
    assert form_of(falling).range_trend is not None
    level = [repetition(deg=30 + scatter) for scatter in SCATTER]
    level[11] = repetition(deg=3.0)
    assert form_of(level).range_trend is None


def test_repetitions_that_take_longer_and_longer_are_a_trend():
    assert form_of([repetition(4 + 0.2 * n + 0.1 * s) for n, s in enumerate(SCATTER)]).tempo_trend.least > 0


def test_a_smaller_side_that_comes_second_is_no_trend():
    left = [repetition(deg=30 + scatter, side=Side.LEFT) for scatter in SCATTER[:6]]
    right = [repetition(deg=20 + scatter, side=Side.RIGHT) for scatter in SCATTER[6:]]
    assert form_of(left + right, SIDE_BEND).range_trend is None


def test_the_usual_is_the_median_over_enough_sets_of_the_exercise():
    sets = [set_of([repetition(deg=deg)] * 3) for deg in (20.0, 30.0, 80.0)]
    others = [set_of([repetition(deg=5.0)] * 3, "cat_cow"), set_of([repetition(deg=5.0)] * 2)]
    assert usual_range(sets + others, "bridge") == 30
    assert usual_range(sets[:2] + others, "bridge") is None
    assert usual_range([set_of([repetition(cm=40.0)] * 3, "squat")] * 3, "squat") == 40


REPETITIONS = st.lists(
    st.builds(
        repetition,
        st.floats(1, 40),
        deg=st.floats(0.5, 90),
        hold_s=st.floats(0, 0.9),
        side=st.sampled_from([None, Side.LEFT, Side.RIGHT]),
        complete=st.booleans(),
        strayed_deg=st.none() | st.floats(0, 5),
    ),
    max_size=16,
)


@settings(max_examples=60, deadline=None)
@given(repetitions=REPETITIONS, exercise=st.sampled_from(list(LIBRARY.values())), usual=st.none() | st.floats(1, 90))
def test_every_set_of_every_exercise_has_a_form(repetitions, exercise, usual):
    form = form_of(repetitions, exercise, usual)
    assert form.count + form.incomplete == len(repetitions)
    for trend in (form.range_trend, form.tempo_trend):
        assert trend is None or trend.least * trend.greatest > 0


@settings(max_examples=60, deadline=None)
@given(repetitions=REPETITIONS, data=st.data())
def test_side_balance_does_not_depend_on_the_order(repetitions, data):
    assert side_balance(data.draw(st.permutations(repetitions))) == side_balance(repetitions)


@settings(max_examples=60, deadline=None)
@given(repetitions=REPETITIONS, factor=st.sampled_from([0.25, 0.5, 2.0, 8.0]))
def test_a_larger_mover_has_the_same_form(repetitions, factor):
    larger = [replace(one, range_deg=one.range_deg * factor) for one in repetitions]
    form, scaled = form_of(repetitions), form_of(larger)
    assert scaled.range_trend == form.range_trend
    assert scaled.tempo_trend == form.tempo_trend
    assert scaled.sides == form.sides
    assert (scaled.range_deg is None) == (form.range_deg is None)
    assert scaled.range_deg == pytest.approx(form.range_deg and form.range_deg * factor)


@settings(max_examples=60, deadline=None)
@given(repetitions=REPETITIONS, factor=st.sampled_from([0.5, 2.0]))
def test_the_same_set_in_slow_motion_only_takes_longer(repetitions, factor):
    placed = in_turn(repetitions)
    slow = tuple(replace(one, start=one.start * factor, end=one.end * factor) for one in placed)
    form, scaled = (set_form(ExerciseSet("bridge", 0, 1, reps, 1.0), BRIDGE) for reps in (placed, slow))
    assert scaled.repetition_s == pytest.approx(form.repetition_s and form.repetition_s * factor)
    assert (scaled.range_deg, scaled.range_trend, scaled.sides) == (form.range_deg, form.range_trend, form.sides)
