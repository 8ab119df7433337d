"""The services of the profile on CircuitPython's `_bleio`.

`_bleio` is used rather than the library adafruit_ble: nothing to install on the board. Values are sent by setting
`Characteristic.value`, which notifies once, waits while the radio's queue is full, and raises where the link is gone.
`PacketBuffer.write` would join two short packets into one. Commands are received by `PacketBuffer`, which keeps each
write apart. Control Point and Log Access notify: a second indication before the first is confirmed raises on the nRF.
"""

from firmware_bridge.firmware import lsp_codec as codec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from firmware_bridge.firmware.board_types import Bluetooth

__all__ = ["Gatt"]

_PACKET_BYTES = 244
"""What an MTU of 247 carries."""
_COMMAND_BYTES = 20
_COMMANDS_WAITING = 4
_ADVERTISING_S = 0.1525
"""One of the intervals that Apple's accessory guidelines ask for; others find it as well."""

_BATTERY = 0x180F, 0x2A19
_INFORMATION = 0x180A
_MAKER, _MODEL, _SERIAL, _FIRMWARE, _HARDWARE = 0x2A29, 0x2A24, 0x2A25, 0x2A26, 0x2A27
_ALERT = 0x1802, 0x2A06

_FLAGS = b"\x02\x01\x06"
_SERVICES_128 = 0x07
_COMPLETE_NAME = 0x09


class Gatt:
    """The Bluetooth side of the sensor.

    Parameters
    ----------
    ble
        The module `_bleio`.
    name
        What the sensor is called in a scan.
    information
        Maker, model, serial number, firmware and hardware revision.

    """

    def __init__(self, ble: "Bluetooth", name: str, information: "tuple[str, str, str, str, str]") -> None:
        self._ble = ble
        kind = ble.Characteristic
        service = ble.Service(ble.UUID(codec.SERVICE))
        self.data = self._add(service, codec.DATA, kind.NOTIFY, _PACKET_BYTES)
        self.control = self._add(service, codec.CONTROL_POINT, kind.WRITE | kind.NOTIFY, _COMMAND_BYTES)
        self.feature = self._add(service, codec.FEATURE, kind.READ, _COMMAND_BYTES)
        self.status = self._add(service, codec.STATUS, kind.READ | kind.NOTIFY, codec.STATUS_BYTES)
        self.log_data = self._add(service, codec.LOG_DATA, kind.NOTIFY, _PACKET_BYTES)
        self.log_access = self._add(service, codec.LOG_ACCESS, kind.WRITE | kind.NOTIFY, _COMMAND_BYTES)
        self.battery = self._add(ble.Service(ble.UUID(_BATTERY[0])), _BATTERY[1], kind.READ | kind.NOTIFY, 1)
        alert = self._add(ble.Service(ble.UUID(_ALERT[0])), _ALERT[1], kind.WRITE_NO_RESPONSE, 1)
        about = ble.Service(ble.UUID(_INFORMATION))
        for number, text in zip((_MAKER, _MODEL, _SERIAL, _FIRMWARE, _HARDWARE), information):  # noqa: B905 - CircuitPython's zip knows no strict
            self._add(about, number, kind.READ, len(text), text.encode())
        self._buffer = bytearray(_COMMAND_BYTES)
        self.commands = self._inbox(self.control)
        self.log_requests = self._inbox(self.log_access)
        self.alerts = self._inbox(alert)
        ble.adapter.name = name
        identity = bytearray(16)
        ble.UUID(codec.SERVICE).pack_into(identity)
        self._advertisement = _FLAGS + bytes((17, _SERVICES_128)) + bytes(identity)
        self._scan_response = bytes((len(name) + 1, _COMPLETE_NAME)) + name.encode()

    def _add(
        self, service: "Any", uuid: "str | int", properties: int, max_length: int, value: "bytes | None" = None
    ) -> "Any":
        return self._ble.Characteristic.add_to_service(
            service, self._ble.UUID(uuid), properties=properties, max_length=max_length, initial_value=value
        )

    def _inbox(self, characteristic: "Any") -> "Any":
        return self._ble.PacketBuffer(characteristic, buffer_size=_COMMANDS_WAITING)

    @property
    def connected(self) -> bool:
        """Whether a host is there."""
        return bool(self._ble.adapter.connected)

    @property
    def packet_bytes(self) -> int:
        """How many bytes one notification carries on this connection."""
        connections = self._ble.adapter.connections
        return min(connections[0].max_packet_length, _PACKET_BYTES) if connections else _COMMAND_BYTES

    def advertise(self) -> None:
        """Let a host find the sensor."""
        if not self._ble.adapter.advertising:
            self._ble.adapter.start_advertising(
                self._advertisement, scan_response=self._scan_response, interval=_ADVERTISING_S
            )

    def hide(self) -> None:
        """End the connection, and let no host find the sensor."""
        self._ble.adapter.stop_advertising()
        for connection in self._ble.adapter.connections:
            connection.disconnect()

    def received(self, inbox: "Any") -> "bytes | None":
        """Return the next write to a characteristic; None where there is none."""
        length = inbox.readinto(self._buffer)
        return bytes(self._buffer[:length]) if length > 0 else None

    def send(self, characteristic: "Any", value: "bytes | bytearray | memoryview") -> bool:
        """Set a value and notify the host of it; return whether the link took it."""
        try:
            characteristic.value = value
        except (self._ble.BluetoothError, ConnectionError):
            return False
        return True
