"""Plans: those that are shipped, the wearer's own, and an exercise as a plan of its own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.errors import SettingsError
from config.exercise_library import load_exercises
from config.exercise_plan import (
    DEFAULT_PLAN,
    PlannedExercise,
    PlannedWalk,
    load_plan,
    one_exercise_plan,
    own_plans_path,
    shipped_plans,
)
from config.settings import load_settings

LIBRARY = load_exercises()

MINE = """
schema = "lumbar.plan/1"
title = "After the summer"
days_per_week = 3
source = "my physiotherapist"

[[items]]
exercise = "Glute bridge"
sets = 2
repetitions = 6
hold_s = 5

[[items]]
walking_minutes = 12.5

[[items]]
exercise = "chin_tuck"
"""


@pytest.fixture
def own(tmp_path):
    folder = tmp_path / "plans"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("name", shipped_plans())
def test_every_shipped_plan_loads_and_says_where_it_is_from(name):
    plan = load_plan(name, LIBRARY)
    assert plan.items
    assert plan.days_per_week
    assert all(isinstance(item, PlannedExercise | PlannedWalk) for item in plan.items)


def test_the_default_plan_is_shipped():
    assert DEFAULT_PLAN in shipped_plans()


def test_a_plan_says_how_much_and_the_rest_is_the_usual_dose(own):
    (own / "mine.toml").write_text(MINE, encoding="utf-8")
    bridge, walk, tuck = load_plan("mine", LIBRARY, own).items
    assert (bridge.exercise.id, bridge.dose.sets, bridge.dose.repetitions, bridge.dose.hold_s) == ("bridge", 2, 6, 5)
    assert bridge.dose.rest_s == LIBRARY["bridge"].dose.rest_s
    assert walk == PlannedWalk(12.5)
    assert tuck.dose == LIBRARY["chin_tuck"].dose


def test_an_own_plan_goes_before_the_shipped_one_of_the_same_name(own):
    (own / f"{DEFAULT_PLAN}.toml").write_text(MINE, encoding="utf-8")
    assert load_plan(DEFAULT_PLAN, LIBRARY, own).title == "After the summer"
    assert load_plan(DEFAULT_PLAN, LIBRARY, own / "not there").title != "After the summer"


def test_a_file_is_named_by_its_path(own):
    (own / "loan.toml").write_text(MINE, encoding="utf-8")
    assert load_plan(str(own / "loan.toml"), LIBRARY).id == "loan"


@pytest.mark.parametrize("name", ["bridge", "Hip-Lift", "glute bridge"])
def test_an_exercise_is_a_plan_of_its_own_in_its_usual_dose(name):
    plan = load_plan(name, LIBRARY)
    assert plan == one_exercise_plan(LIBRARY["bridge"])
    assert plan.items[0].dose == LIBRARY["bridge"].dose


def test_the_folder_of_own_plans_is_in_the_storage_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("LUMBAR_STORAGE__FOLDER", str(tmp_path))
    assert own_plans_path(load_settings()) == tmp_path / "plans"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("hme", "did you mean home"),
        ("brigde", r"no plan called 'brigde' \(there are desk_break, home\), .*did you mean bridge"),
        ("gone.toml", r"gone\.toml: there is no such file"),
    ],
)
def test_a_name_that_is_none_is_answered_with_the_nearest(name, message, own):
    with pytest.raises(SettingsError, match=message):
        load_plan(name, LIBRARY, own)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("days_per_week = 3", "", "days_per_week is missing"),
        ("days_per_week = 3", 'days_per_week = "3"', "days_per_week: Input should be a valid integer"),
        ("days_per_week = 3", "days_per_week = 8", "days_per_week: "),
        ("sets = 2", "sets = 0", "item 1: sets: "),
        ("sets = 2", "series = 2", "there is no field item 1: series"),
        ("walking_minutes = 12.5", "sets = 2", "item 2: give either exercise or walking_minutes"),
        ("walking_minutes = 12.5", "walking_minutes = 5\nrest_s = 3", "item 2: sets, repetitions, hold_s and rest_s"),
        ("walking_minutes = 12.5", "walking_minutes = inf", "item 2: walking_minutes: "),
        ('"chin_tuck"', '"chin_tack"', "item 3: there is no exercise called 'chin_tack'; did you mean chin_tuck"),
        ('"lumbar.plan/1"', '"lumbar.plan/9"', "schema: "),
        ("[[items]]", "[[things]]", "items is missing"),
    ],
)
def test_a_mistake_is_told_with_its_place(old, new, message, own):
    (own / "mine.toml").write_text(MINE.replace(old, new), encoding="utf-8")
    with pytest.raises(SettingsError, match=rf"mine\.toml: {message}"):
        load_plan("mine", LIBRARY, own)


def test_a_plan_without_items_is_refused(own):
    (own / "mine.toml").write_text(MINE.partition("[[items]]")[0] + "items = []\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"mine\.toml: items: "):
        load_plan("mine", LIBRARY, own)


@given(st.text())
def test_any_name_is_a_plan_or_a_line_that_says_what_to_do(name):
    try:
        plan = load_plan(name, LIBRARY)
    except SettingsError as error:
        assert str(error)  # noqa: PT017 - either way is right
    else:
        assert plan.items
