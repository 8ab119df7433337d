"""How MetaMotion's log is fetched, page by page.

A page is forgotten by the board when the host confirms it. Pages that were not confirmed come again at the next
download, with the same ticks and boot number; whoever stores them drops what it has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from config.errors import PacketError
from firmware_bridge.devices.driver import LogBlock, Packet, Step, Subscribe
from firmware_bridge.devices.metamotion_facts import LOG, NOTIFY, READ, chip_of, write
from firmware_bridge.devices.metamotion_log import LogPairing, LogRegister, clock_packet, count_of, logging_off

if TYPE_CHECKING:
    from firmware_bridge.devices.driver import Settings

__all__ = ["MetaMotionDownload"]

_FLUSH_PAUSE_S = 1.0
"""The vendor's examples wait as long for the page to be written."""
_NOTES_A_DOWNLOAD = 20
_MOST_PACKETS_A_BLOCK = 512
"""As many entries has a page; a board that never ends its page must not fill the memory."""


class MetaMotionDownload:
    """Fetches the log page by page.

    Blocks hold the samples of a page; a block with steps to confirm also stands for all blocks before it. The board's
    clock comes first, as a packet with ticks and no samples, to be set against the host's. `begin` may be called again
    on the next connection; a sample whose halves lie on two pages is then kept.

    Notifications that are not of the log are passed over, so that the stream may go on meanwhile.

    Parameters
    ----------
    settings
        As the sensor was told when it logged.

    """

    def __init__(self, settings: Settings) -> None:
        self._pages = chip_of(settings).writes_log_pages
        self._pairing = LogPairing(settings)
        self._packets: list[Packet] = []
        self._length_asked = False
        self._done = False

    @property
    def done(self) -> bool:
        """Whether the board said that nothing is left."""
        return self._done

    def begin(self) -> tuple[Step, ...]:
        """Return the steps that make the board send its log.

        Logging ends, and on boards that write pages the last one is written to flash.
        """
        self._packets.clear()
        self._length_asked = True
        self._done = False
        flush = (write(LOG, LogRegister.FLUSH, 1, pause_s=_FLUSH_PAUSE_S),)
        return (
            Subscribe(NOTIFY),
            *logging_off(),
            *(flush if self._pages else ()),
            *self._pairing.ask(),
            # Right after another command, so that it travels for as long as its answer does.
            write(LOG, LogRegister.TIME | READ, awaits_reply=True),
            write(LOG, LogRegister.PROGRESS, 1),
            *(() if self._pages else (write(LOG, LogRegister.PAGE, 1),)),
            write(LOG, LogRegister.ENTRY, 1),
            write(LOG, LogRegister.LENGTH | READ),
        )

    def push(self, characteristic: str, data: bytes) -> tuple[LogBlock, ...]:
        """Return the block that a notification completes.

        Raises
        ------
        PacketError
            It is a frame of the log of the wrong length.

        """
        if characteristic != NOTIFY or data[:1] != bytes([LOG]):
            return ()
        if len(data) < 2:  # noqa: PLR2004  # module and register
            raise PacketError(f"MetaMotion log: expected a frame of at least 2 bytes, got {data.hex()}")
        reader = {
            LogRegister.TIME | READ: self._clock,
            LogRegister.LENGTH | READ: self._read_out,
            LogRegister.PROGRESS: self._progress,
            LogRegister.PAGE: self._page,
        }.get(data[1], self._entries)
        return reader(data)

    def _clock(self, data: bytes) -> tuple[LogBlock, ...]:
        clock = clock_packet(data)
        return () if clock is None else (LogBlock((clock,), ()),)

    def _entries(self, data: bytes) -> tuple[LogBlock, ...]:
        self._packets.extend(self._pairing.push(data)[1])
        if len(self._packets) < _MOST_PACKETS_A_BLOCK:
            return ()
        return (LogBlock(self._take(), ()),)

    def _page(self, _data: bytes) -> tuple[LogBlock, ...]:
        self._pairing.page_ends()
        return (LogBlock(self._take(), (write(LOG, LogRegister.PAGE_CONFIRM),)),)

    def _read_out(self, data: bytes) -> tuple[LogBlock, ...]:
        entries = count_of(data)
        if not self._length_asked:
            return ()
        self._length_asked = False
        if entries == 0:
            self._done = True
            return ()
        note_every = max(1, entries // _NOTES_A_DOWNLOAD)
        return (LogBlock((), (write(LOG, LogRegister.READOUT, *data[2:], *note_every.to_bytes(4, "little")),)),)

    def _progress(self, data: bytes) -> tuple[LogBlock, ...]:
        if count_of(data) > 0:
            return ()
        self._done = True
        packets = self._take()
        return (LogBlock(packets, ()),) if packets else ()

    def _take(self) -> tuple[Packet, ...]:
        packets = tuple(self._packets)
        self._packets.clear()
        return packets
