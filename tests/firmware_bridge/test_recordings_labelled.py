"""The labelled data sets beside the repository, and sets laid out like them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from config.errors import RecordingError
from firmware_bridge.recordings import open_recording
from firmware_bridge.recordings.labelled import Axes, find_labelled

DATA = Path(__file__).parents[2] / ".." / "shared" / "data"
with_data = pytest.mark.skipif(not DATA.is_dir(), reason="the labelled recordings are not beside the repository")

SET = """
name = "desk"
title = "Two people at a desk"
redistributable = true
placement = "lower back"
rate_hz = 100
has_gyro = true
{more}
[axes]
up = "+x"
left = "-y"
forward = "+z"
"""


@pytest.fixture
def data_set(tmp_path, write_parquet, still):
    def make(more="", labels="start_s,end_s,label,value\n1,2,rep:squat,left\n0,4,sitting,\n", **tables):
        (tmp_path / "dataset.toml").write_text(SET.format(more=more), encoding="utf-8")
        write_parquet(still() | tables, "p1-a-b.parquet")
        (tmp_path / "p1-a-b.labels.csv").write_text(labels, encoding="utf-8")
        return tmp_path

    return make


def test_a_recording_and_its_labels(data_set):
    (found,) = find_labelled(data_set())
    assert (found.name, found.subject, found.recording) == ("desk/p1-a-b", "p1", "a-b")
    assert found.labels.to_dict("list") == {
        "start_s": [0.0, 1.0],
        "end_s": [4.0, 2.0],
        "label": ["sitting", "rep:squat"],
        "value": ["", "left"],
    }
    assert (found.data_set.kind, found.data_set.rate_hz, found.axes) == ("real", 100.0, Axes("+x", "-y", "+z"))
    assert found.truth_path is None
    assert found.read_truth() is None
    assert found.read_quaternions() is None
    assert open_recording(found.path).n_samples == 500


def test_truth_and_mounting_where_they_are_known(data_set):
    quaternions = {
        f"quat_{axis}": np.full(500, value, np.float32) for axis, value in zip("wxyz", (1, 0, 0, 0), strict=True)
    }
    folder = data_set(**quaternions)
    (folder / "p1-a-b.truth.csv").write_text("time_s,tilt_deg\n0,1.5\n", encoding="utf-8")
    (folder / "recordings.csv").write_text(
        "subject,recording,axis_up,axis_left,axis_forward\np1,a-b,-z,+y,+x\n", encoding="utf-8"
    )
    (found,) = find_labelled(folder)
    assert found.axes == Axes("-z", "+y", "+x")
    time, quats = found.read_quaternions()
    np.testing.assert_array_equal(time, np.arange(500) / 100)
    np.testing.assert_array_equal(quats, np.tile([1.0, 0, 0, 0], (500, 1)))
    pd.testing.assert_frame_equal(found.read_truth(), pd.DataFrame({"time_s": [0], "tilt_deg": [1.5]}))


def test_no_labels_are_an_empty_table(data_set):
    folder = data_set(labels="start_s,end_s,label,value\n")
    (found,) = find_labelled(folder)
    assert found.labels.dtypes["start_s"] == np.float64
    (folder / "p1-a-b.labels.csv").unlink()
    assert len(find_labelled(folder)[0].labels) == len(found.labels) == 0


@pytest.mark.parametrize(
    ("labels", "match"),
    [
        ("start_s,end_s,label\n", "column value is missing"),
        ("start_s,end_s,label,value\n0,x,sitting,\n", "row 1: end_s is 'x'"),
        ("start_s,end_s,label,value\n0,1,sitting,\n2,1,sitting,\n", "row 2: the label ends before it starts"),
        ("start_s,end_s,label,value\n0,1,set:bridge,8\n2,3,set:bridge,many\n", "row 2: 'many' is no number of repet"),
        ("", "empty"),
    ],
)
def test_bad_labels_are_named(data_set, labels, match):
    with pytest.raises(RecordingError, match=match):
        find_labelled(data_set(labels=labels))


@pytest.mark.parametrize(
    ("more", "match"), [("x = = 1", "not valid TOML"), ('synthetic = "maybe"', "synthetic is 'maybe'")]
)
def test_a_bad_description_is_named(data_set, more, match):
    with pytest.raises(RecordingError, match=match):
        find_labelled(data_set(more=more))


def test_a_description_that_lacks_something(tmp_path):
    (tmp_path / "dataset.toml").write_text('name = "x"\nrate_hz = "fast"\n', encoding="utf-8")
    with pytest.raises(RecordingError, match="title is missing"):
        find_labelled(tmp_path)


def test_folders_without_sets(tmp_path):
    with pytest.raises(RecordingError, match="no labelled recordings here"):
        find_labelled(tmp_path)
    with pytest.raises(RecordingError, match="no such folder"):
        find_labelled(tmp_path / "none")


@with_data
def test_the_shared_sets():
    found = find_labelled(DATA)
    sets = {recording.data_set.name: recording.data_set for recording in found}
    assert len(found) == len(list(DATA.glob("*/*.parquet")))
    assert not sets["hapt"].redistributable
    assert {name: sets[name].kind for name in ("broad", "mocap_cmu", "synthetic_day")} == {
        "broad": "real",
        "mocap_cmu": "real motion, simulated sensor",
        "synthetic_day": "fully synthetic",
    }
    assert all((recording.labels["end_s"] >= recording.labels["start_s"]).all() for recording in found)
    assert find_labelled(DATA / "broad")[0].name == found[0].name


@with_data
def test_the_true_orientation_of_a_shared_recording():
    recording = find_labelled(DATA / "broad")[0]
    time, quats = recording.read_quaternions()
    assert quats.shape == (len(time), 4)
    assert np.nanmax(np.abs(np.linalg.norm(quats, axis=1) - 1)) < 1e-3
