"""A stand-in of CircuitPython's `_bleio`, for peripherals, on a bumble device in the virtual air.

As on the nRF port: setting a value notifies whoever asked for it, waits while the radio's queue is full, and raises
where the connection is gone; what is longer than the connection carries is cut off. Advertising ends with a connection.
"""

from __future__ import annotations

import uuid
from collections import deque
from typing import TYPE_CHECKING, Any

from bumble import att, gatt
from bumble import core as bumble_core
from bumble.device import Connection as BumbleConnection
from bumble.device import Device

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Coroutine

    from firmware_bridge.virtual.air import Air

__all__ = ["BluetoothError", "VirtualBle"]

_HANDLE_BYTES = 3
_RETRY_S = 0.001
_CONNECTION_ENDED = 0x13


class BluetoothError(Exception):
    """`_bleio.BluetoothError`."""


class Uuid:
    """`_bleio.UUID`."""

    def __init__(self, value: int | str) -> None:
        if isinstance(value, int):
            self.bumble = bumble_core.UUID.from_16_bits(value)
        else:
            self.bumble = bumble_core.UUID.from_bytes(uuid.UUID(value).bytes[::-1])

    def pack_into(self, buffer: bytearray, offset: int = 0) -> None:
        """Put its bytes, little-endian, into a buffer."""
        packed = bytes(self.bumble.to_bytes())
        buffer[offset : offset + len(packed)] = packed


class Service:
    """`_bleio.Service`."""

    def __init__(self, ble: VirtualBle, identity: Uuid) -> None:
        self.uuid = identity
        self.characteristics: list[Characteristic] = []
        ble.services.append(self)


class Characteristic:
    """`_bleio.Characteristic`."""

    INDICATE, NOTIFY, READ, WRITE, WRITE_NO_RESPONSE = 2, 4, 8, 16, 32

    def __init__(self, ble: VirtualBle, identity: Uuid, properties: int, max_length: int, value: bytes) -> None:
        self._ble = ble
        self._properties = properties
        self._max_length = max_length
        self._value = value
        self.inbox: deque[bytes] | None = None
        kinds = gatt.Characteristic.Properties
        mapped = {self.INDICATE: kinds.INDICATE, self.NOTIFY: kinds.NOTIFY, self.READ: kinds.READ}
        mapped |= {self.WRITE: kinds.WRITE, self.WRITE_NO_RESPONSE: kinds.WRITE_WITHOUT_RESPONSE}
        can = kinds(0)
        for bit, kind in mapped.items():
            can |= kind if properties & bit else kinds(0)
        may = gatt.Characteristic.Permissions
        permissions = may.READABLE if properties & self.READ else may(0)
        permissions |= may.WRITEABLE if properties & (self.WRITE | self.WRITE_NO_RESPONSE) else may(0)
        served: gatt.CharacteristicValue[bytes] = gatt.CharacteristicValue(
            read=lambda _: self._value, write=lambda _, data: self._written(data)
        )
        self.bumble: gatt.Characteristic[bytes] = gatt.Characteristic(identity.bumble, can, permissions, served)

    def _written(self, data: bytes) -> None:
        if len(data) > self._max_length:
            raise att.ATT_Error(att.ErrorCode.INVALID_ATTRIBUTE_LENGTH)
        self._value = bytes(data)
        if self.inbox is not None:
            self.inbox.append(self._value)

    @property
    def value(self) -> bytes:
        """Its value."""
        return self._value

    @value.setter
    def value(self, value: bytes | memoryview) -> None:
        if len(bytes(value)) > self._max_length:
            raise ValueError(f"Value length > max_length ({self._max_length})")
        self._value = bytes(value)
        if self._properties & self.NOTIFY:
            self._ble.notify(self.bumble, self._value)


class PacketBuffer:
    """`_bleio.PacketBuffer`, for what is received; a full one forgets the oldest."""

    def __init__(self, characteristic: Characteristic, *, buffer_size: int) -> None:
        self._inbox: deque[bytes] = deque(maxlen=buffer_size)
        characteristic.inbox = self._inbox

    def readinto(self, buffer: bytearray) -> int:
        """Take the next write; return its length."""
        if not self._inbox:
            return 0
        data = self._inbox.popleft()
        buffer[: len(data)] = data
        return len(data)


class Connection:
    """`_bleio.Connection`."""

    def __init__(self, ble: VirtualBle, bumble: BumbleConnection) -> None:
        self._ble = ble
        self.bumble = bumble

    @property
    def max_packet_length(self) -> int:
        """What a notification carries."""
        return int(self.bumble.att_mtu) - _HANDLE_BYTES

    def disconnect(self) -> None:
        """End the connection."""
        self._ble.do(self.bumble.disconnect(_CONNECTION_ENDED))


