"""Scoring whole folders, with the real analysis."""

import json
from io import StringIO
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from rich.console import Console

from config.errors import LumbarError
from lumbar.validation.render import groups_of
from lumbar.validation.report import ValidationReport, validation_schema
from lumbar.validation.run import render, validate

DATA = Path(__file__).parents[2] / ".." / "shared" / "data"
with_data = pytest.mark.skipif(not DATA.is_dir(), reason="the labelled recordings are not beside the repository")

SYNTHETIC = 'synthetic = "fully synthetic: motion and sensor"'


def turned(n, angle_deg):
    """Return true quaternions for a sensor at rest with x up, turned by an angle about the horizontal y axis."""
    half = np.radians(-90 + angle_deg) / 2
    return {
        name: np.full(n, value, np.float32)
        for name, value in zip(
            ("quat_w", "quat_x", "quat_y", "quat_z"), (np.cos(half), 0, np.sin(half), 0), strict=True
        )
    }


def shown(report, width=80):
    console = Console(width=width, record=True, file=StringIO())
    render(report, console)
    return console.export_text()


def test_a_set_is_scored_and_named_with_its_people_and_what_is_simulated(data_set, still, settings):
    folder = data_set(
        more=SYNTHETIC,
        p1_a=(still(20), [(0, 20, "sitting")]),
        p1_b=(still(20), [(0, 20, "standing")]),
        p2_a=(still(20), []),
    )
    report = validate(folder, settings)
    (scored,), (kind,) = report.sets, report.kinds
    assert (scored.name, scored.people_n, scored.recordings_n, scored.simulated) == ("desk", 2, 3, "motion and sensor")
    assert (kind.name, kind.title, kind.posture) == ("fully synthetic", "desk", scored.posture)
    # At rest all the time nobody can tell: all of it is unknown, and unknown is wrong.
    assert (scored.posture.live.balanced_accuracy, scored.posture.smoothed.unknown_share) == (0.0, 1.0)
    assert (scored.steps, scored.transitions, scored.tilt, scored.slouch, scored.wear) == (None,) * 5


def test_real_and_simulated_data_are_never_mixed(data_set, still, settings):
    data_set("lab", p1_a=(still(20), [(0, 20, "sitting")]))
    folder = data_set("model", more=SYNTHETIC, p1_a=(still(20), [(0, 20, "sitting")]))
    report = validate(folder, settings)
    assert {kind.name: kind.recordings_n for kind in report.kinds} == {"real": 1, "fully synthetic": 1}
    assert [scored.name for scored in validate(folder, settings, ["model"]).sets] == ["model"]


@pytest.mark.parametrize("error_deg", [0.0, 5.0])
def test_tilt_is_the_angle_between_true_and_estimated_gravity(data_set, still, settings, error_deg):
    folder = data_set(p1_a=(still(20, **turned(1000, error_deg)), []))
    tilt = validate(folder, settings).sets[0].tilt
    assert tilt.still_deg == pytest.approx(error_deg, abs=0.02)
    assert (tilt.moving_deg, tilt.worst_still.name) == (None, "desk/p1-a")


def test_tilt_leaves_out_what_the_optical_system_lost(data_set, still, settings):
    truth = turned(1000, 5.0)
    for column in truth.values():
        column[:500] = np.nan
    tilt = validate(data_set(p1_a=(still(20, **truth), [])), settings).sets[0].tilt
    assert tilt.still_s == pytest.approx(10, abs=0.1)


def test_moving_is_what_the_set_labels_so(data_set, still, settings):
    folder = data_set(p1_a=(still(20, **turned(1000, 0.0)), [(5, 15, "movement")]))
    tilt = validate(folder, settings).sets[0].tilt
    assert tilt.moving_s == pytest.approx(10)


def test_moving_is_a_fast_turn_where_nothing_is_labelled(data_set, still, settings):
    fast = np.zeros(1000, np.float32)
    fast[250:500] = 0.5
    folder = data_set(p1_a=(still(20, gyr_x=fast, **turned(1000, 0.0)), []))
    assert validate(folder, settings).sets[0].tilt.moving_s == pytest.approx(5)


