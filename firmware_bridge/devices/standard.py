"""Services of the Bluetooth SIG that many sensors share: battery, device information, immediate alert.

UUIDs are those of the Bluetooth SIG's Assigned Numbers.
"""

from __future__ import annotations

from config.errors import PacketError, SensorError
from firmware_bridge.devices.driver import Packet, Read, Write

__all__ = [
    "ALERT_LEVEL",
    "BATTERY_LEVEL",
    "BATTERY_SERVICE",
    "DEVICE_INFORMATION_SERVICE",
    "FIRMWARE_REVISION",
    "HARDWARE_REVISION",
    "IMMEDIATE_ALERT_SERVICE",
    "MANUFACTURER_NAME",
    "MODEL_NUMBER",
    "READ_BATTERY",
    "SERIAL_NUMBER",
    "SOFTWARE_REVISION",
    "battery_packet",
    "device_information_packet",
    "immediate_alert",
]

BATTERY_SERVICE = "0000180f-0000-1000-8000-00805f9b34fb"
BATTERY_LEVEL = "00002a19-0000-1000-8000-00805f9b34fb"

DEVICE_INFORMATION_SERVICE = "0000180a-0000-1000-8000-00805f9b34fb"
MODEL_NUMBER = "00002a24-0000-1000-8000-00805f9b34fb"
SERIAL_NUMBER = "00002a25-0000-1000-8000-00805f9b34fb"
FIRMWARE_REVISION = "00002a26-0000-1000-8000-00805f9b34fb"
HARDWARE_REVISION = "00002a27-0000-1000-8000-00805f9b34fb"
SOFTWARE_REVISION = "00002a28-0000-1000-8000-00805f9b34fb"
MANUFACTURER_NAME = "00002a29-0000-1000-8000-00805f9b34fb"

IMMEDIATE_ALERT_SERVICE = "00001802-0000-1000-8000-00805f9b34fb"
ALERT_LEVEL = "00002a06-0000-1000-8000-00805f9b34fb"

_DEVICE_INFORMATION = {
    MANUFACTURER_NAME: "manufacturer",
    MODEL_NUMBER: "model",
    SERIAL_NUMBER: "serial",
    HARDWARE_REVISION: "hardware",
    FIRMWARE_REVISION: "firmware",
    SOFTWARE_REVISION: "software",
}

READ_BATTERY = (Read(BATTERY_LEVEL),)
"""Steps after which a packet with the charge comes, for sensors with a Battery Service."""

_FULL_PERCENT = 100
_NO_ALERT, _MILD_ALERT, _HIGH_ALERT = 0, 1, 2


def battery_packet(data: bytes) -> Packet:
    """Return what a value of Battery Level says.

    Raises
    ------
    PacketError
        The value is not one byte from 0 to 100.

    """
    if len(data) != 1 or data[0] > _FULL_PERCENT:
        raise PacketError(f"battery level: expected one byte from 0 to 100, got {len(data)} bytes: {data[:8].hex()}")
    return Packet(battery_percent=data[0])


def device_information_packet(characteristic: str, data: bytes) -> Packet:
    """Return the text of a characteristic of the Device Information Service, under its name.

    Raises
    ------
    PacketError
        The characteristic is not one of the service, or its value no text.

    """
    if characteristic not in _DEVICE_INFORMATION:
        raise PacketError(f"device information: nothing is known of characteristic {characteristic}")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise PacketError(f"device information: expected a text in UTF-8, got {data[:8].hex()}") from error
    return Packet(fields={_DEVICE_INFORMATION[characteristic]: text.rstrip("\0")})


def immediate_alert(strength: float) -> tuple[Write, ...]:
    """Return the steps for an alert on a sensor with the Immediate Alert Service.

    Parameters
    ----------
    strength
        0 (silence) to 1; the service knows two levels, mild and, above 0.5, high.

    Raises
    ------
    SensorError
        The strength is outside 0 to 1.

    """
    if not 0 <= strength <= 1:
        raise SensorError(f"strength must be from 0 to 1, not {strength:g}")
    levels = ((0.5, _HIGH_ALERT), (0.0, _MILD_ALERT), (-1.0, _NO_ALERT))
    level = next(level for above, level in levels if strength > above)
    # Alert Level has the property Write Without Response only (Immediate Alert Service 1.0, 3.1.1).
    return (Write(ALERT_LEVEL, bytes([level]), with_response=False),)