class Adapter:
    """`_bleio.adapter`."""

    name = "CIRCUITPY"

    def __init__(self, ble: VirtualBle) -> None:
        self._ble = ble
        self.advertising = False
        self.connections: tuple[Connection, ...] = ()

    @property
    def connected(self) -> bool:
        """Whether a host is there."""
        return bool(self.connections)

    def start_advertising(self, data: bytes, *, scan_response: bytes, interval: float) -> None:
        """Be found."""
        self._ble.serve()
        device = self._ble.device
        device.advertising_data = bytes(data)
        device.scan_response_data = bytes(scan_response)
        device.advertising_interval_min = device.advertising_interval_max = interval * 1000
        self.advertising = True
        self._ble.do(device.start_advertising(auto_restart=False))

    def stop_advertising(self) -> None:
        """Be found no longer."""
        self.advertising = False
        self._ble.do(self._ble.device.stop_advertising())


class VirtualBle:
    """The module `_bleio` of one board.

    Parameters
    ----------
    air
        Where the board is.
    device
        Its radio.
    loop
        The world's.
    sleep
        Lets time pass while the program waits.

    """

    BluetoothError = BluetoothError
    UUID = Uuid
    PacketBuffer = PacketBuffer

    def __init__(
        self, air: Air, device: Device, loop: asyncio.AbstractEventLoop, sleep: Callable[[float], None]
    ) -> None:
        self.air = air
        self.device = device
        self.services: list[Service] = []
        self.adapter = Adapter(self)
        self._loop = loop
        self._sleep = sleep
        self._served = False
        self._tasks: set[asyncio.Task[Any]] = set()
        device.on(Device.EVENT_CONNECTION, self._on_connection)

    def Service(self, identity: Uuid) -> Service:  # noqa: N802 - as CircuitPython has it
        """Stand in for `_bleio.Service`."""
        return Service(self, identity)

    @property
    def Characteristic(self) -> _Characteristics:  # noqa: N802 - as CircuitPython has it
        """Stand in for `_bleio.Characteristic`."""
        return _Characteristics(self)

    def serve(self) -> None:
        """Put the services onto the air, once."""
        if not self._served:
            self._served = True
            self.device.add_services(
                [gatt.Service(each.uuid.bumble, [one.bumble for one in each.characteristics]) for each in self.services]
            )

    def notify(self, characteristic: gatt.Characteristic[bytes], value: bytes) -> None:
        """Notify the host, if it asked for it.

        Raises
        ------
        BluetoothError
            The connection died while the radio was full.

        """
        if not self.adapter.connections:
            return
        connection = self.adapter.connections[0]
        subscribed = self.device.gatt_server.subscribers.get(connection.bumble, {}).get(characteristic.handle)
        if not subscribed or not subscribed[0] & 1:
            return
        while self.air.room(self.device) <= 0:
            self._sleep(_RETRY_S)
            if connection not in self.adapter.connections:
                raise BluetoothError("Not connected")
        notification = att.ATT_Handle_Value_Notification(
            attribute_handle=characteristic.handle, attribute_value=value[: connection.max_packet_length]
        )
        self.device.gatt_server.send_gatt_pdu(connection.bumble, bytes(notification))

    def do(self, work: Coroutine[Any, Any, Any]) -> None:
        """Do something on the world's loop, when the program sleeps."""
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _on_connection(self, bumble: BumbleConnection) -> None:
        connection = Connection(self, bumble)
        self.adapter.advertising = False
        self.adapter.connections = (*self.adapter.connections, connection)

        def gone(_reason: int) -> None:
            self.adapter.connections = tuple(one for one in self.adapter.connections if one is not connection)

        bumble.on(BumbleConnection.EVENT_DISCONNECTION, gone)


class _Characteristics:
    """The class `_bleio.Characteristic` of one board."""

    INDICATE, NOTIFY, READ = Characteristic.INDICATE, Characteristic.NOTIFY, Characteristic.READ
    WRITE, WRITE_NO_RESPONSE = Characteristic.WRITE, Characteristic.WRITE_NO_RESPONSE

    def __init__(self, ble: VirtualBle) -> None:
        self._ble = ble

    def add_to_service(
        self, service: Service, identity: Uuid, *, properties: int, max_length: int, initial_value: bytes | None
    ) -> Characteristic:
        """Stand in for `_bleio.Characteristic.add_to_service`."""
        value = bytes(max_length) if initial_value is None else initial_value
        characteristic = Characteristic(self._ble, identity, properties, max_length, value)
        service.characteristics.append(characteristic)
        return characteristic
