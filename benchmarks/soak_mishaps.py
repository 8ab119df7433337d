"""What goes wrong in the long day of `soak.py`, and the program that is to survive it."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from firmware_bridge.link.link import SensorLink
from firmware_bridge.link.scanner import SensorScanner
from lumbar.session import Outputs
from lumbar.wear import Wearing, wear

if TYPE_CHECKING:
    import random
    from collections.abc import Awaitable, Callable

    from config.known_sensors import KnownSensor
    from firmware_bridge.link.radio import Radio
    from firmware_bridge.virtual.air import VirtualSensor
    from lumbar.history.store import History
    from lumbar.messaging.client import MessageClient
    from lumbar.messaging.embedded_broker import EmbeddedBroker
    from lumbar.wear_day import DayKeeper

__all__ = ["Lumbar", "Mishaps"]


@dataclass
class Lumbar:
    """The program, which can be stopped and started."""

    keeper: DayKeeper
    sensor: KnownSensor
    radio: Radio
    utc_now: Callable[[], float]
    connect: Callable[[], MessageClient]
    history: History
    client: MessageClient | None = None
    running: asyncio.Task[None] | None = None
    stop: asyncio.Event = field(default_factory=asyncio.Event)

    def start(self) -> None:
        """Start it, with a link and a client of its own."""
        self.stop = asyncio.Event()
        self.client = self.connect()
        outputs = Outputs(None, self.client, self.history)
        wearing = Wearing(self.keeper, outputs, self.utc_now)
        link = SensorLink(self.sensor, self.radio, SensorScanner(self.radio), wearing, self.utc_now)
        self.running = asyncio.ensure_future(wear(wearing, link, outputs, self.stop))

    async def end(self) -> None:
        """Stop it as SIGTERM does."""
        self.stop.set()
        if self.running is not None:
            await self.running
        if self.client is not None:
            self.client.close()


class Mishaps:
    """What goes wrong, drawn from a seed."""

    def __init__(self, sensor: VirtualSensor, lumbar: Lumbar, broker: EmbeddedBroker, chance: random.Random) -> None:
        self.counts: Counter[str] = Counter()
        self._sensor = sensor
        self._lumbar = lumbar
        self._broker = broker
        self._chance = chance

    async def run(self, until_s: float, every_s: float) -> None:
        """Let things go wrong, in the mean every so many seconds, until a time of the loop's clock."""
        loop = asyncio.get_running_loop()
        kinds: list[Callable[[], Awaitable[None]]] = [
            self.drop,
            self.absence,
            self.absence,
            self.stall,
            self.reboot,
            self.program_restart,
            self.broker_outage,
        ]
        bag: list[Callable[[], Awaitable[None]]] = []
        while True:
            pause_s = self._chance.expovariate(1.0 / every_s)
            if loop.time() + pause_s + 1200 > until_s:
                break
            await asyncio.sleep(pause_s)
            if not bag:
                bag = self._chance.sample(kinds, len(kinds))
            mishap = bag.pop()
            self.counts[mishap.__name__] += 1
            await mishap()
        await asyncio.sleep(until_s - loop.time())

    async def drop(self) -> None:
        """Let the link break."""
        self._sensor.drop_link()

    async def absence(self) -> None:
        """Carry the sensor out of reach, for 10 s to 20 min."""
        self._sensor.set_in_range(in_range=False)
        await asyncio.sleep(self._chance.uniform(10, 1200))
        self._sensor.set_in_range(in_range=True)

    async def stall(self) -> None:
        """Let the sensor be silent while it stays connected."""
        self._sensor.stall(self._chance.uniform(2, 30))

    async def reboot(self) -> None:
        """Restart the sensor."""
        await self._sensor.reboot(self._chance.uniform(2, 10))

    async def program_restart(self) -> None:
        """Stop the program, and start it again."""
        await self._lumbar.end()
        await asyncio.sleep(self._chance.uniform(1, 120))
        self._lumbar.start()

    async def broker_outage(self) -> None:
        """Stop the broker, which forgets everything, and start it again."""
        self._broker.stop()
        await asyncio.sleep(self._chance.uniform(10, 600))
        self._broker.start()
