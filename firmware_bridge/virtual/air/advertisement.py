"""Advertisements: written for a sensor, read for bleak."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bleak.backends.scanner import AdvertisementData
from bleak.uuids import normalize_uuid_str
from bumble import data_types
from bumble.core import UUID, AdvertisingData, DataType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bumble.device import Advertisement

__all__ = ["advertising_data", "read_advertisement", "scan_response_data"]

_UUID_BYTES_16 = 2
_LISTS = {
    AdvertisingData.Type.INCOMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS: 2,
    AdvertisingData.Type.COMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS: 2,
    AdvertisingData.Type.INCOMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS: 16,
    AdvertisingData.Type.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS: 16,
}
_SERVICE_DATA = {
    AdvertisingData.Type.SERVICE_DATA_16_BIT_UUID: 2,
    AdvertisingData.Type.SERVICE_DATA_128_BIT_UUID: 16,
}
_COMPANY_BYTES = 2


def advertising_data(services: Sequence[str]) -> bytes:
    """Return an advertisement with the flags and the services; the name is for the scan response."""
    uuids = [UUID(service) for service in services]
    short = [uuid for uuid in uuids if len(uuid.to_bytes()) == _UUID_BYTES_16]
    long = [uuid for uuid in uuids if uuid not in short]
    structures: list[DataType] = [
        data_types.Flags(
            AdvertisingData.Flags.LE_GENERAL_DISCOVERABLE_MODE | AdvertisingData.Flags.BR_EDR_NOT_SUPPORTED
        )
    ]
    if short:
        structures.append(data_types.CompleteListOf16BitServiceUUIDs(short))
    if long:
        structures.append(data_types.CompleteListOf128BitServiceUUIDs(long))
    return bytes(AdvertisingData(structures))


def scan_response_data(name: str) -> bytes:
    """Return a scan response with the name."""
    return bytes(AdvertisingData([data_types.CompleteLocalName(name)]))


def read_advertisement(advertisement: Advertisement) -> AdvertisementData:
    """Return what an advertisement says, as bleak has it."""
    name: str | None = None
    power_dbm: int | None = None
    services: list[str] = []
    service_data: dict[str, bytes] = {}
    makers: dict[int, bytes] = {}
    for kind, content in advertisement.data.ad_structures:
        if kind in {AdvertisingData.Type.COMPLETE_LOCAL_NAME, AdvertisingData.Type.SHORTENED_LOCAL_NAME}:
            name = content.decode("utf-8", errors="replace")
        elif kind == AdvertisingData.Type.TX_POWER_LEVEL:
            power_dbm = int.from_bytes(content[:1], "little", signed=True)
        elif kind == AdvertisingData.Type.MANUFACTURER_SPECIFIC_DATA:
            makers[int.from_bytes(content[:_COMPANY_BYTES], "little")] = content[_COMPANY_BYTES:]
        elif (size := _LISTS.get(AdvertisingData.Type(kind))) is not None:
            services += [_uuid(content[at : at + size]) for at in range(0, len(content), size)]
        elif (size := _SERVICE_DATA.get(AdvertisingData.Type(kind))) is not None:
            service_data[_uuid(content[:size])] = content[size:]
    return AdvertisementData(
        local_name=name,
        manufacturer_data=makers,
        service_data=service_data,
        service_uuids=services,
        tx_power=power_dbm,
        rssi=advertisement.rssi,
        platform_data=(advertisement,),
    )


def _uuid(data: bytes) -> str:
    return normalize_uuid_str(UUID.from_bytes(data).to_hex_str("-"))
