"""The Bluetooth radio in use: bleak's classes, or those of the virtual air."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bleak.exc import BleakError

if TYPE_CHECKING:
    from bleak.backends.client import BaseBleakClient
    from bleak.backends.scanner import BaseBleakScanner

__all__ = ["LINK_ERRORS", "Radio"]

LINK_ERRORS = (BleakError, TimeoutError, OSError, EOFError)
"""All that bleak and the system underneath (D-Bus among it) raise when a sensor, or the radio, goes away."""


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
