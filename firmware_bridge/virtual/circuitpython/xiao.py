"""The board: its modules, its flash, its inertial chip, its place in the air, and the power switch."""

from __future__ import annotations

import asyncio
import builtins
import os
from dataclasses import dataclass, field
from importlib import resources
from types import SimpleNamespace
from typing import IO, TYPE_CHECKING, Any

from firmware_bridge.virtual.circuitpython.ble import VirtualBle
from firmware_bridge.virtual.circuitpython.inertial_chip import InertialChip
from firmware_bridge.virtual.circuitpython.pins import Pins, Pull, VirtualI2c
from firmware_bridge.virtual.circuitpython.processor import PowerCut, Processor

if TYPE_CHECKING:
    from pathlib import Path

    from firmware_bridge.virtual.air import Air
    from firmware_bridge.virtual.air.motion import Motion

__all__ = ["MOTOR_PIN", "Flash", "Xiao"]

MOTOR_PIN = "D2"
_MEMORY_BYTES = 8192
_PIN_NAMES = ("IMU_PWR", "IMU_SCL", "IMU_SDA", "READ_BATT_ENABLE", "CHARGE_STATUS", "LED_BLUE", "VBATT", MOTOR_PIN)
_CELL_MV = 3900
_DIVIDER = 510 / 1510 / 3300 * 65535


@dataclass(slots=True)
class Flash:
    """What survives when the power is off.

    Parameters
    ----------
    folder
        The drive CIRCUITPY.
    memory
        `microcontroller.nvm`.
    writable
        Whether the program may write to the drive (see the firmware's boot.py).

    """

    folder: Path
    memory: bytearray = field(default_factory=lambda: bytearray(b"\xff" * _MEMORY_BYTES))
    writable: bool = True

    def open(self, path: str, mode: str) -> IO[bytes]:
        """Stand in for `open`."""
        if not self.writable and mode != "rb":
            raise OSError(30, "Read-only filesystem")
        return (self.folder / path[1:]).open(mode)

    def listdir(self, path: str) -> list[str]:
        """Stand in for `os.listdir`."""
        return [each.name for each in (self.folder / path[1:]).iterdir()]

    def stat(self, path: str) -> os.stat_result:
        """Stand in for `os.stat`."""
        return (self.folder / path[1:]).stat()


class Xiao:
    """A virtual Seeed XIAO nRF52840 Sense with the real firmware on it.

    Parameters
    ----------
    air
        Where it is.
    motion
        What its inertial chip feels.
    flash
        What it kept from before.
    address
        Its Bluetooth address.
    rate_error
        How much too fast its inertial chip samples: 0.01 is 1 %.

    """

    def __init__(
        self,
        air: Air,
        motion: Motion,
        flash: Flash,
        *,
        address: str = "D0:00:00:00:00:58",
        rate_error: float = 0.0,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._air = air
        self.flash = flash
        self.device = air.device("xiao", address)
        self.chip = InertialChip(motion, self._loop.time, rate_error)
        self.pins = Pins(self._loop.time, self._pin_changed)
        self.pins.inputs["VBATT"] = round(_CELL_MV * _DIVIDER)
        self._serial = bytes.fromhex(address.replace(":", ""))

    async def switch_on(self) -> None:
        """Start the program."""
        await self.device.power_on()
        self._started_s = self._loop.time()
        self._files: list[IO[bytes]] = []
        self.ble = VirtualBle(self._air, self.device, self._loop, self._sleep)
        self._processor = Processor(self._program)
        self._processor.start()

    async def switch_off(self) -> None:
        """Cut the power: the link dies without a word.

        Raises
        ------
        Exception
            What the program died of before.

        """
        self._air.vanish(self.device)
        try:
            self._processor.cut()
        finally:
            for file in self._files:
                file.close()
            await self.device.stop_advertising()

    def set_battery_mv(self, cell_mv: int) -> None:
        """Set the voltage of the cell."""
        self.pins.inputs["VBATT"] = round(cell_mv * _DIVIDER)

    def _pin_changed(self, pin: str, value: int) -> None:
        if pin == "IMU_PWR":
            self.chip.powered = bool(value)

    def _sleep(self, duration_s: float) -> None:
        self._processor.sleep(duration_s)

    def _program(self) -> None:
        """Run code.py as it is, with this board's modules."""
        source = resources.files("firmware_bridge.firmware").joinpath("code.py").read_text(encoding="utf-8")
        names = {**vars(builtins), "__import__": self._import, "open": self._open}
        exec(compile(source, "code.py", "exec"), {"__name__": "__main__", "__builtins__": names})  # noqa: S102 - our own program

    def _open(self, path: str, mode: str) -> IO[bytes]:
        file = self.flash.open(path, mode)
        self._files.append(file)
        return file

    def _import(self, name: str, *arguments: Any) -> Any:
        modules = self._modules()
        return modules[name] if name in modules else builtins.__import__(name, *arguments)

    def _modules(self) -> dict[str, Any]:
        flash = self.flash
        return {
            "_bleio": self.ble,
            "alarm": SimpleNamespace(exit_and_deep_sleep_until_alarms=_deep_sleep),
            "analogio": SimpleNamespace(AnalogIn=self.pins.analogue),
            "board": SimpleNamespace(**{name: name for name in _PIN_NAMES}),
            "busio": SimpleNamespace(I2C=lambda _scl, _sda, *, frequency: VirtualI2c(self.chip)),  # noqa: ARG005 - as CircuitPython has it
            "digitalio": SimpleNamespace(DigitalInOut=self.pins.digital, Pull=Pull),
            "microcontroller": SimpleNamespace(nvm=flash.memory, cpu=SimpleNamespace(uid=self._serial)),
            "os": SimpleNamespace(listdir=flash.listdir, stat=flash.stat, urandom=os.urandom),
            "pwmio": SimpleNamespace(PWMOut=self.pins.pulse_width),
            "time": SimpleNamespace(sleep=self._sleep, monotonic_ns=self._nanoseconds),
        }

    def _nanoseconds(self) -> int:
        return round((self._loop.time() - self._started_s) * 1e9)


def _deep_sleep() -> None:
    raise PowerCut
