"""The Bluetooth radio in use: bleak's classes, or those of the virtual air."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bleak.exc import BleakBluetoothNotAvailableError, BleakBluetoothNotAvailableReason, BleakError

if TYPE_CHECKING:
    from bleak.backends.client import BaseBleakClient
    from bleak.backends.scanner import BaseBleakScanner

__all__ = ["LINK_ERRORS", "Radio", "why_unusable"]

LINK_ERRORS = (BleakError, TimeoutError, OSError, EOFError)
"""All that bleak and the system underneath (D-Bus among it) raise when a sensor, or the radio, goes away."""

_DENIED = "this program may not use Bluetooth; allow it in the system's privacy settings, and start it again"
_REASONS = {
    BleakBluetoothNotAvailableReason.NO_BLUETOOTH: "this computer has no Bluetooth adapter; plug one in, and try again",
    BleakBluetoothNotAvailableReason.NO_BLE_CENTRAL_ROLE: (
        "this computer's Bluetooth adapter knows no Bluetooth Low Energy; use one of version 4.0 or later"
    ),
    BleakBluetoothNotAvailableReason.POWERED_OFF: "Bluetooth is off; switch it on, and try again",
    BleakBluetoothNotAvailableReason.DENIED_BY_USER: _DENIED,
    BleakBluetoothNotAvailableReason.DENIED_BY_SYSTEM: _DENIED,
    BleakBluetoothNotAvailableReason.DENIED_BY_UNKNOWN: _DENIED,
}


def why_unusable(error: Exception) -> str:
    """Return in the wearer's words why Bluetooth cannot be used, and what to do.

    Parameters
    ----------
    error
        What bleak raised when scanning was to begin.

    """
    if isinstance(error, BleakBluetoothNotAvailableError) and error.reason in _REASONS:
        return _REASONS[error.reason]
    if isinstance(error, FileNotFoundError | ConnectionRefusedError):
        # On Linux bleak speaks to BlueZ through the system's D-Bus, whose socket is not there.
        return (
            "Bluetooth cannot be used: the system's Bluetooth service is not running; start it "
            "(`systemctl start bluetooth` on Linux), and try again"
        )
    return f"Bluetooth cannot be used ({error}); switch it on, and try again"


@dataclass(frozen=True, slots=True)
class Radio:
    """Which of bleak's backends scan and connect.

    Parameters
    ----------
    scanner_cls, client_cls
        Backend classes; None for those of this computer.

    """

    scanner_cls: type[BaseBleakScanner] | None = None
    client_cls: type[BaseBleakClient] | None = None
