"""``lumbar sensor decode``: bytes of real sensors through the real command, and what it says to bad input."""

import contextlib
import json
import math
import re
import struct
import subprocess
import sys
from itertools import islice, product
from pathlib import Path

import jsonschema
import pytest

from config.errors import SensorError
from config.units import GRAVITY_MS2
from firmware_bridge.devices.capture2go_frames import frame_bytes
from firmware_bridge.devices.catalogue import DRIVERS
from firmware_bridge.devices.driver import Write
from lumbar.decoded import decode as notifications_of

VECTORS = Path(__file__).parents[2] / ".." / "shared" / "ble" / "vectors.json"

DOT_SHORT = "15172004-4947-11e9-8646-d663bd873d93"
DOT_MEDIUM = "15172003-4947-11e9-8646-d663bd873d93"
CAPTURE2GO_TX = "80030003-e629-4c98-9324-aa7fc0c66de7"
FREE_ACCELERATION = "d8052244af9640406b2aa7405add14c000000000"

DRIVER_OF = {
    "any": "polar",
    "Capture2Go": "capture2go",
    "MetaMotion": "metamotion",
    "Movesense": "movesense",
    "Nordic Thingy:52": "thingy52",
    "Polar": "polar",
    "WitMotion": "witmotion",
    "Xsens/Movella DOT": "dot",
    "proposed reference profile": "lsp",
}
"""Driver by how the device is called in the vectors; other devices have none."""

SETTINGS = {
    "movesense-meas-acc-52": ("sensor=1",),
    "movesense-meas-gyro-52": ("sensor=2",),
    "mw-gyro-500": ("chip=160",),
    "mw-gyro-packed-1000": ("chip=160",),
}
"""What the bytes do not say, beyond the ranges that the vectors state themselves."""

REFUSED = {"wit-wtvb01-trap": "28"}
"""Bytes of a sensor that only looks like one of ours, and what the message names."""

BEYOND_STEPS = {
    "mw-buzzer-7500": "a buzzer cannot be felt",
    "mw-log-page-confirm": "comes with the block that it confirms",
    "mw-log-start": "the board does it itself when the connection ends: recorded as an event",
    "mw-log-stop": "comes with the download",
    "movesense-hello": "starting needs no greeting",
    "wit-read-mag": "its magnetometer is not used",
    "wit-read-quat": "its own orientation is not used",
    "wit-read-temp": "its temperature is not used",
}
"""Commands of the vectors that no driver's start, stop, battery or vibration needs."""


def driver_of(vector):
    return next((driver for name, driver in DRIVER_OF.items() if vector["device"].startswith(name)), None)


def vectors(*directions):
    if not VECTORS.exists():
        return []
    found = json.loads(VECTORS.read_text(encoding="utf-8"))["vectors"]
    return [vector for vector in found if vector["direction"] in directions and driver_of(vector)]


def each(found):
    return pytest.mark.parametrize("vector", found, ids=[vector["id"] for vector in found])


def as_list(values):
    return values if isinstance(values[0], list) else [values]


def scaled(values, factor):
    return [[value * factor for value in row] for row in as_list(values)]


def stated_samples(decoded):
    """Return what a vector states, in our units, and how exactly it states it."""
    degree = math.pi / 180
    known = {
        "acc_g": ("acc", GRAVITY_MS2, 0.0006 * GRAVITY_MS2),
        "acc_ms2": ("acc", 1.0, 1e-6),
        "ArrayAcc": ("acc", 1.0, 1e-6),
        "gyro_dps": ("gyr", degree, 0.0006 * degree),
        "gyro_rad_s": ("gyr", 1.0, 1e-8),
        "ArrayGyro": ("gyr", degree, 1e-8),
    }
    return {
        sensor: (scaled(decoded[name], factor), tolerance)
        for name, (sensor, factor, tolerance) in known.items()
        if name in decoded
    }


@pytest.fixture
def decode(lumbar):
    def run(driver, characteristic, *hexadecimal, given=()):
        options = [part for setting in given for part in ("--set", setting)]
        return lumbar(
            "sensor", "decode", "--driver", driver, "--characteristic", characteristic, *options, "--format", "json",
            *hexadecimal,
        )  # fmt: skip

    return run


@pytest.fixture
def decoded(decode):
    def run(*arguments, given=()):
        code, out, err = decode(*arguments, given=given)
        assert (code, err) == (0, "")
        return json.loads(out)

    return run


def settings_of(vector):
    stated = vector["decoded"]
    ranges = [f"{name}={stated[name]}" for name in ("range_g", "range_dps") if name in stated]
    return (*SETTINGS.get(vector["id"], ()), *ranges)


@pytest.mark.skipif(not VECTORS.exists(), reason="../shared/ble/vectors.json is not here")
def test_the_vectors_of_every_driver_are_tried():
    assert {driver_of(vector) for vector in vectors("notify", "read", "write")} == set(DRIVERS)


