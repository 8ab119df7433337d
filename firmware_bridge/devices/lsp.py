"""Lumbar's own sensor profile "LSP v1", told in docs/lsp-profile.md.

Its bytes are packed and read by firmware_bridge.firmware.lsp_codec, which runs on the sensor too.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from config.errors import PacketError, SensorError
from config.units import GRAVITY_MS2
from firmware_bridge.devices.driver import (
    Advertised,
    Driver,
    Packet,
    Read,
    Reply,
    Resolution,
    SensorClock,
    Setting,
    Subscribe,
    TicksOf,
    Write,
)
from firmware_bridge.devices.lsp_log import LspLogDownload
from firmware_bridge.devices.standard import BATTERY_LEVEL, READ_BATTERY, battery_packet
from firmware_bridge.firmware import lsp_codec as codec

if TYPE_CHECKING:
    from firmware_bridge.devices.driver import JsonValue, Settings, Step

__all__ = ["DRIVER", "LspDecoder", "set_utc", "time_ping"]

_OPERATIONS = {
    codec.OP_START: "start",
    codec.OP_STOP: "stop",
    codec.OP_SET_RANGE: "set range",
    codec.OP_CALIBRATE_GYRO: "calibrate gyroscope",
    codec.OP_HAPTIC: "vibrate",
    codec.OP_TIME_PING: "time ping",
    codec.OP_SET_UTC: "set time",
    codec.OP_START_LOG: "start log",
    codec.OP_STOP_LOG: "stop log",
    codec.OP_IDENTIFY: "identify",
    codec.OP_SLEEP: "sleep",
}
_REASONS = {
    codec.RESULT_NOT_SUPPORTED: "the sensor cannot do this",
    codec.RESULT_BAD_PARAMETER: "the sensor does not take these values",
    codec.RESULT_FAILED: "the sensor tried and failed; switch it off and on",
}
_STATUS_FLAGS = {
    "streaming": codec.STATUS_STREAMING,
    "logging": codec.STATUS_LOGGING,
    "worn": codec.STATUS_WORN,
    "charging": codec.STATUS_CHARGING,
    "clipped": codec.STATUS_CLIPPED,
    "fifo_overflow": codec.STATUS_FIFO_OVERFLOW,
}
_FEATURES = {
    "gyroscope": codec.FEATURE_GYRO,
    "haptic": codec.FEATURE_HAPTIC,
    "log": codec.FEATURE_LOG,
    "time_ping": codec.FEATURE_TIME_PING,
    "wear_detection": codec.FEATURE_WEAR,
}

_PACKETS_A_SECOND = 14
"""Packets of 7 samples at 100 Hz (70 ms) soon come at every phase of the usual connection intervals, so that the least
delay is seen often; packets of 100 ms stay in step with 20, 37.5 or 50 ms for minutes (time stamps 4 ms off)."""
_MOST_SAMPLES_A_PACKET = 19
"""236 bytes, what fits an MTU of 247; a sensor with a smaller one sends fewer."""
_FULL_STRENGTH = 255
_LONGEST_PULSE_S = 65.535


class LspDecoder:
    """Reads the characteristics of the profile; every notification stands for itself.

    Parameters
    ----------
    settings
        `range_g` and `range_dps` give the size of a count.

    """

    def __init__(self, settings: Settings) -> None:
        self._resolution = _resolution(settings)
        self._readers = {
            codec.DATA: self._samples,
            codec.CONTROL_POINT: _answer,
            codec.FEATURE: _feature,
            codec.STATUS: _status,
            codec.LOG_ACCESS: _log_response,
            codec.LOG_DATA: _log_chunk,
            BATTERY_LEVEL: battery_packet,
        }

    def push(self, characteristic: str, data: bytes) -> tuple[Packet, ...]:
        """Return the one packet of the value; pieces of the log say only where they belong (see `LspLogDownload`).

        Raises
        ------
        PacketError
            The bytes are not those of the profile, or the characteristic is not.

        """
        if characteristic not in self._readers:
            raise PacketError(f"LSP: nothing is known of characteristic {characteristic}")
        try:
            return (self._readers[characteristic](data),)
        except ValueError as error:
            raise PacketError(f"LSP: {error}") from error

    def _samples(self, data: bytes) -> Packet:
        said = codec.unpack_data(data)
        values = np.array(said.samples, dtype=np.float64)
        return Packet(
            acc=values[:, :3] * self._resolution.acc_ms2,
            gyr=values[:, 3:] * (self._resolution.gyr_rad_s or 0.0),
            ticks=said.ticks,
            counter=said.counter,
            fields={"version": said.version, "flags": said.flags},
        )


def _resolution(settings: Settings) -> Resolution:
    counts = codec.FULL_SCALE_COUNTS
    return Resolution(settings["range_g"] * GRAVITY_MS2 / counts, math.radians(settings["range_dps"]) / counts)


def _answer(data: bytes) -> Packet:
    answer = codec.unpack_answer(data)
    ok = answer.result == codec.RESULT_OK
    reason = "" if ok else _REASONS.get(answer.result, f"the sensor answered {answer.result}")
    fields: dict[str, JsonValue] = {}
    if ok and answer.op == codec.OP_START:
        fields = {"rate_hz": answer.values[0]}
    elif ok and answer.op == codec.OP_TIME_PING:
        fields = dict(zip(("ping_id", "received_ticks", "sent_ticks"), answer.values, strict=True))
    return Packet(reply=Reply(_OPERATIONS.get(answer.op, f"command {answer.op}"), ok, reason), fields=fields)


def _feature(data: bytes) -> Packet:
    feature = codec.unpack_feature(data)
    features: list[JsonValue] = [name for name, bit in _FEATURES.items() if feature.features & bit]
    return Packet(
        fields={
            "version": feature.version,
            "features": features,
            "acc_counts_per_g": feature.acc_counts_per_g,
            "gyr_counts_per_dps": feature.gyr_counts_per_kdps / 1000,
            "rates_hz": [*feature.rates_hz],
        }
    )


def _status(data: bytes) -> Packet:
    status = codec.unpack_status(data)
    return Packet(
        fields={
            **{name: bool(status.flags & bit) for name, bit in _STATUS_FLAGS.items()},
            "boot_id": status.boot_id,
            "ticks_64": status.ticks,
            "rate_hz": status.rate_hz,
            "dropped_packets": status.dropped_packets,
            "log_first": status.log_first,
            "log_last": status.log_last,
        }
    )


def _log_response(data: bytes) -> Packet:
    response = codec.unpack_access_response(data)
    fields: dict[str, JsonValue] = {"log_answer": response.result}
    return Packet(fields=fields if response.count is None else fields | {"log_blocks": response.count})


def _log_chunk(data: bytes) -> Packet:
    block, offset, piece = codec.unpack_chunk(data)
    return Packet(fields={"log_block": block, "log_offset": offset, "log_bytes": piece.hex()})


def _command(op: int, *arguments: int) -> Write:
    return Write(codec.CONTROL_POINT, codec.pack_command(op, *arguments), awaits_reply=True)


def _start(settings: Settings) -> tuple[Step, ...]:
    rate_hz = round(settings["rate_hz"])
    batch = min(max(rate_hz // _PACKETS_A_SECOND, 1), _MOST_SAMPLES_A_PACKET)
    return (
        Subscribe(codec.CONTROL_POINT),
        Subscribe(codec.DATA),
        Read(codec.STATUS),
        _command(codec.OP_SET_RANGE, round(settings["range_g"]), round(settings["range_dps"])),
        _command(codec.OP_START, rate_hz, batch),
    )


def _vibrate(strength: float, duration_s: float) -> tuple[Step, ...]:
    if not 0 <= strength <= 1:
        raise SensorError(f"strength must be from 0 to 1, not {strength:g}")
    if not 0 < duration_s <= _LONGEST_PULSE_S:
        raise SensorError(f"a pulse must last more than 0 and at most {_LONGEST_PULSE_S:g} s, not {duration_s:g}")
    pulse_ms = max(round(duration_s * 1000), 1)
    pulse = _command(codec.OP_HAPTIC, round(strength * _FULL_STRENGTH), pulse_ms, 1)
    return (Subscribe(codec.CONTROL_POINT), pulse)


def _start_log(settings: Settings) -> tuple[Step, ...]:
    return (Subscribe(codec.CONTROL_POINT), _command(codec.OP_START_LOG, round(settings["log_record"])))


def set_utc(utc_us: int) -> tuple[Step, ...]:
    """Return the steps that tell the sensor the time, microseconds since 1970; its log blocks then carry it."""
    return (Subscribe(codec.CONTROL_POINT), _command(codec.OP_SET_UTC, utc_us))


def time_ping(identifier: int) -> tuple[Step, ...]:
    """Return the steps for a round trip that tells the delay of the link; `identifier` (0 to 255) comes back."""
    return (Subscribe(codec.CONTROL_POINT), _command(codec.OP_TIME_PING, identifier))


DRIVER = Driver(
    id="lsp",
    title="Lumbar sensor (LSP v1)",
    advertised=Advertised(services=(codec.SERVICE,)),
    settings=(
        Setting("rate_hz", 100.0, (), "samples a second; the sensor takes the nearest rate it has and says which"),
        Setting("range_g", float(codec.DEFAULT_RANGE_G), (2.0, 4.0, 8.0, 16.0), "largest acceleration, g"),
        Setting("range_dps", float(codec.DEFAULT_RANGE_DPS), (1000.0, 2000.0), "largest angular rate, deg/s"),
        Setting(
            "log_record",
            float(codec.RECORD_DECIMATED),
            (float(codec.RECORD_RAW), float(codec.RECORD_DECIMATED), float(codec.RECORD_POSTURE)),
            "what it keeps out of reach: 1 every sample (half an hour), 2 fewer samples (2 h), 3 posture (14 to 72 h)",
        ),
    ),
    clock=SensorClock(codec.TICK_HZ, codec.TICKS_BITS, TicksOf.FIRST, counter_bits=codec.COUNTER_BITS),
    resolution=_resolution,
    decoder=LspDecoder,
    start=_start,
    stop=lambda _: (_command(codec.OP_STOP),),
    battery=READ_BATTERY,
    vibrate=_vibrate,
    set_utc=set_utc,
    start_log=_start_log,
    download=lambda _: LspLogDownload(),
    log_clock=SensorClock(codec.TICK_HZ, codec.LOG_TICKS_BITS, TicksOf.FIRST),
    cannot=("Out of reach it keeps 25 samples a second for two hours; the oldest are lost first.",),
)
