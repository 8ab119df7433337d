"""The settings: Lumbar's defaults, the wearer's own file on top, environment variables on top of both."""

from __future__ import annotations

import json
import tomllib
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from platformdirs import user_config_path, user_data_path
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from tzlocal import get_localzone

from config.errors import SettingsError

__all__ = [
    "AlertSettings",
    "BendSettings",
    "HapticSettings",
    "MqttSettings",
    "Settings",
    "SittingSettings",
    "SlouchSettings",
    "StorageSettings",
    "SummarySettings",
    "WalkingSettings",
    "WearerSettings",
    "load_settings",
    "user_settings_path",
]

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Angle = Annotated[float, Field(gt=0, le=180)]
Share = Annotated[float, Field(gt=0, le=1)]


class Section(BaseModel):
    """A table of the settings file: immutable, and strict about names and types."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class WearerSettings(Section):
    """Who wears the sensor."""

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    time_zone: str

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        if name != "local":
            try:
                ZoneInfo(name)
            except (ZoneInfoNotFoundError, ValueError) as error:
                raise ValueError(f"no time zone is called {name!r}; use a name such as 'Europe/Berlin'") from error
        return name

    @property
    def zone(self) -> ZoneInfo:
        """Return the wearer's time zone.

        Raises
        ------
        SettingsError
            It is to be this computer's, which has none.

        """
        if self.time_zone != "local":
            return ZoneInfo(self.time_zone)
        try:
            return get_localzone()
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise SettingsError(
                "this computer's time zone cannot be told; set time_zone under [wearer] in the settings"
            ) from error


class SlouchSettings(Section):
    """When sitting counts as slouched, and when the wearer is told."""

    entry_deg: Angle
    entry_share_of_range: Share
    leave_share: Share
    settle_s: Positive
    nudge_after_s: Positive
    prolonged_dose_s: Positive
    recovery_half_time_s: Positive
    lean_deg: Angle


class SittingSettings(Section):
    """When sitting has lasted long, and what ends it."""

    remind_after_s: Positive
    warn_after_s: Positive
    break_s: Positive


class BendSettings(Section):
    """What counts as a deep bend, and the bands of trunk inclination."""

    inclination_deg: Angle
    minimum_s: Positive
    bands_deg: tuple[Angle, ...]

    @field_validator("bands_deg")
    @classmethod
    def _rising(cls, bands: tuple[float, ...]) -> tuple[float, ...]:
        if list(bands) != sorted(set(bands)):
            raise ValueError("the bands must rise")
        return bands


class WalkingSettings(Section):
    """What counts as brisk walking, and the walking programme's target."""

    brisk_spm: Positive
    target_minutes: Positive
    target_days_per_week: Annotated[int, Field(ge=1, le=7)]


class AlertSettings(Section):
    """How alerts are judged."""

    heeded_within_s: Positive


class SummarySettings(Section):
    """How the daily summary words changes."""

    noise_deg: Angle


class HapticSettings(Section):
    """How the sensor nudges the wearer, where it has a motor."""

    enabled: bool
    strength: Share
    duration_s: Annotated[float, Field(gt=0, le=10)]


class MqttSettings(Section):
    """Where the broker is and how to log in."""

    host: Annotated[str, Field(min_length=1)]
    port: Annotated[int, Field(ge=1, le=65535)]
    user: str
    password_file: str
    ca_file: str
    certificate_file: str
    key_file: str
    keepalive_s: Annotated[int, Field(ge=1, le=65535)]
    outbox_limit: Annotated[int, Field(ge=1)]


class StorageSettings(Section):
    """Where history, outbox and recordings are kept."""

    folder: str

    @property
    def path(self) -> Path:
        """Return the folder, the system's usual place where none is set."""
        return Path(self.folder).expanduser() if self.folder else user_data_path("lumbar")


class Settings(BaseSettings):
    """All settings. Environment variables such as ``LUMBAR_MQTT__HOST`` go before the files."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        env_prefix="LUMBAR_",
        env_nested_delimiter="__",
        nested_model_default_partial_update=True,
    )

    wearer: WearerSettings
    slouch: SlouchSettings
    sitting: SittingSettings
    bend: BendSettings
    walking: WalkingSettings
    alerts: AlertSettings
    summary: SummarySettings
    haptics: HapticSettings
    mqtt: MqttSettings
    storage: StorageSettings

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Put the environment before the files, which `load_settings` hands in."""
        del settings_cls, dotenv_settings, file_secret_settings
        return env_settings, init_settings


def user_settings_path() -> Path:
    """Return where the wearer's own settings file is looked for."""
    return user_config_path("lumbar") / "settings.toml"


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file of the wearer's.

    Raises
    ------
    SettingsError
        The file is missing, unreadable or no TOML.

    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SettingsError(f"{path}: there is no such file") from error
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: cannot be read ({error})") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: this is not valid TOML: {error}") from error


def load_settings(path: Path | None = None) -> Settings:
    """Return the defaults with the wearer's own file and the environment on top.

    Parameters
    ----------
    path
        The wearer's file; None looks at `user_settings_path`, where it need not exist.

    Raises
    ------
    SettingsError
        The file is missing (where named), no TOML, or a value is wrong; the message names the file and the setting.

    """
    values = tomllib.loads(resources.files("config").joinpath("defaults.toml").read_text(encoding="utf-8"))
    chosen = path if path is not None else user_settings_path()
    if path is not None or chosen.exists():
        for name, table in read_toml(chosen).items():
            if isinstance(table, dict) and isinstance(values.get(name), dict):
                values[name] |= table
            else:
                values[name] = table
    try:
        for name, section in SECTIONS.items():
            # Strict for the file, where "10" is a mistake; the environment can only give text.
            section.model_validate_json(json.dumps(values.get(name), default=str), strict=True)
    except ValidationError as error:
        raise SettingsError(_explained(error, str(chosen), f"{name}.")) from error
    try:
        return Settings(**values)
    except ValidationError as error:
        raise SettingsError(_explained(error, f"{chosen} and environment")) from error


SECTIONS = {name: cast("type[Section]", field.annotation) for name, field in Settings.model_fields.items()}


def _explained(error: ValidationError, source: str, prefix: str = "") -> str:
    """Return one line for the first thing wrong."""
    first = error.errors()[0]
    setting = prefix + ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return f"{source}: there is no setting {setting}; `lumbar config show` lists them all"
    return f"{source}: setting {setting.removesuffix('.')}: {first['msg']}"
