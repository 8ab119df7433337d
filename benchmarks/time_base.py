"""How true the times of the samples are: the time base beside arrival time and least squares, on simulated links.

Run as ``python benchmarks/time_base.py [--hours 2] [--seeds 4]``. The radio is simulated, so the true times are known:
samples in packets of ten at 100 Hz wait for the next connection event, miss events (8 %), are delayed by the host (2
ms, 0.2 % 150 ms, 0.02 % 1 s), are lost (0.05 %), and the sensor is out of reach for 5 s six times and for 60 s twice.
The least delay (3 ms and the waits that no packet escapes) cannot be seen from one side: it is the bias; the standard
deviation is about the mean.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from firmware_bridge.devices.driver import Packet, SensorClock, TicksOf
from firmware_bridge.time_base.sample_clock import make_time_base

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from firmware_bridge.time_base.placed import Placed

RATE_HZ, BATCH = 100.0, 10
TICK_HZ = 32768
LSP_CLOCK = SensorClock(TICK_HZ, 32, TicksOf.FIRST, 16)
"""The clock of the reference profile (protocols.md section 5.2)."""

LEAST_DELAY_S, MISSED, LOST = 0.003, 0.08, 5e-4
HOST_DELAYS = ((1.0, 0.002), (2e-3, 0.15), (2e-4, 1.0))
"""How often the host is late, and by how many seconds on average."""

OUTAGES_S = (60.0, 60.0, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0)
RADIO_PPM = 30.0
INTERVALS_MS = (31.25, 33.75, 36.25, 41.25, 42.5, 45.0)
"""Connection intervals (multiples of 1.25 ms) that do not keep step with packets of 100 ms."""

IN_STEP_MS = (20.0, 30.0, 40.0)
START_S, SETTLED_S = 20.0, 300.0


@dataclass(frozen=True, eq=False)
class Link:
    """A simulated stream: true times (packets, 10), arrivals (packets,), and whether the packet arrived (packets,)."""

    true_s: NDArray[np.float64]
    arrival_s: NDArray[np.float64]
    arrived: NDArray[np.bool_]


def simulate(seed: int, hours: float, interval_s: float, ppm: float, drift_ppm: float) -> Link:
    """Return a stream of a sensor whose clock is `ppm` slow and drifts by `drift_ppm` within an hour."""
    random = np.random.default_rng(seed)
    packets = int(hours * 3600 * RATE_HZ / BATCH)
    sensor_s = np.arange(packets * BATCH) / RATE_HZ
    error = (ppm + drift_ppm * np.sin(2 * np.pi * sensor_s / 3600 + random.uniform(0, 6))) * 1e-6
    true_s = np.concatenate([[0.0], np.cumsum((1 + error[1:]) / RATE_HZ)]).reshape(packets, BATCH)
    event_s = interval_s * (1 + random.uniform(-RADIO_PPM, RADIO_PPM) * 1e-6)
    wait_s = event_s - (true_s[:, -1] - random.uniform(0, event_s)) % event_s
    missed = random.geometric(1 - MISSED, packets) - 1
    host_s = np.zeros(packets)
    for part, mean_s in HOST_DELAYS:
        host_s += (random.random(packets) < part) * random.exponential(mean_s, packets)
    arrival_s = np.maximum.accumulate(true_s[:, -1] + LEAST_DELAY_S + wait_s + missed * event_s + host_s)
    arrived = random.random(packets) >= LOST
    for outage_s in OUTAGES_S:
        begin = random.integers(packets)
        arrived[begin : begin + int(outage_s * RATE_HZ / BATCH)] = False
    return Link(true_s, arrival_s, arrived)


def by_arrival(link: Link) -> NDArray[np.float64]:
    """Return each packet's arrival as the time of its last sample."""
    return link.arrival_s[link.arrived]


def by_least_squares(link: Link) -> NDArray[np.float64]:
    """Return the line through all arrivals, over the sensor's own time, future packets included."""
    sensor_s = (np.flatnonzero(link.arrived) * BATCH + BATCH - 1) / RATE_HZ
    arrival_s = link.arrival_s[link.arrived]
    return np.asarray(np.polyval(np.polyfit(sensor_s, arrival_s, 1), sensor_s), dtype=np.float64)


def by_time_base(link: Link, clock: SensorClock | None) -> tuple[NDArray[np.float64], int, float]:
    """Return the time base's times of the packets' last samples, the samples lost, and CPU seconds a packet."""
    acc = np.zeros((BATCH, 3))
    base = make_time_base(clock, RATE_HZ)
    packets = []
    for number in np.flatnonzero(link.arrived).tolist():
        ticks = round(number * BATCH / RATE_HZ * TICK_HZ) % 2**32
        packets.append(
            Packet(acc=acc) if clock is None else Packet(acc=acc, ticks=ticks, counter=number * BATCH % 2**16)
        )
    begin_s = time.process_time()
    placed: list[Placed] = []
    for packet, arrival_s in zip(packets, link.arrival_s[link.arrived].tolist(), strict=True):
        placed.extend(base.push(packet, arrival_s))
    placed.extend(base.flush())
    cpu_s = time.process_time() - begin_s
    return np.array([one.time_s[-1] for one in placed]), sum(one.lost_before for one in placed), cpu_s / len(packets)


def row(name: str, link: Link, times_s: NDArray[np.float64], more: str = "") -> None:
    """Print how far times are from the truth."""
    true_s = link.true_s[link.arrived, -1]
    error_ms = (times_s - true_s) * 1000
    started, settled = error_ms[true_s > START_S], error_ms[true_s > SETTLED_S]
    off = np.abs(settled - settled.mean()).max()
    print(
        f"  {name:24s} sd {settled.std():8.3f}  sd from 20 s {started.std():8.3f}  bias {settled.mean():8.2f}"
        f"  max {off:8.2f} ms  {more}"
    )


def compare(seed: int, hours: float, interval_ms: float, *, ticks: bool) -> None:
    """Print the table of one link."""
    ppm, drift_ppm = (25.0, 3.0) if ticks else (7000.0, 200.0)
    link = simulate(seed, hours, interval_ms / 1000, ppm, drift_ppm)
    print(f"seed {seed}, interval {interval_ms} ms, clock {ppm:g} +- {drift_ppm:g} ppm")
    row("arrival time", link, by_arrival(link))
    row("least squares, all data", link, by_least_squares(link))
    times_s, lost, cpu_s = by_time_base(link, LSP_CLOCK if ticks else None)
    first, last = np.flatnonzero(link.arrived)[[0, -1]]
    truly = int((~link.arrived[first : last + 1]).sum()) * BATCH
    row(
        f"ours, {'ticks' if ticks else 'no ticks'}",
        link,
        times_s,
        f"lost {lost} of {truly}, {cpu_s * 1e6:.0f} us CPU a packet",
    )


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=2.0)
    parser.add_argument("--seeds", type=int, default=4)
    options = parser.parse_args()
    for ticks in (True, False):
        for seed in range(options.seeds):
            compare(seed, options.hours, INTERVALS_MS[seed % len(INTERVALS_MS)], ticks=ticks)
    print("\nConnection events in step with the packets (the least delay creeps; see `Envelope`):")
    for seed, interval_ms in enumerate(IN_STEP_MS):
        compare(seed, options.hours, interval_ms, ticks=True)


if __name__ == "__main__":
    main()
