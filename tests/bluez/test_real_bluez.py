"""The same bridge over bleak's own BlueZ backend: Debian's kernel and BlueZ in a virtual machine without privileges."""

import json
import os
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.mark.bluez
@pytest.mark.timeout(900)
def test_scan_add_test_and_record_over_real_bluez(tmp_path):
    guest = Path(os.environ.get("LUMBAR_GUEST", tmp_path / "guest"))
    subprocess.run([HERE / "build_guest.sh", guest], check=True, timeout=400)
    outcome = subprocess.run(
        [HERE / "run_guest.sh", guest], capture_output=True, text=True, errors="replace", timeout=400, check=False
    )
    (line,) = [line for line in outcome.stdout.splitlines() if line.startswith("RESULT ")] or [None]
    assert line is not None, outcome.stdout[-3000:]
    result = json.loads(line.removeprefix("RESULT "))

    assert [device["driver"] for device in result["scan"]["devices"]] == ["lsp"]
    assert (result["added"]["sensor"]["serial"], result["added"]["battery_percent"]) == ("00A1", 77)
    assert result["test"]["lost_samples"] == 0
    assert result["test"]["samples_a_second"] == pytest.approx(100, rel=0.03)
    # The sensor ended the connection once: the link came back by itself.
    ((gone, back),) = result["record"]["gaps"]
    assert back - gone < 10
    assert result["record"]["samples"] > 1000
