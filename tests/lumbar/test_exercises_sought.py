"""Which exercises a recording is searched for."""

import pytest

from config.errors import SettingsError
from config.exercise_plan import own_plans_path
from config.settings import load_settings
from lumbar.exercises_sought import sought

PLAN = """
schema = "lumbar.plan/1"
title = "My home programme"
days_per_week = 3
source = "my physiotherapist"

[[items]]
exercise = "bridge"

[[items]]
walking_minutes = 10
"""


@pytest.fixture
def settings(tmp_path):
    file = tmp_path / "settings.toml"
    file.write_text(f'[storage]\nfolder = "{tmp_path}"\n', encoding="utf-8")
    return load_settings(file)


def test_without_a_plan_no_exercise_is_preferred(settings):
    found = sought(settings, None)
    assert not found.told
    assert not found.planned
    assert len(found.exercises) == 30


def test_the_exercises_of_the_wearers_own_plan_are_preferred(settings):
    own_plans_path(settings).mkdir(parents=True)
    (own_plans_path(settings) / "home.toml").write_text(PLAN, encoding="utf-8")
    assert sought(settings, None).planned == {"bridge"}


def test_an_exercise_is_found_by_any_of_its_names(settings):
    found = sought(settings, "deep squat")
    assert found.told
    assert [each.id for each in found.exercises] == ["squat"]


def test_what_the_sensor_does_not_see_cannot_be_counted(settings):
    with pytest.raises(SettingsError, match="guided timer"):
        sought(settings, "chin_tuck")
