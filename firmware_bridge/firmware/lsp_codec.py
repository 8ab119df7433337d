"""Bytes of the Lumbar sensor profile "LSP v1", for the bridge and for the sensor.

This one module runs on the sensor (CircuitPython 9) and in the bridge (CPython): nothing but `struct`, `binascii` and
`collections`, no dataclasses, no typing. All numbers are little-endian. docs/lsp-profile.md tells it in words.

Whatever cannot be read raises ValueError.
"""

import binascii
import struct
from collections import namedtuple

# Packed: with a name a line this would be a quarter of the module.
# fmt: off
__all__ = [
    "ACCESS_ABORT", "ACCESS_ABORT_FAILED", "ACCESS_COUNT", "ACCESS_COUNT_RESPONSE", "ACCESS_DELETE",
    "ACCESS_INVALID_OPERAND", "ACCESS_INVALID_OPERATOR", "ACCESS_NOT_COMPLETED", "ACCESS_NO_RECORDS", "ACCESS_OK",
    "ACCESS_OPERATOR_NOT_SUPPORTED", "ACCESS_OP_NOT_SUPPORTED", "ACCESS_REPORT", "ACCESS_RESPONSE",
    "ACTIVITY_COUNTS_PER_G", "BLOCK_BYTES", "BLOCK_HEADER_BYTES", "CHUNK_HEADER_BYTES", "CONTROL_POINT",
    "COUNTER_BITS", "CRC_BYTES", "DATA", "DATA_HEADER_BYTES", "DEFAULT_RANGE_DPS", "DEFAULT_RANGE_G", "FEATURE",
    "FEATURE_GYRO", "FEATURE_HAPTIC", "FEATURE_LOG", "FEATURE_TIME_PING", "FEATURE_WEAR", "FLAG_CLIPPED",
    "FLAG_FROM_LOG", "FLAG_GAP", "FULL_SCALE_COUNTS", "LOG_ACCESS", "LOG_DATA", "LOG_TICKS_BITS", "OPERATOR_ALL",
    "OPERATOR_AT_LEAST", "OPERATOR_AT_MOST", "OPERATOR_FIRST", "OPERATOR_LAST", "OPERATOR_NONE", "OPERATOR_RANGE",
    "OP_CALIBRATE_GYRO", "OP_HAPTIC", "OP_IDENTIFY", "OP_REPLY", "OP_SET_RANGE", "OP_SET_UTC", "OP_SLEEP", "OP_START",
    "OP_START_LOG", "OP_STOP", "OP_STOP_LOG", "OP_TIME_PING", "POSTURE_BYTES", "POSTURE_CHARGING", "POSTURE_CLIPPED",
    "POSTURE_COUNTS_PER_G", "POSTURE_WORN", "RECORD_DECIMATED", "RECORD_POSTURE", "RECORD_RAW",
    "RESULT_BAD_PARAMETER", "RESULT_FAILED", "RESULT_NOT_SUPPORTED", "RESULT_OK", "SAMPLE_BYTES", "SERVICE", "STATUS",
    "STATUS_BYTES", "STATUS_CHARGING", "STATUS_CLIPPED", "STATUS_FIFO_OVERFLOW", "STATUS_LOGGING", "STATUS_STREAMING",
    "STATUS_WORN", "TICKS_BITS", "TICK_HZ", "VERSION", "AccessResponse", "Answer", "BlockHeader", "Data", "Feature",
    "Status", "block_length", "pack_access", "pack_access_count", "pack_access_response", "pack_answer", "pack_block",
    "pack_chunk", "pack_command", "pack_data", "pack_data_header", "pack_feature", "pack_record", "pack_sample",
    "pack_status", "records_in_block", "unpack_access", "unpack_access_response", "unpack_answer", "unpack_block",
    "unpack_block_header", "unpack_chunk", "unpack_command", "unpack_data", "unpack_feature", "unpack_status", "uuid",
]
# fmt: on

VERSION = 1
TICK_HZ = 32768
COUNTER_BITS = 16
TICKS_BITS = 32
LOG_TICKS_BITS = 64


def uuid(number: int) -> str:
    """Return the 128-bit UUID of a service or characteristic of the profile."""
    return f"b7c4{number:04x}-9d2e-4f6a-8a51-3e0c6d1f2b90"


SERVICE = uuid(1)
DATA = uuid(2)
CONTROL_POINT = uuid(3)
FEATURE = uuid(4)
STATUS = uuid(5)
LOG_DATA = uuid(6)
LOG_ACCESS = uuid(7)


