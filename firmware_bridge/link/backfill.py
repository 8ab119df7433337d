"""The offline log of a sensor: fetched, made safe, and only then forgotten by the sensor."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import numpy as np

from config.errors import PacketError
from firmware_bridge.imu import concatenate
from firmware_bridge.time_base.late import LateSamples

if TYPE_CHECKING:
    from collections.abc import Callable

    from firmware_bridge.devices.driver import Driver, LogBlock, Settings
    from firmware_bridge.imu import ImuChunk
    from firmware_bridge.link.clock_memory import ClockMemory
    from firmware_bridge.link.connection import Connection
    from firmware_bridge.time_base.stream import SampleStream

__all__ = ["Backfill"]

logger = logging.getLogger(__name__)

SILENCE_S = 10.0
"""A download that says nothing for so long is broken off, and begun anew."""


class Backfill:
    """One download of the offline log over one connection.

    Parameters
    ----------
    driver, settings
        The sensor's; the driver has a download.
    stream
        The live stream, whose clock places the samples.
    boot
        The sensor's present boot, where it tells one.
    memory
        Of the sensor's clock in its earlier boots.
    utc_now
        The computer's clock.

    """

    def __init__(
        self,
        driver: Driver,
        settings: Settings,
        stream: SampleStream,
        boot: int | None,
        memory: ClockMemory,
        utc_now: Callable[[], float],
    ) -> None:
        if driver.download is None:
            raise ValueError(f"{driver.title} has no offline log")
        clock = driver.log_clock or driver.clock
        if clock is None:
            raise ValueError(f"the log of {driver.title} has no clock")
        self._title = driver.title
        self._clock = clock
        self._memory = memory
        self._download = driver.download(settings)
        self._late = LateSamples(clock, settings["rate_hz"], stream.utc_of, boot)
        self._utc_now = utc_now
        self._rate_hz = settings["rate_hz"]
        self._blocks: asyncio.Queue[tuple[LogBlock, float]] = asyncio.Queue()
        self._failed = False
        self._connection: Connection | None = None

    def push(self, characteristic: str, data: bytes) -> None:
        """Take a notification, also one that is not of the log."""
        if self._failed or self._download.done:
            return
        try:
            for block in self._download.push(characteristic, data):
                self._blocks.put_nowait((block, self._utc_now() - self._way_s()))
        except PacketError as error:
            logger.warning("the offline log of %s cannot be fetched (%s)", self._title, error)
            self._failed = True

    def _way_s(self) -> float:
        """Return how long an answer that has just come was on its way: half as long as it took from the command on."""
        if self._connection is None:
            return 0.0
        return (asyncio.get_running_loop().time() - self._connection.asked_s) / 2

    async def run(self, connection: Connection, keep: Callable[[ImuChunk, float], None]) -> bool:
        """Fetch the log block by block; `keep` makes the samples safe before the sensor may forget them.

        Returns whether the sensor went on to the end, or to what cannot be read; not where it fell silent.
        """
        self._connection = connection
        await connection.play(self._download.begin())
        while not self._failed and not (self._download.done and self._blocks.empty()):
            try:
                block, told_utc_s = await asyncio.wait_for(self._blocks.get(), SILENCE_S)
            except TimeoutError:
                if self._download.done:
                    break
                logger.warning("%s stopped sending its offline log; it is asked again", self._title)
                return False
            packets = [
                self._memory.timed(packet, self._clock)
                for packet in block.packets
                if not self._memory.anchor(packet, self._clock, told_utc_s)
            ]
            chunks = self._late.place(packets, told_utc_s)
            if chunks:
                late = concatenate(chunks)
                keep(late, self._rate_of(late))
            await connection.play(block.confirm)
        if self._late.unplaced:
            logger.warning("%d samples of an earlier start of %s have no time", self._late.unplaced, self._title)
        return True

    def _rate_of(self, late: ImuChunk) -> float:
        """Return the rate of a block: sensors keep fewer samples than they send."""
        if len(late) < 2:  # noqa: PLR2004 - an interval has two ends
            return self._rate_hz
        return float(1.0 / np.median(np.diff(late.time)))
