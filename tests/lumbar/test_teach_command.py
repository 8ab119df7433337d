"""``lumbar teach``: from a recording to an exercise that works like the others."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from config.exercise_library import load_exercises
from config.profile import Profile, save_profile

RATE_HZ = 50
BOWS_S = (*(10.0 + 4.0 * number for number in range(3)), *(40.0 + 4.0 * number for number in range(6)))
"""Three to learn from, and a set of six."""

SHOWN = ("--from", "10", "--to", "21")


@pytest.fixture(scope="module")
def bows(tmp_path_factory):
    """A minute and more of a sensor with its x axis up and its z axis forward, on somebody who bows by 40 degrees."""
    time = np.arange(80 * RATE_HZ) / RATE_HZ
    angle = sum(np.radians(40) * (1 - np.cos(2 * np.pi * np.clip((time - at) / 3.0, 0, 1))) / 2 for at in BOWS_S)
    still = np.zeros(len(time))
    columns = {
        "time_s": time,
        "acc_x": 9.80665 * np.cos(angle),
        "acc_y": still,
        "acc_z": -9.80665 * np.sin(angle),
        "gyr_x": still,
        "gyr_y": -np.gradient(angle, time),
        "gyr_z": still,
    }
    path = tmp_path_factory.mktemp("bows") / "bows.parquet"
    pq.write_table(pa.table(columns), path)
    return path


@pytest.fixture
def profile(tmp_path):
    path = tmp_path / "me.toml"
    save_profile(Profile(wearer="me", upright=(1.0, 0.0, 0.0), forward=(0.0, 0.0, 1.0)), path)
    return path


def test_what_was_taught_is_listed_shown_and_counted(lumbar, lumbar_json, bows, profile, tmp_path):
    code, out, err = lumbar("teach", "Deep bow", bows, *SHOWN, "--profile", profile)
    assert (code, err) == (0, "")
    assert "Learnt Deep bow (deep_bow), from standing. The lower back tilts forward by " in out
    assert "--exercise deep_bow" in out
    exercise = load_exercises(tmp_path / "data" / "exercises")["deep_bow"]
    assert lumbar_json("exercises", "show", "deep bow", "--format", "json")["title"] == exercise.title == "Deep bow"
    document = lumbar_json("analyze", bows, "--exercise", "deep_bow", "--profile", profile)
    assert [(each["exercise"], each["repetitions"]) for each in document["sets"]] == [("deep_bow", 3), ("deep_bow", 6)]


def test_an_exercise_is_only_replaced_where_that_is_said(lumbar, bows, profile, tmp_path):
    teach = ("teach", "bow", bows, *SHOWN, "--profile", profile)
    assert lumbar(*teach)[0] == 0
    kept = (tmp_path / "data" / "exercises" / "bow.toml").read_text(encoding="utf-8")
    code, _, err = lumbar(*teach, "--start-position", "seated")
    assert (code, "replace it with --replace" in err) == (2, True)
    assert (tmp_path / "data" / "exercises" / "bow.toml").read_text(encoding="utf-8") == kept
    assert lumbar(*teach, "--start-position", "seated", "--replace")[0] == 0
    assert load_exercises(tmp_path / "data" / "exercises")["bow"].start == "seated"


@pytest.mark.parametrize(
    ("name", "options", "reason"),
    [
        ("bow", (*SHOWN,), "say it with --start-position"),
        ("bow", (*SHOWN, "--start-position", "standing"), "only seen with --profile or --calibration"),
        ("bow", (*SHOWN, "--start-position", "on my head"), "it may be supine, prone"),
        ("bow", ("--from", "26", "--to", "38", "--profile", "PROFILE"), "nothing that you do can be told from rest"),
        ("bow", (*SHOWN, "--repetitions", "5", "--profile", "PROFILE"), "5 repetitions were not found"),
        ("bow", ("--from", "20", "--to", "10", "--profile", "PROFILE"), "--to comes after --from"),
        ("bow", ("--from", "100", "--to", "120", "--profile", "PROFILE"), "no samples"),
        ("deep squat", (*SHOWN, "--profile", "PROFILE"), "squat is already called 'deep squat'"),
        ("squat", (*SHOWN, "--profile", "PROFILE"), "there is already an exercise squat"),
        ("7 up", (*SHOWN, "--profile", "PROFILE"), "cannot be a name"),
    ],
)
def test_what_is_not_learnt_is_one_line_and_no_file(lumbar, bows, profile, tmp_path, name, options, reason):
    options = [profile if option == "PROFILE" else option for option in options]
    code, out, err = lumbar("teach", name, bows, *options)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert reason in err
    assert not (tmp_path / "data" / "exercises").exists()
