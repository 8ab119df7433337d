"""Decoded notifications as a document: a list with one object for each, only of what its bytes say."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from config.errors import PacketError, SensorError
from firmware_bridge.devices.driver import TicksOf

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from firmware_bridge.devices.driver import Driver, JsonValue, Packet

__all__ = ["Answer", "DecodedNotification", "Sample", "bytes_of", "decode", "decoded_json", "decoded_schema", "uuid_of"]

_DIGITS_KEPT = 9
"""Enough for every float32, and free of the tails that binary fractions grow in decimal."""

_SIG_BASE = "-0000-1000-8000-00805f9b34fb"
"""What a UUID of 16 or 32 bits stands for (Bluetooth Core, volume 3, part B, 2.5.1)."""

_UUID = re.compile(r"([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})")
_SHORT_UUID = re.compile(r"(?:0x)?([0-9a-f]{4}|[0-9a-f]{8})")
_BETWEEN_BYTES = re.compile(r"[\s:,;-]+")

_Vector = tuple[float, float, float]


class _Part(BaseModel):
    """A part of the document; what the bytes do not say is left out."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False, use_attribute_docstrings=True)


class Sample(_Part):
    """One sample, in the sensor's own frame."""

    acc: _Vector | None = None
    """Specific force in m/s^2."""
    gyr: _Vector | None = None
    """Angular rate in rad/s."""


class Answer(_Part):
    """The sensor's answer to a command."""

    to: str
    ok: bool
    reason: str
    """Why not; empty where it did."""


class DecodedNotification(_Part):
    """What one notification says; whatever else it says stands beside, by names with their units.

    Where a notification holds several messages that say a thing of one name, the values stand in a list.
    """

    model_config = ConfigDict(extra="allow")

    samples: list[Sample]
    """In order of time; empty where the bytes hold none or are the beginning of something."""
    ticks: int | None = None
    """The sensor's clock as it sent it."""
    counter: int | None = None
    """The sensor's counter of samples as it sent it."""
    battery: Annotated[int, Field(ge=0, le=100)] | None = None
    """Charge in percent."""
    reply: Answer | None = None


_DOCUMENT = TypeAdapter(list[DecodedNotification])


def bytes_of(text: str) -> bytes:
    """Return the bytes that are written in hexadecimal, with or without spaces, colons and 0x.

    Raises
    ------
    SensorError
        The text is something else.

    """
    digits = "".join(part.removeprefix("0x") for part in _BETWEEN_BYTES.split(text.strip().lower()))
    try:
        return bytes.fromhex(digits)
    except ValueError:
        raise SensorError(
            f"{text!r} is not hexadecimal; write two digits for each byte, as 55 61 0a or 55610a"
        ) from None


def uuid_of(text: str) -> str:
    """Return a UUID in lower case and 36 characters; 16 and 32 bits stand for one of the Bluetooth SIG.

    Raises
    ------
    SensorError
        The text is no UUID.

    """
    lower = text.strip().lower()
    short = _SHORT_UUID.fullmatch(lower)
    if short:
        return short[1].rjust(8, "0") + _SIG_BASE
    full = _UUID.fullmatch(lower)
    if full is None:
        raise SensorError(f"{text!r} is no UUID; write it as 15172003-4947-11e9-8646-d663bd873d93, or 2a19")
    return "-".join(full.groups())


def decode(
    driver: Driver, settings: dict[str, float], characteristic: str, notifications: Iterable[bytes]
) -> Iterator[DecodedNotification]:
    """Yield what each notification of a connection says.

    Parameters
    ----------
    driver
        Of the sensor.
    settings
        A value for each setting of the driver.
    characteristic
        UUID that all came on.
    notifications
        In the order they came.

    Raises
    ------
    PacketError
        A notification is not what this sensor sends, or the last is only the beginning of something; the message says
        which one.

    """
    decoder = driver.decoder(settings)
    ticks_of = driver.clock.ticks_of if driver.clock else TicksOf.FIRST
    number = 0
    packets: tuple[Packet, ...] = ()
    for number, data in enumerate(notifications, 1):
        try:
            packets = decoder.push(characteristic, data)
        except PacketError as error:
            raise PacketError(f"notification {number}: {error}") from error
        yield DecodedNotification.model_validate(_facts(packets, ticks_of))
    if number and not packets:
        raise PacketError(f"notification {number}: this is only the beginning of a message; what follows is missing")


def decoded_json(notifications: Sequence[DecodedNotification]) -> str:
    """Return the document as JSON."""
    return _DOCUMENT.dump_json(list(notifications), exclude_unset=True).decode()


def decoded_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of the document."""
    schema = _DOCUMENT.json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "lumbar.decoded/1", **schema}


def _facts(packets: Sequence[Packet], ticks_of: TicksOf) -> dict[str, Any]:
    facts: dict[str, Any] = _fields(packets)
    facts["samples"] = [sample for packet in packets for sample in _samples(packet)]
    ticks = [packet.ticks for packet in packets if packet.ticks is not None]
    if ticks:
        facts["ticks"] = ticks[0] if ticks_of is TicksOf.FIRST else ticks[-1]
    counters = [packet.counter for packet in packets if packet.counter is not None]
    if counters:
        facts["counter"] = counters[0]
    charges = [packet.battery_percent for packet in packets if packet.battery_percent is not None]
    if charges:
        facts["battery"] = charges[-1]
    replies = [packet.reply for packet in packets if packet.reply is not None]
    if replies:
        facts["reply"] = {"to": replies[-1].to, "ok": replies[-1].ok, "reason": replies[-1].reason}
    return facts


def _fields(packets: Sequence[Packet]) -> dict[str, Any]:
    said: dict[str, list[JsonValue]] = {}
    for packet in packets:
        for name, value in packet.fields.items():
            said.setdefault(name, []).append(_rounded(value))
    return {name: values[0] if len(values) == 1 else values for name, values in said.items()}


def _samples(packet: Packet) -> list[dict[str, list[float]]]:
    sensors: dict[str, NDArray[np.float64]] = {
        name: values for name, values in (("acc", packet.acc), ("gyr", packet.gyr)) if values is not None
    }
    count = max((len(values) for values in sensors.values()), default=0)
    return [
        {name: [_short(number) for number in values[row].tolist()] for name, values in sensors.items()}
        for row in range(count)
    ]


def _rounded(value: JsonValue) -> JsonValue:
    if isinstance(value, float):
        return _short(value)
    if isinstance(value, list):
        return [_rounded(each) for each in value]
    if isinstance(value, dict):
        return {name: _rounded(each) for name, each in value.items()}
    return value


def _short(number: float) -> float:
    return float(f"{number:.{_DIGITS_KEPT}g}")
