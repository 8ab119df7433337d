"""``lumbar exercises``: what there is, and how it is done."""

import json
import subprocess
import sys

import pytest

from config.exercise import Exercise
from config.exercise_library import load_exercises
from config.exercise_writer import save_exercise


@pytest.fixture
def wide(monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")


@pytest.mark.usefixtures("wide")
def test_the_list_has_every_exercise_with_its_dose(lumbar):
    code, out, err = lumbar("exercises", "list")
    assert (code, err) == (0, "")
    for exercise in load_exercises().values():
        (line,) = [line for line in out.splitlines() if line.startswith(f"│ {exercise.id} ")]
        assert exercise.title in line
        assert exercise.start.value.replace("_", " ") in line
        assert exercise.observability.value in line
        assert f"{exercise.dose.sets} x {exercise.dose.repetitions}" in line
    assert "guided timer, nothing is counted" in out


def test_on_a_narrow_terminal_an_id_is_still_whole(lumbar, monkeypatch):
    monkeypatch.setenv("COLUMNS", "70")
    _, out, _ = lumbar("exercises", "list")
    assert " standing_hip_flexor_stretch " in out


def test_the_list_for_programs_is_what_the_files_say(lumbar_json):
    document = lumbar_json("exercises", "list", "--format", "json")
    assert document["schema"] == "lumbar.exercises/1"
    exercises = [Exercise.model_validate_json(json.dumps(each)) for each in document["exercises"]]
    assert exercises == list(load_exercises().values())


@pytest.mark.usefixtures("wide")
def test_one_is_shown_by_any_of_its_names(lumbar, lumbar_json):
    code, out, err = lumbar("exercises", "show", "Deep-Squat")
    assert (code, err) == (0, "")
    squat = load_exercises()["squat"]
    for words in (*squat.instructions, *squat.cautions, *squat.other_names, squat.sees, "height, down, 8 to 85 cm"):
        assert words in out
    assert "guided timer" not in out
    assert (
        Exercise.model_validate_json(json.dumps(lumbar_json("exercises", "show", "squat", "--format", "json"))) == squat
    )


@pytest.mark.usefixtures("wide")
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("side_bend", "each side counts as one; right where the lower back bends to the right"),
        ("bird_dog", "each side counts as one; left where the lower back turns left"),
        ("plank", "each time the position is taken and held"),
        ("cat_cow", "each time one way, then the other, and back"),
        ("lunge", "not told apart"),
    ],
)
def test_it_says_how_it_counts(lumbar, name, words):
    assert words in lumbar("exercises", "show", name)[1]


@pytest.mark.usefixtures("wide")
@pytest.mark.parametrize("name", ["chin_tuck", "thoracic_extension"])
def test_what_the_sensor_cannot_see_is_said_plainly(lumbar, name):
    out = lumbar("exercises", "show", name)[1]
    assert "it runs as a guided timer, and nothing is counted" in out
    assert "each time" not in out


@pytest.mark.usefixtures("wide")
def test_an_exercise_of_the_wearer_is_among_them(lumbar, tmp_path):
    own = load_exercises()["squat"].model_copy(
        update={"id": "box_squat", "title": "Box [bold]squat", "other_names": (), "cautions": ()}
    )
    save_exercise(own, tmp_path / "data" / "exercises")
    assert "Box [bold]squat" in lumbar("exercises", "list")[1]
    out = lumbar("exercises", "show", "box squat")[1]
    assert "Box [bold]squat" in out
    assert "Take care" not in out


def test_an_unknown_name_ends_with_the_nearest(lumbar):
    code, out, err = lumbar("exercises", "show", "brige")
    assert (code, out) == (2, "")
    assert err == (
        "lumbar: there is no exercise called 'brige'; did you mean bridge? `lumbar exercises list` shows them all\n"
    )


def test_a_broken_file_of_the_wearer_is_named(lumbar, tmp_path):
    folder = tmp_path / "data" / "exercises"
    folder.mkdir(parents=True)
    (folder / "mine.toml").write_text('id = "mine"\n', encoding="utf-8")
    code, out, err = lumbar("exercises", "list")
    assert (code, out) == (2, "")
    assert err.startswith(f"lumbar: {folder / 'mine.toml'}: title is missing; ")
    assert err.count("\n") == 1


def test_help_of_the_group_loads_nothing_heavy():
    script = (
        "import sys\nsys.argv = ['lumbar', 'exercises', '--help']\nfrom lumbar.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = {'numpy', 'config.exercise', 'config.exercise_library', 'lumbar.commands.exercises'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert "show" in result.stdout
    assert result.stdout.splitlines()[-1] == "[]"
