"""Facts of MbientLab's MetaMotion boards: characteristics, modules, registers, scales, and frames made of them.

A frame is `[module, register, data ...]`; bit 7 of the register asks for a value and marks the answer. Source of the
numbers: MbientLab's MetaWear SDK (`gyro_bosch_register.h`, `accelerometer_bosch_register.h`, `logging_register.h` and
its unit tests), Bosch's data sheets of BMI160 and BMI270 for the codes of rates and ranges.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from config.errors import SensorError
from firmware_bridge.devices.driver import Write

if TYPE_CHECKING:
    from collections.abc import Mapping

    from firmware_bridge.devices.driver import Settings

__all__ = [
    "ACCELEROMETER",
    "ACC_DATA",
    "BATTERY",
    "BMI160",
    "BMI270",
    "COMMAND",
    "CONFIG",
    "DISCONNECT",
    "ENABLE",
    "EVENT",
    "EVENT_COMMAND",
    "EVENT_PARAMETERS",
    "EVENT_REMOVE_ALL",
    "GYROSCOPE",
    "HAPTIC",
    "INFO",
    "LOG",
    "NOTIFY",
    "POWER",
    "PULSE",
    "READ",
    "SERVICE",
    "SETTINGS",
    "Chip",
    "acc_config",
    "chip_of",
    "counts_per_dps",
    "counts_per_g",
    "gyr_config",
    "gyroscope_runs",
    "write",
]

SERVICE = "326a9000-85cb-9195-d9dd-464cfbbae75a"
COMMAND = "326a9001-85cb-9195-d9dd-464cfbbae75a"
NOTIFY = "326a9006-85cb-9195-d9dd-464cfbbae75a"

ACCELEROMETER = 0x03
HAPTIC = 0x08
EVENT = 0x0A
LOG = 0x0B
SETTINGS = 0x11
GYROSCOPE = 0x13
"""Modules."""

READ = 0x80
"""Bit of the register that asks for a value, and that the answer carries."""

INFO = 0x00
"""Register of every module: `implementation, revision` of its hardware."""

POWER, ENABLE, CONFIG = 0x01, 0x02, 0x03
"""Registers of accelerometer and gyroscope."""

ACC_DATA = 0x04
"""Register of the accelerometer's single samples, on both chips."""

PULSE = 0x01
"""Register of the haptic module."""

DISCONNECT = 0x0A
"""Register of the settings module that stands for the end of the connection, as the source of an event."""

BATTERY = 0x0C
"""Register of the settings module: `percent u8, millivolt u16`."""

EVENT_COMMAND, EVENT_PARAMETERS, EVENT_REMOVE_ALL = 0x02, 0x03, 0x05
"""Registers of the event module. A command that the board gives itself is told in two frames: source (module, register,
0xFF) with the command's module, register and length, then its parameters; the board answers with the first register and
the command's number (MetaWear-SDK-Cpp, event_register.h and test_settings.py, TestSettingsRevision3)."""


@dataclass(frozen=True, slots=True)
class Chip:
    """A motion chip by Bosch, as the board's firmware shows it.

    Parameters
    ----------
    number
        270 for the BMI270 (MetaMotion S), 160 for the BMI160 (MetaMotion R, RL, C and older boards).
    implementation
        How the accelerometer module names it in its information.
    acc_packed, gyr_data, gyr_packed
        Registers of three accelerometer samples a frame, of one gyroscope sample and of three.
    acc_filter
        Upper half of the accelerometer's rate byte: normal bandwidth; on the BMI270 also bit 7, the filter for
        performance, which its firmware sets from 12.5 Hz on.
    acc_ranges
        Code of each range in g.
    writes_log_pages
        Whether the log lies in flash pages of 512 entries of which the last must be flushed before it can be read.

    """

    number: int
    implementation: int
    acc_packed: int
    gyr_data: int
    gyr_packed: int
    acc_filter: int
    acc_ranges: Mapping[float, int]
    writes_log_pages: bool


BMI270 = Chip(
    number=270,
    implementation=4,
    acc_packed=0x05,
    gyr_data=0x04,
    gyr_packed=0x05,
    acc_filter=0xA0,
    acc_ranges={2: 0x0, 4: 0x1, 8: 0x2, 16: 0x3},
    writes_log_pages=True,
)
BMI160 = Chip(
    number=160,
    implementation=1,
    acc_packed=0x1C,
    gyr_data=0x05,
    gyr_packed=0x07,
    acc_filter=0x20,
    acc_ranges={2: 0x3, 4: 0x5, 8: 0x8, 16: 0xC},
    writes_log_pages=False,
)

_RATE_CODES = {12.5: 0x5, 25: 0x6, 50: 0x7, 100: 0x8, 200: 0x9}
_GYR_FILTER = 0x20
_GYR_RANGES = {2000: 0x0, 1000: 0x1, 500: 0x2, 250: 0x3, 125: 0x4}
_SLOWEST_GYROSCOPE_HZ = 25


def chip_of(settings: Settings) -> Chip:
    """Return the chip that the setting `chip` names.

    Raises
    ------
    SensorError
        There is no such chip.

    """
    number = settings["chip"]
    for chip in (BMI270, BMI160):
        if chip.number == number:
            return chip
    raise SensorError(f"MetaMotion has no chip {number:g}; choose 270 or 160")


def gyroscope_runs(settings: Settings) -> bool:
    """Return whether the gyroscope can measure at `rate_hz`; neither chip's goes below 25 Hz."""
    return settings["rate_hz"] >= _SLOWEST_GYROSCOPE_HZ


def counts_per_g(range_g: float) -> float:
    """Return how many counts of the accelerometer are 1 g (16384 at 2 g)."""
    return 32768 / range_g


def counts_per_dps(range_dps: float) -> float:
    """Return how many counts of the gyroscope are 1 deg/s (16.4 at 2000 deg/s)."""
    return 16.4 * 2000 / range_dps


def write(*frame: int, awaits_reply: bool = False, pause_s: float = 0.0) -> Write:
    """Return the step that writes a frame."""
    return Write(COMMAND, bytes(frame), awaits_reply=awaits_reply, pause_s=pause_s)


def acc_config(settings: Settings) -> Write:
    """Return the step that sets the accelerometer's rate and range."""
    chip = chip_of(settings)
    rate = chip.acc_filter | _RATE_CODES[settings["rate_hz"]]
    return write(ACCELEROMETER, CONFIG, rate, chip.acc_ranges[settings["range_g"]])


def gyr_config(settings: Settings) -> Write:
    """Return the step that sets the gyroscope's rate and range."""
    rate = _GYR_FILTER | _RATE_CODES[settings["rate_hz"]]
    return write(GYROSCOPE, CONFIG, rate, _GYR_RANGES[round(settings["range_dps"])])
