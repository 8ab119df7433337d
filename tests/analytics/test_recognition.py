"""Which exercise a set is, and what is none."""

from dataclasses import replace

import pytest

from analytics.exercises.candidates import Candidate
from analytics.exercises.excursion import Excursion
from analytics.exercises.found_set import FoundSet
from analytics.exercises.manner import PLAIN, Manner
from analytics.exercises.recognition import chosen, fit
from config.exercise_library import load_exercises
from posture.events import Activity

LIBRARY = load_exercises()


def chain(sizes, hold_s=2.0, period_s=6.0, start=0.0, signs=(1,), manners=(PLAIN,)):
    """Return repetitions of these sizes, begun from rest."""
    found = []
    for index, size in enumerate(sizes):
        begin = start + index * period_s
        excursion = Excursion(
            start=begin,
            peak=begin + 2.0,
            end=begin + 4.0,
            known=begin + 4.2,
            home=(0.0, 0.0, 57.3),
            far=(size, 0.0, 57.3),
            size=size,
            hold_s=hold_s,
            hold_start=begin + 1.5,
            hold_end=begin + 2.5,
            unsteadiness=0.2,
            rested=2.0,
            stood=(0.0, 0.0, 57.3),
            stood_s=2.0,
        )
        amount = size * signs[index % len(signs)]
        found.append(Candidate(excursion, amount, size, (0.0, 1.0, 0.0), amount, manners[index % len(manners)]))
    return tuple(found)


def found_set(name, sizes, *, planned=False, **how):
    return FoundSet(LIBRARY[name], chain(sizes, **how), others=(), score=1.0 * len(sizes), planned=planned)


def lying(_time):
    return Activity.LYING


def ids(winners):
    return [winner.found.exercise.id for winner in winners]


def test_large_supine_tilts_are_bridges_and_small_ones_pelvic_tilts():
    for size, expected in ((28.0, "bridge"), (7.0, "pelvic_tilt")):
        rivals = [found_set(name, [size] * 8, hold_s=3.0) for name in ("bridge", "pelvic_tilt")]
        assert ids(chosen(rivals, lying)) == [expected]


def test_long_holds_are_a_knee_to_chest():
    rivals = [found_set(name, [16.0] * 6, hold_s=18.0) for name in ("bridge", "pelvic_tilt", "knee_to_chest")]
    assert ids(chosen(rivals, lying)) == ["knee_to_chest"]


def test_the_plan_decides_between_what_looks_alike():
    rivals = [found_set("bridge", [14.0] * 8), found_set("pelvic_tilt", [14.0] * 8, planned=True)]
    assert ids(chosen(rivals, lying)) == ["pelvic_tilt"]


def test_confidence_is_higher_where_no_other_exercise_comes_near():
    close = [found_set(name, [14.0] * 8) for name in ("bridge", "pelvic_tilt")]
    clear = [found_set("bridge", [28.0] * 8)]
    assert 0.5 <= chosen(close, lying)[0].confidence < chosen(clear, lying)[0].confidence <= 1.0


def test_sets_one_after_the_other_are_both_told():
    sets = [found_set("bridge", [28.0] * 8), found_set("bridge", [28.0] * 8, start=100.0)]
    assert ids(chosen(sets, lying)) == ["bridge", "bridge"]


@pytest.mark.parametrize(
    "sizes",
    [[28.0] * 3, [28.0, 9.0, 40.0, 14.0, 60.0, 10.0]],
    ids=["too few", "irregular"],
)
def test_everyday_movement_is_no_set(sizes):
    assert chosen([found_set("bridge", sizes)], lying) == []


def test_an_exercise_with_sides_wants_an_order_of_them():
    mixed = found_set("bent_knee_side_rotation", [30.0] * 8, signs=(1, 1, -1, 1, 1, 1, -1, 1))
    in_turns = found_set("bent_knee_side_rotation", [30.0] * 8, signs=(1, -1))
    assert chosen([mixed], lying) == []
    assert ids(chosen([in_turns], lying)) == ["bent_knee_side_rotation"]


def test_one_side_may_be_done_alone():
    assert ids(chosen([found_set("side_bend", [15.0] * 8)], lambda _: Activity.STANDING)) == ["side_bend"]


@pytest.mark.parametrize(
    ("activity", "expected"),
    [(Activity.SITTING, "seated_trunk_rotation"), (Activity.STANDING, "standing_rotation")],
)
def test_sitting_and_standing_tell_turns_apart(activity, expected):
    names = ("seated_trunk_rotation", "standing_rotation")
    sets = [found_set(name, [18.0] * 8, signs=(1, -1)) for name in names]
    assert ids(chosen(sets, lambda _: activity)) == [expected]


def test_who_seems_to_stand_may_sit_upright_but_who_sits_does_not_stand():
    seated = found_set("seated_trunk_rotation", [8.0] * 8, signs=(1, -1))
    standing = found_set("standing_rotation", [30.0] * 8, signs=(1, -1))
    assert ids(chosen([replace(seated, score=1.5 * 8)], lambda _: Activity.STANDING)) == ["seated_trunk_rotation"]
    assert chosen([standing], lambda _: Activity.SITTING) == []


