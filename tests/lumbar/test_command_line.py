"""The command line on good input, as a wearer uses it."""

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pandas as pd
import pytest

from config.profile import load_profile

SCHEMA_NAMES = ["alert", "analysis", "event", "posture_state", "summary", "validation"]


@pytest.fixture
def schema_of(lumbar_json):
    def validator(name):
        return jsonschema.Draft202012Validator(
            lumbar_json("schema", name), format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
        )

    return validator


def test_analyze_tells_the_morning(lumbar_json, schema_of, recording_file, sections_file):
    document = lumbar_json("analyze", recording_file, "--calibration", sections_file)
    schema_of("analysis").validate(document)
    schema_of("summary").validate(document["summary"])
    assert document["calibration"]["source"] == "guided"
    assert {"sitting", "standing", "walking"} <= {stretch["label"] for stretch in document["activity"]}
    assert [alert["kind"] for alert in document["alerts"]] == ["slouch"]
    assert 100 <= document["walking"]["steps"] <= 120
    (bend,) = document["bends"]
    assert bend["peak_deg"] == pytest.approx(75, abs=8)
    slouched = [stretch for stretch in document["posture"] if stretch["state"] == "slouched"]
    assert max(stretch["end_s"] - stretch["start_s"] for stretch in slouched) == pytest.approx(140, abs=15)
    assert document["summary"]["date"] == "2026-01-05"


def test_analyze_as_a_table_names_the_day(lumbar, recording_file, sections_file):
    code, out, err = lumbar("analyze", recording_file, "--calibration", sections_file, "--format", "table")
    assert (code, err) == (0, "")
    assert "Monday, 05 January 2026" in out


def test_a_profile_gives_what_the_calibration_gave(lumbar, lumbar_json, recording_file, sections_file):
    code, _, err = lumbar("calibrate", recording_file, "--calibration", sections_file, "--output", "me.toml")
    assert (code, err) == (0, "")
    guided = lumbar_json("analyze", recording_file, "--calibration", sections_file)
    with_profile = lumbar_json("analyze", recording_file, "--profile", "me.toml")
    assert with_profile["calibration"]["source"] == "profile"
    assert with_profile["calibration"]["profile"] == "me"
    assert [stretch["state"] for stretch in with_profile["posture"]] == [s["state"] for s in guided["posture"]]
    assert with_profile["alerts"] == guided["alerts"]


def test_a_profile_knows_how_one_walks_where_the_recording_shows_it(lumbar, recording_file, sections_file):
    samples, sections = pd.read_parquet(recording_file), pd.read_csv(sections_file)
    until_s = samples["time_s"].iloc[0] + sections["end_s"].max() + 5
    samples[samples["time_s"] < until_s].to_parquet("calibration.parquet")
    for file, is_shown in ((recording_file, True), ("calibration.parquet", False)):
        code, out, _ = lumbar("calibrate", file, "--calibration", sections_file, "--output", "me.toml")
        assert code == 0
        assert ("Walk for half a minute" in out) != is_shown
        assert (load_profile(Path("me.toml")).walking is not None) == is_shown


def test_angles_are_written_in_the_body_frame(lumbar, recording_file, sections_file):
    code, _, err = lumbar("analyze", recording_file, "--calibration", sections_file, "--angles", "angles.parquet")
    assert (code, err) == (0, "")
    angles = pd.read_parquet("angles.parquet")
    assert list(angles.columns[:5]) == ["time_s", "flexion_deg", "lateral_deg", "turn_deg", "inclination_deg"]
    assert angles["flexion_deg"].max() == pytest.approx(75, abs=10)
    assert angles["lateral_deg"].abs().median() < 5
    norm = (angles[["quat_w", "quat_x", "quat_y", "quat_z"]] ** 2).sum(axis=1)
    assert norm.between(0.999, 1.001).all()


