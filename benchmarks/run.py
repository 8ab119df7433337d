"""Measures Lumbar's speed and memory, each target beside its figure, and its open peers on the same recording.

Run as ``python benchmarks/run.py`` or ``make benchmark``; ``docs/benchmarks.md`` says what each figure means.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from peers import PEERS
from targets import SCHEMA, targets

if TYPE_CHECKING:
    from collections.abc import Sequence

HERE = Path(__file__).parent
SHORTEST_H, LONGEST_H = 0.25, 24 * 31
GROWTH_H = (1.0, 6.0)
WEEK_H = 168.0
START_RUNS = 5
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "ARROW_IO_THREADS"), "1")
"""Libraries must not use a second core: not for speed, and not for the figures."""


class MeasurementError(Exception):
    """A measurement ended with an error; its own words are on standard error."""


def main() -> int:
    """Measure, and print the report; returns the exit code."""
    options = _options()
    try:
        with tempfile.TemporaryDirectory(prefix="lumbar-benchmark-") as folder:
            report = measure(options, Path(folder))
    except MeasurementError as error:
        print(error, file=sys.stderr)
        return 1
    if options.format == "json":
        print(json.dumps(report, indent=2))
        return 0
    # A process begins with its parent's memory as its own peak, so this one stays small until all is measured.
    from report import show  # noqa: PLC0415
    from rich.console import Console  # noqa: PLC0415

    show(report, Console())
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=_hours, default=24.0, help="length of the main recording (default 24)")
    parser.add_argument(
        "--repeat", type=int, choices=range(1, 21), default=3, metavar="N", help="main runs (default 3)"
    )
    parser.add_argument("--long", action="store_true", help="also 7 days: takes minutes and 0.8 GB of disk")
    parser.add_argument("--peers-python", default=sys.executable, help="interpreter in which the peers are installed")
    parser.add_argument("--format", choices=("table", "json"), default="table")
    return parser.parse_args()


def _hours(text: str) -> float:
    hours = float(text)
    if not SHORTEST_H <= hours <= LONGEST_H:
        raise argparse.ArgumentTypeError(f"from {SHORTEST_H} to {LONGEST_H} hours")
    return hours


def measure(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Return the whole report; recordings are written to `folder`.

    Raises
    ------
    MeasurementError
        A measurement failed.

    """
    file = _recording(options.hours, folder)
    runs = []
    for number in range(1, options.repeat + 1):
        _say(f"whole pipeline, run {number} of {options.repeat}")
        runs.append(_worker("measurements.py", "whole", str(file)))
    whole = _best(runs)
    _say("stages, live, start")
    results = {
        "whole": whole,
        "stages": _worker("measurements.py", "stages", str(file)),
        "live": _worker("measurements.py", "live", str(file)),
        "start": _start(),
        "growth": _growth(whole, folder, with_week=options.long),
        "peers": _peers(options.peers_python, file),
    }
    return {
        "schema": SCHEMA,
        "date": datetime.now(UTC).date().isoformat(),
        "machine": _machine(),
        "targets": [asdict(target) | {"reached": target.reached} for target in targets(results)],
        "results": results,
    }


def _say(what: str) -> None:
    print(f"measuring: {what}", file=sys.stderr, flush=True)


def _worker(script: str, *arguments: str, python: str = sys.executable) -> dict[str, Any]:
    """Run a script of this folder in a process of its own and return what it prints last."""
    command = [python, str(HERE / script), *arguments]
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=os.environ | ONE_THREAD, check=True)
    except OSError as error:
        raise MeasurementError(f"{python} does not start: {error.strerror}") from error
    except subprocess.CalledProcessError as error:
        raise MeasurementError(f"{script} {' '.join(arguments)} ended with exit code {error.returncode}") from error
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1]) if done.stdout else {}
    return result


def _recording(hours: float, folder: Path) -> Path:
    _say(f"(writing {hours:g} h of a simulated wearer)")
    path = folder / f"{hours:g}h.parquet"
    _worker("simulated_day.py", f"{hours:g}", str(path))
    return path


def _best(runs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the least of the runs, by CPU time, and how far apart they are."""
    times = {}
    for name in ("pipeline", "search", "reading", "filter"):
        cpu_s = [run[name]["cpu_s"] for run in runs]
        wall_s = [run[name]["wall_s"] for run in runs]
        times[name] = {"cpu_s": min(cpu_s), "spread_s": max(cpu_s) - min(cpu_s), "wall_s": min(wall_s)}
    return {
        "hours": runs[0]["hours"],
        "samples": runs[0]["samples"],
        "steps": runs[0]["steps"],
        "times": times,
        # Within each run, so that both have the same machine to themselves.
        "ratio": statistics.median(run["pipeline"]["cpu_s"] / run["filter"]["cpu_s"] for run in runs),
        "peak_mb": max(run["peak_mb"] for run in runs),
        "before_mb": min(run["before_mb"] for run in runs),
        "runs": list(runs),
    }


def _growth(whole: dict[str, Any], folder: Path, *, with_week: bool) -> list[dict[str, Any]]:
    """Return time and memory of shorter recordings, of the main one, and of a week where wanted."""
    lengths_h = [hours for hours in GROWTH_H if hours < whole["hours"]]
    growth = []
    for hours in [*lengths_h, *([WEEK_H] if with_week else [])]:
        file = _recording(hours, folder)
        _say(f"{hours:g} h")
        run = _worker("measurements.py", "whole", str(file))
        growth.append({"hours": run["hours"], "cpu_s": run["pipeline"]["cpu_s"], "peak_mb": run["peak_mb"]})
        file.unlink()
    main_one = {"hours": whole["hours"], "cpu_s": whole["times"]["pipeline"]["cpu_s"], "peak_mb": whole["peak_mb"]}
    return sorted([*growth, main_one], key=lambda one: one["hours"])


def _start() -> dict[str, float]:
    """Return how long `lumbar --help` takes against a Python that does nothing."""
    lumbar = Path(sys.executable).with_name("lumbar")
    bare, shown = _least([sys.executable, "-c", "pass"]), _least([str(lumbar), "--help"])
    return {
        "bare_wall_s": bare[0],
        "help_wall_s": shown[0],
        "bare_cpu_s": bare[1],
        "help_cpu_s": shown[1],
        "ratio": shown[1] / bare[1],
    }


def _least(command: Sequence[str]) -> tuple[float, float]:
    """Return the least wall and CPU seconds of some runs of a command."""
    walls_s, cpus_s = [], []
    for _ in range(START_RUNS):
        before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        try:
            subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise MeasurementError(f"{' '.join(command)} does not run: {error}") from error
        walls_s.append(time.perf_counter() - started)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpus_s.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(walls_s), min(cpus_s)


def _peers(python: str, file: Path) -> dict[str, dict[str, Any]]:
    found = {}
    for name in PEERS:
        _say(name)
        found[name] = _worker("peers.py", name, str(file), python=python)
    return found


def _machine() -> dict[str, Any]:
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "lumbar": version("lumbar"),
        "load": os.getloadavg()[0],
    }


def _processor() -> str:
    """Return the processor's name, as far as the system tells."""
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


if __name__ == "__main__":
    sys.exit(main())
