"""The exercises: those that are shipped, and the wearer's own."""

import csv
import re
import tomllib
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.errors import SettingsError
from config.exercise import Axis, Counting, Dose, Exercise, Hold, Motion, Observability, Position, Sides, Tempo, Way
from config.exercise_library import ExerciseLibrary, load_exercises, own_exercises_path
from config.exercise_writer import save_exercise
from config.settings import load_settings

SHARED = Path(__file__).parents[2] / ".." / "shared" / "data"
SHIPPED = load_exercises()

OF_THE_DESIGN = {
    Observability.STRONG: (
        "bridge cat_cow pelvic_tilt bent_knee_side_rotation press_up standing_l_stretch standing_rotation "
        "sit_to_stand squat trunk_flexion side_bend"
    ),
    Observability.MEDIUM: "bird_dog knee_to_chest standing_hip_flexor_stretch dead_bug plank",
    Observability.WEAK: "thoracic_extension",
    Observability.NONE: "chin_tuck",
}

A_FILE = """
schema = "lumbar.exercise/1"
id = "box_squat"
title = "Box squat"
observability = "strong"
start = "standing"
sees = "The pelvis goes down to a box and up again."
instructions = ["Sit back onto the box.", "Stand up."]
source = "made up for the tests"
[motion]
axis = "rise"
way = "down"
range_cm = [10, 60]
[tempo]
repetition_s = [1, 10]
[dose]
sets = 2
repetitions = 8
"""


def write(folder, text, name="box_squat.toml"):
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


# The shipped ones


@pytest.mark.parametrize(("observability", "ids"), OF_THE_DESIGN.items(), ids=str)
def test_every_exercise_of_the_design_is_there_as_well_seen_as_it_says(observability, ids):
    assert {SHIPPED[each].observability for each in ids.split()} == {observability}


def test_those_of_the_issue_and_of_the_motion_captures_are_there_too():
    assert {"lunge", "seated_trunk_rotation", "toe_touch", "knee_raise", "sit_up"} <= set(SHIPPED)
    assert {"side_lunge", "hurdle_step", "standing_leg_raise", "trunk_twist"} <= set(SHIPPED)
    assert {"bend_and_scoop", "floor_reach", "elbow_to_knee"} <= set(SHIPPED)


@pytest.mark.parametrize(
    ("label", "exercise"),
    [
        ("deep_squat", "squat"),
        ("inline_lunge", "lunge"),
        ("toe_touch_cross", "toe_touch"),
        ("side_lunge", "side_lunge"),
    ],
)
def test_a_label_of_a_data_set_is_a_name_of_an_exercise(label, exercise):
    assert SHIPPED.find(label).id == exercise


def test_every_set_that_is_labelled_in_the_data_has_its_exercise():
    files = sorted(SHARED.glob("*/*.labels.csv"))
    if not files:
        pytest.skip("the labelled recordings are not beside the repository")
    labels = set()
    for file in files:
        with file.open(encoding="utf-8", newline="") as rows:
            labels |= {row["label"] for row in csv.DictReader(rows) if row["label"].startswith("set:")}
    assert len(labels) >= 25
    for label in labels:
        SHIPPED.find(label.removeprefix("set:"))


@pytest.mark.parametrize("exercise", SHIPPED.values(), ids=SHIPPED.ids)
def test_a_shipped_exercise_is_whole(exercise):
    assert exercise.cautions
    assert len(exercise.instructions) >= 2
    for sentence in (*exercise.instructions, *exercise.cautions, exercise.sees, exercise.source):
        assert re.search(r"[a-z0-9)][.]$", sentence), sentence
        assert "\n" not in sentence
    assert "assumed" in exercise.source or "Dose:" in exercise.source
    low, high = exercise.tempo.repetition_s
    assert high >= 8 * low, "slow people and fast ones"
    assert exercise.hold.hold_s[1] < high, "a repetition lasts longer than its hold"
    assert exercise.hold.hold_s[0] <= exercise.dose.hold_s <= exercise.hold.hold_s[1]
    assert low <= max(exercise.dose.hold_s, low) < high
    if exercise.motion.range_deg:
        assert exercise.motion.range_deg[1] >= 4 * exercise.motion.range_deg[0], "small movers and large ones"


@pytest.mark.parametrize("exercise", SHIPPED.values(), ids=SHIPPED.ids)
def test_sides_are_only_told_where_the_motion_shows_them(exercise):
    shows_sides = exercise.motion.axis in (Axis.LATERAL_BEND, Axis.AXIAL_ROTATION)
    assert (exercise.sides is not Sides.NONE) == (shows_sides or exercise.side_axis is not None)