def _require(condition: bool, message: str) -> None:  # noqa: FBT001 - an assertion's condition is positional
    if not condition:
        raise ValueError(message)


# --- IMU Data ---

_DATA_HEADER = "<BBHI"
DATA_HEADER_BYTES = 8
_SAMPLE = "<6h"
SAMPLE_BYTES = 12
_COUNT_LIMIT = 255

FLAG_GAP, FLAG_CLIPPED, FLAG_FROM_LOG = 1, 2, 4
_FLAGS_BITS = 4

FULL_SCALE_COUNTS = 32768
DEFAULT_RANGE_G = 8
DEFAULT_RANGE_DPS = 2000

Data = namedtuple("Data", ("version", "flags", "counter", "ticks", "samples"))  # noqa: PYI024 - no typing on the sensor
"""`samples` are (acc x, y, z, gyr x, y, z) in counts; `counter` and `ticks` are of the first."""


def pack_data_header(flags: int, count: int, counter: int, ticks: int) -> bytes:
    """Return the header of an IMU Data packet; counter and ticks may be longer than their fields, they wrap."""
    _require(0 < count <= _COUNT_LIMIT, f"a packet holds 1 to {_COUNT_LIMIT} samples, not {count}")
    return struct.pack(_DATA_HEADER, VERSION << _FLAGS_BITS | flags, count, counter & 0xFFFF, ticks & 0xFFFFFFFF)


def pack_sample(sample: tuple[int, ...]) -> bytes:
    """Return the bytes of one sample, six counts."""
    return struct.pack(_SAMPLE, *sample)


def pack_data(flags: int, counter: int, ticks: int, samples: list[tuple[int, ...]]) -> bytes:
    """Return an IMU Data packet."""
    return pack_data_header(flags, len(samples), counter, ticks) + b"".join([pack_sample(one) for one in samples])


def unpack_data(data: bytes) -> Data:
    """Return what an IMU Data packet says."""
    _require(len(data) >= DATA_HEADER_BYTES, f"expected a header of {DATA_HEADER_BYTES} bytes, got {len(data)}")
    head, count, counter, ticks = struct.unpack_from(_DATA_HEADER, data)
    _require(head >> _FLAGS_BITS == VERSION, f"expected version {VERSION}, got {head >> _FLAGS_BITS}")
    length = DATA_HEADER_BYTES + count * SAMPLE_BYTES
    _require(count > 0, "expected at least one sample, got none")
    _require(len(data) == length, f"expected {length} bytes for {count} samples, got {len(data)}")
    samples = [struct.unpack_from(_SAMPLE, data, at) for at in range(DATA_HEADER_BYTES, length, SAMPLE_BYTES)]
    return Data(head >> _FLAGS_BITS, head & (1 << _FLAGS_BITS) - 1, counter, ticks, samples)


# --- Control Point ---

OP_START, OP_STOP, OP_SET_RANGE, OP_CALIBRATE_GYRO = 1, 2, 3, 4
OP_HAPTIC, OP_TIME_PING, OP_SET_UTC = 5, 6, 7
OP_START_LOG, OP_STOP_LOG = 8, 9
OP_IDENTIFY, OP_SLEEP = 10, 11
OP_REPLY = 0x20

_ARGUMENTS = {
    OP_START: "<HB",  # rate_hz, samples a packet
    OP_STOP: "<",
    OP_SET_RANGE: "<BH",  # range_g, range_dps
    OP_CALIBRATE_GYRO: "<",
    OP_HAPTIC: "<BHB",  # strength of 255, milliseconds, pulses
    OP_TIME_PING: "<B",  # identifier
    OP_SET_UTC: "<Q",  # microseconds since 1970
    OP_START_LOG: "<B",  # record type
    OP_STOP_LOG: "<",
    OP_IDENTIFY: "<",
    OP_SLEEP: "<",
}

_ANSWERS = {
    OP_START: "<H",  # rate_hz the sensor took
    OP_TIME_PING: "<BQQ",  # identifier, ticks when it came, ticks when it was answered
}
"""What an answer with RESULT_OK carries; those of all other commands carry nothing."""

RESULT_OK, RESULT_NOT_SUPPORTED, RESULT_BAD_PARAMETER, RESULT_FAILED = 1, 2, 3, 4

Answer = namedtuple("Answer", ("op", "result", "values"))  # noqa: PYI024 - no typing on the sensor


