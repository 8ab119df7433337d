"""One connection to a sensor: steps out, packets in, from connecting to the end."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import TYPE_CHECKING

from config.errors import PacketError, SensorError
from firmware_bridge.devices.driver import Packet, Read, Reply, Step, Subscribe, Write
from firmware_bridge.link.radio import LINK_ERRORS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bleak import BleakClient
    from bleak.backends.characteristic import BleakGATTCharacteristic

    from firmware_bridge.devices.driver import Decoder

__all__ = ["Connection", "NoAnswerError"]

logger = logging.getLogger(__name__)

QUEUE_LIMIT = 20_000
"""Notifications that may wait: some ten seconds of the fastest sensor. A program that is so far behind stands still."""

REPLY_S = 2.0
"""Sensors answer within some connection events, of 50 ms at most as BlueZ sets them. Who waits longer for an answer
that a stall swallowed is not back within 5 s after it: connecting takes 2.5 s more."""

CLOSE_S = 5.0
TURN = 100
"""Notifications decoded before others get their turn."""


class NoAnswerError(SensorError):
    """The sensor is connected, but did not answer."""


class Connection:
    """Takes a driver's steps on a connected client, and decodes what the sensor sends.

    Notifications are stamped and queued in a plain callback, and decoded by `pump`.

    Parameters
    ----------
    client
        Connected.
    decoder
        The driver's, for this connection.
    on_packet
        Gets each packet with the time its notification came.
    on_bytes
        Gets each notification before it is decoded.
    on_turn
        Called when the notifications that had come together are decoded.

    Attributes
    ----------
    asked_s
        When the newest command was begun to be written, by the loop's clock.
    unreadable, overflowed
        Notifications that no driver can read, and those that came when the queue was full.

    """

    def __init__(
        self,
        client: BleakClient,
        decoder: Decoder,
        on_packet: Callable[[Packet, float], None],
        on_bytes: Callable[[str, bytes], None],
        on_turn: Callable[[], None],
    ) -> None:
        self._client = client
        self._decoder = decoder
        self._on_packet = on_packet
        self._on_bytes = on_bytes
        self._on_turn = on_turn
        self._loop = asyncio.get_running_loop()
        self._queue: deque[tuple[float, str, bytes]] = deque()
        self._arrived = asyncio.Event()
        self._subscribed: set[str] = set()
        self._reply: asyncio.Future[Reply] | None = None
        self._commanding = asyncio.Lock()
        self.asked_s = 0.0
        self.unreadable = 0
        self.overflowed = 0

    def has(self, characteristic: str) -> bool:
        """Return whether the sensor has a characteristic."""
        return self._client.services.get_characteristic(characteristic) is not None

    async def play(self, steps: Iterable[Step]) -> None:
        """Take steps, one after the other.

        Raises
        ------
        SensorError
            The sensor refused a command, or did not answer it.
        BleakError
            The link broke, or the sensor has no such characteristic.

        """
        for step in steps:
            match step:
                case Subscribe(characteristic):
                    await self._subscribe(characteristic)
                case Read(characteristic):
                    self._receive(characteristic, await self.read(characteristic))
                case Write():
                    await self._write(step)

    async def read(self, characteristic: str) -> bytes:
        """Return the value of a characteristic; the decoder, which may not know it, does not get it."""
        return bytes(await self._client.read_gatt_char(characteristic))

    async def _subscribe(self, characteristic: str) -> None:
        if characteristic in self._subscribed:
            return
        self._subscribed.add(characteristic)
        # The method is named, since bleak's own choice has changed twice: AcquireNotify loses what the sensor sends
        # before it is set up (bleak #1885).
        await self._client.start_notify(characteristic, self._notified, bluez={"use_start_notify": True})

    async def _write(self, step: Write) -> None:
        async with self._commanding:
            if step.awaits_reply:
                self._reply = self._loop.create_future()
            self.asked_s = self._loop.time()
            try:
                await self._client.write_gatt_char(step.characteristic, step.data, response=step.with_response)
                if self._reply is not None:
                    await self._check(self._reply)
            finally:
                self._reply = None
            if step.pause_s:
                await asyncio.sleep(step.pause_s)

    async def _check(self, reply: asyncio.Future[Reply]) -> None:
        try:
            answer = await asyncio.wait_for(reply, REPLY_S)
        except TimeoutError as error:
            raise NoAnswerError(f"the sensor did not answer a command within {REPLY_S:g} s") from error
        if not answer.ok:
            raise SensorError(f"the sensor refused to {answer.to}: {answer.reason}")

    def _notified(self, sender: BleakGATTCharacteristic, data: bytearray) -> None:
        self._receive(sender.uuid, bytes(data))

    def _receive(self, characteristic: str, data: bytes) -> None:
        if len(self._queue) >= QUEUE_LIMIT:
            self.overflowed += 1
            return
        self._queue.append((self._loop.time(), characteristic, data))
        self._arrived.set()

    async def pump(self) -> None:
        """Decode notifications as they come, for ever."""
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while self._queue:
                for _ in range(min(len(self._queue), TURN)):
                    self._decode(*self._queue.popleft())
                self._on_turn()
                await asyncio.sleep(0)

    def drain(self) -> None:
        """Decode what came before the connection ended."""
        while self._queue:
            self._decode(*self._queue.popleft())
        self._on_turn()

    def _decode(self, arrival_s: float, characteristic: str, data: bytes) -> None:
        self._on_bytes(characteristic, data)
        try:
            packets = self._decoder.push(characteristic, data)
        except PacketError as error:
            self.unreadable += 1
            if self.unreadable == 1:
                logger.warning("a packet was not understood and is left out (%s); further ones are only counted", error)
            return
        for packet in packets:
            if packet.reply is not None and self._reply is not None and not self._reply.done():
                self._reply.set_result(packet.reply)
            self._on_packet(packet, arrival_s)

    async def close(self) -> None:
        """Disconnect; a link that is gone already is no error."""
        try:
            await asyncio.wait_for(self._client.disconnect(), CLOSE_S)
        except LINK_ERRORS as error:
            logger.debug("disconnecting: %s", error)
