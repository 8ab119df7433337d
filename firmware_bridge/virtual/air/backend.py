"""bleak without a radio: scanner and client classes for `BleakScanner(backend=...)` and `BleakClient(backend=...)`.

They drive a bumble central. With bleak-retry-connector: `establish_connection(BleakClient, device, name,
backend=client_class)`; it hands the argument on to `BleakClient`. On a real adapter the argument is left out.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from bleak import BleakScanner
from bleak.assigned_numbers import gatt_char_props_to_strs
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.client import BaseBleakClient
from bleak.backends.descriptor import BleakGATTDescriptor
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import BaseBleakScanner
from bleak.backends.service import BleakGATTService, BleakGATTServiceCollection
from bleak.exc import BleakDeviceNotFoundError, BleakError, BleakGATTProtocolError
from bleak.uuids import normalize_uuid_str
from bumble import att, core, hci
from bumble.device import Advertisement, Connection, Device

from firmware_bridge.virtual.air.advertisement import read_advertisement

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bleak.args import SizedBuffer
    from bleak.backends.client import NotifyCallback
    from bleak.backends.scanner import AdvertisementDataCallback
    from bumble.gatt_client import CharacteristicProxy, Client, ServiceProxy

__all__ = ["DEFAULT_MTU", "bumble_backends"]

DEFAULT_MTU = 247
_UNCONNECTED_MTU = 23
_ATT_HEADER_BYTES = 3
_Result = TypeVar("_Result")


class _Scanner(BaseBleakScanner):
    """Hears what the central hears."""

    central: ClassVar[Device]
    running: ClassVar[list[object]]

    def __init__(
        self,
        detection_callback: AdvertisementDataCallback | None,
        service_uuids: list[str] | None,
        scanning_mode: str = "active",
        **_other_platforms: object,
    ) -> None:
        super().__init__(detection_callback, service_uuids)
        self._active = scanning_mode == "active"

    async def start(self) -> None:
        if self.running:
            # What BlueZ says to a second scan.
            raise BleakError("[org.bluez.Error.InProgress] Operation already in progress")
        self.running.append(self)
        self.seen_devices = {}
        self.central.on(Device.EVENT_ADVERTISEMENT, self._on_advertisement)
        await self.central.start_scanning(legacy=True, active=self._active, filter_duplicates=False)

    async def stop(self) -> None:
        if self not in self.running:
            return
        self.running.remove(self)
        self.central.remove_listener(Device.EVENT_ADVERTISEMENT, self._on_advertisement)
        await self.central.stop_scanning(legacy=True)

    def _on_advertisement(self, advertisement: Advertisement) -> None:
        data = read_advertisement(advertisement)
        if not self.is_allowed_uuid(data.service_uuids):
            return
        address = advertisement.address.to_string(with_type_qualifier=False)
        device = self.create_or_update_device(address, address, data.local_name, advertisement.address, data)
        self.call_detection_callbacks(device, data)


class _Client(BaseBleakClient):
    """A connection of the central."""

    central: ClassVar[Device]
    preferred_mtu: ClassVar[int]
    scanner: ClassVar[type[BaseBleakScanner]]

    def __init__(
        self, address_or_ble_device: BLEDevice | str, *, services: set[str] | None = None, **keywords: Any
    ) -> None:
        super().__init__(address_or_ble_device, **keywords)
        self._device = address_or_ble_device if isinstance(address_or_ble_device, BLEDevice) else None
        self._wanted = services
        self._connection: Connection | None = None
        self._subscribers: dict[int, Callable[[bytes], None]] = {}

    @property
    def name(self) -> str:
        return (self._device.name if self._device else None) or self.address.replace(":", "-")

    @property
    def mtu_size(self) -> int:
        return self._connection.att_mtu if self._connection else _UNCONNECTED_MTU

    @property
    def is_connected(self) -> bool:
        return self._connection is not None

    async def connect(self, pair: bool, **keywords: Any) -> None:  # noqa: FBT001 - bleak's signature
        if self._connection is not None:
            raise BleakError("Client is already connected")
        connection = await self._establish(float(keywords.get("timeout", self._timeout)))
        self._connection = connection
        connection.on(Connection.EVENT_DISCONNECTION, self._on_disconnection)
        try:
            await _as_bleak(connection.gatt_client.request_mtu(self.preferred_mtu))
            if pair:
                await _as_bleak(connection.pair())
            self.services = await _as_bleak(self._discover(connection.gatt_client))
        except BaseException:
            await self.disconnect()
            raise

    async def _establish(self, timeout_s: float) -> Connection:
        peer = (await self._found(timeout_s)).details
        try:
            return await self.central.connect_le(peer, timeout=timeout_s)
        except core.TimeoutError as error:
            raise TimeoutError from error
        except core.BaseBumbleError as error:
            raise BleakError(f"le-connection-abort-by-local: {error}") from error
        except asyncio.CancelledError as error:
            await self._abandon(peer)
            if _is_cancelled():
                raise
            raise BleakError("le-connection-abort-by-local: the link was lost") from error

    async def _found(self, timeout_s: float) -> BLEDevice:
        if self._device is None:
            self._device = await BleakScanner.find_device_by_address(self.address, timeout_s, backend=self.scanner)
        if self._device is None:
            raise BleakDeviceNotFoundError(self.address, f"Device with address {self.address} was not found.")
        return self._device

    async def _abandon(self, peer: hci.Address) -> None:
        await self.central.send_command(hci.HCI_LE_Create_Connection_Cancel_Command())
        connection = self.central.find_connection_by_bd_addr(peer)
        if connection is not None:
            await connection.disconnect()

    async def disconnect(self) -> None:
        if self._connection is not None:
            await _as_bleak(self._connection.disconnect())

    def _on_disconnection(self, _reason: int) -> None:
        self._connection, self.services = None, None
        self._subscribers.clear()
        if self._disconnected_callback is not None:
            self._disconnected_callback()

    async def pair(self, *_arguments: Any, **_keywords: Any) -> None:
        await _as_bleak(self._connected().pair())

    async def unpair(self) -> None:
        await self.disconnect()

    def _connected(self) -> Connection:
        if self._connection is None:
            raise BleakError("Not connected")
        return self._connection

    async def _discover(self, client: Client) -> BleakGATTServiceCollection:
        found = BleakGATTServiceCollection()
        for service in await client.discover_services():
            uuid = _uuid(service.uuid)
            if self._wanted is None or uuid in self._wanted:
                await self._discover_service(client, service, found)
        return found

    async def _discover_service(self, client: Client, service: ServiceProxy, found: BleakGATTServiceCollection) -> None:
        owner = BleakGATTService(service, service.handle, _uuid(service.uuid))
        found.add_service(owner)
        for proxy in await client.discover_characteristics((), service):
            properties = list(gatt_char_props_to_strs(int(proxy.properties)))
            characteristic = BleakGATTCharacteristic(
                proxy, proxy.handle, _uuid(proxy.uuid), properties, lambda: self.mtu_size - _ATT_HEADER_BYTES, owner
            )
            found.add_characteristic(characteristic)
            for descriptor in await client.discover_descriptors(proxy):
                found.add_descriptor(
                    BleakGATTDescriptor(descriptor, descriptor.handle, _uuid(descriptor.type), characteristic)
                )

    async def read_gatt_char(
        self, characteristic: BleakGATTCharacteristic, *, use_cached: bool = False, **_keywords: Any
    ) -> bytearray:
        del use_cached
        return await self._read(characteristic.handle)

    async def read_gatt_descriptor(
        self, descriptor: BleakGATTDescriptor, *, use_cached: bool = False, **_keywords: Any
    ) -> bytearray:
        del use_cached
        return await self._read(descriptor.handle)

    async def _read(self, handle: int) -> bytearray:
        return bytearray(await _as_bleak(self._connected().gatt_client.read_value(handle)))

    async def write_gatt_char(
        self,
        characteristic: BleakGATTCharacteristic,
        data: SizedBuffer,
        response: bool,  # noqa: FBT001 - bleak's signature
    ) -> None:
        client = self._connected().gatt_client
        await _as_bleak(client.write_value(characteristic.handle, bytes(data), with_response=response))

    async def write_gatt_descriptor(self, descriptor: BleakGATTDescriptor, data: SizedBuffer) -> None:
        client = self._connected().gatt_client
        await _as_bleak(client.write_value(descriptor.handle, bytes(data), with_response=True))

    async def start_notify(
        self, characteristic: BleakGATTCharacteristic, callback: NotifyCallback, **_keywords: Any
    ) -> None:
        if characteristic.handle in self._subscribers:
            raise BleakError("Characteristic notifications already started")

        def subscriber(value: bytes) -> None:
            callback(bytearray(value))

        self._subscribers[characteristic.handle] = subscriber
        proxy: CharacteristicProxy[bytes] = characteristic.obj
        try:
            await _as_bleak(self._connected().gatt_client.subscribe(proxy, subscriber))
        except BaseException:
            self._subscribers.pop(characteristic.handle, None)
            raise

    async def stop_notify(self, characteristic: BleakGATTCharacteristic) -> None:
        client = self._connected().gatt_client
        await _as_bleak(client.unsubscribe(characteristic.obj, self._subscribers.pop(characteristic.handle, None)))


def bumble_backends(central: Device, mtu: int = DEFAULT_MTU) -> tuple[type[BaseBleakScanner], type[BaseBleakClient]]:
    """Return bleak's scanner and client classes for a central.

    Parameters
    ----------
    central
        A bumble device that is on.
    mtu
        What the host asks for on connecting; the smaller of this and the sensor's own is taken.

    """
    scanner = type("VirtualScanner", (_Scanner,), {"central": central, "running": []})
    client = type("VirtualClient", (_Client,), {"central": central, "preferred_mtu": mtu, "scanner": scanner})
    return scanner, client


def _uuid(uuid: core.UUID) -> str:
    return normalize_uuid_str(uuid.to_hex_str("-"))


async def _as_bleak(call: Awaitable[_Result]) -> _Result:
    """Await a call of bumble; its errors come as bleak's.

    Bumble cancels what waits for an answer when a link is lost, which is no cancellation of the task.
    """
    try:
        return await call
    except att.ATT_Error as error:
        raise BleakGATTProtocolError(error.error_code) from error
    except asyncio.CancelledError as error:
        if _is_cancelled():
            raise
        raise BleakError("disconnected") from error
    except core.BaseBumbleError as error:
        raise BleakError(str(error)) from error


def _is_cancelled() -> bool:
    """Return whether somebody cancelled the task, and not bumble what it waits for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