def pack_command(op: int, *arguments: int) -> bytes:
    """Return a command for the control point."""
    return bytes((op,)) + struct.pack(_ARGUMENTS[op], *arguments)


def unpack_command(data: bytes) -> tuple[int, tuple[int, ...]]:
    """Return a command's number and its arguments.

    Commands of later versions have unknown numbers; the sensor answers them with RESULT_NOT_SUPPORTED, so they come
    back with the arguments (), while those with too few or too many bytes raise ValueError (RESULT_BAD_PARAMETER).
    """
    _require(len(data) > 0, "expected a command, got nothing")
    if data[0] not in _ARGUMENTS:
        return data[0], ()
    form = _ARGUMENTS[data[0]]
    length = 1 + struct.calcsize(form)
    _require(len(data) == length, f"expected {length} bytes for command {data[0]}, got {len(data)}")
    return data[0], struct.unpack_from(form, data, 1)


def pack_answer(op: int, result: int, *values: int) -> bytes:
    """Return the answer to a command; `values` only with RESULT_OK, for the commands that have some."""
    form = _ANSWERS.get(op, "<") if result == RESULT_OK else "<"
    return bytes((OP_REPLY, op, result)) + struct.pack(form, *values)


_ANSWER_BYTES = 3


def unpack_answer(data: bytes) -> Answer:
    """Return what an answer of the control point says."""
    _require(len(data) >= _ANSWER_BYTES, f"expected an answer of {_ANSWER_BYTES} bytes or more, got {len(data)}")
    _require(data[0] == OP_REPLY, f"expected an answer beginning {OP_REPLY:02x}, got {data[0]:02x}")
    op, result = data[1], data[2]
    form = _ANSWERS.get(op, "<") if result == RESULT_OK else "<"
    length = _ANSWER_BYTES + struct.calcsize(form)
    _require(len(data) == length, f"expected {length} bytes in the answer to command {op}, got {len(data)}")
    return Answer(op, result, struct.unpack_from(form, data, _ANSWER_BYTES))


# --- Feature and Status ---

FEATURE_GYRO, FEATURE_HAPTIC, FEATURE_LOG, FEATURE_TIME_PING, FEATURE_WEAR = 1, 2, 4, 8, 16

_FEATURE = "<BIHH"
_FEATURE_BYTES = 9
_RATE_BYTES = 2

Feature = namedtuple(  # noqa: PYI024 - no typing on the sensor
    "Feature", ("version", "features", "acc_counts_per_g", "gyr_counts_per_kdps", "rates_hz")
)
"""`gyr_counts_per_kdps` is counts per 1000 deg/s, of the ranges now set."""


def pack_feature(feature: Feature) -> bytes:
    """Return the value of Feature."""
    head = struct.pack(_FEATURE, *feature[:4])
    return head + b"".join([struct.pack("<H", rate) for rate in feature.rates_hz])


def unpack_feature(data: bytes) -> Feature:
    """Return what Feature says."""
    _require(len(data) >= _FEATURE_BYTES, f"expected {_FEATURE_BYTES} bytes or more of Feature, got {len(data)}")
    rates, rest = divmod(len(data) - _FEATURE_BYTES, _RATE_BYTES)
    _require(rest == 0, f"expected rates of {_RATE_BYTES} bytes after Feature, got {len(data) - _FEATURE_BYTES} bytes")
    version, features, acc, gyr = struct.unpack_from(_FEATURE, data)
    _require(version == VERSION, f"expected version {VERSION}, got {version}")
    return Feature(version, features, acc, gyr, struct.unpack_from(f"<{rates}H", data, _FEATURE_BYTES))


STATUS_STREAMING, STATUS_LOGGING, STATUS_WORN = 1, 2, 4
STATUS_CHARGING, STATUS_CLIPPED, STATUS_FIFO_OVERFLOW = 8, 16, 32

_STATUS = "<IQHBIII"
STATUS_BYTES = 27

Status = namedtuple(  # noqa: PYI024 - no typing on the sensor
    "Status", ("boot_id", "ticks", "rate_hz", "flags", "dropped_packets", "log_first", "log_last")
)
"""`ticks` is the whole clock, 64 bits; the log is empty where `log_first` is `log_last` + 1."""


def pack_status(status: Status) -> bytes:
    """Return the value of Status."""
    return struct.pack(_STATUS, *status)


def unpack_status(data: bytes) -> Status:
    """Return what Status says."""
    _require(len(data) == STATUS_BYTES, f"expected {STATUS_BYTES} bytes of Status, got {len(data)}")
    return Status(*struct.unpack(_STATUS, data))


