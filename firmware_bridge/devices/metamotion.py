"""MbientLab MetaMotion S (BMI270) and MetaMotion R, RL, C (BMI160).

The live stream carries no time and no counter. Accelerometer and gyroscope come in frames of their own, of one or three
samples. The log carries time (`metamotion_log`). The motor is a pad on most boards: something must be soldered to it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from config.errors import SensorError
from config.units import GRAVITY_MS2
from firmware_bridge.devices.driver import Advertised, Driver, Resolution, Setting, Step, Subscribe, Write
from firmware_bridge.devices.metamotion_codec import MetaMotionDecoder
from firmware_bridge.devices.metamotion_download import MetaMotionDownload
from firmware_bridge.devices.metamotion_facts import (
    ACC_DATA,
    ACCELEROMETER,
    BATTERY,
    ENABLE,
    GYROSCOPE,
    HAPTIC,
    INFO,
    NOTIFY,
    POWER,
    PULSE,
    READ,
    SERVICE,
    SETTINGS,
    acc_config,
    chip_of,
    counts_per_dps,
    counts_per_g,
    gyr_config,
    gyroscope_runs,
    write,
)
from firmware_bridge.devices.metamotion_log import LOG_CLOCK, logging_off, logging_on

if TYPE_CHECKING:
    from firmware_bridge.devices.driver import Settings

__all__ = ["DRIVER", "buzz"]

_FASTEST_SINGLE_HZ = 25
"""Up to here three samples a frame would come more than 100 ms late."""
_FULL_DUTY = 248
_BUZZER_DUTY = 127
_MOTOR, _BUZZER = 0, 1
_LONGEST_PULSE_MS = 0xFFFF


def _resolution(settings: Settings) -> Resolution:
    gyr = math.radians(1 / counts_per_dps(settings["range_dps"])) if gyroscope_runs(settings) else None
    return Resolution(GRAVITY_MS2 / counts_per_g(settings["range_g"]), gyr)


def _measure(settings: Settings) -> tuple[Step, ...]:
    """Return the steps after which the sensors measure, whoever listens."""
    acc = (acc_config(settings), write(ACCELEROMETER, ENABLE, 1, 0), write(ACCELEROMETER, POWER, 1))
    if not gyroscope_runs(settings):
        return acc
    return (*acc, gyr_config(settings), write(GYROSCOPE, ENABLE, 1, 0), write(GYROSCOPE, POWER, 1))


def _listen(settings: Settings, switch: int) -> tuple[Step, ...]:
    """Return the steps that turn frames on (1) or off (0): three samples a frame, single ones where that were slow."""
    chip = chip_of(settings)
    packed = settings["rate_hz"] > _FASTEST_SINGLE_HZ
    acc = write(ACCELEROMETER, chip.acc_packed if packed else ACC_DATA, switch)
    if not gyroscope_runs(settings):
        return (acc,)
    return (acc, write(GYROSCOPE, chip.gyr_packed if packed else chip.gyr_data, switch))


def _start(settings: Settings) -> tuple[Step, ...]:
    return (
        # First: boards whose stream was never stopped send as soon as somebody listens.
        *logging_off(),
        Subscribe(NOTIFY),
        write(ACCELEROMETER, INFO | READ, awaits_reply=True),
        *_listen(settings, 1),
        *_measure(settings),
    )


def _stop(settings: Settings) -> tuple[Step, ...]:
    rest: tuple[Step, ...] = (write(ACCELEROMETER, POWER, 0), write(ACCELEROMETER, ENABLE, 0, 1))
    if gyroscope_runs(settings):
        rest = (*rest, write(GYROSCOPE, POWER, 0), write(GYROSCOPE, ENABLE, 0, 1))
    return (*rest, *_listen(settings, 0))


def _start_log(settings: Settings) -> tuple[Step, ...]:
    return (
        Subscribe(NOTIFY),
        write(ACCELEROMETER, INFO | READ, awaits_reply=True),
        *logging_on(settings),
        *_measure(settings),
    )


def _vibrate(strength: float, duration_s: float) -> tuple[Step, ...]:
    """Return the step for one pulse of the motor.

    Raises
    ------
    SensorError
        The strength is not from 0 to 1, or the pulse lasts longer than 65.5 s.

    """
    if not 0 <= strength <= 1:
        raise SensorError(f"MetaMotion: strength must be from 0 to 1, not {strength:g}")
    return (_pulse(round(_FULL_DUTY * strength), duration_s, _MOTOR),)


def buzz(duration_s: float) -> tuple[Step, ...]:
    """Return the step for one tone, on boards with a buzzer in place of the motor.

    Raises
    ------
    SensorError
        It lasts longer than 65.5 s.

    """
    return (_pulse(_BUZZER_DUTY, duration_s, _BUZZER),)


def _pulse(duty: int, duration_s: float, kind: int) -> Write:
    if not 0 <= duration_s * 1000 <= _LONGEST_PULSE_MS:
        raise SensorError(f"MetaMotion: a pulse can last up to 65.5 s, not {duration_s:g} s")
    return write(HAPTIC, PULSE, duty, *round(duration_s * 1000).to_bytes(2, "little"), kind)


DRIVER = Driver(
    id="metamotion",
    title="MbientLab MetaMotion",
    advertised=Advertised(services=(SERVICE,), name_prefixes=("MetaWear", "MetaMotion")),
    settings=(
        Setting(
            "rate_hz",
            100,
            (12.5, 25, 50, 100, 200),
            "Samples a second; at 12.5 the gyroscope rests, since it measures at 25 or more.",
        ),
        Setting("range_g", 8, (2, 4, 8, 16), "Largest acceleration that is measured, in g."),
        Setting("range_dps", 1000, (125, 250, 500, 1000, 2000), "Fastest turn that is measured, in deg/s."),
        Setting("chip", 270, (160, 270), "Motion chip: 270 for the MetaMotion S, 160 for MetaMotion R, RL and C."),
    ),
    clock=None,
    resolution=_resolution,
    decoder=MetaMotionDecoder,
    start=_start,
    stop=_stop,
    battery=(Subscribe(NOTIFY), write(SETTINGS, BATTERY | READ)),
    vibrate=_vibrate,
    start_log=_start_log,
    download=MetaMotionDownload,
    fastest_log_hz=25,
    log_clock=LOG_CLOCK,
    cannot=(
        "It sends no time with its live samples, so that a sample lost on the air is seen only in the rate.",
        "It vibrates only where a motor is soldered to its pad.",
        "It keeps samples out of reach only at 25 Hz or less: a faster log delays live samples, which carry no time.",
        "It begins to keep them when it notices that the link is gone, after some seconds.",
        "When its memory is full it drops its oldest samples.",
    ),
)
