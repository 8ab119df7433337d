"""What the daily summary says of exercises and the walking programme, against the plan."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from analytics.daily_summary import daily_summary
from analytics.exercises.records import ExerciseSet, Repetition, Side
from analytics.findings import Findings
from analytics.local_day import LocalDay
from analytics.walking import WalkingBout
from config.exercise_library import load_exercises
from config.exercise_plan import Plan, PlannedExercise, PlannedWalk
from config.settings import load_settings
from posture.events import Activity, ActivityEpisode

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = LocalDay(date(2024, 3, 4), BERLIN)
TUESDAY = LocalDay(date(2024, 3, 5), BERLIN)
SETTINGS = load_settings()
LIBRARY = load_exercises()
H = 3600.0
MIN = 60.0
NINE = MONDAY.span.start + 9 * H


def repetition(start, *, deg=30.0, cm=None, side=None, complete=True):
    return Repetition(start, start + 2, start + 6, side, deg, cm, 3.0, 1.5, 1.5, 0.4, complete)


def bridges(start, n=3):
    return ExerciseSet("bridge", start, start + 60, tuple(repetition(start + 8 * k) for k in range(n)), 0.9)


def summed_up(findings, day=MONDAY, earlier=()):
    return daily_summary(findings, day, "me", SETTINGS, earlier)


def exercised(*sets, plan=None):
    standing = ActivityEpisode(NINE, NINE + 5 * H, Activity.STANDING)
    findings = Findings((standing, *sets), wear=((NINE, NINE + 5 * H),))
    return daily_summary(findings, MONDAY, "me", SETTINGS, plan=plan).exercise


def test_a_set_is_listed_with_what_was_measured_of_it():
    bends = (
        repetition(NINE, deg=10.0, side=Side.LEFT),
        repetition(NINE + 8, deg=20.0, side=Side.RIGHT),
        repetition(NINE + 16, deg=2.0, side=Side.LEFT, complete=False),
    )
    [done] = exercised(ExerciseSet("side_bend", NINE, NINE + 30, bends, 0.8)).sets
    assert done.model_dump(mode="json") == {
        "time": "2024-03-04T09:00:00+01:00",
        "exercise": "side_bend",
        "confidence": 0.8,
        "duration_min": 0.5,
        "repetitions_n": 2,
        "incomplete_n": 1,
        "left_n": 1,
        "right_n": 1,
        "repetition_s": 6,
        "hold_s": 3,
        "range_deg": 15,
        "range_cm": None,
    }


def test_a_rise_has_centimetres_and_no_sides():
    squats = (repetition(NINE, deg=None, cm=40.0), repetition(NINE + 8, deg=None, cm=50.0))
    [done] = exercised(ExerciseSet("squat", NINE, NINE + 20, squats, 1.0)).sets
    assert (done.range_deg, done.range_cm, done.left_n) == (None, 45, None)


def test_sets_with_short_rests_are_one_session():
    done = exercised(bridges(NINE), bridges(NINE + 660), bridges(NINE + 1321, n=4))
    assert (done.sessions_n, done.sets_n, done.repetitions_n) == (2, 3, 10)
    assert done.exercising_min == pytest.approx(3)
    assert (done.planned, done.share_of_plan) == (None, None)


def test_who_did_no_exercise_did_none():
    done = exercised()
    assert (done.sessions_n, done.sets_n, done.repetitions_n, done.exercising_min, done.sets) == (0, 0, 0, 0, ())


def test_a_set_is_told_though_nothing_else_of_the_day_is():
    assert summed_up(Findings((bridges(NINE),))).exercise.sets_n == 1


def test_sets_against_the_plan():
    items = [PlannedExercise(LIBRARY[name], LIBRARY[name].dose) for name in ("bridge", "cat_cow", "bridge")]
    plan = Plan("mine", "Mine", 7, (*items, PlannedWalk(30.0)))
    done = exercised(*(bridges(NINE + 100 * n) for n in range(8)), plan=plan)
    assert [each.model_dump() for each in done.planned] == [
        {"exercise": "bridge", "planned_n": 6, "done_n": 8},
        {"exercise": "cat_cow", "planned_n": 2, "done_n": 0},
    ]
    assert done.share_of_plan == 6 / 8
    only_walking = exercised(plan=Plan("walk", "Walk", None, (PlannedWalk(30.0),)))
    assert (only_walking.planned, only_walking.share_of_plan) == ((), None)


def test_a_set_over_midnight_belongs_to_the_day_on_which_it_begins():
    findings = Findings((bridges(MONDAY.span.end - 15), bridges(MONDAY.span.end + 100)))
    monday, tuesday = summed_up(findings, MONDAY).exercise, summed_up(findings, TUESDAY).exercise
    assert (monday.sets_n, tuesday.sets_n) == (1, 1)
    assert (monday.sessions_n, tuesday.sessions_n) == (1, 0)
    assert (monday.exercising_min, tuesday.exercising_min) == (0.25, 1.75)


def brisk_day(day, minutes, earlier=()):
    start = LocalDay(day, BERLIN).span.start + 9 * H
    end = start + minutes * MIN
    events = (ActivityEpisode(start, end, Activity.WALKING), WalkingBout(start, end, 9, 110.0)) if minutes else ()
    findings = Findings((*events, ActivityEpisode(end, start + H, Activity.STANDING)), wear=((start, start + H),))
    return summed_up(findings, LocalDay(day, BERLIN), earlier)


def test_the_walking_programme_counts_the_brisk_minutes_of_the_day_and_its_week():
    earlier = [brisk_day(date(2024, 3, day), minutes) for day, minutes in ((3, 40), (1, 10), (2, 0))]
    too_early, not_worn = brisk_day(date(2024, 2, 26), 50), summed_up(Findings(), LocalDay(date(2024, 2, 29), BERLIN))
    programme = brisk_day(MONDAY.date, 10, [*earlier, too_early, not_worn]).walking_programme
    assert programme.model_dump() == {
        "target_min": 30,
        "target_days_n": 5,
        "brisk_min": 10,
        "reached": False,
        "week_known_days_n": 4,
        "week_brisk_min": 60,
        "week_reached_days_n": 1,
    }
    assert brisk_day(date(2024, 3, 4), 30).walking_programme.reached


def test_a_week_without_wear_says_nothing_of_the_walking_programme():
    programme = summed_up(Findings()).walking_programme
    assert (programme.brisk_min, programme.reached, programme.week_brisk_min) == (None, None, None)
    assert (programme.week_known_days_n, programme.week_reached_days_n) == (0, None)
