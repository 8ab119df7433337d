from functools import partial

import numpy as np
import pandas as pd
import pytest

from analytics.findings import Findings
from config.settings import load_settings
from firmware_bridge.imu import ImuChunk
from firmware_bridge.recordings.labelled import find_labelled
from firmware_bridge.recordings.read import open_recording
from lumbar.analysis import Analysis
from lumbar.pipeline import LivePipeline
from lumbar.review import Review
from lumbar.validation.case import Case
from lumbar.validation.labels import Labels
from posture.calibration import Calibration, CalibrationSource, Mounting
from posture.sitting_ways import SittingKnowledge
from posture.timeline import PostureSeconds

SET = """
name = "{name}"
title = "Made for a test"
redistributable = true
placement = "lower back"
rate_hz = 50
has_gyro = true
{more}
[axes]
up = "+x"
left = "-y"
forward = "+z"
"""
RATE_HZ = 50


@pytest.fixture(scope="session")
def settings():
    return load_settings()


@pytest.fixture(scope="session")
def data_set_in():
    """Write a labelled set below a folder, with one recording of each table and each list of labels."""

    def make(root, name="desk", more="", **recordings):
        folder = root / "data" / name
        folder.mkdir(parents=True)
        (folder / "dataset.toml").write_text(SET.format(name=name, more=more), encoding="utf-8")
        for stem, (table, rows) in recordings.items():
            path = folder / f"{stem.replace('_', '-', 1)}.parquet"
            pd.DataFrame(table).to_parquet(path)
            labels_of(rows).to_csv(path.with_suffix(".labels.csv"), index=False)
        return folder.parent

    return make


@pytest.fixture
def data_set(data_set_in, tmp_path):
    """Do so in this test's own folder."""
    return partial(data_set_in, tmp_path)


@pytest.fixture(scope="session")
def still():
    """Return the samples of a sensor at rest with its x axis up."""

    def make(duration_s, **more):
        n = round(duration_s * RATE_HZ)
        columns = ("acc_x", "acc_y", "acc_z", "gyr_x", "gyr_y", "gyr_z")
        table = {"time_s": np.arange(n) / RATE_HZ} | {name: np.zeros(n, np.float32) for name in columns}
        return table | {"acc_x": np.full(n, 9.80665, np.float32)} | more

    return make


@pytest.fixture
def case(data_set, still, settings):
    """Return a case: what Lumbar is to have said of a minute or more of labelled stillness, put together by hand."""

    def make(labels, *, duration_s=60, gap=None, activity=None, events=(), set_labels=(), found=(), **findings):
        table = still(duration_s)
        kept = np.ones(len(table["time_s"]), bool)
        if gap is not None:
            kept = (table["time_s"] < gap[0]) | (table["time_s"] >= gap[1])
        folder = data_set(p1_day=({name: column[kept] for name, column in table.items()}, labels))
        (labelled,) = find_labelled(folder)
        live = LivePipeline(settings, RATE_HZ)
        live.coverage.push(_chunk(table, kept))
        seconds = [] if activity is None else activity
        nothing = Calibration(CalibrationSource.NONE)
        review = Review(
            (Mounting(0, nothing),),
            nothing,
            posture_of(seconds),
            Findings(events=tuple(found), gaps=tuple(live.coverage.gaps), **findings),
            SittingKnowledge(),
        )
        names = Labels(labelled.labels).names | frozenset(set_labels)
        analysis = Analysis(live, tuple(events), review)
        return Case(labelled, open_recording(labelled.path), Labels(labelled.labels), names, analysis)

    return make


def _chunk(table, kept):
    acc = np.stack([table[f"acc_{axis}"][kept] for axis in "xyz"], axis=1)
    return ImuChunk(table["time_s"][kept], acc)


def posture_of(activities):
    nothing = np.full(len(activities), np.nan)
    return PostureSeconds(np.arange(len(activities)), tuple(activities), nothing, nothing, nothing)


def labels_of(rows):
    full = [(*row, "") if len(row) == 3 else row for row in rows]
    return pd.DataFrame(full, columns=["start_s", "end_s", "label", "value"])
