"""``lumbar sensor``."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from config.errors import SensorError
from firmware_bridge.devices.catalogue import driver_named
from lumbar.decoded import bytes_of, decode, decoded_json, uuid_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lumbar.decoded import DecodedNotification

__all__ = ["number_settings", "run_decode"]


def run_decode(
    driver_id: str, characteristic: str, given: Sequence[str], notifications: Sequence[str], *, as_json: bool
) -> None:
    """Print what each notification says.

    Parameters
    ----------
    driver_id
        As in the catalogue.
    characteristic
        UUID that the bytes came on.
    given
        Settings as NAME=VALUE.
    notifications
        Bytes in hexadecimal, in the order they came.
    as_json
        Print JSON in place of a table.

    Raises
    ------
    SensorError
        There is no such driver or setting, or a text is not what it should be.
    PacketError
        The bytes are not what this sensor sends.

    """
    driver = driver_named(driver_id)
    settings = driver.settings_with(number_settings(given))
    decoded = list(decode(driver, settings, uuid_of(characteristic), map(bytes_of, notifications)))
    if as_json:
        sys.stdout.write(decoded_json(decoded) + "\n")
    else:
        Console().print(_table(decoded))


def number_settings(given: Sequence[str]) -> dict[str, float]:
    """Return settings that are written as NAME=NUMBER.

    Raises
    ------
    SensorError
        One is written differently.

    """
    return dict(map(_setting, given))


def _setting(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise SensorError(f"--set {text}: write NAME=NUMBER, such as range_g=8")
    return name.strip(), number


def _table(decoded: Sequence[DecodedNotification]) -> Table:
    table = Table("notification")
    table.add_column("acc (m/s²)", no_wrap=True)
    table.add_column("gyr (rad/s)", no_wrap=True)
    table.add_column("says")
    for number, notification in enumerate(decoded, 1):
        facts = notification.model_dump(exclude={"samples"}, exclude_unset=True)
        says = "\n".join(f"{name}: {value}" for name, value in facts.items())
        samples = notification.samples
        acc = "\n".join(_vector(sample.acc) for sample in samples)
        gyr = "\n".join(_vector(sample.gyr) for sample in samples)
        table.add_row(str(number), acc, gyr, Text(says))
    return table


def _vector(values: tuple[float, float, float] | None) -> str:
    return "" if values is None else "  ".join(f"{value:8.4f}" for value in values)
