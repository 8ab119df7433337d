"""The link to one sensor: found, connected, streamed from and found again, for ever."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from bleak import BleakClient
from bleak_retry_connector import establish_connection

from config.errors import SensorError
from firmware_bridge.devices.catalogue import driver_named
from firmware_bridge.devices.driver import Write
from firmware_bridge.imu import concatenate
from firmware_bridge.link.clock_memory import ClockMemory
from firmware_bridge.link.connection import Connection, NoAnswerError
from firmware_bridge.link.haptics import pulse
from firmware_bridge.link.listener import SensorState
from firmware_bridge.link.log_keeper import LogKeeper
from firmware_bridge.link.radio import LINK_ERRORS
from firmware_bridge.link.require import require_serial
from firmware_bridge.time_base.stream import SampleStream

if TYPE_CHECKING:
    from collections.abc import Callable

    from config.known_sensors import KnownSensor
    from firmware_bridge.devices.driver import Packet
    from firmware_bridge.imu import ImuChunk
    from firmware_bridge.link.listener import LinkListener
    from firmware_bridge.link.radio import Radio
    from firmware_bridge.link.scanner import SensorScanner, Sighting

__all__ = ["SensorLink"]

logger = logging.getLogger(__name__)

SILENCE_S = 3.0
"""A link without a sample for so long is dead, whatever the system says of it (bleak #1949, #2017)."""

WATCH_EVERY_S = 0.25
FIRST_SAMPLE_S = 10.0
CONNECT_ATTEMPTS = 2
SHORTEST_PAUSE_S, LONGEST_PAUSE_S = 0.25, 4.0
"""Each attempt follows a sighting, so the pause need not grow long: who comes back waits no longer than this."""

GOODBYE_S = 2.0
BATTERY_EVERY_S = 600.0
ANCHOR_EVERY_S = 60.0
MICROSECONDS = 1e6


class ConnectionEndedError(SensorError):
    """The connection is over."""


class SensorLink:
    """Keeps the connection to the wearer's own sensor, and hands on what it sends.

    Parameters
    ----------
    sensor
        Only this one is ever connected: by its address and, where it is known, its serial number.
    radio, scanner
        Bluetooth.
    listener
        Gets samples and states.
    utc_now
        The computer's clock, seconds since the Unix epoch.
    memory
        Keeps the sensor's clock from one start of the program to the next; None where it need not.

    Attributes
    ----------
    sensor
        As given.
    stream
        The samples' clock and account, from the first sample on.

    """

    def __init__(
        self,
        sensor: KnownSensor,
        radio: Radio,
        scanner: SensorScanner,
        listener: LinkListener,
        utc_now: Callable[[], float] = time.time,
        memory: ClockMemory | None = None,
    ) -> None:
        self.sensor = sensor
        self.stream: SampleStream | None = None
        self._driver = driver_named(sensor.driver)
        self._settings = self._driver.settings_with(sensor.settings)
        self._radio = radio
        self._scanner = scanner
        self._listener = listener
        self._utc_now = utc_now
        self._memory = memory or ClockMemory()
        self._state = SensorState()
        self._connection: Connection | None = None
        self._log = LogKeeper(self._driver, self._settings, self._memory, utc_now, self._keep_late)
        self._boot: int | None = None
        self._heard_s = 0.0
        self._chunks: list[ImuChunk] = []
        self._streaming = asyncio.Event()

    @property
    def state(self) -> SensorState:
        """How the link stands."""
        return self._state

    async def run(self) -> None:
        """Connect and stream until cancelled; whatever goes wrong is told to the listener, and tried again.

        Raises
        ------
        SensorError
            Bluetooth cannot be used from the start.
        LumbarError
            The listener cannot keep what comes.

        """
        pause_s = SHORTEST_PAUSE_S
        self._say(replace(self._state, connected=False, problem=f"looking for {self.sensor.name}"))
        sighting = await self._scanner.wait_for(self.sensor.address)
        while True:
            self._state = replace(self._state, signal_dbm=sighting.signal_dbm)
            try:
                # In a task of its own: a task group leaves its task marked as cancelled (CPython before 3.13).
                await asyncio.create_task(self._serve(sighting))
            except ExceptionGroup as group:
                reason = _reason_of(group)
                self._say_lost(str(reason) or type(reason).__name__)
                # A connection that brought samples was a good one: the next failure is the first again. One without an
                # answer took its time, and the sensor may be well again at any moment.
                good = self._streaming.is_set() or isinstance(reason, NoAnswerError)
                pause_s = SHORTEST_PAUSE_S if good else min(2 * pause_s, LONGEST_PAUSE_S)
            await asyncio.sleep(pause_s)
            sighting = await self._look_again()

    async def _look_again(self) -> Sighting:
        """Wait for the sensor, also while Bluetooth is switched off and on again."""
        while True:
            try:
                return await self._scanner.wait_for(self.sensor.address)
            except SensorError as error:
                self._say_lost(str(error))
                await asyncio.sleep(LONGEST_PAUSE_S)

    def _say_lost(self, problem: str) -> None:
        logger.info("%s: %s", self.sensor.name, problem)
        self._say(replace(self._state, connected=False, problem=problem))

    async def vibrate(self, strength: float, duration_s: float) -> bool:
        """Let the sensor vibrate; returns whether it could.

        Parameters
        ----------
        strength
            0 to 1.
        duration_s
            Length of the pulse.

        """
        if self._connection is None or not self._state.connected:
            return False
        try:
            return await pulse(self._connection, self._driver, strength, duration_s)
        except (SensorError, *LINK_ERRORS) as error:
            logger.warning("%s did not vibrate (%s)", self.sensor.name, error)
            return False

    async def _serve(self, sighting: Sighting) -> None:
        """Stream over one connection until it ends.

        Raises
        ------
        ExceptionGroup
            Why it ended: always.

        """
        # One for each connection: the system may tell of the end of an old one when the next is long made.
        gone = asyncio.Event()
        self._streaming.clear()
        try:
            client = await establish_connection(
                BleakClient,
                sighting.device,
                self.sensor.name,
                disconnected_callback=lambda _: gone.set(),
                max_attempts=CONNECT_ATTEMPTS,
                backend=self._radio.client_cls,
            )
        except LINK_ERRORS as error:
            raise ExceptionGroup("", [error]) from error
        decoder = self._driver.decoder(self._settings)
        connection = Connection(client, decoder, self._take, self._log.overhear, self._give)
        self._connection = connection
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(connection.pump())
                tasks.create_task(_watch_link(gone))
                await self._begin(connection)
                tasks.create_task(self._watch_samples())
                tasks.create_task(self._look_at_clock())
                tasks.create_task(self._look_at_battery(connection))
                tasks.create_task(self._keep_log(connection))
        except asyncio.CancelledError:
            await self._say_goodbye(connection)
            raise
        finally:
            connection.drain()
            self._connection = None
            try:
                await connection.close()
            finally:
                self._finish(connection)

    async def _say_goodbye(self, connection: Connection) -> None:
        """Stop the stream, which would empty the sensor's battery; nobody waits for the answers any longer."""
        steps = (
            replace(step, awaits_reply=False) if isinstance(step, Write) else step
            for step in self._driver.stop(self._settings)
        )
        try:
            await asyncio.wait_for(connection.play(steps), GOODBYE_S)
        except (SensorError, *LINK_ERRORS) as error:
            logger.debug("%s was not told to stop (%s)", self.sensor.name, error)

    def _finish(self, connection: Connection) -> None:
        """Hand on what still came while the connection was being closed, and what waited for more."""
        connection.drain()
        if self.stream is not None:
            self._chunks += self.stream.flush()
            self._give()
            self._remember_clock()

    async def _begin(self, connection: Connection) -> None:
        await require_serial(connection, self.sensor)
        if self._driver.set_utc is not None:
            await connection.play(self._driver.set_utc(round(self._utc_now() * MICROSECONDS)))
        await connection.play(self._driver.start(self._settings))
        self._heard_s = self._now() + FIRST_SAMPLE_S - SILENCE_S

    async def _watch_samples(self) -> None:
        while self._now() - self._heard_s < SILENCE_S:  # noqa: ASYNC110 - nothing happens that one could wait for
            await asyncio.sleep(WATCH_EVERY_S)
        raise ConnectionEndedError("connected, but no samples come: connecting anew")

    async def _look_at_clock(self) -> None:
        while True:
            await asyncio.sleep(ANCHOR_EVERY_S)
            if self.stream is not None:
                self.stream.anchor_utc(self._now(), self._utc_now())
                self._remember_clock()

    async def _look_at_battery(self, connection: Connection) -> None:
        while True:
            try:
                await connection.play(self._driver.battery)
            except (SensorError, *LINK_ERRORS) as error:
                # Not every one has the service; where the link broke, that is seen elsewhere.
                logger.info("%s does not tell its charge (%s)", self.sensor.name, error)
            await asyncio.sleep(BATTERY_EVERY_S)

    async def _keep_log(self, connection: Connection) -> None:
        # Only the first live sample tells what the sensor's clock reads.
        await self._streaming.wait()
        if self.stream is not None and self._log.is_kept:
            await self._log.fetch(connection, self.stream, lambda: self._boot)

    def _keep_late(self, late: ImuChunk, rate_hz: float) -> None:
        self._remember_clock()
        self._listener.late_samples(late, rate_hz)

    def _remember_clock(self) -> None:
        if self.stream is not None:
            self._memory.learn(self.sensor.address, self.stream.clock_rate)
            self._memory.keep(self._boot, self.stream.points())

    def _take(self, packet: Packet, arrival_s: float) -> None:
        self._note(packet)
        if (packet.acc is None and packet.gyr is None) or "log_boot" in packet.fields:
            return
        self._heard_s = arrival_s
        if not self._state.connected:
            self._say(replace(self._state, connected=True, problem=""))
        if self.stream is None:
            has_gyroscope = self._driver.resolution(self._settings).gyr_rad_s is not None
            self.stream = SampleStream(
                self._driver.clock, self._settings["rate_hz"], self._now(), self._utc_now(), gyroscope=has_gyroscope
            )
            self.stream.recall(self._memory.load(self._boot), self._memory.rate_of(self.sensor.address))
        self._chunks += self.stream.push(packet, arrival_s)
        self._streaming.set()

    def _give(self) -> None:
        """Hand on the samples that came together, as one chunk: cheaper for all that follows, and no later."""
        chunks, self._chunks = self._chunks, []
        if chunks:
            self._listener.samples(concatenate(chunks))

    def _note(self, packet: Packet) -> None:
        """Take what a packet says beside its samples."""
        boot = packet.fields.get("boot_id")
        if isinstance(boot, int):
            if self._boot not in (None, boot) and self.stream is not None:
                self._remember_clock()
                self._chunks += self.stream.restart()
            self._boot = boot
        state = self._state
        if packet.battery_percent is not None:
            state = replace(state, battery_percent=packet.battery_percent)
        charging = packet.fields.get("charging")
        if isinstance(charging, bool):
            state = replace(state, charging=charging)
        if state != self._state:
            self._say(state)

    def _say(self, state: SensorState) -> None:
        self._state = state
        self._listener.state(state)

    def _now(self) -> float:
        return asyncio.get_running_loop().time()


async def _watch_link(gone: asyncio.Event) -> None:
    await gone.wait()
    raise ConnectionEndedError("the connection broke: the sensor is out of reach, or switched off")


def _reason_of(group: ExceptionGroup[Exception]) -> Exception:
    """Return why a connection ended: the first reason that says more than that it is over.

    Raises
    ------
    Exception
        One of the reasons has nothing to do with the link.

    """
    for error in group.exceptions:
        if not isinstance(error, (SensorError, *LINK_ERRORS)):
            raise error
    reasons = [error for error in group.exceptions if not isinstance(error, ConnectionEndedError)]
    return (reasons or list(group.exceptions))[0]