def test_a_recording_that_cannot_be_read_does_not_end_the_run(data_set, still, settings):
    folder = data_set(
        p1_a=(still(20), [(0, 20, "sitting")]), p1_b=(still(20, acc_x=np.full(1000, np.nan)), [(0, 20, "sitting")])
    )
    (folder / "desk" / "p3-a.parquet").write_bytes(b"PAR1 and nothing else")
    report = validate(folder, settings)
    assert [unread.name for unread in report.unread] == ["desk/p1-b", "desk/p3-a"]
    assert report.sets[0].recordings_n == 1
    assert "desk/p3-a" in shown(report)


def test_a_guided_calibration_that_shows_nothing_is_reported_too(data_set, still, settings):
    labels = [(1, 6, "calibration:upright_stand"), (7, 12, "calibration:forward_bend"), (0, 20, "standing")]
    report = validate(data_set(p1_a=(still(20), labels)), settings)
    assert report.sets == ()
    assert "forward bend" in report.unread[0].reason


@pytest.mark.parametrize(
    ("prepare", "sets", "message"),
    [
        (lambda make, still: make(p1_a=(still(20), [])), None, "nothing to score"),
        (lambda make, still: make(p1_a=(still(20), [(0, 9, "sitting")])), ["dusk"], "'dusk' here; there are desk"),
        (lambda make, _: make() / "no such folder", None, "no such folder"),
        (lambda make, _: make(), None, "no labelled recordings"),
    ],
    ids=["unlabelled", "unknown set", "missing", "empty"],
)
def test_a_folder_that_cannot_be_scored_is_an_error_that_says_so(data_set, still, settings, prepare, sets, message):
    with pytest.raises(LumbarError, match=message):
        validate(prepare(data_set, still), settings, sets)


def test_progress_is_told_before_each_recording_and_at_the_end(data_set, still, settings):
    told = []
    folder = data_set(p1_a=(still(20), [(0, 20, "sitting")]), p1_b=(still(20), []))
    validate(folder, settings, progress=lambda *news: told.append(news))
    assert told == [(0, 2, "desk/p1-a"), (1, 2, "desk/p1-b"), (2, 2, "")]


def test_the_document_follows_its_schema_and_can_be_read_back(data_set, still, settings):
    report = validate(data_set(p1_a=(still(20, **turned(1000, 1.0)), [(0, 20, "sitting")])), settings)
    document = json.loads(report.model_dump_json(by_alias=True))
    assert document["schema"] == "lumbar.validation/1"
    jsonschema.validate(document, validation_schema(), cls=jsonschema.Draft202012Validator)
    assert ValidationReport.model_validate(document) == report


def test_the_table_says_what_is_not_labelled(data_set, still, settings):
    data_set("lab", p1_a=(still(20), [(0, 20, "sitting")]))
    folder = data_set("[bold]", p1_a=(still(20), [(0, 20, "movement")]))
    text = shown(validate(folder, settings))
    assert "not labelled: [bold]" in text
    assert "Tilt against the true orientation (deg, root mean square): not labelled" in text


def test_a_kind_of_one_set_does_not_say_the_same_again(data_set, still, settings):
    folder = data_set("desk", p1_a=(still(20), [(0, 20, "sitting")]))
    assert [group.name for group in groups_of(validate(folder, settings))] == ["desk"]
    data_set("mat", p1_a=(still(20), [(0, 20, "sitting")]))
    together = groups_of(validate(folder, settings))
    assert [group.recordings_n for group in together] == [1, 1, 2]


@with_data
def test_the_labelled_recordings_beside_the_repository(settings):
    names = ["broad", "mobgap", "mocap_deepmimic"]
    report = validate(DATA, settings, names)
    broad, mobgap, walk = report.sets
    assert report.unread == ()
    assert broad.tilt.still_deg <= 1.0
    assert broad.tilt.moving_deg <= 2.0
    assert mobgap.steps.contacts.recall >= 0.95
    assert mobgap.steps.contacts.precision >= 0.95
    assert walk.simulated == "the sensor"
    text = shown(report)
    assert all(name in text for name in names)
    assert f"{mobgap.steps.contacts.recall:.3f}" in text
