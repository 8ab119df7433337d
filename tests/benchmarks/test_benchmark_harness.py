"""The benchmarks run, on a quarter of an hour; no figure is judged here, machines differ."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

RUN = Path(__file__).parents[2] / "benchmarks" / "run.py"


@pytest.fixture(scope="module")
def report():
    command = [sys.executable, str(RUN), "--hours", "0.25", "--repeat", "1", "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_whole_pipeline_is_timed_beside_reading_and_the_orientation_filter(report):
    whole = report["results"]["whole"]
    assert whole["samples"] >= 90_000
    assert whole["steps"] > 0
    assert all(whole["times"][name]["cpu_s"] > 0 for name in ("pipeline", "reading", "filter"))
    assert whole["peak_mb"] >= whole["before_mb"] > 0


def test_the_shares_of_the_stages_add_up_to_the_whole(report):
    stages = report["results"]["stages"]
    assert sum(stages["stages_s"].values()) == pytest.approx(stages["total_s"])
    assert all(seconds > 0 for seconds in stages["stages_s"].values())


def test_every_stage_of_the_pipeline_has_its_share(report):
    assert {"resampler", "orientation filter", "activity decoder", "review"} <= set(
        report["results"]["stages"]["stages_s"]
    )


def test_live_cost_is_measured_on_chunks_of_a_fifth_of_a_second(report):
    live = report["results"]["live"]
    assert live["chunks"] == pytest.approx(live["hours"] * 3600 / 0.2, rel=0.01)
    assert live["push_longest_ms"] >= live["push_median_ms"] > 0


def test_each_target_stands_beside_its_figure(report):
    targets = report["targets"]
    assert {"live, share of a core", "lumbar --help, wall"} <= {target["name"] for target in targets}
    assert all(target["reached"] == (target["figure"] <= target["limit"]) for target in targets)


def test_a_peer_is_measured_or_named_as_missing(report):
    peers = report["results"]["peers"]
    assert len(peers) == 3
    assert all(("missing" in peer) != ("cpu_s" in peer) for peer in peers.values())


def test_a_length_that_cannot_be_is_refused_with_the_way_out():
    done = subprocess.run([sys.executable, str(RUN), "--hours", "0"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "from 0.25 to 744 hours" in done.stderr
