"""Capture2Go IMU of SensorStim.

Source: Capture2Go Communication Protocol, in the maker's SDK 1.0.1 (sensorstim/capture2go_sdk, MIT).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from config.errors import PacketError
from firmware_bridge.devices.capture2go_frames import FrameStream, frame_bytes
from firmware_bridge.devices.capture2go_messages import (
    ACC_COUNT_MS2,
    GET_STATUS,
    GYR_COUNT_RAD_S,
    MEASUREMENT_MODE,
    RATE_CODES,
    SET_MEASUREMENT_MODE,
    START_STREAMING,
    STOP_STREAMING,
    read_message,
)
from firmware_bridge.devices.driver import (
    Advertised,
    Driver,
    Packet,
    Resolution,
    SensorClock,
    Setting,
    Step,
    Subscribe,
    TicksOf,
    Write,
)
from firmware_bridge.devices.standard import BATTERY_LEVEL, battery_packet

if TYPE_CHECKING:
    from firmware_bridge.devices.driver import Settings

__all__ = ["DRIVER", "RX", "SERVICE", "TX", "Capture2GoDecoder"]

SERVICE = "80030001-e629-4c98-9324-aa7fc0c66de7"
RX = "80030002-e629-4c98-9324-aa7fc0c66de7"
"""Commands go here."""

TX = "80030003-e629-4c98-9324-aa7fc0c66de7"
"""Everything comes from here."""

_PACKED_FROM_HZ = 25
"""Below, eight samples a message would come too rarely to be called live."""

_NO_MAGNETOMETER = 1

_STATUS_EVERY_S = 1
"""Recommended by the maker; also shows that the link lives while samples are rare."""


class Capture2GoDecoder:
    """Turns the notifications of one connection into packets."""

    def __init__(self) -> None:
        self._stream = FrameStream()

    def push(self, characteristic: str, data: bytes) -> tuple[Packet, ...]:
        """Return what the bytes complete: real-time messages first, then those of the stream.

        Raises
        ------
        PacketError
            The bytes are neither frames nor a piece of them, or a message is not as long as it should be.

        """
        if characteristic == BATTERY_LEVEL:
            return (battery_packet(data),)
        if characteristic != TX:
            raise PacketError(f"Capture2Go: {characteristic} is not a characteristic that it sends on")
        real_time, frames = self._stream.push(data)
        return tuple(read_message(frame) for frame in (*real_time, *frames))


def _command(header: int, payload: bytes = b"", *, awaits_reply: bool = True) -> Write:
    return Write(RX, frame_bytes(header, payload), awaits_reply=awaits_reply)


def _measurement_mode(rate_hz: int) -> bytes:
    code = RATE_CODES[rate_hz]
    fixed, packed = (0, code) if rate_hz >= _PACKED_FROM_HZ else (code, 0)
    return MEASUREMENT_MODE.pack(0, 0, fixed, packed, 0, 0, 0, _STATUS_EVERY_S, 0, 0, 0, 0, 0, 0, _NO_MAGNETOMETER)


def _decoder(_: Settings) -> Capture2GoDecoder:
    return Capture2GoDecoder()


def _start(settings: Settings) -> tuple[Step, ...]:
    return (
        Subscribe(TX),
        # A sensor whose link broke streams on, and the mode is set before streaming.
        *_stop(settings),
        _command(SET_MEASUREMENT_MODE, _measurement_mode(int(settings["rate_hz"]))),
        _command(START_STREAMING),
    )


def _stop(_: Settings) -> tuple[Step, ...]:
    return (_command(STOP_STREAMING),)


def _resolution(_: Settings) -> Resolution:
    return Resolution(ACC_COUNT_MS2, GYR_COUNT_RAD_S)


DRIVER = Driver(
    id="capture2go",
    title="Capture2Go IMU",
    # Its names begin with IMU_, which says too little to go by.
    advertised=Advertised(services=(SERVICE,)),
    settings=(Setting("rate_hz", 100.0, tuple(float(rate) for rate in sorted(RATE_CODES)), "samples a second"),),
    clock=SensorClock(1e9, 64, TicksOf.FIRST),
    resolution=_resolution,
    decoder=_decoder,
    start=_start,
    stop=_stop,
    battery=(_command(GET_STATUS, awaits_reply=False),),
    cannot=(
        "It cannot vibrate.",
        "It streams or records, not both: what its send buffer cannot hold while the link is down is lost.",
        "Recordings made with the maker's app are not fetched from its memory.",
        "It sends no sample counter; a hole in its own time is told by its clock.",
    ),
)
