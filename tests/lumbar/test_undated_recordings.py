"""Recordings whose times count from anywhere: no midnight of a calendar they know nothing of cuts them."""

import numpy as np
import pandas as pd
import pytest

MINUTE_S = 60


@pytest.fixture
def undated(tmp_path):
    """Write a recording of a sensor at rest whose first time is `start_s`."""

    def write(start_s, minutes):
        time_s = start_s + np.arange(0, minutes * MINUTE_S, 0.05)
        noise = np.random.default_rng(1).normal(0, 0.02, (len(time_s), 3))
        acc = np.array([9.81, 0.1, 0.2]) + noise
        path = tmp_path / "undated.parquet"
        pd.DataFrame({"time_s": time_s, "acc_x": acc[:, 0], "acc_y": acc[:, 1], "acc_z": acc[:, 2]}).to_parquet(path)
        return path

    return write


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Kolkata"])
@pytest.mark.parametrize("start_s", [-300.0, 0.0, 86_400.0 - 300, -19_800.0 - 300, 18_000.0 - 300])
def test_the_summary_is_of_all_of_it(lumbar_json, monkeypatch, undated, zone, start_s):
    monkeypatch.setenv("LUMBAR_WEARER__TIME_ZONE", zone)
    document = lumbar_json("analyze", undated(start_s, 10))
    assert document["recording"]["wear_s"] == pytest.approx(10 * MINUTE_S, abs=2)
    assert document["summary"]["wear"]["wear_s"] == document["recording"]["wear_s"]


def test_what_is_found_is_the_same_wherever_the_times_begin(lumbar_json, undated):
    counted, before = (lumbar_json("analyze", undated(start_s, 5)) for start_s in (0.0, -300.0))
    assert counted["activity"] == before["activity"]
    assert counted["summary"] == before["summary"]
