"""Repetitions that did not link, and belong to the rhythm of the set all the same."""

import pytest

from analytics.exercises.candidates import Candidate
from analytics.exercises.chains import Chain
from analytics.exercises.excursion import Excursion
from analytics.exercises.missed import with_missed
from analytics.exercises.sets import sets_of
from config.exercise_library import load_exercises

LIBRARY = load_exercises()


def repetition(start, size=20.0, length_s=4.0, *, stood_s=0.5, only_passed=False):
    """Return a repetition as a candidate: to the other side where its size is below zero."""
    middle = start + length_s / 2
    excursion = Excursion(
        start=start,
        peak=middle,
        end=start + length_s,
        known=start + length_s + 0.2,
        home=(0.0, 0.0, 0.0),
        far=(size, 0.0, 0.0),
        size=abs(size),
        hold_s=0.5,
        hold_start=middle - 0.25,
        hold_end=middle + 0.25,
        unsteadiness=0.1,
        rested=1.0,
        stood=(0.0, 0.0, 0.0),
        stood_s=stood_s,
        only_passed=only_passed,
    )
    return Candidate(excursion, size, abs(size), (0.0, 1.0, 0.0), size)


def every_six_seconds(*numbers, **how):
    return [repetition(6.0 * number, **how) for number in numbers]


def completed(chain, others, *, like=True, in_turns=False):
    return with_missed(chain, [*chain, *others], lambda *_: like, in_turns=in_turns)


def starts(candidates):
    return [candidate.excursion.start for candidate in candidates]


@pytest.mark.parametrize("missing", [0, 2, 5], ids=["first", "between", "last"])
def test_who_belongs_to_the_rhythm_is_taken_in(missing):
    chain = every_six_seconds(*(number for number in range(6) if number != missing))
    assert starts(completed(chain, [repetition(6.0 * missing)])) == [6.0 * number for number in range(6)]


def test_what_is_not_like_a_repetition_of_the_set_is_left_out():
    chain = every_six_seconds(0, 1, 3, 4)
    assert completed(chain, [repetition(12.0)], like=False) == chain


def test_where_there_is_no_room_in_the_rhythm_nothing_is_taken_in():
    chain = every_six_seconds(0, 1, 2, 3)
    assert completed(chain, [repetition(10.2, length_s=1.5)]) == chain


def test_what_is_later_than_the_rhythm_is_no_repetition_of_the_set():
    chain = every_six_seconds(0, 1, 2)
    assert completed(chain, [repetition(23.0)]) == chain


def test_of_several_the_one_of_the_usual_size_is_taken():
    chain = every_six_seconds(0, 1, 3, 4)
    found = completed(chain, [repetition(12.0, size=11.0), repetition(12.2, size=19.0)])
    assert starts(found) == [0.0, 6.0, 12.2, 18.0, 24.0]


def test_where_sides_take_turns_one_between_two_of_a_side_is_of_the_other():
    chain = [repetition(6.0 * number, size=size) for number, size in ((0, 20.0), (1, -20.0), (3, -20.0), (4, 20.0))]
    assert completed(chain, [repetition(12.0, size=-20.0)], in_turns=True) == chain
    assert len(completed(chain, [repetition(12.0, size=20.0)], in_turns=True)) == 5


def test_two_repetitions_have_no_rhythm_yet():
    chain = every_six_seconds(0, 1)
    assert completed(chain, [repetition(12.0)]) == chain


def chained(candidates, exercise="bridge"):
    chain = Chain(LIBRARY[exercise])
    for candidate in sorted(candidates, key=lambda each: each.excursion.end):
        chain.link(candidate)
    return list(chain.take().chain)


def test_a_repetition_whose_home_was_only_passed_is_the_first_of_a_set():
    passed, others = repetition(0.0, only_passed=True), every_six_seconds(1, 2, 3)
    assert chained([passed, *others]) == [passed, *others]


def test_without_others_it_is_none():
    assert chained([repetition(0.0, only_passed=True)]) == []


def test_nothing_comes_before_it():
    before, after = every_six_seconds(0, 1), every_six_seconds(2, 3, 4)
    taken = chained([*before, repetition(11.9, only_passed=True), *after])
    assert taken == [*before, *after]


def test_it_keeps_no_set_of_another_exercise_waiting():
    chain = Chain(LIBRARY["bridge"])
    chain.link(repetition(0.0, only_passed=True))
    assert not chain.begins_before(1000.0)


def test_what_stops_short_is_measured_by_the_repetitions_before_it():
    """Who goes farther later on has not done the small movements of the beginning only by half."""
    sizes = (8.0, 8.0, 8.0, 13.0, 13.0, 13.0, 13.0)
    growing = [repetition(6.0 * number, size=size) for number, size in enumerate(sizes)]
    between = repetition(10.3, size=5.0, length_s=1.5)
    (found,) = sets_of(growing, [between], LIBRARY["bridge"], confidence=1.0)
    assert len(found.repetitions) == len(growing)
