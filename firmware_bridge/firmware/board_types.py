"""What the firmware needs of a board, for the type checker; stays off the board, which has no `typing`."""

from __future__ import annotations

from typing import Any, Protocol

__all__ = ["AnalogIn", "BlockFile", "Bluetooth", "DigitalPin", "I2c", "Memory", "PwmOut"]


class I2c(Protocol):
    """`busio.I2C`, locked."""

    def writeto(self, address: int, buffer: bytearray) -> None:
        """Write a register's address and its value."""

    def writeto_then_readfrom(
        self,
        address: int,
        out_buffer: bytearray,
        in_buffer: Any,  # any writable buffer; its type has no name before Python 3.12
    ) -> None:
        """Write a register's address and read from there on."""


class PwmOut(Protocol):
    """`pwmio.PWMOut`."""

    duty_cycle: int


class DigitalPin(Protocol):
    """`digitalio.DigitalInOut`."""

    value: bool


class AnalogIn(Protocol):
    """`analogio.AnalogIn`."""

    @property
    def value(self) -> int:
        """Of 65535."""

    @property
    def reference_voltage(self) -> float:
        """What reads 65535, V."""


class BlockFile(Protocol):
    """A file open for reading and writing in place."""

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Go to a byte."""

    def tell(self) -> int:
        """Say at which byte."""

    def readinto(self, buffer: Any, /) -> int | None:
        """Fill a buffer."""

    def write(self, data: Any, /) -> int:
        """Write a buffer."""

    def flush(self) -> None:
        """Make it last."""


class Memory(Protocol):
    """`microcontroller.nvm`: bytes that survive a restart."""

    def __getitem__(self, index: int, /) -> int: ...

    def __setitem__(self, index: int, value: int, /) -> None: ...


class Bluetooth(Protocol):
    """The module `_bleio`."""

    adapter: Any
    Characteristic: Any
    PacketBuffer: Any
    Service: Any
    UUID: Any

    @property
    def BluetoothError(self) -> type[Exception]:  # noqa: N802 - as CircuitPython has it
        """Raised where the link is gone."""