def test_the_words_do_not_diagnose():
    for exercise in SHIPPED.values():
        words = " ".join((*exercise.instructions, *exercise.cautions)).lower()
        assert not re.search(r"\b(hernia\w*|sciatica|disc|injur\w*|degenerat\w*|damage\w*|diagnos\w*)\b", words)


def test_directions_are_those_of_the_body_frame():
    """Lifting the pelvis off the mat tips it as an extension does; sitting up is a flexion."""
    for each in ("bridge", "pelvic_tilt", "knee_to_chest", "press_up"):
        assert (SHIPPED[each].motion.axis, SHIPPED[each].motion.way) == (Axis.FLEXION, Way.BACKWARD)
    for each in ("sit_up", "trunk_flexion", "toe_touch", "standing_l_stretch"):
        assert (SHIPPED[each].motion.axis, SHIPPED[each].motion.way) == (Axis.FLEXION, Way.FORWARD)
    for each, way in (("squat", Way.DOWN), ("lunge", Way.DOWN), ("sit_to_stand", Way.EITHER)):
        assert (SHIPPED[each].motion.axis, SHIPPED[each].motion.way) == (Axis.RISE, way)
    assert SHIPPED["side_bend"].positive_side == "right"
    assert SHIPPED["cat_cow"].counting is Counting.BOTH_WAYS
    assert (SHIPPED["plank"].motion.axis, SHIPPED["plank"].counting) == (Axis.STILL, Counting.HOLD)


def test_what_the_sensor_hardly_sees_is_not_counted():
    assert [each.id for each in SHIPPED.values() if not each.is_counted] == ["chin_tuck", "thoracic_extension"]


def test_a_shipped_file_is_called_as_its_exercise_and_says_its_schema():
    files = [file for file in resources.files("config").joinpath("exercises").iterdir() if file.name != "__pycache__"]
    assert {file.name for file in files} == {f"{each}.toml" for each in SHIPPED}
    for file in files:
        assert tomllib.loads(file.read_text(encoding="utf-8"))["schema"] == "lumbar.exercise/1"


# The page about them

PAGE = (Path(__file__).parents[2] / "docs" / "exercises.md").read_text(encoding="utf-8")


def test_the_page_lists_them_all_as_they_are():
    rows = {cells[1].strip(" `"): cells for cells in (line.split("|") for line in PAGE.splitlines()) if len(cells) == 9}
    assert set(rows) - {"id", "---"} == set(SHIPPED)
    for exercise in SHIPPED.values():
        _, _, title, start, seen, motion, seconds, dose, _ = (cell.strip() for cell in rows[exercise.id])
        assert (title, start.replace(" ", "_"), seen) == (exercise.title, exercise.start, exercise.observability)
        assert seconds == "-".join(f"{bound:g}" for bound in exercise.tempo.repetition_s)
        assert dose.startswith(f"{exercise.dose.sets} x {exercise.dose.repetitions}")
        bounds = (exercise.motion.range_deg or exercise.motion.range_cm) if exercise.is_counted else None
        assert bounds is None or f" {bounds[0]:g}-{bounds[1]:g} " in f"{motion} "
        assert motion.endswith("; sides") == (exercise.sides is not Sides.NONE)


def test_the_example_of_the_page_is_an_exercise(tmp_path):
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    write(tmp_path, example)
    assert load_exercises(tmp_path).find("squat to a box").dose.repetitions == 8


def test_the_page_explains_every_field_and_word():
    table = PAGE.split("## The fields")[1]
    for name, info in Exercise.model_fields.items():
        parts = getattr(info.annotation, "model_fields", None)
        named = (
            [f"`{info.alias or name}`"] if parts is None or name == "dose" else [f"`{name}.{part}`" for part in parts]
        )
        assert all(each in table for each in named), named
    for words in (Axis, Counting, Observability, Position, Sides, Way):
        assert all(f"`{word}`" in table for word in words), words


# Looking one up


def test_the_library_is_a_mapping_in_the_order_of_the_ids():
    assert list(SHIPPED) == sorted(SHIPPED) == list(SHIPPED.ids)
    assert [each.id for each in SHIPPED.values()] == list(SHIPPED.ids)
    assert len(SHIPPED) == len(SHIPPED.exercises) == 30
    with pytest.raises(KeyError):
        SHIPPED["Squat"]