# --- Log blocks ---

BLOCK_BYTES = 4096
_BLOCK_HEADER = "<4sBBHIIQQQHH"
BLOCK_HEADER_BYTES = 44
_MAGIC = b"LSPB"
CRC_BYTES = 4
_PAYLOAD_LIMIT = BLOCK_BYTES - BLOCK_HEADER_BYTES - CRC_BYTES

RECORD_RAW, RECORD_DECIMATED, RECORD_POSTURE = 1, 2, 3
_POSTURE = "<3hBB"
POSTURE_BYTES = 8
_RECORD_BYTES = {RECORD_RAW: SAMPLE_BYTES, RECORD_DECIMATED: SAMPLE_BYTES, RECORD_POSTURE: POSTURE_BYTES}
_RECORD_FORM = {RECORD_RAW: _SAMPLE, RECORD_DECIMATED: _SAMPLE, RECORD_POSTURE: _POSTURE}

POSTURE_COUNTS_PER_G = 16384
ACTIVITY_COUNTS_PER_G = 250
POSTURE_WORN, POSTURE_CHARGING, POSTURE_CLIPPED = 1, 2, 4

BlockHeader = namedtuple(  # noqa: PYI024 - no typing on the sensor
    "BlockHeader",
    (
        "record",
        "count",
        "boot_id",
        "block",
        "ticks",
        "last_ticks",
        "utc_us",
        "acc_counts_per_g",
        "gyr_counts_per_kdps",
    ),
)
"""`ticks` and `last_ticks` are of the first and the last record; `utc_us` is 0 where the sensor was not told it."""


def records_in_block(record: int) -> int:
    """Return how many records of a type fit into a block."""
    return _PAYLOAD_LIMIT // _RECORD_BYTES[record]


def pack_record(record: int, values: tuple[int, ...]) -> bytes:
    """Return a record: six counts, or for RECORD_POSTURE gravity x, y, z, activity and flags."""
    return struct.pack(_RECORD_FORM[record], *values)


def pack_block(header: BlockHeader, payload: bytes) -> bytes:
    """Return a block, from its header to its checksum; in flash the rest of the 4096 bytes stays erased."""
    _require(header.record in _RECORD_BYTES, f"unknown record type {header.record}")
    _require(0 < header.count <= records_in_block(header.record), f"a block cannot hold {header.count} records")
    _require(len(payload) == header.count * _RECORD_BYTES[header.record], "payload and count disagree")
    body = struct.pack(
        _BLOCK_HEADER, _MAGIC, VERSION, header.record, header.count, header.boot_id, header.block, *header[4:]
    )
    body += payload
    return body + struct.pack("<I", binascii.crc32(body))


def unpack_block_header(data: bytes) -> BlockHeader:
    """Return the header at the beginning of a block that may not be there wholly."""
    _require(len(data) >= BLOCK_HEADER_BYTES, f"expected a header of {BLOCK_HEADER_BYTES} bytes, got {len(data)}")
    magic, version, record, count, boot_id, block, *rest = struct.unpack_from(_BLOCK_HEADER, data)
    _require(magic == _MAGIC, "a log block does not begin with LSPB")
    _require(version == VERSION, f"expected version {VERSION}, got {version}")
    _require(record in _RECORD_BYTES, f"unknown record type {record}")
    _require(0 < count <= records_in_block(record), f"a block cannot hold {count} records")
    header = BlockHeader(record, count, boot_id, block, *rest)
    _require(header.acc_counts_per_g > 0 and header.gyr_counts_per_kdps > 0, "a log block says a count has no size")
    return header


def block_length(header: BlockHeader) -> int:
    """Return how many bytes a block has, from its header to its checksum."""
    return BLOCK_HEADER_BYTES + int(header.count) * _RECORD_BYTES[header.record] + CRC_BYTES


def unpack_block(data: bytes) -> tuple[BlockHeader, list[tuple[int, ...]]]:
    """Return the header and the records of a block, its checksum verified; erased bytes after it are ignored."""
    header = unpack_block_header(data)
    end = block_length(header) - CRC_BYTES
    _require(len(data) >= end + CRC_BYTES, f"expected a block of {end + CRC_BYTES} bytes, got {len(data)}")
    (crc,) = struct.unpack_from("<I", data, end)
    _require(crc == binascii.crc32(data[:end]), "the checksum of a log block is wrong")
    form, size = _RECORD_FORM[header.record], _RECORD_BYTES[header.record]
    return header, [struct.unpack_from(form, data, at) for at in range(BLOCK_HEADER_BYTES, end, size)]


