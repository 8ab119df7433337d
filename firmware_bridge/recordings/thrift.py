"""Reads structs of the Thrift compact protocol, in which Parquet writes its footer and page headers."""

from __future__ import annotations

import struct
from typing import Any

__all__ = ["IncompleteStructError", "StructError", "read_struct"]

DEEPEST_NESTING = 16
LONGEST_VARINT_BITS = 70
LONG_LIST = 0x0F
MORE_FOLLOWS = 0x80

# Apache Thrift, "Thrift compact protocol encoding": type numbers (12 is a struct, 9 and 10 are lists and sets).
STOP, TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT = range(13)


class StructError(Exception):
    """The bytes are no struct."""


class IncompleteStructError(StructError):
    """The bytes end before the struct does."""


def read_struct(data: bytes) -> tuple[dict[int, Any], int]:
    """Read the struct at the start of `data`.

    Returns
    -------
    fields : dict
        By field number: int, bool, float, bytes, list, or dict for a struct.
    size : int
        Number of bytes it takes.

    Raises
    ------
    StructError
        The bytes are no struct, nest too deeply or promise more elements than there are bytes.
    IncompleteStructError
        The bytes end before the struct does.

    """
    cursor = _Cursor(data)
    return cursor.fields(0), cursor.place


class _Cursor:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self.place = 0

    def fields(self, depth: int) -> dict[int, Any]:
        if depth > DEEPEST_NESTING:
            raise StructError("nested too deeply")
        fields: dict[int, Any] = {}
        number = 0
        while (head := self._byte()) != STOP:
            number = number + (head >> 4) if head >> 4 else self._integer()
            fields[number] = self._value(head & 0x0F, depth)
        return fields

    def _value(self, kind: int, depth: int) -> Any:
        if kind in (LIST, SET):
            return self._list(depth)
        if kind == STRUCT:
            return self.fields(depth + 1)
        return self._scalar(kind)

    def _scalar(self, kind: int) -> int | float | bytes:
        if kind in (TRUE, FALSE):
            return kind == TRUE
        if kind == BYTE:
            return self._byte()
        if kind in (I16, I32, I64):
            return self._integer()
        if kind == DOUBLE:
            return float(struct.unpack("<d", self._bytes(8))[0])
        if kind == BINARY:
            return self._bytes(self._varint())
        raise StructError(f"unknown type {kind}")

    def _list(self, depth: int) -> list[Any]:
        head = self._byte()
        size = head >> 4
        if size == LONG_LIST:
            size = self._varint()
        if size > len(self._data) - self.place:
            raise IncompleteStructError("a list goes on after the end")
        # A truth value takes a byte of its own in a list.
        kind = BYTE if head & 0x0F in (TRUE, FALSE) else head & 0x0F
        return [self._value(kind, depth + 1) for _ in range(size)]

    def _byte(self) -> int:
        return self._bytes(1)[0]

    def _bytes(self, count: int) -> bytes:
        found = self._data[self.place : self.place + count]
        if len(found) < count:
            raise IncompleteStructError("the bytes end")
        self.place += count
        return found

    def _integer(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)

    def _varint(self) -> int:
        value = shift = 0
        while (byte := self._byte()) >= MORE_FOLLOWS:
            value |= (byte & 0x7F) << shift
            shift += 7
            if shift > LONGEST_VARINT_BITS:
                raise StructError("a number does not end")
        return value | byte << shift
