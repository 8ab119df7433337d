"""A MetaMotion S (BMI270) as the host sees it. Source: see the driver."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from config.units import GRAVITY_MS2
from firmware_bridge.devices.metamotion_facts import (
    ACC_DATA,
    ACCELEROMETER,
    BATTERY,
    BMI270,
    COMMAND,
    CONFIG,
    DISCONNECT,
    ENABLE,
    EVENT,
    EVENT_COMMAND,
    EVENT_PARAMETERS,
    EVENT_REMOVE_ALL,
    GYROSCOPE,
    HAPTIC,
    INFO,
    LOG,
    NOTIFY,
    POWER,
    PULSE,
    READ,
    SERVICE,
    SETTINGS,
    counts_per_dps,
    counts_per_g,
)
from firmware_bridge.virtual.air.peripheral import Properties, VirtualSensor
from firmware_bridge.virtual.air.sensors.counts import to_counts, to_values
from firmware_bridge.virtual.air.sensors.metamotion_log import FlashLog
from firmware_bridge.virtual.air.truth import Taken

if TYPE_CHECKING:
    import numpy as np
    from bumble.gatt import Service
    from numpy.typing import NDArray

    from firmware_bridge.virtual.air.air import Air
    from firmware_bridge.virtual.air.peripheral import Specimen
    from firmware_bridge.virtual.air.sampling import Felt

__all__ = ["MetaMotionSensor"]

_REVISION = 0
_RATES_HZ = {0x5: 12.5, 0x6: 25.0, 0x7: 50.0, 0x8: 100.0, 0x9: 200.0}
_RANGES_G = {0x0: 2, 0x1: 4, 0x2: 8, 0x3: 16}
_RANGES_DPS = {0x0: 2000, 0x1: 1000, 0x2: 500, 0x3: 250, 0x4: 125}
_CODE_BITS = 0x0F
_PACKED = 3
_DEFAULT_CONFIG = {ACCELEROMETER: (0xA8, 0x00), GYROSCOPE: (0x28, 0x00)}
_FULL_DUTY = 248
_MOTOR = 0
_PULSE_BYTES = 4
_FULL_BATTERY_MV, _FLAT_BATTERY_MV = 4180, 3300
_STREAMS = {ACCELEROMETER: "acc", GYROSCOPE: "gyr"}


class MetaMotionSensor(VirtualSensor):
    """A MetaMotion S: frames of one sample or of three, acceleration and angular rate apart; a motor; a flash log.

    Frames that it does not know it ignores. Both sensors measure at the accelerometer's rate.
    """

    NAME = "MetaWear"
    MAKER = "MbientLab Inc"
    ADVERTISED = (SERVICE,)
    LARGEST_MTU = 131

    def __init__(self, air: Air, specimen: Specimen | None = None) -> None:
        super().__init__(air, specimen)
        self.log = FlashLog(self)
        self._forget()

    def _forget(self) -> None:
        self._config = dict(_DEFAULT_CONFIG)
        self._enabled = {ACCELEROMETER: False, GYROSCOPE: False}
        self._powered = {ACCELEROMETER: False, GYROSCOPE: False}
        self._listening: set[tuple[int, int]] = set()
        self._measuring = (0.0, 0)
        self._event = b""
        self._on_disconnection_do: list[bytes] = []

    def _restarted(self) -> None:
        self._forget()
        self.log.restarted()

    def _disconnected(self) -> None:
        """Do what the host recorded for this; measure on where it logs. The switches of the stream stay."""
        self.log.disconnected()
        for command in self._on_disconnection_do:
            self._written(command)
        if not self.log.on:
            self._stop_measuring()

    def _connected(self) -> None:
        self._run()

    def _services(self) -> list[Service]:
        write = Properties.WRITE | Properties.WRITE_WITHOUT_RESPONSE
        return [
            self._service(
                SERVICE,
                [
                    self._characteristic(COMMAND, write, written=self._written),
                    self._characteristic(NOTIFY, Properties.NOTIFY | Properties.READ, read=lambda: b""),
                ],
            )
        ]

    def tell(self, *frame: int) -> None:
        """Send a frame without samples."""
        self._send(NOTIFY, bytes(frame))

    def send_frame(self, frame: bytes, *travelling: Taken, stream: str) -> bool:
        """Send a frame with samples; return whether the radio took it."""
        return self._send(NOTIFY, frame, *travelling, truth=self._truth(stream))

    @property
    def room(self) -> int:
        """How many frames more the radio can take."""
        return self._room

    def note(self, stream: str, taken: Taken) -> None:
        """Remember samples."""
        self._truth(stream).add(taken)

    def _written(self, data: bytes) -> None:
        if len(data) < len((SETTINGS, BATTERY)):
            return
        module, register, arguments = data[0], data[1], data[2:]
        if module in _STREAMS:
            self._configured(module, register, arguments)
        elif module == LOG:
            self.log.written(register, arguments)
        elif module == EVENT:
            self._recorded(register, arguments)
        elif (module, register) == (SETTINGS, BATTERY | READ):
            span_mv = _FULL_BATTERY_MV - _FLAT_BATTERY_MV
            volts_mv = _FLAT_BATTERY_MV + span_mv * self.battery_percent // 100
            self.tell(SETTINGS, BATTERY | READ, self.battery_percent, *volts_mv.to_bytes(2, "little"))
        elif (module, register) == (HAPTIC, PULSE) and len(arguments) == _PULSE_BYTES:
            self._pulse(arguments)

    def _recorded(self, register: int, arguments: bytes) -> None:
        """Take a command to be done when the connection ends, the only event here."""
        if register == EVENT_REMOVE_ALL:
            self._on_disconnection_do.clear()
        elif register == EVENT_COMMAND and arguments[:3] == bytes([SETTINGS, DISCONNECT, 0xFF]):
            self._event = arguments[3:5]
        elif register == EVENT_PARAMETERS and self._event:
            self._on_disconnection_do.append(self._event + arguments)
            self._event = b""
            self.tell(EVENT, EVENT_COMMAND, len(self._on_disconnection_do) - 1)

    def _pulse(self, arguments: bytes) -> None:
        if arguments[3] == _MOTOR:
            self._vibrated(arguments[0] / _FULL_DUTY, int.from_bytes(arguments[1:3], "little") / 1000)

    def _configured(self, module: int, register: int, arguments: bytes) -> None:
        if register == INFO | READ:
            self.tell(module, INFO | READ, BMI270.implementation, _REVISION)
        elif register == CONFIG and len(arguments) == len(_DEFAULT_CONFIG[module]):
            self._config[module] = (arguments[0], arguments[1])
        elif register == ENABLE and len(arguments) == len(("set", "cleared")):
            self._enabled[module] = (self._enabled[module] or bool(arguments[0])) and not arguments[1]
            self._run()
        elif register == POWER and len(arguments) == 1:
            self._powered[module] = bool(arguments[0])
            self._run()
        elif register in {ACC_DATA, BMI270.acc_packed} and len(arguments) == 1:
            self._listen(module, register, wanted=bool(arguments[0]))

    def _listen(self, module: int, register: int, *, wanted: bool) -> None:
        (self._listening.add if wanted else self._listening.discard)((module, register))
        self._run()

    def _runs(self, module: int) -> bool:
        return self._powered[module] and self._enabled[module]

    def _run(self) -> None:
        """Measure as the registers say."""
        packed = (ACCELEROMETER, BMI270.acc_packed) in self._listening
        wanted = _RATES_HZ.get(self._config[ACCELEROMETER][0] & _CODE_BITS, 0.0), _PACKED if packed else 1
        if not self._runs(ACCELEROMETER) or not wanted[0]:
            self._stop_measuring()
        elif not self._measures("imu") or wanted != self._measuring:
            self._measuring = wanted
            self._measure("imu", *wanted, self._taken)

    def _taken(self, felt: Felt) -> None:
        acc_ms2 = GRAVITY_MS2 / counts_per_g(_RANGES_G[self._config[ACCELEROMETER][1]])
        gyr_rad_s = math.radians(1 / counts_per_dps(_RANGES_DPS[self._config[GYROSCOPE][1]]))
        acc = to_counts(felt.acc, acc_ms2)
        self._stream_out(ACCELEROMETER, acc, Taken(self.boots, felt.first, felt.times_s, to_values(acc, acc_ms2), None))
        gyr = to_counts(felt.gyr, gyr_rad_s) if self._runs(GYROSCOPE) else None
        if gyr is not None:
            taken = Taken(self.boots, felt.first, felt.times_s, None, to_values(gyr, gyr_rad_s))
            self._stream_out(GYROSCOPE, gyr, taken)
        self.log.take(felt, acc, gyr, acc_ms2, gyr_rad_s)

    def _stream_out(self, module: int, counts: NDArray[np.int64], taken: Taken) -> None:
        register = BMI270.acc_packed if counts.shape[0] == _PACKED else ACC_DATA
        if (module, register) not in self._listening or self.connection is None:
            return
        stream = _STREAMS[module]
        self.note(stream, taken)
        self.send_frame(bytes([module, register]) + counts.astype("<i2").tobytes(), taken, stream=stream)
