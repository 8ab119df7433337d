"""Hands the offline log to the host: the state machine of Log Access and Log Data."""

from firmware_bridge.firmware import lsp_codec as codec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from firmware_bridge.firmware.flash_log import FlashLog

__all__ = ["LogAccess"]


class LogAccess:
    """Answers requests and sends blocks, piece by piece.

    Parameters
    ----------
    log
        The log.
    send
        Sends a piece; says whether it went out.
    answer
        Sends an answer.

    """

    def __init__(self, log: "FlashLog", send: "Callable[[bytes], bool]", answer: "Callable[[bytes], None]") -> None:
        self._log = log
        self._send = send
        self._answer = answer
        self._view = memoryview(log.page)
        self.reset()

    def reset(self) -> None:
        """Break off what is being sent; the host is gone."""
        self._next = 0
        self._until = -1
        self._offset = 0
        self._length = 0

    @property
    def reporting(self) -> bool:
        """Whether blocks are being sent."""
        return self._next <= self._until

    def request(self, data: bytes) -> None:
        """Do what the host asks."""
        try:
            op, operator, operands = codec.unpack_access(data)
        except ValueError:
            op = data[0] if len(data) else 0
            self._respond(op, codec.ACCESS_INVALID_OPERAND)
            return
        if op == codec.ACCESS_REPORT:
            self._report(operator, operands)
        elif op == codec.ACCESS_DELETE:
            self._delete(operator, operands)
        elif op == codec.ACCESS_ABORT:
            self.reset()
            self._respond(op, codec.ACCESS_OK)
        elif op == codec.ACCESS_COUNT:
            self._count(operator, operands)
        else:
            self._respond(op, codec.ACCESS_OP_NOT_SUPPORTED)

    def step(self, piece_bytes: int, pieces: int) -> None:
        """Send up to so many pieces of at most so many bytes."""
        while pieces > 0 and self.reporting:
            if self._length == 0:
                self._length = self._log.load(self._next)
            end = min(self._offset + piece_bytes - codec.CHUNK_HEADER_BYTES, self._length)
            if not self._send(codec.pack_chunk(self._next, self._offset, bytes(self._view[self._offset : end]))):
                return
            self._offset = end
            pieces -= 1
            if end == self._length:
                self._next_block()

    def _next_block(self) -> None:
        self._next += 1
        self._offset = self._length = 0
        if not self.reporting:
            self._respond(codec.ACCESS_REPORT, codec.ACCESS_OK)

    def _respond(self, op: int, result: int) -> None:
        self._answer(codec.pack_access_response(op, result))

    def _range(self, operator: int, operands: "tuple[int, ...]") -> "tuple[int, int] | None":
        """Return the first and the last block that an operator means; None of an operator that is not supported."""
        first, last = self._log.first, self._log.last
        if operator == codec.OPERATOR_ALL:
            return first, last
        if operator == codec.OPERATOR_AT_LEAST:
            return max(first, operands[0]), last
        if operator == codec.OPERATOR_RANGE:
            return max(first, operands[0]), min(last, operands[1])
        if operator == codec.OPERATOR_FIRST:
            return first, min(first, last)
        if operator == codec.OPERATOR_LAST:
            return max(first, last), last
        return None

    def _refuse(self, op: int, operator: int) -> None:
        known = codec.OPERATOR_ALL <= operator <= codec.OPERATOR_LAST
        self._respond(op, codec.ACCESS_OPERATOR_NOT_SUPPORTED if known else codec.ACCESS_INVALID_OPERATOR)

    def _report(self, operator: int, operands: "tuple[int, ...]") -> None:
        wanted = self._range(operator, operands)
        if wanted is None:
            self._refuse(codec.ACCESS_REPORT, operator)
        elif self.reporting:
            self._respond(codec.ACCESS_REPORT, codec.ACCESS_NOT_COMPLETED)
        elif wanted[0] > wanted[1]:
            self._respond(codec.ACCESS_REPORT, codec.ACCESS_NO_RECORDS)
        else:
            self._next, self._until = wanted
            self._offset = self._length = 0

    def _count(self, operator: int, operands: "tuple[int, ...]") -> None:
        wanted = self._range(operator, operands)
        if wanted is None:
            self._refuse(codec.ACCESS_COUNT, operator)
        else:
            self._answer(codec.pack_access_count(max(wanted[1] - wanted[0] + 1, 0)))

    def _delete(self, operator: int, operands: "tuple[int, ...]") -> None:
        """Delete; during a report only what was sent."""
        if operator != codec.OPERATOR_AT_MOST:
            self._refuse(codec.ACCESS_DELETE, operator)
        elif operands[0] < self._log.first:
            self._respond(codec.ACCESS_DELETE, codec.ACCESS_NO_RECORDS)
        elif self.reporting and operands[0] >= self._next:
            self._respond(codec.ACCESS_DELETE, codec.ACCESS_NOT_COMPLETED)
        else:
            self._log.delete_until(operands[0])
            self._respond(codec.ACCESS_DELETE, codec.ACCESS_OK)
