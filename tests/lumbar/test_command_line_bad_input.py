"""Whatever is wrong with the input: one line that names it, exit code 2, and nothing written."""

from pathlib import Path

import pytest

HEADER = "time_s,acc_x,acc_y,acc_z\n"
ROWS = [f"{i / 50:.2f},9.8,0.1,0.2\n" for i in range(500)]


def csv(rows=ROWS, header=HEADER):
    return header + "".join(rows)


def with_row(row):
    return csv([*ROWS[:100], row, *ROWS[101:]])


BAD_RECORDINGS = {
    "empty": ("", "empty"),
    "only_header": (HEADER, "no samples"),
    "missing_column": (csv([f"{i / 50},9.8,0\n" for i in range(500)], "time_s,acc_x,acc_y\n"), "acc_z is missing"),
    "text": (with_row("2.00,abc,0,0\n"), "row 101: acc_x is 'abc'"),
    "nan": (with_row("2.00,nan,0,0\n"), "row 101"),
    "backwards": (with_row("1.00,9.8,0,0\n"), "row 101: time does not increase"),
    "in_g": (csv([f"{i / 50},1.0,0,0\n" for i in range(500)]), "--units g"),
    "in_mg": (csv([f"{i / 50},1000,0,0\n" for i in range(500)]), "--units mg"),
    "two_samples": (csv(ROWS[:2]), "too short"),
}


@pytest.fixture
def refused(lumbar):
    """Run a command that must be refused; returns its one line."""

    def run(*arguments, leaves=()):
        code, out, err = lumbar(*arguments)
        assert (code, out) == (2, ""), err
        assert err.startswith("lumbar: ")
        assert err.count("\n") == 1
        assert "Traceback" not in err
        assert sorted(path.name for path in Path.cwd().iterdir()) == sorted(leaves)
        return err

    return run


@pytest.mark.parametrize("name", BAD_RECORDINGS)
@pytest.mark.parametrize("command", ["analyze", "replay"])
def test_a_bad_recording(refused, command, name):
    text, words = BAD_RECORDINGS[name]
    Path("bad.csv").write_text(text, encoding="utf-8")
    line = refused(command, "bad.csv", leaves=["bad.csv"])
    assert "bad.csv" in line
    assert words in line


@pytest.mark.parametrize("command", ["analyze", "replay"])
def test_a_bad_row_of_the_gyroscope_late_in_a_recording(refused, command):
    rows = [f"{i / 50:.2f},9.8,0.1,0.2,0,0,0\n" for i in range(50 * 400)]
    rows[-10] = rows[-10].replace("0,0,0", "0,nan,0")
    Path("bad.csv").write_text(csv(rows, "time_s,acc_x,acc_y,acc_z,gyr_x,gyr_y,gyr_z\n"), encoding="utf-8")
    assert f"row {len(rows) - 9}: gyr_y" in refused(command, "bad.csv", leaves=["bad.csv"])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--exercise", "flying"], "flying"),
        (["--units", "foot"], "foot"),
        (["--start", "yesterday"], "write it as"),
        (["--start", "2026-11-22T08:30:00"], "add the offset"),
        (["--start", "0001-01-01T00:00:00Z"], "no recording is that old"),
        (["--keep"], "--start"),
        (["--angles", "good.csv"], "overwrite"),
        (["--angles", "."], "this is a folder"),
        (["--angles", "/dev/null"], "no file that can be written"),
        (["--angles", "nowhere/angles.parquet"], "there is no folder"),
        (["--profile", "none.toml"], "none.toml"),
        (["--calibration", "none.csv"], "none.csv"),
        (["--settings", "none.toml"], "none.toml"),
        (["--profile", "a.toml", "--calibration", "b.csv"], "not both"),
    ],
)
def test_a_bad_option_of_analyze(refused, options, words):
    Path("good.csv").write_text(csv(), encoding="utf-8")
    assert words in refused("analyze", "good.csv", *options, leaves=["good.csv"])


@pytest.mark.parametrize(
    ("text", "words"), [("[slouch\n", "not valid TOML"), ("[slouch]\nentry_deg = 'many'\n", "slouch.entry_deg")]
)
def test_a_bad_settings_file(refused, text, words):
    Path("good.csv").write_text(csv(), encoding="utf-8")
    Path("bad.toml").write_text(text, encoding="utf-8")
    line = refused("analyze", "good.csv", "--settings", "bad.toml", leaves=["bad.toml", "good.csv"])
    assert words in line


def test_a_settings_file_to_check_that_is_not_there(refused):
    assert "none.toml: there is no such file" in refused("config", "check", "--settings", "none.toml")


@pytest.mark.parametrize("speed", ["fast", "0", "-1", "nan", "inf"])
def test_a_bad_speed(refused, speed):
    Path("good.csv").write_text(csv(), encoding="utf-8")
    assert "--speed" in refused("replay", "good.csv", "--speed", speed, leaves=["good.csv"])


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("mqtt://127.0.0.1:9", "no broker answers"),
        ("ftp://host", "no broker"),
        ("mqtt://anna:secret@host", "password"),
        ("mqtts://host", "ca_file"),
        ("mqtt://host:99999", "port"),
    ],
)
def test_a_bad_broker(refused, address, words):
    Path("good.csv").write_text(csv(), encoding="utf-8")
    line = refused("replay", "good.csv", "--broker", address, leaves=["good.csv"])
    assert words in line
    assert "secret" not in line


def test_a_replayed_exercise_whose_broker_is_missing(refused):
    Path("good.csv").write_text(csv(), encoding="utf-8")
    arguments = ("exercise", "bridge", "--replay", "good.csv", "--speed", "max", "--broker", "mqtt://127.0.0.1:9")
    assert "no broker answers" in refused(*arguments, leaves=["good.csv"])


def test_a_day_that_is_not_in_the_history(refused):
    assert "nothing of 2020-01-01" in refused("summary", "2020-01-01")
    assert "write the day as" in refused("summary", "2020-01-32")


def test_a_calibration_that_shows_no_bow_writes_no_profile(refused):
    Path("good.csv").write_text(csv(), encoding="utf-8")
    Path("s.csv").write_text("start_s,end_s,section\n0,4,upright_stand\n4,9,forward_bend\n", encoding="utf-8")
    line = refused(
        "calibrate", "good.csv", "--calibration", "s.csv", "--output", "me.toml", leaves=["good.csv", "s.csv"]
    )
    assert "bow forward" in line


def test_an_unknown_schema_names_those_there_are(refused):
    assert "analysis" in refused("schema", "nothing")
