"""What the sensor commands find out, as documents; what is not known is null."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = [
    "SENSOR_SCHEMAS",
    "AddedSensor",
    "DeviceInformation",
    "KnownSensorEntry",
    "RecordReport",
    "ScanReport",
    "ScannedDevice",
    "SensorDetails",
    "SensorList",
    "SensorSetting",
    "SensorTestReport",
    "Spread",
    "document_json",
]

Count = Annotated[int, Field(ge=0)]
Seconds = Annotated[float, Field(ge=0)]
Percent = Annotated[int, Field(ge=0, le=100)]
Rate = Annotated[float, Field(ge=0)]


class _Part(BaseModel):
    """A part of a document: immutable, strict about names, its attribute docstrings the schema's descriptions."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True, populate_by_name=True
    )


class ScannedDevice(_Part):
    """A device that advertises."""

    address: str
    name: str | None
    driver: str | None
    """Id of the driver that knows it; null for an unknown device."""
    added_as: str | None
    """What the wearer calls it, where it has been added."""
    signal_dbm: int


class ScanReport(_Part):
    """Who is there, the strongest signal first."""

    kind: Literal["lumbar.scan/1"] = Field(default="lumbar.scan/1", alias="schema")
    devices: list[ScannedDevice]


class KnownSensorEntry(_Part):
    """One of the wearer's own sensors."""

    name: str
    driver: str
    title: str
    """The sensor's make."""
    address: str
    serial: str | None
    settings: dict[str, float]
    """Those of the driver's settings that are not the defaults."""


class SensorList(_Part):
    """The wearer's own sensors."""

    kind: Literal["lumbar.sensor_list/1"] = Field(default="lumbar.sensor_list/1", alias="schema")
    sensors: list[KnownSensorEntry]


class AddedSensor(_Part):
    """A sensor that was added."""

    kind: Literal["lumbar.sensor_added/1"] = Field(default="lumbar.sensor_added/1", alias="schema")
    sensor: KnownSensorEntry
    updated: bool
    """Whether it had been added before."""
    battery_percent: Percent | None
    signal_dbm: int


class DeviceInformation(_Part):
    """What the sensor says of itself (Bluetooth Device Information Service)."""

    manufacturer: str | None = None
    model: str | None = None
    serial: str | None = None
    hardware: str | None = None
    firmware: str | None = None
    software: str | None = None


class SensorSetting(_Part):
    """One setting, as it is in force."""

    name: str
    value: float
    allowed: list[float]
    """All values the sensor takes; empty where any number will do."""
    meaning: str


class SensorDetails(_Part):
    """All that is known of a sensor."""

    kind: Literal["lumbar.sensor_info/1"] = Field(default="lumbar.sensor_info/1", alias="schema")
    sensor: KnownSensorEntry
    rate_hz: Rate
    clock_hz: Rate | None
    """Ticks a second of its clock; null where it sends no time."""
    counts_samples: bool
    """Whether it numbers its samples, so that losses are counted and not estimated."""
    acc_resolution_ms2: Rate
    gyr_resolution_rad_s: Rate | None
    """Null for a sensor without a gyroscope."""
    vibrates: bool
    keeps_samples: bool
    """Whether it keeps samples while it is out of reach."""
    cannot: list[str]
    settings: list[SensorSetting]
    battery_percent: Percent | None
    signal_dbm: int
    information: DeviceInformation


class Spread(_Part):
    """Spread of a quantity, in milliseconds."""

    median_ms: float
    p95_ms: float
    worst_ms: float


class SensorTestReport(_Part):
    """How the link to a sensor does."""

    kind: Literal["lumbar.sensor_test/1"] = Field(default="lumbar.sensor_test/1", alias="schema")
    sensor: str
    duration_s: Seconds
    """From the first sample on."""
    samples: Count
    samples_a_second: Rate
    nominal_rate_hz: Rate
    notifications: Count
    notifications_a_second: Rate
    lost_samples: Count
    lost_is_estimate: bool
    """Whether losses are told from the time that passed, for want of a counter."""
    unreadable: Count
    """Notifications that the driver could not read."""
    interval: Spread | None
    """Time between two notifications with samples."""
    interval_jitter_ms: Seconds | None
    """Standard deviation of that time."""
    latency: Spread | None
    """How late notifications come, against the clock fit: above the fastest, whose own delay nobody can see."""
    broken_after_s: Seconds | None
    """When the connection broke; null where it held."""
    battery_percent: Percent | None
    signal_dbm: int


class RecordReport(_Part):
    """A recording that was made."""

    kind: Literal["lumbar.record/1"] = Field(default="lumbar.record/1", alias="schema")
    sensor: str
    folder: str
    start: float | None
    """Time of the first sample, seconds since the Unix epoch; null where none came."""
    duration_s: Seconds
    samples: Count
    """Live samples."""
    late_samples: Count
    """Samples from the sensor's own memory that filled holes."""
    lost_samples: Count
    gaps: list[tuple[float, float]]
    """Start and end of each stretch of more than a second without samples, seconds since the Unix epoch."""
    battery_percent: Percent | None


def document_json(document: BaseModel) -> str:
    """Return a document as one line of JSON."""
    return document.model_dump_json(by_alias=True)


def _schema_of(model: type[BaseModel]) -> Callable[[], dict[str, Any]]:
    def schema() -> dict[str, Any]:
        document = model.model_json_schema(by_alias=True, mode="serialization")
        identity = model.model_fields["kind"].default
        return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": identity, **document}

    return schema


SENSOR_SCHEMAS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "record": _schema_of(RecordReport),
    "scan": _schema_of(ScanReport),
    "sensor_added": _schema_of(AddedSensor),
    "sensor_info": _schema_of(SensorDetails),
    "sensor_list": _schema_of(SensorList),
    "sensor_test": _schema_of(SensorTestReport),
}
"""Schemas by name."""
