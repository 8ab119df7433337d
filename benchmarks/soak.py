"""A long day of `lumbar wear` with everything that goes wrong, on a virtual clock: totals, memory, nothing lost unsaid.

    python benchmarks/soak.py [--hours 24] [--every MINUTES] [--seed N] [--format table|json]

A simulated wearer's day at a desk goes from a virtual LSP sensor over the virtual air, the real link, the real recorder
and pipeline to the history and a real broker. Links break, the sensor goes out of reach, stands still and restarts, the
program and the broker are stopped and started, and midnight is in the middle. Exit code 1 where a figure misses its
tolerance.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import logging
import os
import random
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from config.calibration import CalibrationSection, SectionName
from config.known_sensors import KnownSensor
from config.settings import load_settings
from firmware_bridge.devices.catalogue import driver_named
from firmware_bridge.link.link import SensorLink
from firmware_bridge.link.radio import Radio
from firmware_bridge.link.scanner import SensorScanner
from firmware_bridge.recordings import Recorder, open_recording
from firmware_bridge.virtual import SensorModel, SimulatedWearer, desk_day
from firmware_bridge.virtual.air import (
    Conditions,
    Oscillator,
    PlayedMotion,
    Specimen,
    run_virtually,
    utc_from,
    virtual_world,
)
from lumbar.analysis import calibrate_recording
from lumbar.history.store import History
from lumbar.messaging.client import MessageClient
from lumbar.messaging.embedded_broker import EmbeddedBroker
from lumbar.pipeline import LivePipeline, review
from lumbar.session import Outputs
from lumbar.wear import Wearing, wear
from lumbar.wear_day import DayKeeper, recorded_chunks
from posture.events import ActivityEpisode, PostureEpisode, PostureState

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from firmware_bridge.virtual.air import VirtualSensor
    from posture.calibration import Calibration

MIDNIGHT = datetime(2026, 1, 6, tzinfo=UTC).timestamp()
BEFORE_MIDNIGHT = 10.0 / 24.0
CALIBRATION_S = 70.0
RATE_HZ = 100.0
AIR = Conditions(connection_interval_s=0.4, missed_event_share=0.02, packets_an_event=12, transmit_queue=60)
"""A slow link, for speed: several packets at each event. What is proved here is the account, not the delay."""
CRYSTAL = Oscillator(ppm=25, wander_ppm=3)
LAST_QUIET_S = 90.0
"""At the end nothing goes wrong for so long, so that what came late is worked in."""
RSS_EVERY_S = 300.0
WARM_UP_SHARE = 0.25
GAP_S = 1.0

STEPS_TOLERANCE = 0.06
"""Undisturbed, the program counts 3 to 5 % more steps than this script has."""

MINUTES_TOLERANCE, SLOUCH_TOLERANCE = 0.03, 0.1
UNSEEN_S_A_GAP = 15.0
"""Who gets up while there are no samples is taken to sit until he moves; and posture settles anew after a gap."""

ACCOUNT_TOLERANCE_S = 1.0
SHORTEST_EPISODE_S = 6.0
"""Slouches with so many seconds of samples are episodes; the program takes 5 s to settle."""


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


async def look_at_memory(samples: list[tuple[float, float]]) -> None:
    """Note the process's size every so many virtual seconds, for ever."""
    while True:
        gc.collect()
        samples.append((asyncio.get_running_loop().time() / 3600, resident_mb()))
        await asyncio.sleep(RSS_EVERY_S)


def resident_mb() -> float:
    """Return the memory that the process holds now."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


def calibration_of(wearer: SimulatedWearer, folder: Path) -> Calibration:
    """Return the wearer's own calibration, from the guided one with which the day begins."""
    with Recorder(folder, "calibration", RATE_HZ, 1e-3, 1e-4) as recorder:
        recorder.append(next(wearer.chunks(CALIBRATION_S)))
    sections = [CalibrationSection(SectionName(s.section), s.start, s.end) for s in wearer.truth().calibration]
    return calibrate_recording(open_recording(folder), sections)