@given(data=st.data())
def test_every_name_finds_its_exercise_however_it_is_written(data):
    exercise = data.draw(st.sampled_from(SHIPPED.exercises))
    name = data.draw(st.sampled_from((exercise.id, exercise.title, *exercise.other_names)))
    marks = st.text(" -_", min_size=1, max_size=3)
    written = "".join(data.draw(marks) if letter in " -_" else letter for letter in name)
    for change in (str.upper, str.lower, str.title):
        assert SHIPPED.find(f" {change(written)}\t") is exercise


@pytest.mark.parametrize(("name", "near"), [("brige", "bridge"), ("deep squads", "squat"), ("BIRDDOG", "bird_dog")])
def test_an_unknown_name_is_answered_with_the_nearest(name, near):
    with pytest.raises(SettingsError, match=f"no exercise called '{name}'; did you mean .*{near}.*exercises list"):
        SHIPPED.find(name)


@pytest.mark.parametrize("name", ["", "  ", "unknown", "zzzzzzzz"])
def test_where_nothing_is_near_nothing_is_guessed(name):
    with pytest.raises(SettingsError, match=r"no exercise called '[a-z ]*'; `lumbar exercises list`"):
        SHIPPED.find(name)


# The wearer's own


def test_own_exercises_lie_with_the_other_data_of_the_wearer(tmp_path, monkeypatch):
    monkeypatch.setenv("LUMBAR_STORAGE__FOLDER", str(tmp_path))
    assert own_exercises_path(load_settings()) == tmp_path / "exercises"


def test_a_folder_that_is_not_there_adds_nothing(tmp_path):
    assert load_exercises(tmp_path / "exercises") == SHIPPED


def test_an_own_exercise_comes_beside_the_shipped(tmp_path):
    write(tmp_path, A_FILE)
    write(tmp_path, "not TOML", ".#box_squat.toml")
    write(tmp_path, "not TOML", "notes.txt")
    library = load_exercises(tmp_path)
    assert set(library) == {*SHIPPED, "box_squat"}
    assert library.find("Box-Squat").motion.range_cm == (10, 60)
    assert list(library) == sorted(library)


