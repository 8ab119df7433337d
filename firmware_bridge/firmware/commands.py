"""The Control Point: commands to results."""

from firmware_bridge.firmware import lsp_codec as codec
from firmware_bridge.firmware.lsm6ds3 import RATES_HZ

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from firmware_bridge.firmware.profile import Sensor

__all__ = ["ControlPoint"]

_RANGES_G = (2, 4, 8, 16)
_RANGES_DPS = (1000, 2000)
_RECORDS = (codec.RECORD_RAW, codec.RECORD_DECIMATED, codec.RECORD_POSTURE)
_IDENTIFY_MS = 200
_IDENTIFY_BLINKS = 10


class ControlPoint:
    """Does what the host commands.

    Parameters
    ----------
    sensor
        What is commanded.

    """

    def __init__(self, sensor: "Sensor") -> None:
        self._sensor = sensor
        self._operations: dict[int, Callable[..., tuple[int, tuple[int, ...]]]] = {
            codec.OP_START: self._start,
            codec.OP_STOP: self._stop,
            codec.OP_SET_RANGE: self._set_range,
            codec.OP_CALIBRATE_GYRO: self._calibrate,
            codec.OP_HAPTIC: self._haptic,
            codec.OP_SET_UTC: self._set_utc,
            codec.OP_START_LOG: self._start_log,
            codec.OP_STOP_LOG: self._stop_log,
            codec.OP_IDENTIFY: self._identify,
            codec.OP_SLEEP: self._sleep,
        }

    def command(self, data: bytes) -> "bytes | None":
        """Return the answer to a command; None where it comes later."""
        received = self._sensor.now_ticks()
        try:
            op, arguments = codec.unpack_command(data)
        except ValueError:
            return codec.pack_answer(data[0], codec.RESULT_BAD_PARAMETER)
        if op == codec.OP_TIME_PING:
            return codec.pack_answer(op, codec.RESULT_OK, arguments[0], received, self._sensor.now_ticks())
        if op not in self._operations:
            return codec.pack_answer(op, codec.RESULT_NOT_SUPPORTED)
        result, values = self._operations[op](*arguments)
        return codec.pack_answer(op, result, *values) if result else None

    def _start(self, rate_hz: int, samples: int) -> "tuple[int, tuple[int, ...]]":
        if samples == 0:
            return codec.RESULT_BAD_PARAMETER, ()
        nearest = RATES_HZ[0]
        for each in RATES_HZ:
            if abs(each - rate_hz) < abs(nearest - rate_hz):
                nearest = each
        self._sensor.stream(nearest, samples)
        return codec.RESULT_OK, (nearest,)

    def _stop(self) -> "tuple[int, tuple[int, ...]]":
        self._sensor.stop_stream()
        return codec.RESULT_OK, ()

    def _set_range(self, range_g: int, range_dps: int) -> "tuple[int, tuple[int, ...]]":
        if range_g not in _RANGES_G or range_dps not in _RANGES_DPS:
            return codec.RESULT_BAD_PARAMETER, ()
        self._sensor.set_range(range_g, range_dps)
        return codec.RESULT_OK, ()

    def _calibrate(self) -> "tuple[int, tuple[int, ...]]":
        self._sensor.calibrate()
        return 0, ()

    def _haptic(self, strength: int, length_ms: int, pulses: int) -> "tuple[int, tuple[int, ...]]":
        self._sensor.vibrate(strength, length_ms, pulses)
        return codec.RESULT_OK, ()

    def _set_utc(self, utc_us: int) -> "tuple[int, tuple[int, ...]]":
        self._sensor.set_utc(utc_us)
        return codec.RESULT_OK, ()

    def _start_log(self, record: int) -> "tuple[int, tuple[int, ...]]":
        if not self._sensor.has_log:
            return codec.RESULT_NOT_SUPPORTED, ()
        if record not in _RECORDS:
            return codec.RESULT_BAD_PARAMETER, ()
        self._sensor.set_logging(record)
        return codec.RESULT_OK, ()

    def _stop_log(self) -> "tuple[int, tuple[int, ...]]":
        if not self._sensor.has_log:
            return codec.RESULT_NOT_SUPPORTED, ()
        self._sensor.set_logging(0)
        return codec.RESULT_OK, ()

    def _identify(self) -> "tuple[int, tuple[int, ...]]":
        self._sensor.blink(_IDENTIFY_MS, _IDENTIFY_BLINKS)
        return codec.RESULT_OK, ()

    def _sleep(self) -> "tuple[int, tuple[int, ...]]":
        self._sensor.fall_asleep()
        return codec.RESULT_OK, ()