async def live(options: argparse.Namespace, wearer: SimulatedWearer, folder: Path, history: History) -> dict[str, Any]:
    """Live through the day; returns what went wrong and the memory used."""
    settings = load_settings()
    driver = driver_named("lsp")
    keeper = DayKeeper(
        folder / "days",
        "belt",
        RATE_HZ,
        driver.resolution(driver.settings_with({})),
        settings,
        calibration_of(wearer, folder / "calibration"),
    )
    world = await virtual_world(AIR, seed=options.seed)
    specimen = Specimen(oscillator=CRYSTAL, motion=PlayedMotion(wearer), keep_truth=False)
    sensor = await world.add("lsp", specimen)
    known = KnownSensor(name="belt", driver="lsp", address=specimen.address, serial=specimen.serial)
    memory: list[tuple[float, float]] = []
    looking = asyncio.ensure_future(look_at_memory(memory))
    # A port that stays the same, so that the broker comes back where it was.
    with EmbeddedBroker() as first:
        port = first.port
    broker = EmbeddedBroker(port)
    broker.start()
    mqtt = settings.mqtt.model_copy(update={"host": broker.host, "port": port})

    def connect() -> MessageClient:
        client = MessageClient(mqtt, "me", folder / "outbox.sqlite", "soak", time_zone=settings.wearer.zone)
        client.connect(None)
        return client

    radio = Radio(world.scanner_class, world.client_class)
    lumbar = Lumbar(keeper, known, radio, utc_from(wearer.start), connect, history)
    lumbar.start()
    mishaps = Mishaps(sensor, lumbar, broker, random.Random(options.seed))  # noqa: S311 - chance, no secret
    await mishaps.run(wearer.duration_s, options.every * 60)
    await asyncio.sleep(LAST_QUIET_S)
    looking.cancel()
    delivered = lumbar.client is not None and await asyncio.to_thread(lumbar.client.drain, 30.0)
    dropped = None if lumbar.client is None else lumbar.client.status.dropped
    pulses_n = len(sensor.pulses)
    await lumbar.end()
    broker.stop()
    return {
        "mishaps": dict(mishaps.counts),
        "memory": memory,
        "delivered": delivered,
        "dropped": dropped,
        "pulses_n": pulses_n,
    }


def gaps_of(folder: Path) -> tuple[int, list[tuple[float, float]], tuple[float, float]]:
    """Return how many samples were recorded, the stretches without, and the span; checks that time rises strictly."""
    gaps: list[tuple[float, float]] = []
    samples_n, first, last = 0, np.inf, -np.inf
    for day in sorted(path for path in folder.iterdir() if path.is_dir()):
        for chunk in recorded_chunks(day):
            times = chunk.time if samples_n == 0 else np.concatenate([[last], chunk.time])
            steps = np.diff(times)
            if not (steps > 0).all():
                raise ValueError(f"{day}: samples out of order")
            gaps += [(float(times[i]), float(times[i + 1])) for i in np.flatnonzero(steps > GAP_S)]
            first, last, samples_n = min(first, float(times[0])), float(times[-1]), samples_n + len(chunk)
    return samples_n, gaps, (first, last)


@dataclass(frozen=True)
class Covered:
    """What of the script there are samples of."""

    gaps: list[tuple[float, float]]
    span: tuple[float, float]

    def seconds(self, start: float, end: float) -> float:
        """Return how many seconds of a stretch there are samples of."""
        start, end = max(start, self.span[0]), min(end, self.span[1])
        lost = sum(max(0.0, min(end, b) - max(start, a)) for a, b in self.gaps)
        return max(0.0, end - start - lost)

    def has(self, at: float) -> bool:
        """Return whether there are samples of a moment."""
        return self.span[0] <= at <= self.span[1] and not any(a < at < b for a, b in self.gaps)


