"""The wearer's profile: what the guided calibration found, as a small TOML file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from config.errors import SettingsError
from config.settings import read_toml

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Profile", "load_profile", "save_profile"]

Number = Annotated[float, Field(allow_inf_nan=False)]
Vector = tuple[Number, Number, Number]
Angle = Annotated[float, Field(ge=-180, le=180)]


class Profile(BaseModel):
    """How a sensor sits on a wearer, and how the wearer sits.

    Directions are unit vectors in the sensor's own frame; the field names are those of the file.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    kind: Literal["lumbar.profile/1"] = Field(default="lumbar.profile/1", alias="schema")
    wearer: str
    upright: Vector
    forward: Vector
    acc_offset_ms2: Vector = (0.0, 0.0, 0.0)
    gyr_bias_rad_s: Vector | None = None
    walking: Vector | None = None
    upright_sitting_deg: Angle | None = None
    slouched_sitting_deg: Angle | None = None


def load_profile(path: Path) -> Profile:
    """Read a profile.

    Raises
    ------
    SettingsError
        The file is missing, no TOML, or a value is missing or wrong; the message names the file and the value.

    """
    try:
        return Profile.model_validate(read_toml(path))
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise SettingsError(f"{path}: {name}: {first['msg']}; make the profile anew with `lumbar calibrate`") from error


def save_profile(profile: Profile, path: Path) -> None:
    """Write a profile.

    Raises
    ------
    SettingsError
        The file cannot be written.

    """
    lines = [
        "# How the sensor sits on the wearer. Written by `lumbar calibrate`; calibrate anew after moving the strap."
    ]
    for name, value in profile.model_dump(by_alias=True, exclude_none=True).items():
        text = f'"{value}"' if isinstance(value, str) else str(list(value) if isinstance(value, tuple) else value)
        lines.append(f"{name} = {text}")
    try:
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"{path}: the profile cannot be written ({error.strerror})") from error
