"""The Bluetooth radio in use: bleak's classes, or those of the virtual air."""

from __future__ import annotations

from dataclasses import dataclass

from bleak import BleakClient, BleakScanner
from bleak.exc import BleakError

__all__ = ["LINK_ERRORS", "Radio"]

LINK_ERRORS = (BleakError, TimeoutError, OSError, EOFError)
"""All that bleak and the system underneath (D-Bus among it) raise when a sensor, or the radio, goes away."""


@dataclass(frozen=True, slots=True)
class Radio:
    """Which classes scan and connect; the defaults are those for this computer.

    Parameters
    ----------
    scanner_cls
        `bleak.BleakScanner`, or a subclass that brings its own backend.
    client_cls
        `bleak.BleakClient`, or a subclass that brings its own backend.

    """

    scanner_cls: type[BleakScanner] = BleakScanner
    client_cls: type[BleakClient] = BleakClient
