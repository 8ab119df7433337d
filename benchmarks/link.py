"""The Bluetooth link at full load, on the real clock: 1000 notifications a second, and what one wearer at 100 Hz costs.

Run as ``python benchmarks/link.py [--seconds 60] [--format table|json]``. A virtual sensor (LSP v1) sends over the
virtual air to bleak and on through link, recorder and live pipeline, all in this process on one core. The virtual radio
costs CPU time of its own, which no wearer pays: the process is given, and apart from it Lumbar's own share, from
bleak's callback to the disk and the alerts.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from stopwatch import stay_on_one_core

from config.known_sensors import KnownSensor
from config.settings import load_settings
from firmware_bridge.devices.lsp import DRIVER
from firmware_bridge.firmware import lsp_codec as codec
from firmware_bridge.imu import concatenate
from firmware_bridge.link import link as link_module
from firmware_bridge.link.connection import Connection
from firmware_bridge.link.link import SensorLink
from firmware_bridge.link.radio import Radio
from firmware_bridge.link.scanner import SensorScanner
from firmware_bridge.recordings import Recorder, open_recording
from firmware_bridge.virtual.air import Conditions, Fate, Specimen, virtual_world
from firmware_bridge.virtual.air.sensors import LspSensor
from lumbar.pipeline import LivePipeline

if TYPE_CHECKING:
    from firmware_bridge.imu import ImuChunk
    from firmware_bridge.link.listener import SensorState

FAST_HZ, USUAL_HZ = 1000, 100
FAST_AIR = Conditions(connection_interval_s=0.0075, packets_an_event=1000, transmit_queue=20_000)
"""The shortest interval there is. What gathers while this process is held up would wait in the operating system, which
goes on receiving; here, where the radio is in this process too, it waits in the sensor's queue instead."""


class EachSampleAlone(LspSensor):
    """Sends 1000 samples a second, each in a notification of its own."""

    def _start(self, rate_hz: int, most: int) -> tuple[int, ...]:
        super()._start(rate_hz, most)
        self._rate_hz = FAST_HZ
        self._measure("imu", FAST_HZ, 1, self._taken)
        return codec.RESULT_OK, FAST_HZ


class Worn:
    """Takes what the link brings as `lumbar wear` does: recorded, then followed."""

    def __init__(self, folder: Path, rate_hz: float) -> None:
        resolution = DRIVER.resolution(DRIVER.settings_with({}))
        self.recorder = Recorder(folder, "benchmark", rate_hz, resolution.acc_ms2, resolution.gyr_rad_s)
        self.pipeline = LivePipeline(load_settings(), rate_hz)

    def samples(self, chunk: ImuChunk) -> None:
        """Record and follow."""
        self.recorder.append(chunk)
        self.pipeline.push(chunk)

    def late_samples(self, chunk: ImuChunk, rate_hz: float) -> None:
        """Record."""
        self.recorder.insert(chunk, rate_hz)

    def state(self, _state: SensorState) -> None:
        """Nothing depends on it here."""


class Metered(Connection):
    """A connection that adds up the CPU time of what happens in it and behind it."""

    spent_s = 0.0
    notifications = 0

    def _notified(self, *arguments: Any) -> None:
        begun = time.thread_time()
        super()._notified(*arguments)
        Metered.notifications += 1
        Metered.spent_s += time.thread_time() - begun

    def _decode(self, arrival_s: float, characteristic: str, data: bytes) -> None:
        begun = time.thread_time()
        super()._decode(arrival_s, characteristic, data)
        Metered.spent_s += time.thread_time() - begun


class MeteredLink(SensorLink):
    """A link that adds up the CPU time of handing samples on, to the disk and through the pipeline."""

    def _give(self) -> None:
        begun = time.thread_time()
        super()._give()
        Metered.spent_s += time.thread_time() - begun


@dataclass(frozen=True, slots=True)
class Figures:
    """What came of one run."""

    case: str
    seconds: float
    samples_sent: int
    notifications_a_second: float
    samples_lost: int
    own_core_percent: float
    process_core_percent: float


async def measure(case: str, seconds: float, folder: Path) -> Figures:
    """Run one case and count."""
    vars(link_module)["Connection"] = Metered
    fast = case == "1000 notifications/s"
    world = await virtual_world(FAST_AIR if fast else Conditions(connection_interval_s=0.0375))
    sensor = await world.add(EachSampleAlone if fast else LspSensor, Specimen())
    rate_hz = float(FAST_HZ if fast else USUAL_HZ)
    known = KnownSensor(
        name="belt",
        driver="lsp",
        address=sensor.specimen.address,
        serial=sensor.specimen.serial,
        settings={"rate_hz": rate_hz},
    )
    radio = Radio(world.scanner_class, world.client_class)
    worn = Worn(folder, rate_hz)
    link = MeteredLink(known, radio, SensorScanner(radio), worn)
    running = asyncio.ensure_future(link.run())
    while link.stream is None:  # noqa: ASYNC110 - the link tells nobody of its first sample
        await asyncio.sleep(0.1)
    Metered.spent_s, Metered.notifications = 0.0, 0
    begun_s, begun_cpu_s = time.monotonic(), time.process_time()
    await asyncio.sleep(seconds)
    took_s, cpu_s = time.monotonic() - begun_s, time.process_time() - begun_cpu_s
    own_s, notifications = Metered.spent_s, Metered.notifications
    sensor.stall(1e9)
    await asyncio.sleep(1.0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await asyncio.sleep(0.5)  # the sensor sees that it is alone
    worn.recorder.close()
    truth = sensor.truths["imu"].samples()
    sent = np.flatnonzero(truth.fate == Fate.ARRIVED)
    recorded = concatenate(list(open_recording(folder).chunks()))
    lost = int(sent[-1] + 1 - len(recorded))  # also what the sensor had no room to send
    return Figures(
        case, took_s, int(sent[-1]) + 1, notifications / took_s, lost, 100 * own_s / took_s, 100 * cpu_s / took_s
    )


def main() -> None:
    """Measure both cases."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--format", choices=("table", "json"), default="table")
    given = parser.parse_args()
    stay_on_one_core()
    figures = []
    for case in ("1000 notifications/s", "one wearer at 100 Hz"):
        with tempfile.TemporaryDirectory() as folder:
            figures.append(asyncio.run(measure(case, given.seconds, Path(folder))))
    if given.format == "json":
        print(json.dumps({"schema": "lumbar.benchmark.link/1", "cases": [asdict(one) for one in figures]}, indent=2))
        return
    print(f"{'':22} {'samples':>8} {'lost':>5} {'notif./s':>9} {'own CPU':>8} {'process CPU':>12}")
    for one in figures:
        print(
            f"{one.case:22} {one.samples_sent:8} {one.samples_lost:5} {one.notifications_a_second:9.1f} "
            f"{one.own_core_percent:6.2f} % {one.process_core_percent:10.2f} %"
        )


if __name__ == "__main__":
    main()