@each([vector for vector in vectors("notify", "read") if vector["id"] not in REFUSED])
def test_vectors_decode_to_what_they_state(decoded, vector):
    stated = vector["decoded"]
    (said,) = decoded(driver_of(vector), vector["characteristic"], vector["hex"], given=settings_of(vector))
    samples = stated_samples(stated)
    if "raw" in stated:
        counts = ("acc", GRAVITY_MS2 / 1000) if "acc" in vector["id"] else ("gyr", math.pi / 180)
        samples = {counts[0]: (scaled(stated["raw"], counts[1]), 1e-6)}
    assert len(said["samples"]) == max((len(values) for values, _ in samples.values()), default=0)
    for sensor, (values, tolerance) in samples.items():
        for sample, expected in zip(said["samples"], values, strict=True):
            assert sample[sensor] == pytest.approx(expected, abs=tolerance, rel=1e-8)
    if said["samples"]:
        assert set(said["samples"][0]) == set(samples)
    for name, stands_for in {
        "timestamp_us": "ticks",
        "timestamp_ms": "ticks",
        "timestamp_ns": "ticks",
        "sample_counter": "counter",
        "percent": "battery",
        "charge_percent": "battery",
        "voltage_mv": "voltage_mv",
        "version": "version",
        "flags": "flags",
    }.items():
        assert name not in stated or said[stands_for] == stated[name]
    if "t_s" in stated:
        assert said["ticks"] == stated["t_s"] * 32768
    for name, stands_for in {
        "free_acc_ms2": "free_acc_ms2",
        "mag_ut": "magnetic_field_ut",
        "quat": "quaternion_wxyz",
        "delta_rad": "delta_rad",
    }.items():
        assert name not in stated or said[stands_for] == pytest.approx(stated[name], abs=1e-6)


@each([vector for vector in vectors("notify") if vector["id"] in REFUSED])
def test_vectors_of_sensors_that_only_look_alike_are_refused(decode, vector):
    code, out, err = decode(driver_of(vector), vector["characteristic"], vector["hex"])
    assert (code, out) == (2, "")
    assert REFUSED[vector["id"]] in err


def written(driver):
    """Return all that the steps of a driver write, for up to 3000 combinations of its settings."""
    names = [setting.name for setting in driver.settings]
    choices = product(*[setting.allowed or (setting.default,) for setting in driver.settings])
    steps = [*driver.battery, *(driver.vibrate(1.0, 5.0) if driver.vibrate else ())]
    for values in islice(choices, 3000):
        settings = driver.settings_with(dict(zip(names, values, strict=True)))
        for make in filter(None, (driver.start, driver.stop, driver.start_log)):
            with contextlib.suppress(SensorError):  # a combination that this sensor does not have
                steps += make(settings)
    return {(step.characteristic, step.data) for step in steps if isinstance(step, Write)}


@pytest.mark.parametrize("name", sorted({driver_of(vector) for vector in vectors("write")}))
def test_steps_write_the_commands_of_the_vectors(name):
    commands = [vector for vector in vectors("write") if driver_of(vector) == name]
    steps = written(DRIVERS[name])
    missing = {v["id"] for v in commands if (v["characteristic"], bytes.fromhex(v["hex"])) not in steps}
    assert missing <= set(BEYOND_STEPS)
    assert len(missing) < len(commands)


def test_what_the_bytes_do_not_say_is_left_out(decoded):
    assert decoded("dot", DOT_SHORT, FREE_ACCELERATION) == [
        {"samples": [], "ticks": 1143080408, "free_acc_ms2": pytest.approx([3.009197, 5.223928, -2.3260102], abs=1e-6)}
    ]


def test_numbers_are_short_and_exact_to_float32(decoded):
    values = (1 / 3, 1e-7, -12345.678)
    data = struct.pack("<I6f", 1, *values, 0, 0, 0).hex()
    (said,) = decoded("dot", DOT_MEDIUM, data)
    assert [struct.pack("<f", value) for value in said["samples"][0]["acc"]] == [struct.pack("<f", v) for v in values]
    assert max(len(str(value)) for value in said["samples"][0]["acc"]) <= 15


def test_one_object_for_each_notification_and_fragments_join(decoded):
    frame = frame_bytes(0x0242, struct.pack("<q9hQhB", 5, 0, 0, 0, 0, 0, 2048, 0, 0, 0, 0x0800008000080000, 0, 0))
    pieces = [b"\xff" + frame[:10], b"\xff" + frame[10:] + frame]
    begun, ended = decoded("capture2go", CAPTURE2GO_TX, *[piece.hex() for piece in pieces])
    assert begun == {"samples": []}
    assert ended["samples"] == [{"acc": [0.0, 0.0, 9.81], "gyr": [0.0, 0.0, 0.0]}] * 2
    assert ended["ticks"] == 5
    assert ended["rate_hz"] == [100, 100], "two messages say it"