def test_an_own_exercise_replaces_the_shipped_one_of_the_same_id(tmp_path):
    write(tmp_path, A_FILE.replace('"box_squat"', '"squat"'), "squat.toml")
    library = load_exercises(tmp_path)
    assert set(library) == set(SHIPPED)
    assert library["squat"].title == "Box squat"
    with pytest.raises(SettingsError, match="deep squat"):
        library.find("deep squat")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (A_FILE.replace('title = "Box squat"\n', ""), "title is missing"),
        (A_FILE.replace("title =", "titel ="), "title is missing"),
        (A_FILE.replace("[tempo]", "colour = 3\n[tempo]"), "there is no field motion.colour"),
        (A_FILE.replace("[10, 60]", "[60, 10]"), "motion: a range is its least and its greatest"),
        (A_FILE.replace("range_cm", "range_deg"), "motion: range_deg belongs to flexion"),
        (A_FILE.replace("[10, 60]", "[10, inf]"), "motion.range_cm.1: .*finite"),
        (A_FILE.replace("[10, 60]", "[10]"), "motion.range_cm"),
        (A_FILE.replace("[1, 10]", "[10, 1]"), "tempo.repetition_s: give the least first"),
        (A_FILE.replace("[dose]", "[hold]\nhold_s = [5, 2]\n[dose]"), "hold.hold_s: give the least first"),
        (A_FILE.replace("sets = 2", 'sets = "2"'), "dose.sets"),
        (A_FILE.replace("sets = 2", "sets = 0"), "dose.sets"),
        (A_FILE.replace('"standing"', '"floating"'), "start: .*'supine'.*'standing'"),
        (A_FILE.replace("exercise/1", "exercise/2"), "schema: .*lumbar.exercise/1"),
        (A_FILE.replace('"box_squat"', '"Box squat"'), "id: "),
        (A_FILE.replace('"box_squat"', '"boxsquat"'), "id: .*call it boxsquat.toml"),
        (A_FILE.replace('"rise"', '"none"').replace("range_cm = [10, 60]\n", ""), "an exercise that the sensor sees"),
        (A_FILE.replace("[motion]", "[[motion]]"), "motion"),
        ("id = ", "not valid TOML"),
        ("", "id is missing"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_in_one_line(tmp_path, wrong, words):
    path = write(tmp_path, wrong)
    with pytest.raises(SettingsError, match=words) as caught:
        load_exercises(tmp_path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "Value error" not in str(caught.value)


def test_a_file_that_is_no_text_and_a_folder_that_is_a_file_are_said(tmp_path):
    (tmp_path / "box_squat.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match=r"box_squat\.toml: cannot be read"):
        load_exercises(tmp_path)
    with pytest.raises(SettingsError, match="your exercises cannot be read"):
        load_exercises(tmp_path / "box_squat.toml")


@pytest.mark.parametrize("name", ["Deep_Squat", "bridge", "Cat-Cow"])
def test_a_name_belongs_to_one_exercise(tmp_path, name):
    write(tmp_path, A_FILE.replace("observability", f'other_names = ["{name}"]\nobservability'))
    with pytest.raises(SettingsError, match=r"box_squat\.toml.* both called .*change") as caught:
        load_exercises(tmp_path)
    assert str(caught.value).startswith(f"{tmp_path}: ")


@pytest.mark.parametrize("name", ["unknown", "Unknown ", "", "--"])
def test_a_name_that_means_something_else_is_refused(tmp_path, name):
    write(tmp_path, A_FILE.replace("observability", f'other_names = ["{name}"]\nobservability'))
    with pytest.raises(SettingsError, match="no exercise can be called"):
        load_exercises(tmp_path)


# Writing one

SENTENCES = st.text(min_size=3, max_size=120)
SECONDS = st.floats(0, 1e6)
BOUNDS = st.tuples(SECONDS, st.floats(1e-3, 1e6)).filter(lambda pair: pair[0] < pair[1])
TURNS = (Axis.FLEXION, Axis.LATERAL_BEND, Axis.AXIAL_ROTATION)
MOTIONS = st.one_of(
    st.builds(Motion, axis=st.sampled_from(TURNS), way=st.sampled_from(Way), range_deg=BOUNDS),
    st.builds(Motion, axis=st.just(Axis.RISE), way=st.sampled_from(Way), range_cm=BOUNDS),
    st.builds(Motion, axis=st.just(Axis.STILL)),
)
EXERCISES = st.builds(
    Exercise,
    id=st.from_regex(r"own_[a-z0-9_]{1,20}", fullmatch=True),
    title=st.from_regex(r"own [a-z]{20}", fullmatch=True),
    other_names=st.lists(st.text("\"'\\#=\x7f\n\t\u00e9\U0001f600x", min_size=1, max_size=60), max_size=2).map(
        lambda names: tuple(f"q{name}q" for name in names)
    ),
    observability=st.sampled_from(Observability),
    start=st.sampled_from(Position),
    sees=SENTENCES,
    motion=MOTIONS,
    tempo=st.builds(Tempo, repetition_s=BOUNDS),
    hold=st.builds(Hold, hold_s=st.tuples(SECONDS, SECONDS).map(lambda pair: tuple(sorted(pair)))),
    counting=st.sampled_from(Counting),
    sides=st.sampled_from(Sides),
    positive_side=st.sampled_from(["left", "right"]),
    instructions=st.lists(SENTENCES, min_size=1, max_size=3).map(tuple),
    cautions=st.lists(SENTENCES, max_size=3).map(tuple),
    dose=st.builds(Dose, sets=st.integers(1, 20), repetitions=st.integers(1, 200), hold_s=SECONDS, rest_s=SECONDS),
    source=SENTENCES,
)


@given(exercise=EXERCISES)
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_an_exercise_comes_back_as_it_was_written(tmp_path_factory, exercise):
    folder = tmp_path_factory.mktemp("own") / "exercises"
    assert save_exercise(exercise, folder) == folder / f"{exercise.id}.toml"
    assert load_exercises(folder)[exercise.id] == exercise
    assert [path.name for path in folder.iterdir()] == [f"{exercise.id}.toml"]


@pytest.mark.parametrize("exercise", SHIPPED.values(), ids=SHIPPED.ids)
def test_a_shipped_exercise_can_be_copied_to_be_changed(tmp_path, exercise):
    save_exercise(exercise, tmp_path)
    assert load_exercises(tmp_path) == SHIPPED


def test_an_exercise_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "exercises").write_text("in the way", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"squat\.toml: the exercise cannot be written"):
        save_exercise(SHIPPED["squat"], tmp_path / "exercises")


def test_two_of_one_id_are_no_library():
    with pytest.raises(SettingsError, match="squat"):
        ExerciseLibrary((SHIPPED["squat"], SHIPPED["squat"].model_copy(update={"title": "Another"})))
