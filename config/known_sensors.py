"""The wearer's own sensors: the only ones that are ever connected."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from config.errors import SettingsError
from config.settings import read_toml

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["KnownSensor", "load_known_sensors", "save_known_sensors"]

Text = Annotated[str, Field(max_length=100)]


class KnownSensor(BaseModel):
    """One sensor of the wearer's.

    Parameters
    ----------
    name
        What the wearer calls it.
    driver
        Id of its driver.
    address
        Its Bluetooth address; on macOS the UUID that this computer gave it.
    serial
        Its serial number, checked after connecting where it is known; "" where the sensor tells none.
    settings
        Those of the driver's settings that are not the defaults.

    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,32}$")]
    driver: Text
    address: Annotated[str, Field(pattern=r"^[0-9A-Fa-f:-]{12,36}$")]
    serial: Text = ""
    settings: dict[str, float] = {}


class KnownSensors(BaseModel):
    """The file."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    kind: Literal["lumbar.sensors/1"] = Field(default="lumbar.sensors/1", alias="schema")
    sensor: tuple[KnownSensor, ...] = ()


def load_known_sensors(path: Path) -> tuple[KnownSensor, ...]:
    """Read the sensors; none where there is no file yet.

    Raises
    ------
    SettingsError
        The file is unreadable, no TOML, or a value is missing or wrong; the message names the file and the value.

    """
    if not path.exists():
        return ()
    try:
        return KnownSensors.model_validate(read_toml(path)).sensor
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise SettingsError(
            f"{path}: {name}: {first['msg']}; mend it, or delete the file and add your sensor anew"
        ) from error


def save_known_sensors(path: Path, sensors: tuple[KnownSensor, ...]) -> None:
    """Write the sensors, in one piece.

    Raises
    ------
    SettingsError
        The file cannot be written.

    """
    lines = [
        "# Your sensors, written by `lumbar sensor add`. Only these are ever connected.",
        'schema = "lumbar.sensors/1"',
    ]
    for sensor in sensors:
        lines += ["", "[[sensor]]"]
        # A JSON string is a TOML string, too.
        lines += [
            f"{key} = {json.dumps(getattr(sensor, key), ensure_ascii=False)}"
            for key in ("name", "driver", "address", "serial")
        ]
        pairs = ", ".join(f"{key} = {value!r}" for key, value in sensor.settings.items())
        lines.append(f"settings = {{ {pairs} }}")
    unfinished = path.with_name(path.name + ".new")
    try:
        unfinished.write_text("\n".join(lines) + "\n", encoding="utf-8")
        unfinished.replace(path)
    except OSError as error:
        raise SettingsError(f"{path}: the list of sensors cannot be written ({error.strerror})") from error
