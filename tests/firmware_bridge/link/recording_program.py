"""A program that records a virtual sensor of another process, offline log included, until it is killed.

What to record stands on its standard input, so that it can be started before it is needed.
"""

import asyncio
import json
import sys
from pathlib import Path

from config.known_sensors import KnownSensor
from firmware_bridge.devices.catalogue import driver_named
from firmware_bridge.link.clock_memory import ClockMemory
from firmware_bridge.link.link import SensorLink
from firmware_bridge.link.radio import Radio
from firmware_bridge.link.scanner import SensorScanner
from firmware_bridge.recordings import Recorder
from firmware_bridge.virtual.air import SharedLoop, backends_over
from firmware_bridge.virtual.air.clock import utc_from


class Listener:
    def __init__(self, recorder):
        self._recorder = recorder

    def samples(self, chunk):
        self._recorder.append(chunk)

    def late_samples(self, chunk, rate_hz):
        self._recorder.insert(chunk, rate_hz)

    def state(self, state):
        """Nobody looks."""


async def record(socket, folder, epoch_s, driver_id, address, given):
    driver = driver_named(driver_id)
    settings = driver.settings_with(given)
    known = KnownSensor(name="belt", driver=driver.id, address=address, serial="0001", settings=given)
    radio = Radio(*await backends_over(socket))
    resolution = driver.resolution(settings)
    recorder = Recorder(folder / "recording", driver.id, settings["rate_hz"], resolution.acc_ms2, resolution.gyr_rad_s)
    memory = ClockMemory(folder / "clock.json")
    link = SensorLink(known, radio, SensorScanner(radio), Listener(recorder), utc_from(epoch_s), memory)
    await link.run()


def main():
    told = json.loads(sys.stdin.readline())
    with asyncio.Runner(loop_factory=lambda: SharedLoop(told["zero_s"], told["speed"])) as runner:
        runner.run(
            record(
                Path(told["socket"]),
                Path(told["folder"]),
                told["epoch_s"],
                told["driver"],
                told["address"],
                told["settings"],
            )
        )


if __name__ == "__main__":
    main()
