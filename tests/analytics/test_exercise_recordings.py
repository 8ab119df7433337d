"""Labelled sessions through the whole pipeline: the figures that must not get worse unseen.

Synthetic motion and sensor (synthetic_floor) and real motion with a simulated sensor (mocap): see their README.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analytics.exercises.records import ExerciseSet
from config.calibration import CalibrationSection, SectionName
from config.exercise_library import load_exercises
from config.settings import load_settings
from firmware_bridge.recordings import open_recording
from lumbar.analysis import CHUNK_S, nominal_rate_hz, survey_offset
from lumbar.exercises_sought import all_exercises, told_exercise
from lumbar.pipeline import LivePipeline

DATA = Path(__file__).parents[2] / ".." / "shared" / "data"
LIBRARY = load_exercises()
TURNS = {
    "as it is": np.eye(3),
    "upside down": np.diag([-1.0, -1.0, 1.0]),
    "a quarter turned": np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]),
    "15 degrees off": np.array([[0.9659, 0.0, 0.2588], [0.0, 1.0, 0.0], [-0.2588, 0.0, 0.9659]]),
}


def labels_of(name):
    path = DATA / f"{name}.labels.csv"
    if not path.exists():
        pytest.skip("../shared/data is not there")
    return pd.read_csv(path)


def sets_of(name, exercise=None, turn=None, chunk_s=CHUNK_S, *, guided=True):
    """Return the sets that the live pipeline finds, their times from the first sample."""
    labels = labels_of(name)
    recording = open_recording(DATA / f"{name}.parquet")
    t0 = recording.start_time_s
    sections = [
        CalibrationSection(SectionName(row.label.removeprefix("calibration:")), t0 + row.start_s, t0 + row.end_s)
        for row in labels[labels.label.str.startswith("calibration:")].itertuples()
        if guided
    ]
    sought = all_exercises(LIBRARY) if exercise is None else told_exercise(LIBRARY, exercise)
    turn = np.eye(3) if turn is None else turn
    pipeline = LivePipeline(
        load_settings(None), nominal_rate_hz(recording), None, sections, turn @ survey_offset(recording), sought
    )
    records = []
    for chunk in recording.chunks(chunk_s):
        records += pipeline.push(
            replace(chunk, acc=(chunk.acc @ turn.T).astype(np.float32), gyr=(chunk.gyr @ turn.T).astype(np.float32))
        )
    records += pipeline.flush()
    found = [record for record in records if isinstance(record, ExerciseSet)]
    return [(each.exercise, each.start - t0, each.end - t0, each.count) for each in found]


def counted(name, label, found):
    """Return the true and the found count of each labelled set."""
    labels = labels_of(name)
    return [
        (int(float(row.value)), sum(count for _, start, end, count in found if start < row.end_s and end > row.start_s))
        for row in labels[labels.label == f"set:{label}"].itertuples()
    ]


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("synthetic_floor/p15-session", "bridge"),
        ("synthetic_floor/p15-session", "bent_knee_side_rotation"),
        ("synthetic_floor/p17-session", "press_up"),
        ("mocap_uiprmd/ui_s01-ui_m01_s01", "deep_squat"),
        ("mocap_uiprmd/ui_s03-ui_m05_s03", "sit_to_stand"),
    ],
)
def test_told_what_is_done_each_set_is_counted_within_one(name, label):
    for truth, found in counted(name, label, sets_of(name, label)):
        assert abs(found - truth) <= 1


def test_what_was_only_learnt_of_the_mounting_does_not_spoil_what_is_told():
    name = "synthetic_floor/p09-session"
    for truth, found in counted(name, "cat_cow", sets_of(name, "cat_cow", guided=False)):
        assert abs(found - truth) <= 1


@pytest.mark.parametrize("turn", TURNS.values(), ids=TURNS)
def test_any_mounting_gives_the_same_counts(turn):
    name, label = "synthetic_floor/p15-session", "bridge"
    assert [found for _, found in counted(name, label, sets_of(name, label, turn))] == [10, 9, 8]


def test_live_and_recorded_give_the_same_sets():
    name = "synthetic_floor/p02-session"
    assert sets_of(name, chunk_s=1.3) == sets_of(name)


def test_what_is_done_is_recognised():
    found = sets_of("synthetic_floor/p15-session")
    labels = labels_of("synthetic_floor/p15-session")
    for row in labels[labels.label.isin(["set:bridge", "set:bent_knee_side_rotation"])].itertuples():
        same = [name for name, start, end, _ in found if start < row.end_s and end > row.start_s]
        assert same == [row.label.removeprefix("set:")]
