"""Steps on labelled recordings of people: the figures the stage must reach."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linear_sum_assignment

from analytics.steps import StepDetector
from analytics.walking import WalkingBouts
from firmware_bridge.imu import ImuChunk
from posture.orientation import OrientationFilter
from posture.resample import Resampler, cells_per_row

DATA = Path(__file__).parents[2] / ".." / "shared" / "data"
TOLERANCE_S = 0.5

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="needs the labelled recordings in ../shared/data")


def steps_of(path, *, with_gyroscope=True):
    table = pd.read_parquet(path)
    gyr = table[["gyr_x", "gyr_y", "gyr_z"]].to_numpy() if with_gyroscope and "gyr_x" in table else None
    chunk = ImuChunk(table["time_s"].to_numpy(), table[["acc_x", "acc_y", "acc_z"]].to_numpy(), gyr)
    per_row = cells_per_row(1 / float(np.median(np.diff(chunk.time))))
    resampler, orientation, detector = Resampler(per_row), OrientationFilter(per_row), StepDetector()
    steps = []
    for piece in chunk.split(60.0):
        for segment in resampler.push(piece):
            steps += detector.push(orientation.push(segment))
    return steps + detector.flush()


def times_of(path):
    return np.array([step.time for step in steps_of(path)])


def labels_of(path):
    return pd.read_csv(path.with_suffix(".labels.csv"))


def within(times, labels, names, margin_s=0.0):
    """Return the times inside rows with these labels, at least `margin_s` from both ends."""
    rows = labels[labels["label"].isin(names)]
    inside = [(times >= row.start_s + margin_s) & (times < row.end_s - margin_s) for row in rows.itertuples()]
    return times[np.any(inside, axis=0)] if inside else times[:0]


def matched(reference, found):
    """Return the pairs of contacts, each used once, that are within the tolerance."""
    apart = np.abs(reference[:, None] - found)
    first, second = linear_sum_assignment(np.where(apart <= TOLERANCE_S, apart, 1e3))
    near = apart[first, second] <= TOLERANCE_S
    return first[near], second[near]


@pytest.fixture(scope="module")
def laboratory():
    """Return, for every reference bout of mobgap, the reference contacts and those found."""
    bouts = []
    for path in sorted((DATA / "mobgap").glob("*.parquet")):
        labels, found = labels_of(path), times_of(path)
        contacts = labels.loc[labels["label"] == "initial_contact", "start_s"].to_numpy()
        for bout in labels[labels["label"] == "walking_bout"].itertuples():
            reference = contacts[(contacts >= bout.start_s - 0.01) & (contacts <= bout.end_s + 0.01)]
            bouts.append((reference, found[(found >= bout.start_s - 0.25) & (found <= bout.end_s + 0.25)]))
    return bouts


def test_most_contacts_in_the_laboratory_are_found_and_right(laboratory):
    # One contact is 0.012. The limits were mostly chosen on other sets, but these 81 contacts were looked at as well.
    hits = sum(len(matched(reference, found)[0]) for reference, found in laboratory)
    assert hits / sum(len(reference) for reference, _ in laboratory) >= 0.95
    assert hits / sum(len(found) for _, found in laboratory) >= 0.95


def test_the_count_of_each_bout_in_the_laboratory_is_near(laboratory):
    errors = [abs(len(found) - len(reference)) / len(reference) for reference, found in laboratory]
    assert np.mean(errors) <= 0.05


def test_sensors_without_gyroscope_find_the_same_steps():
    for path in sorted((DATA / "mobgap").glob("*.parquet")):
        assert steps_of(path) == steps_of(path, with_gyroscope=False)


def test_contacts_are_timed_without_bias(laboratory):
    errors = []
    for reference, found in laboratory:
        first, second = matched(reference, found)
        errors.extend(found[second] - reference[first])
    assert abs(np.median(errors)) <= 0.02
    assert np.percentile(np.abs(errors), 90) <= 0.12


def test_hours_of_lying_sitting_and_standing_hold_almost_no_step():
    false, hours = 0, 0.0
    for path in sorted((DATA / "hapt").glob("*.parquet"))[::6]:
        labels = labels_of(path)
        still = ["lying", "sitting", "standing"]
        false += len(within(times_of(path), labels, still, margin_s=1.0))
        rows = labels[labels["label"].isin(still)]
        hours += (rows["end_s"] - rows["start_s"] - 2).sum() / 3600
    assert hours > 0.2
    assert false / hours <= 2


def test_squats_lunges_and_getting_up_hold_no_step():
    false, sets = 0, 0
    for path in sorted((DATA / "mocap_uiprmd").glob("*-ui_m0[135]*.parquet")):
        labels = labels_of(path)
        names = [name for name in labels["label"].unique() if name.startswith("set:")]
        false += len(within(times_of(path), labels, names, margin_s=1.0))
        sets += len(names)
    assert sets > 20
    assert false == 0


@pytest.mark.parametrize(("recording", "most_per_min"), [("S025-back", 9), ("S029-back", 9)])
def test_cycling_holds_few_steps(recording, most_per_min):
    path = DATA / "harth" / f"{recording}.parquet"
    labels = labels_of(path)
    cycling = ["cycling_sit", "cycling_stand"]
    rows = labels[labels["label"].isin(cycling)]
    minutes = (rows["end_s"] - rows["start_s"] - 4).clip(lower=0).sum() / 60
    assert minutes > 1
    assert len(within(times_of(path), labels, cycling, margin_s=2.0)) / minutes <= most_per_min


@pytest.mark.parametrize(
    ("recording", "label", "slowest", "quickest"),
    [("S027-back", "running", 145, 185), ("S033-back", "walking", 85, 125)],
)
def test_free_living_cadence_is_plausible_without_gyroscope(recording, label, slowest, quickest):
    path = DATA / "harth" / f"{recording}.parquet"
    labels = labels_of(path)
    stage = WalkingBouts()
    bouts = [*stage.push(steps_of(path), -np.inf), *stage.flush()]
    middles = np.array([(bout.start + bout.end) / 2 for bout in bouts])
    inside = set(within(middles, labels, [label]).tolist())
    cadences = [
        bout.cadence_spm for bout, middle in zip(bouts, middles, strict=True) if middle in inside and bout.steps >= 10
    ]
    assert len(cadences) >= 3
    assert slowest <= np.median(cadences) <= quickest
