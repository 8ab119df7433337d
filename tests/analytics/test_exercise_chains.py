"""Which excursions are taken together as a set, and where one set ends and another begins."""

import pytest

from analytics.exercises.candidates import Candidate
from analytics.exercises.chains import Chain
from analytics.exercises.excursion import Excursion
from analytics.exercises.sets import parts_of, sets_of
from config.exercise_library import load_exercises

LIBRARY = load_exercises()
BRIDGE, SWITCHED = LIBRARY["bridge"], LIBRARY["standing_rotation"]


def repetition(start, size=20.0, length_s=4.0, home=0.0, stood=None, stood_s=0.5):
    """Return a repetition as a candidate: to the other side where its size is below zero."""
    excursion = Excursion(
        start=start,
        peak=start + length_s / 2,
        end=start + length_s,
        known=start + length_s + 0.2,
        home=(home, 0.0, 0.0),
        far=(home + size, 0.0, 0.0),
        size=abs(size),
        hold_s=1.0,
        hold_start=start + length_s / 2 - 0.5,
        hold_end=start + length_s / 2 + 0.5,
        unsteadiness=0.1,
        rested=1.0,
        stood=(home if stood is None else stood, 0.0, 0.0),
        stood_s=stood_s,
    )
    return Candidate(excursion, size, abs(size), (0.0, 1.0, 0.0), size)


def row(count, start=0.0, every_s=6.0, **how):
    return [repetition(start + index * every_s, **how) for index in range(count)]


def taken(candidates, exercise=BRIDGE):
    """Return the chains that the candidates make, one after the other, as they end."""
    chain = Chain(exercise)
    for candidate in sorted(candidates, key=lambda each: each.excursion.end):
        chain.link(candidate)
    found = []
    while chain.is_over(float("inf")):
        found.append(list(chain.take().chain))
    return found


def starts(candidates):
    return [candidate.excursion.start for candidate in candidates]


def test_like_movements_from_one_home_are_a_chain():
    repetitions = row(6)
    assert taken(repetitions) == [repetitions]


def test_the_movement_whose_home_is_where_the_wearer_stood_is_taken_rather_than_its_way_back():
    out = row(5, stood=0.0, stood_s=4.0)
    back = [
        repetition(each.excursion.peak, size=-20.0, home=20.0, stood=0.0, stood_s=4.0)
        for each in (*out, repetition(30.0))
    ][:5]
    assert starts(taken([*out, *back])[0]) == starts(out)


def test_a_stay_in_another_pose_that_is_much_longer_does_not_join_two_sets():
    first, second = row(5), row(5, start=52.0)
    stay = repetition(31.0, length_s=18.0)
    assert [first, second] == [chain for chain in taken([*first, stay, *second]) if len(chain) > 1]


def test_one_side_and_then_the_other_is_one_set_even_after_changing_feet():
    one, other = row(5), row(5, start=50.0, size=-20.0)
    assert taken([*one, *other], SWITCHED) == [[*one, *other]]


def test_after_both_sides_another_set_begins():
    rows = [row(4, start=start, size=size) for start, size in ((0.0, 20.0), (34.0, -20.0), (75.0, 20.0))]
    assert taken([each for part in rows for each in part], SWITCHED) == [[*rows[0], *rows[1]], rows[2]]


def test_a_smaller_set_some_time_before_the_best_one_is_not_lost():
    before, best = row(3), row(8, start=25.0, size=60.0)
    assert taken([*before, *best]) == [best, before]


@pytest.mark.parametrize("how", [{"size": 8.0}, {"length_s": 1.5, "every_s": 3.0}], ids=["size", "duration"])
def test_where_size_or_duration_changes_another_movement_has_begun(how):
    first, second = row(5), row(5, start=32.0, **how)
    assert parts_of([*first, *second], BRIDGE) == [first, second]


def test_a_regular_set_is_cut_where_the_wearer_rests_in_another_pose():
    first, second = row(5), row(5, start=46.0)
    stay = repetition(30.0, length_s=14.0)
    assert parts_of([*first, stay, *second], BRIDGE) == [first, second]


def test_planks_may_be_of_any_length():
    holds = [repetition(0.0, length_s=15.0), repetition(30.0, length_s=15.0), repetition(60.0, length_s=60.0)]
    assert parts_of(holds, LIBRARY["plank"]) == [holds]


def test_what_stops_short_between_repetitions_is_told_as_incomplete():
    whole = [repetition(start) for start in (0.0, 6.0, 18.0, 24.0)]
    short = repetition(12.0, size=7.0)
    elsewhere = repetition(12.5, size=7.0, home=12.0)
    (found,) = sets_of(whole, [short, elsewhere], BRIDGE, confidence=1.0)
    assert [each.start for each in found.repetitions] == [0.0, 6.0, 12.0, 18.0, 24.0]
    assert [each.complete for each in found.repetitions] == [True, True, False, True, True]


def test_where_both_legs_tilt_the_pelvis_the_same_way_the_way_back_is_not_the_other_side():
    stretches = row(3, every_s=20.0, length_s=16.0)
    rest = repetition(56.5, length_s=20.0, size=-20.0)
    assert stretches in taken([*stretches, rest], LIBRARY["standing_hip_flexor_stretch"])
