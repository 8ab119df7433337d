"""When the offline log of a sensor is fetched: on each connection, until it is empty."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from config.errors import SensorError
from firmware_bridge.link.backfill import Backfill
from firmware_bridge.link.connection import NoAnswerError
from firmware_bridge.link.radio import LINK_ERRORS

if TYPE_CHECKING:
    from collections.abc import Callable

    from firmware_bridge.devices.driver import Driver, Settings
    from firmware_bridge.imu import ImuChunk
    from firmware_bridge.link.clock_memory import ClockMemory
    from firmware_bridge.link.connection import Connection
    from firmware_bridge.time_base.stream import SampleStream

__all__ = ["LogKeeper"]

logger = logging.getLogger(__name__)

CLOCK_SETTLES_S = 3.0
LOG_AGAIN_S = 5.0


class LogKeeper:
    """Fetches what the sensor kept while it was away, then lets it keep its samples the next time.

    Parameters
    ----------
    driver, settings
        The sensor's.
    memory
        Of the sensor's clock in its earlier boots.
    utc_now
        The computer's clock.
    keep
        Makes late samples safe, with their rate, before the sensor may forget them.

    """

    def __init__(
        self,
        driver: Driver,
        settings: Settings,
        memory: ClockMemory,
        utc_now: Callable[[], float],
        keep: Callable[[ImuChunk, float], None],
    ) -> None:
        self._driver = driver
        self._settings = settings
        self._memory = memory
        self._utc_now = utc_now
        self._keep = keep
        self._backfill: Backfill | None = None

    @property
    def fetching(self) -> bool:
        """Whether a download is under way."""
        return self._backfill is not None

    @property
    def is_kept(self) -> bool:
        """Whether the sensor keeps a log with these settings."""
        fastest_hz = self._driver.fastest_log_hz
        return self._driver.download is not None and (fastest_hz is None or self._settings["rate_hz"] <= fastest_hz)

    def overhear(self, characteristic: str, data: bytes) -> None:
        """Take a notification, of whatever kind."""
        if self._backfill is not None:
            self._backfill.push(characteristic, data)

    async def fetch(self, connection: Connection, stream: SampleStream, boot: Callable[[], int | None]) -> None:
        """Fetch the log over one connection, on which samples have begun to come, and begin a new one.

        Parameters
        ----------
        connection
            With the sensor.
        stream
            The live samples, whose clock places those of the log.
        boot
            Returns the sensor's present boot, where it has told one by then.

        """
        # The first packets may all be late; some more tell better when the sensor was back.
        await asyncio.sleep(CLOCK_SETTLES_S)
        try:
            while not await self._fetch_once(connection, stream, boot()):  # noqa: ASYNC110 - nothing tells of a stall's end
                await asyncio.sleep(LOG_AGAIN_S)
        except (SensorError, *LINK_ERRORS) as error:
            # The samples of now go on; where the link broke, that is seen elsewhere.
            logger.warning("the offline log of %s cannot be used (%s)", self._driver.title, error)

    async def _fetch_once(self, connection: Connection, stream: SampleStream, boot: int | None) -> bool:
        """Fetch the log and let the sensor keep its samples again; returns whether it went on to the end.

        A stall may swallow some of it, or an answer, without an end of the connection.
        """
        self._backfill = Backfill(self._driver, self._settings, stream, boot, self._memory, self._utc_now)
        stream.crowd(crowded=True)
        try:
            if not await self._backfill.run(connection, self._keep):
                return False
            if self._driver.start_log is not None:
                await connection.play(self._driver.start_log(self._settings))
        except NoAnswerError as error:
            logger.warning("the offline log of %s is asked for again (%s)", self._driver.title, error)
            return False
        finally:
            self._backfill = None
            stream.crowd(crowded=False)
        return True