def test_who_walks_about_does_no_exercise():
    sets = [found_set("seated_trunk_rotation", [10.0] * 8, signs=(1, -1))]
    assert chosen(sets, lambda _: Activity.WALKING) == []


@pytest.mark.parametrize(("back", "expected"), [(0.5, "knee_raise"), (0.0, "side_bend"), (-0.3, "side_bend")])
def test_a_pelvis_that_tips_back_as_well_tells_a_raised_knee_from_a_side_bend(back, expected):
    names = ("knee_raise", "side_bend")
    sets = [found_set(name, [8.0] * 8, hold_s=0.5, signs=(1, -1), manners=(Manner(back=back),)) for name in names]
    assert ids(chosen(sets, lambda _: Activity.STANDING)) == [expected]


def test_who_steps_elsewhere_each_time_does_housework():
    """Bending to the laundry basket, up to the line, and a step on."""
    stays = found_set("trunk_flexion", [45.0] * 8, manners=(Manner(heading_deg=1.0), Manner(heading_deg=2.5)))
    steps = found_set("trunk_flexion", [45.0] * 8, manners=(Manner(heading_deg=0.0), Manner(heading_deg=25.0)))
    assert fit(stays) == pytest.approx(fit(found_set("trunk_flexion", [45.0] * 8)))
    assert ids(chosen([stays], lambda _: Activity.STANDING)) == ["trunk_flexion"]
    assert chosen([replace(steps, score=0.8 * 8)], lambda _: Activity.STANDING) == []


def test_a_range_far_from_the_usual_fits_worse():
    assert fit(found_set("bridge", [22.0] * 8)) > fit(found_set("bridge", [60.0] * 8))


def test_what_repeats_but_fits_nothing_well_is_unknown():
    odd = replace(found_set("bridge", [40.0] * 8, hold_s=3.0), score=0.05 * 8)
    (winner,) = chosen([odd], lying)
    assert not winner.known
    assert chosen([found_set("bridge", [25.0] * 8)], lying)[0].known


def test_who_sinks_farther_than_a_bend_explains_does_a_squat():
    bend = found_set("trunk_flexion", [30.0] * 8, hold_s=0.0)
    squat = found_set("squat", [45.0] * 8, hold_s=0.0, signs=(-1,))
    assert ids(chosen([bend, squat], lambda _: Activity.STANDING)) == ["squat"]


@pytest.mark.parametrize(("lean_deg", "expected"), [(15.0, "sit_to_stand"), (1.0, "squat")])
def test_who_leans_forward_on_the_way_rises_from_a_seat(lean_deg, expected):
    rivals = [
        found_set("squat", [40.0] * 8, hold_s=0.0, signs=(-1,), manners=(Manner(lean_deg=lean_deg),)),
        found_set("sit_to_stand", [40.0] * 8, hold_s=0.0, manners=(Manner(lean_deg=lean_deg),)),
    ]
    assert ids(chosen(rivals, lambda _: Activity.STANDING)) == [expected]


def test_all_of_one_side_and_then_all_of_the_other_is_a_set():
    blocks = found_set("side_bend", [12.0] * 8, signs=(1, 1, 1, 1, -1, -1, -1, -1))
    assert ids(chosen([blocks], lambda _: Activity.STANDING)) == ["side_bend"]


def test_one_strange_turn_between_the_sides_does_not_hide_them():
    blocks = found_set("side_bend", [12.0] * 14, signs=(1, 1, 1, 1, 1, 1, -1, 1, -1, -1, -1, -1, -1, -1))
    assert ids(chosen([blocks], lambda _: Activity.STANDING)) == ["side_bend"]


def test_three_long_holds_may_vary_more_than_five_short_ones():
    sizes = [14.0, 16.0, 18.5]
    assert ids(chosen([found_set("knee_to_chest", sizes, hold_s=20.0, period_s=30.0)], lying)) == ["knee_to_chest"]


def test_a_movement_both_ways_may_go_from_one_end_to_the_other():
    forward = found_set("cat_cow", [20.0] * 6)
    backward = found_set("cat_cow", [20.0] * 6, signs=(-1,))
    assert ids(chosen([forward], lying)) == ["cat_cow"]
    assert chosen([backward], lying) == []


def test_who_tires_moves_less_and_less_but_regularly():
    shrinking = [30.0 * 0.88**index for index in range(10)]
    assert ids(chosen([found_set("bridge", shrinking)], lying)) == ["bridge"]


def test_a_hold_longer_than_usual_is_still_the_exercise():
    assert chosen([found_set("squat", [35.0] * 8, hold_s=4.0, signs=(-1,))], lambda _: Activity.STANDING)[0].known


def test_nobody_squats_lying_down():
    squat = found_set("squat", [25.0] * 8, hold_s=0.0, signs=(-1,))
    assert ids(chosen([squat], lambda _: Activity.SITTING)) == ["squat"]
    assert chosen([squat], lying) == []


def test_two_repetitions_must_fit_better_to_be_known():
    for n, is_known in ((2, False), (6, True)):
        found = found_set("standing_hip_flexor_stretch", [10.0] * n, hold_s=20.0, period_s=30.0)
        poor = replace(found, score=found.score - (fit(found) - 0.5) * n)
        assert chosen([poor], lambda _: Activity.STANDING)[0].known is is_known
