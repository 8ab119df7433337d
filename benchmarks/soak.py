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
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from soak_judging import Reach, differences, figures
from soak_mishaps import Lumbar, Mishaps
from soak_stories import RATE_HZ, calibration_of, recorded, remembered, script_of, undisturbed

from config.known_sensors import KnownSensor
from config.settings import load_settings
from firmware_bridge.devices.catalogue import driver_named
from firmware_bridge.link.radio import Radio
from firmware_bridge.virtual import SensorModel, SimulatedWearer, Sit, desk_day
from firmware_bridge.virtual.air import (
    Conditions,
    Oscillator,
    PlayedMotion,
    Specimen,
    run_virtually,
    utc_from,
    virtual_world,
)
from lumbar.history.store import History
from lumbar.messaging.client import MessageClient
from lumbar.messaging.embedded_broker import EmbeddedBroker
from lumbar.wear_day import DayKeeper

if TYPE_CHECKING:
    from collections.abc import Iterator

MIDNIGHT = datetime(2026, 1, 6, tzinfo=UTC).timestamp()
BEFORE_MIDNIGHT = 10.0 / 24.0
AIR = Conditions(connection_interval_s=0.4, missed_event_share=0.02, packets_an_event=12, transmit_queue=60)
"""A slow link, for speed: several packets at each event. What is proved here is the account, not the delay."""
CRYSTAL = Oscillator(ppm=25, wander_ppm=3)
LAST_QUIET_S = 90.0
"""At the end nothing goes wrong for so long, so that what came late is worked in."""
RSS_EVERY_S = 300.0
WARM_UP_SHARE = 0.25


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
    await mishaps.run(wearer.duration_s - LAST_QUIET_S, options.every * 60)
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
    script = (*desk_day(options.seed, options.hours), Sit(LAST_QUIET_S))
    wearer = SimulatedWearer(script, options.seed, sensor=SensorModel.ideal(), start=start)
    began = (time.perf_counter(), time.process_time())
    with History(folder / "history.sqlite") as history:
        lived = run_virtually(live(options, wearer, folder, history))
        took = (time.perf_counter() - began[0], time.process_time() - began[1])
        covered = recorded(folder / "days")
        told = remembered(history, covered)
        days = history.summaries("me", date(2026, 1, 4), date(2026, 1, 8))
    found, really = totals(days), script_of(wearer)
    calm = undisturbed(wearer, calibration_of(wearer, folder / "calibration-again"))
    reach = Reach(covered, really, MIDNIGHT)
    return {
        "hours": wearer.duration_s / 3600,
        "days": [str(day) for day in days],
        "wall_s": took[0],
        "cpu_s": took[1],
        "mishaps": lived["mishaps"],
        "samples": covered.samples_n,
        "from_log_s": int((covered.coarse & ~reach.without & ~reach.edge).sum()),
        "gaps_n": len(covered.gaps),
        "gaps_s": found["gaps_s"],
        "longest_gap_s": max((b - a for a, b in covered.gaps), default=0.0),
        "alerts": found["alerts"],
        "pulses_n": lived["pulses_n"],
        "delivered": lived["delivered"],
        "dropped_messages": lived["dropped"],
        "figures": figures(found, really, calm, covered, reach),
        "differences": differences(told, calm, really, covered, reach),
        "memory": memory_of(lived["memory"]),
        "memory_samples": lived["memory"],
    }


def lines(report: dict[str, Any]) -> Iterator[str]:
    """Yield the report for reading."""
    yield f"{report['hours']:.1f} virtual hours in {report['wall_s']:.0f} s ({report['cpu_s']:.0f} s CPU)"
    yield "went wrong: " + ", ".join(f"{kind} {n}" for kind, n in sorted(report["mishaps"].items()))
    yield (
        f"{report['samples']} samples, {report['from_log_s']} s of them from the sensor's log; "
        f"{report['gaps_n']} gaps, {report['gaps_s']:.0f} s in all, longest {report['longest_gap_s']:.0f} s"
    )
    for row in report["figures"]:
        yield (
            f"{row['figure']:>16}: {row['found']:9.1f}  undisturbed {row['undisturbed']:9.1f} +- {row['tolerance']:.1f}"
            f"  {'ok' if row['ok'] else 'MISSED'}; script {row['script']:.1f}"
        )
    for name, causes in report["differences"].items():
        yield f"{name:>36}: " + ", ".join(f"{cause} {n}" for cause, n in causes.items())
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
