"""Stand-ins of CircuitPython's pins and buses, as far as code.py uses them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from firmware_bridge.virtual.circuitpython.inertial_chip import InertialChip

__all__ = ["Change", "Pins", "Pull", "VirtualI2c"]

_FULL_DUTY = 0xFFFF


@dataclass(frozen=True, slots=True)
class Change:
    """A pin was set.

    Parameters
    ----------
    time_s
        When, by the clock of the world.
    value
        To what: 0 or 1, or of 65535 for a pulse-width pin.

    """

    time_s: float
    value: int


class Pull:
    """`digitalio.Pull`."""

    UP = "up"


class Pins:
    """All pins of a board, by their names in the module `board`.

    Parameters
    ----------
    now_s
        The clock of the world.
    changed
        Told the name and the value of a pin that was set.

    """

    def __init__(self, now_s: Callable[[], float], changed: Callable[[str, int], None]) -> None:
        self.inputs: dict[str, int] = {}
        """What the world puts on a pin: 0 or 1, or of 65535 for an analogue pin."""
        self.history: dict[str, list[Change]] = {}
        """What the program did, by pin."""
        self._now_s = now_s
        self._changed = changed

    def set(self, pin: str, value: int) -> None:
        """Note what the program does."""
        self.history.setdefault(pin, []).append(Change(self._now_s(), value))
        self._changed(pin, value)

    def last(self, pin: str) -> int:
        """Return what is on a pin now."""
        changes = self.history.get(pin)
        return changes[-1].value if changes else 0

    def digital(self, pin: str) -> DigitalPin:
        """Stand in for `digitalio.DigitalInOut`."""
        return DigitalPin(self, pin)

    def pulse_width(self, pin: str, *, frequency: int, duty_cycle: int) -> PulseWidthPin:
        """Stand in for `pwmio.PWMOut`."""
        return PulseWidthPin(self, pin, frequency, duty_cycle)

    def analogue(self, pin: str) -> AnaloguePin:
        """Stand in for `analogio.AnalogIn`."""
        return AnaloguePin(self, pin)


class DigitalPin:
    """`digitalio.DigitalInOut`."""

    def __init__(self, pins: Pins, pin: str) -> None:
        self._pins = pins
        self._pin = pin
        self._is_output = False

    def switch_to_output(self, *, value: bool) -> None:
        """Drive the pin."""
        self._is_output = True
        self.value = value

    def switch_to_input(self, pull: str) -> None:
        """Read the pin."""
        self._is_output = False
        self._pins.inputs.setdefault(self._pin, int(pull == Pull.UP))

    @property
    def value(self) -> bool:
        """Whether it is high."""
        return bool(self._pins.last(self._pin) if self._is_output else self._pins.inputs[self._pin])

    @value.setter
    def value(self, value: bool) -> None:
        if not self._is_output:
            raise AttributeError("Cannot set value when direction is input.")
        self._pins.set(self._pin, int(value))


class PulseWidthPin:
    """`pwmio.PWMOut`."""

    def __init__(self, pins: Pins, pin: str, frequency: int, duty_cycle: int) -> None:
        self._pins = pins
        self._pin = pin
        self.frequency = frequency
        self.duty_cycle = duty_cycle

    @property
    def duty_cycle(self) -> int:
        """Of 65535."""
        return self._pins.last(self._pin)

    @duty_cycle.setter
    def duty_cycle(self, value: int) -> None:
        if not 0 <= value <= _FULL_DUTY:
            raise ValueError("duty_cycle must be 0-65535")
        self._pins.set(self._pin, value)


class AnaloguePin:
    """`analogio.AnalogIn`."""

    reference_voltage = 3.3

    def __init__(self, pins: Pins, pin: str) -> None:
        self._pins = pins
        self._pin = pin

    @property
    def value(self) -> int:
        """Of 65535."""
        return self._pins.inputs.get(self._pin, 0)


class VirtualI2c:
    """`busio.I2C` with the inertial chip on it.

    Parameters
    ----------
    chip
        The chip.

    """

    def __init__(self, chip: InertialChip) -> None:
        self._chip = chip
        self._locked = False

    def try_lock(self) -> bool:
        """Take the bus."""
        taken = not self._locked
        self._locked = True
        return taken

    def writeto(self, address: int, buffer: bytes) -> None:
        """Write to a chip."""
        self._require_lock()
        self._chip.write(address, bytes(buffer))

    def writeto_then_readfrom(self, address: int, out_buffer: bytes, in_buffer: Any) -> None:
        """Write a register's number and read from there on."""
        self._require_lock()
        view = memoryview(in_buffer).cast("B")
        view[:] = self._chip.read(address, out_buffer[0], len(view))

    def _require_lock(self) -> None:
        if not self._locked:
            raise RuntimeError("Function requires lock")
