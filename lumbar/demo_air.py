"""The demo's wearer over Bluetooth: the virtual sensor in the virtual air, and the real link to it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self

from config.known_sensors import KnownSensor
from firmware_bridge.imu import concatenate
from firmware_bridge.link.link import SensorLink
from firmware_bridge.link.listener import SensorState
from firmware_bridge.link.radio import Radio
from firmware_bridge.link.scanner import SensorScanner
from firmware_bridge.virtual.air import Conditions, Oscillator, PlayedMotion, Specimen, VirtualLoop, virtual_world

if TYPE_CHECKING:
    from collections.abc import Iterator

    from firmware_bridge.imu import ImuChunk
    from firmware_bridge.virtual import SimulatedWearer
    from firmware_bridge.virtual.air import VirtualSensor

__all__ = ["WearerOverBluetooth"]

CONDITIONS = Conditions(connection_interval_s=0.03, missed_event_share=0.02)
GOODBYE_S = 1.0
"""By then the sensor knows as well that it is alone."""

CRYSTAL = Oscillator(ppm=25, wander_ppm=3)


class WearerOverBluetooth:
    """Samples of a simulated wearer as the link brings them, on a virtual clock.

    The clock moves only while samples are asked for, so that whoever asks sets the pace.

    Parameters
    ----------
    wearer
        Best with `SensorModel.ideal()`, since the virtual sensor has errors of its own.

    """

    def __init__(self, wearer: SimulatedWearer) -> None:
        self._wearer = wearer
        self._runner = asyncio.Runner(loop_factory=VirtualLoop)
        self._waiting: list[ImuChunk] = []
        self._state = SensorState()
        self._pulses: set[asyncio.Task[bool]] = set()

    def __enter__(self) -> Self:
        self._runner.run(self._connect())
        return self

    def __exit__(self, *_: object) -> None:
        with self._runner:
            self._runner.run(self._disconnect())

    @property
    def pulses_n(self) -> int:
        """How often the sensor has vibrated."""
        return len(self._sensor.pulses)

    def status(self) -> str:
        """Return how the link to the sensor stands, in words."""
        if not self._state.connected:
            return self._state.problem
        return f"sensor connected, battery {self._state.battery_percent} %, signal {self._state.signal_dbm} dBm"

    def chunks(self, seconds: float) -> Iterator[ImuChunk]:
        """Yield what has come within so many seconds, again and again, until the wearer's script is over.

        Raises
        ------
        SensorError
            The link cannot be made at all.

        """
        while self._runner.run(self._pass(seconds)):
            chunks, self._waiting = self._waiting, []
            if chunks:
                yield concatenate(chunks)

    def nudge(self, strength: float, duration_s: float) -> None:
        """Let the sensor vibrate, as soon as the clock moves on."""
        pulse = self._runner.get_loop().create_task(self._link.vibrate(strength, duration_s))
        self._pulses.add(pulse)
        pulse.add_done_callback(self._pulses.discard)

    def samples(self, chunk: ImuChunk) -> None:
        """Take what the link brings."""
        self._waiting.append(chunk)

    def late_samples(self, chunk: ImuChunk, rate_hz: float) -> None:
        """Leave out what the sensor kept while the link was broken: a view of the moment has no use for it."""

    def state(self, state: SensorState) -> None:
        """Take a change of the link."""
        self._state = state

    async def _connect(self) -> None:
        world = await virtual_world(CONDITIONS)
        motion = PlayedMotion(self._wearer)
        specimen = Specimen(oscillator=CRYSTAL, motion=motion, keep_truth=False)
        self._sensor: VirtualSensor = await world.add("lsp", specimen)
        loop, began_s = asyncio.get_running_loop(), self._sensor.switched_on_s
        self._ends_s = began_s + self._wearer.duration_s
        known = KnownSensor(name="belt", driver="lsp", address=specimen.address, serial=specimen.serial)
        radio = Radio(world.scanner_class, world.client_class)
        start = self._wearer.start
        self._link = SensorLink(known, radio, SensorScanner(radio), self, lambda: start + loop.time() - began_s)
        self._running = loop.create_task(self._link.run())

    async def _disconnect(self) -> None:
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)
        await asyncio.sleep(GOODBYE_S)

    async def _pass(self, seconds: float) -> bool:
        """Let time pass; returns whether the wearer had still something to do."""
        left_s = self._ends_s - asyncio.get_running_loop().time()
        if left_s <= 0:
            return False
        done, _ = await asyncio.wait([self._running], timeout=min(seconds, left_s))
        for task in done:
            task.result()
        return True