def totals(days: dict[date, dict[str, Any]]) -> dict[str, float]:
    """Return what the history says, all days together."""
    parts = {
        "steps": ("walking", "steps_n"),
        "sitting_min": ("activity", "sitting_min"),
        "walking_min": ("activity", "walking_min"),
        "slouch_episodes": ("slouch", "episodes_n"),
        "slouched_min": ("slouch", "slouched_min"),
        "alerts": ("alerts", "given_n"),
    }
    found = {name: sum(day[part][key] or 0 for day in days.values()) for name, (part, key) in parts.items()}
    found["wear_s"] = sum(day["wear"]["wear_s"] for day in days.values())
    found["gaps_s"] = sum(day["wear"]["gaps"]["total_s"] for day in days.values())
    return found


@dataclass(frozen=True)
class Story:
    """What somebody says of the day: the script, or the program without Bluetooth and without mishaps."""

    step_times: list[float]
    activities: list[tuple[str, float, float]]
    slouches: list[tuple[float, float]]

    def within(self, covered: Covered) -> dict[str, float]:
        """Return the totals of the time with samples."""
        minutes = {
            f"{name}_min": sum(covered.seconds(a, b) for kind, a, b in self.activities if kind == name) / 60
            for name in ("sitting", "walking")
        }
        slouched_s = [covered.seconds(*slouch) for slouch in self.slouches]
        return minutes | {
            "steps": sum(covered.has(at) for at in self.step_times),
            "slouch_episodes": sum(seconds >= SHORTEST_EPISODE_S for seconds in slouched_s),
            "slouched_min": sum(slouched_s) / 60,
        }


def script_of(wearer: SimulatedWearer) -> Story:
    """Return what really happened."""
    truth = wearer.truth()
    return Story(
        truth.step_times.tolist(),
        [(activity.activity, activity.start, activity.end) for activity in truth.activities],
        [(slouch.settled, slouch.end) for slouch in truth.slouches],
    )


def undisturbed(wearer: SimulatedWearer, calibration: Calibration) -> Story:
    """Return what the program says of the same samples when nothing goes wrong."""
    settings = load_settings()
    pipeline = LivePipeline(settings, RATE_HZ, calibration)
    for chunk in wearer.chunks(60.0):
        pipeline.push(chunk)
    pipeline.flush()
    events = review(pipeline, settings, ()).findings.events
    return Story(
        list(pipeline.step_times),
        [(event.activity.value, event.start, event.end) for event in events if isinstance(event, ActivityEpisode)],
        [
            (event.start, event.end)
            for event in events
            if isinstance(event, PostureEpisode) and event.state is PostureState.SLOUCHED
        ],
    )


def judged(
    found: dict[str, float], script: dict[str, float], calm: dict[str, float], covered: Covered
) -> list[dict[str, Any]]:
    """Return each figure beside those of the script and of the undisturbed program, with its tolerance."""
    unseen_min = len(covered.gaps) * UNSEEN_S_A_GAP / 60
    tolerances = {
        "steps": STEPS_TOLERANCE * script["steps"],
        "sitting_min": MINUTES_TOLERANCE * script["sitting_min"] + unseen_min,
        "walking_min": MINUTES_TOLERANCE * script["walking_min"] + unseen_min,
        "slouched_min": SLOUCH_TOLERANCE * script["slouched_min"] + unseen_min,
        "slouch_episodes": SLOUCH_TOLERANCE * script["slouch_episodes"] + 1,
    }
    rows = [
        {"figure": name, "found": found[name], "script": script[name], "undisturbed": calm[name], "tolerance": most}
        for name, most in tolerances.items()
    ]
    span_s = covered.span[1] - covered.span[0]
    account = {"figure": "wear_s + gaps_s", "found": found["wear_s"] + found["gaps_s"], "script": span_s}
    rows.append(account | {"undisturbed": span_s, "tolerance": ACCOUNT_TOLERANCE_S})
    return [row | {"ok": abs(row["found"] - row["script"]) <= row["tolerance"]} for row in rows]