def test_what_is_kept_is_there_tomorrow_and_never_doubled(lumbar_json, recording_file, sections_file):
    arguments = ("analyze", recording_file, "--calibration", sections_file, "--keep")
    first = lumbar_json(*arguments)["summary"]
    lumbar_json(*arguments)
    kept = lumbar_json("summary", "2026-01-05", "--format", "json")
    assert kept["activity"] == first["activity"]
    assert kept["walking"]["steps_n"] == first["walking"]["steps_n"]
    assert kept["alerts"] == first["alerts"]
    assert kept["slouch"] == first["slouch"]


def test_replay_prints_json_lines_and_the_summary_last(lumbar, recording_file, sections_file):
    code, out, err = lumbar("replay", recording_file, "--calibration", sections_file, "--format", "json")
    assert code == 0, err
    *events, summary = [json.loads(line) for line in out.splitlines()]
    kinds = [event["event"] for event in events]
    assert kinds.count("Alert") == kinds.count("AlertResolved") == 1
    assert summary["schema"] == "lumbar.summary/1"


def test_the_demo_ends_with_a_summary(lumbar):
    code, out, err = lumbar("demo", "--hours", "0.3", "--seed", "4")
    assert (code, err) == (0, "")
    assert "Worn         0.3 h" in out
    assert "every message has been delivered" in out


@pytest.mark.parametrize("name", SCHEMA_NAMES)
def test_every_schema_is_one(lumbar_json, name):
    jsonschema.Draft202012Validator.check_schema(lumbar_json("schema", name))


def test_broker_configuration_and_rights_are_printed(lumbar):
    assert "allow_anonymous false" in lumbar("broker", "config")[1]
    assert "user anna" in lumbar("broker", "acl", "anna", "ben")[1]


def test_config_shows_where_and_what(lumbar, lumbar_json, tmp_path):
    assert lumbar_json("config", "show", "--format", "json")["slouch"]["nudge_after_s"] == 60
    assert str(tmp_path / "config") in lumbar("config", "path")[1]


def test_config_check_calls_good_only_what_is_there(lumbar, tmp_path):
    own = tmp_path / "config" / "lumbar" / "settings.toml"
    assert lumbar("config", "check") == (0, f"{own}: not there: defaults in force\n", "")
    own.parent.mkdir(parents=True)
    own.write_text("[slouch]\nnudge_after_s = 120\n", encoding="utf-8")
    assert lumbar("config", "check") == (0, f"{own}: good\n", "")


def test_validate_scores_a_labelled_folder(lumbar_json, schema_of, shared_data):
    report = lumbar_json("validate", shared_data / "mobgap", "--format", "json")
    schema_of("validation").validate(report)


@pytest.mark.parametrize("name", ["hapt/user01-exp01", "mobgap/HA001-test5_trial1", "lumbar_samples/kielmat-pham"])
def test_real_recordings_give_a_valid_document(lumbar_json, schema_of, shared_data, name):
    document = lumbar_json("analyze", shared_data / f"{name}.parquet")
    schema_of("analysis").validate(document)


def test_a_reader_that_hangs_up_is_no_error(recording_file):
    program = f"{sys.executable} -c 'from lumbar.cli import main; main()'"
    command = f"{program} analyze {recording_file} | head -c 10"
    result = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=120, check=False)
    assert (result.stdout, result.stderr) == ('{"schema":', "")


def test_calibrate_does_not_overwrite_what_it_reads(lumbar, recording_file, sections_file):
    before = sections_file.read_text(encoding="utf-8")
    code, out, err = lumbar("calibrate", recording_file, "--calibration", sections_file, "--output", sections_file)
    assert (code, out) == (2, "")
    assert "overwrite" in err
    assert sections_file.read_text(encoding="utf-8") == before


def test_of_two_seconds_the_wear_is_told_and_the_gaps_between_such(lumbar_json, tmp_path):
    time_s = [start + row / 50 for start in (0.0, 10.0, 20.0) for row in range(60)]
    pd.DataFrame({"time_s": time_s, "acc_x": 9.81, "acc_y": 0.1, "acc_z": 0.2}).to_csv(tmp_path / "short.csv")
    document = lumbar_json("analyze", tmp_path / "short.csv")
    assert document["recording"]["wear_s"] == pytest.approx(3.6, abs=0.1)
    assert len(document["recording"]["gaps"]) == 2
