"""The real program, as a process, on a computer without Bluetooth: one line that says what to do, and exit code 2."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from bleak.exc import BleakBluetoothNotAvailableError, BleakBluetoothNotAvailableReason, BleakError

from config.known_sensors import save_known_sensors
from firmware_bridge.link.radio import why_unusable

LUMBAR = shutil.which("lumbar", path=str(Path(sys.executable).parent)) or "lumbar"


@pytest.fixture
def without_bluetooth(tmp_path):
    """Run the program where the system bus, by which bleak finds BlueZ, is not there."""
    if sys.platform != "linux":
        pytest.skip("only on Linux can Bluetooth be taken away from one process")
    gone = {"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={tmp_path}/no-bus", "LUMBAR_STORAGE__FOLDER": str(tmp_path / "data")}

    def run(*arguments):
        environment = os.environ | gone | {"XDG_CONFIG_HOME": str(tmp_path), "LUMBAR_WEARER__TIME_ZONE": "UTC"}
        return subprocess.run(
            [LUMBAR, *arguments], env=environment, capture_output=True, text=True, timeout=60, check=False
        )

    return run


def refused(outcome):
    *_, last = outcome.stderr.splitlines()
    return outcome.returncode == 2 and last.startswith("lumbar: Bluetooth cannot be used") and "try again" in last


def test_scanning_says_in_one_line_what_is_wrong(without_bluetooth):
    outcome = without_bluetooth("scan", "--for", "1s")
    assert refused(outcome)
    assert (outcome.stdout, len(outcome.stderr.splitlines())) == ("", 1)


@pytest.mark.parametrize("command", [("sensor", "info"), ("sensor", "test", "--format", "json"), ("record",)])
def test_so_do_the_others(without_bluetooth, known, tmp_path, command):
    (tmp_path / "data").mkdir()
    save_known_sensors(tmp_path / "data" / "sensors.toml", (known("lsp"),))
    assert refused(without_bluetooth(*command))
    assert not list((tmp_path / "data").glob("recordings/*"))


def test_wearing_says_so_too_and_leaves_nothing_behind(without_bluetooth, known, tmp_path):
    (tmp_path / "data").mkdir()
    save_known_sensors(tmp_path / "data" / "sensors.toml", (known("lsp"),))
    outcome = without_bluetooth("wear")
    assert refused(outcome)
    assert (outcome.stdout, len(outcome.stderr.splitlines())) == ("", 1)
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["sensors.toml"]


@pytest.mark.parametrize("command", [("scan",), ("sensor", "list"), ("sensor", "add"), ("wear",), ("record",)])
def test_without_a_sensor_nothing_is_left_behind(without_bluetooth, tmp_path, command):
    without_bluetooth(*command)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("command", [("wear",), ("record",), ("sensor", "list"), ("sensor", "test")])
def test_a_list_with_a_driver_that_there_is_not_says_which_sensor_and_what_to_do(
    without_bluetooth, known, tmp_path, command
):
    (tmp_path / "data").mkdir()
    save_known_sensors(tmp_path / "data" / "sensors.toml", (known("lsp").model_copy(update={"driver": "other"}),))
    outcome = without_bluetooth(*command)
    assert outcome.returncode == 2
    assert outcome.stderr.startswith("lumbar: your sensor back: no driver is called 'other'")
    assert "lumbar sensor remove back" in outcome.stderr
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["sensors.toml"]


def test_the_list_needs_no_bluetooth(without_bluetooth, known, tmp_path):
    assert "lumbar scan" in without_bluetooth("sensor", "list").stdout
    (tmp_path / "data").mkdir()
    save_known_sensors(tmp_path / "data" / "sensors.toml", (known("lsp"),))
    assert "C1:00:00:00:00:01" in without_bluetooth("sensor", "list").stdout
    assert without_bluetooth("sensor", "remove", "back").returncode == 0
    assert '"sensors":[]' in without_bluetooth("sensor", "list", "--format", "json").stdout


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (BleakBluetoothNotAvailableError("x", BleakBluetoothNotAvailableReason.POWERED_OFF), "Bluetooth is off"),
        (BleakBluetoothNotAvailableError("x", BleakBluetoothNotAvailableReason.NO_BLUETOOTH), "no Bluetooth adapter"),
        (BleakBluetoothNotAvailableError("x", BleakBluetoothNotAvailableReason.DENIED_BY_USER), "privacy settings"),
        (FileNotFoundError(2, "No such file"), "service is not running"),
        (BleakError("strange"), "strange"),
    ],
)
def test_each_reason_has_its_own_words(error, words):
    assert words in why_unusable(error)