def memory_of(samples: list[tuple[float, float]]) -> dict[str, float]:
    """Return the size of the process and how fast it grows, once it is warm."""
    warm = np.array([sample for sample in samples if sample[0] >= WARM_UP_SHARE * samples[-1][0]])
    slope = float(np.polyfit(warm[:, 0], warm[:, 1], 1)[0])
    return {
        "first_mb": samples[0][1],
        "warm_mb": float(warm[0, 1]),
        "last_mb": samples[-1][1],
        "most_mb": max(mb for _, mb in samples),
        "slope_mb_per_h": slope,
    }


def soak(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Return the report."""
    start = MIDNIGHT - BEFORE_MIDNIGHT * options.hours * 3600
    wearer = SimulatedWearer(
        desk_day(options.seed, options.hours), options.seed, sensor=SensorModel.ideal(), start=start
    )
    began = (time.perf_counter(), time.process_time())
    with History(folder / "history.sqlite") as history:
        lived = run_virtually(live(options, wearer, folder, history))
        days = history.summaries("me", date(2026, 1, 4), date(2026, 1, 8))
    took = (time.perf_counter() - began[0], time.process_time() - began[1])
    samples_n, gaps, span = gaps_of(folder / "days")
    covered = Covered(gaps, span)
    found = totals(days)
    calm = undisturbed(wearer, calibration_of(wearer, folder / "calibration-again")).within(covered)
    rows = judged(found, script_of(wearer).within(covered), calm, covered)
    return {
        "hours": wearer.duration_s / 3600,
        "days": [str(day) for day in days],
        "wall_s": took[0],
        "cpu_s": took[1],
        "mishaps": lived["mishaps"],
        "samples": samples_n,
        "gaps_n": len(gaps),
        "gaps_s": found["gaps_s"],
        "longest_gap_s": max((b - a for a, b in gaps), default=0.0),
        "alerts": found["alerts"],
        "pulses_n": lived["pulses_n"],
        "delivered": lived["delivered"],
        "dropped_messages": lived["dropped"],
        "figures": rows,
        "memory": memory_of(lived["memory"]),
        "memory_samples": lived["memory"],
    }


def lines(report: dict[str, Any]) -> Iterator[str]:
    """Yield the report for reading."""
    yield f"{report['hours']:.1f} virtual hours in {report['wall_s']:.0f} s ({report['cpu_s']:.0f} s CPU)"
    yield "went wrong: " + ", ".join(f"{kind} {n}" for kind, n in sorted(report["mishaps"].items()))
    yield (
        f"{report['samples']} samples; {report['gaps_n']} gaps, {report['gaps_s']:.0f} s in all, "
        f"longest {report['longest_gap_s']:.0f} s"
    )
    for row in report["figures"]:
        yield (
            f"{row['figure']:>16}: {row['found']:9.1f}  script {row['script']:9.1f} +- {row['tolerance']:.1f}"
            f"  {'ok' if row['ok'] else 'MISSED'}; undisturbed {row['undisturbed']:.1f}"
        )
    yield f"alerts {report['alerts']:.0f}, pulses felt {report['pulses_n']}"
    yield f"broker has everything: {report['delivered']}, dropped {report['dropped_messages']}"
    yield "memory: " + ", ".join(f"{name} {value:.2f}" for name, value in report["memory"].items())


def main() -> int:
    """Run and print; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=24.0, help="length of the day (0.25 to 24)")
    parser.add_argument("--every", type=float, default=20.0, help="mean minutes between mishaps")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--format", choices=("table", "json"), default="table")
    options = parser.parse_args()
    os.environ["LUMBAR_WEARER__TIME_ZONE"] = "UTC"
    # What bumble's devices say of each broken link is no news here.
    logging.getLogger("bumble").setLevel(logging.CRITICAL)
    logging.getLogger("lumbar.messaging").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory(prefix="lumbar-soak-") as folder:
        report = soak(options, Path(folder))
    print(json.dumps(report) if options.format == "json" else "\n".join(lines(report)))
    return 0 if all(row["ok"] for row in report["figures"]) and report["delivered"] else 1


if __name__ == "__main__":
    sys.exit(main())