@pytest.mark.parametrize(
    "hexadecimal", ["57", "0x57", " 57 ", "0X57"], ids=["plain", "prefixed", "spaced", "upper-case prefix"]
)
@pytest.mark.parametrize("characteristic", ["2a19", "2A19", "0x2A19", "00002A19-0000-1000-8000-00805F9B34FB"])
def test_uuids_and_bytes_may_be_written_as_people_do(decoded, characteristic, hexadecimal):
    assert decoded("polar", characteristic, hexadecimal) == [{"samples": [], "battery": 87}]


@pytest.mark.parametrize("between", [" ", ":", ", ", " 0x", "-"])
def test_bytes_may_be_apart(decoded, between):
    apart = between.join(FREE_ACCELERATION[i : i + 2] for i in range(0, len(FREE_ACCELERATION), 2))
    assert decoded("dot", DOT_SHORT.replace("-", "").upper(), apart)[0]["ticks"] == 1143080408


def test_settings_say_what_the_bytes_do_not(decoded):
    data = struct.pack("<I3f", 1, 10, 20, 30).hex()
    assert decoded("dot", DOT_SHORT, data)[0]["free_acc_ms2"] == [10, 20, 30]
    assert decoded("dot", DOT_SHORT, data, given=["mode=4"])[0]["euler_deg"] == [10, 20, 30]


@pytest.mark.parametrize(
    ("arguments", "given", "says"),
    [
        (("dot", DOT_SHORT, "d805"), (), "notification 1: .*expected 16 or 20 bytes.* got 2"),
        (("dot", DOT_SHORT, FREE_ACCELERATION, "00"), (), "notification 2: "),
        (("dot", DOT_SHORT, ""), (), "notification 1: .* got 0"),
        (("dot", DOT_SHORT, "zz"), (), "'zz' is not hexadecimal"),
        (("dot", DOT_SHORT, "123"), (), "two digits for each byte"),
        (("dot", "2a1", "57"), (), "'2a1' is no UUID"),
        (("dot", CAPTURE2GO_TX, "57"), (), "not a characteristic"),
        (("polar", "2a19", "65"), (), "battery level"),
        (("nobody", "2a19", "57"), (), "no driver is called 'nobody'; choose one of witmotion, movesense"),
        (("dot", DOT_SHORT, "57"), ("mood=3",), "no setting mood; it has rate_hz, mode"),
        (("dot", DOT_SHORT, "57"), ("mode=1",), "mode cannot be 1; choose one of"),
        (("dot", DOT_SHORT, "57"), ("mode",), "--set mode: write NAME=NUMBER"),
        (("dot", DOT_SHORT, "57"), ("mode=nan",), "--set mode=nan: write NAME=NUMBER"),
        (("capture2go", CAPTURE2GO_TX, "ff0263760332"[:-2] + "00" * 50), (), "right CRC"),
    ],
)
def test_bad_input_is_one_line_exit_code_2_and_no_output(decode, arguments, given, says):
    code, out, err = decode(*arguments, given=given)
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert re.search(says, err), err


def test_the_document_has_a_schema(decoded, lumbar_json):
    validator = jsonschema.Draft202012Validator(lumbar_json("schema", "decoded"))
    validator.validate(decoded("dot", DOT_SHORT, FREE_ACCELERATION))
    validator.validate(decoded("polar", "2a19", "57"))
    assert not validator.is_valid([{"ticks": 1}])
    assert not validator.is_valid([{"samples": [{"acc": [1, 2]}]}])


def test_a_table_is_for_people(lumbar, monkeypatch):
    monkeypatch.setenv("COLUMNS", "140")
    data = struct.pack("<I6f", 77, 0, 0, 9.81, 180, 0, 0).hex()
    code, out, err = lumbar("sensor", "decode", "--driver", "dot", "--characteristic", DOT_MEDIUM, data)
    assert (code, err) == (0, "")
    assert "9.8100" in out
    assert "3.1416" in out
    assert "ticks: 77" in out


def test_help_of_the_group_loads_no_driver():
    script = (
        "import sys\nsys.argv = ['lumbar', 'sensor', '--help']\nfrom lumbar.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(sorted(name for name in sys.modules if name.startswith('firmware_bridge') or name == 'numpy'))\n"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert "decode" in result.stdout
    assert result.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("cut", [1, 2])
@pytest.mark.parametrize(
    "vector", [v for v in vectors("notify") if v["id"] not in REFUSED], ids=lambda vector: vector["id"]
)
def test_a_packet_whose_end_is_missing_is_refused(vector, cut):
    driver = DRIVERS[driver_of(vector)]
    settings = driver.settings_with(number_pairs(vector))
    data = bytes.fromhex(vector["hex"])[:-cut]
    with pytest.raises(SensorError):
        list(notifications_of(driver, settings, vector["characteristic"], [data]))


def number_pairs(vector):
    pairs = (pair.split("=") for pair in SETTINGS.get(vector["id"], ()))
    return {name: float(value) for name, value in pairs}
