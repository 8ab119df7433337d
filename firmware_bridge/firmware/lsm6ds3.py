"""The inertial sensor LSM6DS3TR-C of the Seeed XIAO nRF52840 Sense, at the level of its registers.

Registers and bits as in ST's driver header lsm6ds3tr-c_reg.h (github.com/STMicroelectronics/lsm6ds3tr-c-pid) and the
datasheet DocID030071: the FIFO holds 4096 bytes, words of 16 bits in the pattern gyroscope x, y, z, accelerometer x, y,
z.
"""

from array import array

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware_bridge.firmware.board_types import I2c

__all__ = ["RATES_HZ", "READ_AT_MOST", "Lsm6ds3"]

_ADDRESS = 0x6A
_WHO_AM_I, _ID = 0x0F, 0x6A

_FIFO_CTRL3 = 0x08
_NO_DECIMATION = 0b001_001
_FIFO_CTRL5 = 0x0A
_BYPASS = 0
_CONTINUOUS = 0b110
_CTRL1_XL = 0x10
_CTRL2_G = 0x11
_CTRL3_C = 0x12
_RESET = 0b0000_0001
_BLOCK_UPDATE_AND_INCREMENT = 0b0100_0100
_OUT_TEMP_L = 0x20
_FIFO_STATUS1 = 0x3A
_FIFO_DATA_OUT_L = 0x3E
"""A read that goes on rolls over from 3F to 3E, word by word."""

_RATE_CODES = {26: 2, 52: 3, 104: 4, 208: 5}
RATES_HZ = (26, 52, 104, 208)
"""A chip's true rate is within some percent of these; the ticks of the samples tell it."""
_ACC_CODES = {2: 0b00, 4: 0b10, 8: 0b11, 16: 0b01}
_GYR_CODES = {1000: 0b10, 2000: 0b11}

_WORDS = 6
_OVERRUN = 0x40
_DIFF_HIGH = 0x07
_FULL = 336
"""Samples; with 341 it is full, and might run over while it is being read."""
READ_AT_MOST = 20
"""Samples in one transfer: 240 bytes, 5.6 ms at 400 kHz."""
_TEMPERATURE_COUNTS_PER_C = 256
_TEMPERATURE_ZERO_C = 25


class Lsm6ds3:
    """The chip behind an I2C bus that nobody else uses.

    `words` holds what `read` read: for each sample gyroscope x, y, z and accelerometer x, y, z in counts of the chip.

    Parameters
    ----------
    i2c
        The bus, locked, 400 kHz.

    Raises
    ------
    RuntimeError
        Another chip answers.

    """

    def __init__(self, i2c: "I2c") -> None:
        self._i2c = i2c
        self._one = bytearray(1)
        self._two = bytearray(2)
        self.words = array("h", [0] * (_WORDS * READ_AT_MOST))
        self._view = memoryview(self.words)
        self.overflowed = False
        if self._register(_WHO_AM_I) != _ID:
            raise RuntimeError("no LSM6DS3TR-C on the bus: is this a XIAO nRF52840 *Sense*?")
        self._write(_CTRL3_C, _RESET)
        while self._register(_CTRL3_C) & _RESET:
            pass
        self._write(_CTRL3_C, _BLOCK_UPDATE_AND_INCREMENT)

    def start(self, rate_hz: int, range_g: int, range_dps: int) -> None:
        """Sample into an empty FIFO; `rate_hz` is one of `RATES_HZ`."""
        rate = _RATE_CODES[rate_hz]
        self._write(_FIFO_CTRL5, _BYPASS)
        self._write(_CTRL1_XL, rate << 4 | _ACC_CODES[range_g] << 2)
        self._write(_CTRL2_G, rate << 4 | _GYR_CODES[range_dps] << 2)
        self._write(_FIFO_CTRL3, _NO_DECIMATION)
        self._write(_FIFO_CTRL5, rate << 3 | _CONTINUOUS)
        self._fifo = rate << 3 | _CONTINUOUS
        self.overflowed = False

    def stop(self) -> None:
        """Power the sensor down."""
        self._write(_FIFO_CTRL5, _BYPASS)
        self._write(_CTRL1_XL, 0)
        self._write(_CTRL2_G, 0)

    def waiting(self) -> int:
        """Return how many whole samples are in the FIFO; sets `overflowed` where it ran over, see `restart`."""
        self._read(_FIFO_STATUS1, self._two)
        count = (self._two[0] | (self._two[1] & _DIFF_HIGH) << 8) // _WORDS
        self.overflowed = bool(self._two[1] & _OVERRUN) or count >= _FULL
        return count

    def restart(self) -> None:
        """Empty the FIFO: after it ran over, its words no longer begin with a whole sample."""
        self._write(_FIFO_CTRL5, _BYPASS)
        self._write(_FIFO_CTRL5, self._fifo)

    def read(self, count: int) -> None:
        """Read up to `READ_AT_MOST` samples that wait into `words`."""
        self._read(_FIFO_DATA_OUT_L, self._view[: count * _WORDS])

    def temperature_c(self) -> int:
        """Return the temperature of the chip."""
        self._read(_OUT_TEMP_L, self._two)
        counts = self._two[0] | self._two[1] << 8
        return _TEMPERATURE_ZERO_C + (counts - (counts >> 15 << 16)) // _TEMPERATURE_COUNTS_PER_C

    def _register(self, register: int) -> int:
        self._read(register, self._one)
        return self._one[0]

    def _read(self, register: int, buffer: "bytearray | memoryview[int]") -> None:
        self._one[0] = register
        self._i2c.writeto_then_readfrom(_ADDRESS, self._one, buffer)

    def _write(self, register: int, value: int) -> None:
        self._two[0] = register
        self._two[1] = value
        self._i2c.writeto(_ADDRESS, self._two)
