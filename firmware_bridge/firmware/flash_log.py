"""The offline log: a ring of numbered blocks in a file that is written in place.

Block n lies in slot n modulo the number of slots. A block that the host confirmed loses the first letter of its magic,
so that its number still counts after a restart. Of a write that an empty battery broke off, header and number may be
half there: the newest block is the newest whose checksum is right, and the slot after it counts as empty where its
checksum is wrong. Blocks in between are not looked into: the host is told of those that are damaged.
"""

from firmware_bridge.firmware import lsp_codec as codec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware_bridge.firmware.board_types import BlockFile

__all__ = ["FlashLog"]

_MAGIC_BEGIN = b"L"
_LIVE = 0x4C
_DELETED = 0


class FlashLog:
    """Blocks `first` to `last`; empty where `first` is `last` + 1.

    Parameters
    ----------
    file
        Open for reading and writing, as long as all slots.

    """

    def __init__(self, file: "BlockFile") -> None:
        self._file = file
        self._slots = file.seek(0, 2) // codec.BLOCK_BYTES
        self.page = bytearray(codec.BLOCK_BYTES)
        self._head = bytearray(codec.BLOCK_HEADER_BYTES)
        self.first = 1
        self.last = 0
        self._scan()

    def append(self, header: codec.BlockHeader, payload: bytes) -> None:
        """Write a block, number `last` + 1, over the oldest of a full ring."""
        number = header.block
        block = codec.pack_block(header, payload)
        self.first = max(self.first, number - self._slots + 1)
        self._file.seek(self._offset(number))
        self._file.write(block)
        self._file.flush()
        self.last = number

    def load(self, number: int) -> int:
        """Read a block into `page`; return its length, of one that is damaged that of a header."""
        self._file.seek(self._offset(number))
        self._file.readinto(self.page)
        try:
            return codec.block_length(codec.unpack_block_header(bytes(self.page[: codec.BLOCK_HEADER_BYTES])))
        except ValueError:
            return codec.BLOCK_HEADER_BYTES

    def delete_until(self, number: int) -> None:
        """Forget block `number` and all before it."""
        while self.first <= min(number, self.last):
            self._file.seek(self._offset(self.first))
            self._file.write(bytes((_DELETED,)))
            self.first += 1
        self._file.flush()

    def _offset(self, number: int) -> int:
        return number % self._slots * codec.BLOCK_BYTES

    def _scan(self) -> None:
        """Find the blocks after a start."""
        self.last, broken = self._newest()
        torn = (self.last + 1) % self._slots
        oldest = self.last + 1
        deleted = 0
        for slot in range(self._slots):
            number = self._number(slot)
            if slot in broken or (slot == torn and not self._whole(slot)):
                continue
            if self._head[0] == _DELETED:
                deleted = max(deleted, number)
            elif number:
                oldest = min(oldest, number)
        self.first = max(oldest, deleted + 1)

    def _newest(self) -> "tuple[int, list[int]]":
        """Return the number of the newest block that is whole, and the slots of those that seem newer but are not."""
        broken: list[int] = []
        while True:
            newest = 0
            for slot in range(self._slots):
                if slot not in broken:
                    newest = max(newest, self._number(slot))
            if newest == 0 or self._whole(newest % self._slots):
                return newest, broken
            broken.append(newest % self._slots)

    def _number(self, slot: int) -> int:
        """Return the number of the block in a slot, also of one that was deleted; 0 where there is none."""
        self._file.seek(slot * codec.BLOCK_BYTES)
        self._file.readinto(self._head)
        try:
            number = int(codec.unpack_block_header(_MAGIC_BEGIN + bytes(self._head[1:])).block)
        except ValueError:
            return 0
        is_ours = self._head[0] in {_DELETED, _LIVE} and number % self._slots == slot
        return number if is_ours else 0

    def _whole(self, slot: int) -> bool:
        """Return whether a block's checksum is right, also that of one that was deleted."""
        self._file.seek(slot * codec.BLOCK_BYTES)
        self._file.readinto(self.page)
        try:
            codec.unpack_block(_MAGIC_BEGIN + bytes(self.page[1:]))
        except ValueError:
            return False
        return True