# --- Log Data and Log Access ---

_CHUNK = "<IH"
CHUNK_HEADER_BYTES = 6


def pack_chunk(block: int, offset: int, data: bytes) -> bytes:
    """Return a piece of a block for Log Data."""
    return struct.pack(_CHUNK, block, offset) + data


def unpack_chunk(data: bytes) -> tuple[int, int, bytes]:
    """Return the number of the block, the offset in it and the bytes of a Log Data packet."""
    _require(len(data) > CHUNK_HEADER_BYTES, f"expected more than {CHUNK_HEADER_BYTES} bytes, got {len(data)}")
    block, offset = struct.unpack_from(_CHUNK, data)
    _require(
        offset + len(data) - CHUNK_HEADER_BYTES <= BLOCK_BYTES, f"a block has {BLOCK_BYTES} bytes, offset {offset}"
    )
    return block, offset, data[CHUNK_HEADER_BYTES:]


ACCESS_REPORT, ACCESS_DELETE, ACCESS_ABORT, ACCESS_COUNT = 1, 2, 3, 4
ACCESS_COUNT_RESPONSE, ACCESS_RESPONSE = 5, 6

OPERATOR_NONE, OPERATOR_ALL, OPERATOR_AT_MOST, OPERATOR_AT_LEAST = 0, 1, 2, 3
OPERATOR_RANGE, OPERATOR_FIRST, OPERATOR_LAST = 4, 5, 6
_OPERANDS = {OPERATOR_AT_MOST: "<I", OPERATOR_AT_LEAST: "<I", OPERATOR_RANGE: "<II"}

ACCESS_OK, ACCESS_OP_NOT_SUPPORTED, ACCESS_INVALID_OPERATOR = 1, 2, 3
ACCESS_OPERATOR_NOT_SUPPORTED, ACCESS_INVALID_OPERAND, ACCESS_NO_RECORDS = 4, 5, 6
ACCESS_ABORT_FAILED, ACCESS_NOT_COMPLETED = 7, 8

_ACCESS_BYTES = 2
AccessResponse = namedtuple("AccessResponse", ("op", "result", "count"))  # noqa: PYI024 - no typing on the sensor
"""`count` is None but in the answer to ACCESS_COUNT."""


def pack_access(op: int, operator: int = OPERATOR_NONE, *operands: int) -> bytes:
    """Return a request to Log Access."""
    return bytes((op, operator)) + struct.pack(_OPERANDS.get(operator, "<"), *operands)


def unpack_access(data: bytes) -> tuple[int, int, tuple[int, ...]]:
    """Return the number, the operator and the operands of a request to Log Access."""
    _require(len(data) >= _ACCESS_BYTES, f"expected a request of {_ACCESS_BYTES} bytes or more, got {len(data)}")
    form = _OPERANDS.get(data[1], "<")
    length = _ACCESS_BYTES + struct.calcsize(form)
    _require(len(data) == length, f"expected {length} bytes for operator {data[1]}, got {len(data)}")
    return data[0], data[1], struct.unpack_from(form, data, _ACCESS_BYTES)


def pack_access_response(op: int, result: int) -> bytes:
    """Return the answer to a request, after all that was asked for has been sent."""
    return bytes((ACCESS_RESPONSE, OPERATOR_NONE, op, result))


def pack_access_count(count: int) -> bytes:
    """Return the answer to ACCESS_COUNT."""
    return struct.pack("<BBI", ACCESS_COUNT_RESPONSE, OPERATOR_NONE, count)


_RESPONSE_BYTES = 4
_COUNT_RESPONSE_BYTES = 6


def unpack_access_response(data: bytes) -> AccessResponse:
    """Return what an answer of Log Access says."""
    if len(data) == _COUNT_RESPONSE_BYTES and data[0] == ACCESS_COUNT_RESPONSE and data[1] == OPERATOR_NONE:
        return AccessResponse(ACCESS_COUNT, ACCESS_OK, *struct.unpack_from("<I", data, 2))
    _require(
        len(data) == _RESPONSE_BYTES and data[0] == ACCESS_RESPONSE and data[1] == OPERATOR_NONE,
        f"expected an answer of {_RESPONSE_BYTES} bytes beginning 06 00, got {len(data)} bytes",
    )
    return AccessResponse(data[2], data[3], None)
