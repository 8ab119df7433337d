"""What a measurement is made of: CPU time, wall time and peak memory of this process, on one core.

Imports the standard library only, so that it also runs in the interpreter of the peers.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Stopwatch", "Timed", "peak_mb", "print_result", "resident_mb", "stay_on_one_core", "timed"]

KILOBYTES_PER_MAXRSS = 1 / 1024 if sys.platform == "darwin" else 1.0
"""macOS gives `ru_maxrss` in bytes, Linux in kilobytes."""


def stay_on_one_core() -> None:
    """Keep this process on one core, the last it may use, where the system lets it choose."""
    if sys.platform == "linux":
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def peak_mb() -> float:
    """Return the most memory this process has held, in MB (2^20 bytes)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KILOBYTES_PER_MAXRSS / 1024


def resident_mb() -> float | None:
    """Return the memory this process holds now, in MB; None where the system does not tell."""
    statm = Path("/proc/self/statm")
    if not statm.exists():
        return None
    return int(statm.read_text(encoding="ascii").split()[1]) * resource.getpagesize() / 2**20


class Timed:
    """CPU and wall seconds of a block of code."""

    cpu_s: float = 0.0
    wall_s: float = 0.0

    def result(self) -> dict[str, float]:
        """Return both, to be printed."""
        return {"cpu_s": self.cpu_s, "wall_s": self.wall_s}


@contextmanager
def timed(total: Timed | None = None) -> Iterator[Timed]:
    """Time a block of code; with `total`, add to it."""
    block = total or Timed()
    cpu_s, wall_s = time.process_time(), time.perf_counter()
    try:
        yield block
    finally:
        block.cpu_s += time.process_time() - cpu_s
        block.wall_s += time.perf_counter() - wall_s


class Stopwatch:
    """CPU time of functions and generators of a program that knows nothing of it.

    Time within a watched function counts for it alone, also where it calls another one.

    Attributes
    ----------
    seconds
        CPU seconds of each name.

    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._runs = False

    def watch(self, name: str, owner: Any, attribute: str) -> None:
        """Charge every call of a function of a module or class to `name`, from now on."""
        function: Callable[..., Any] = getattr(owner, attribute)

        @wraps(function)
        def watched(*arguments: Any, **options: Any) -> Any:
            with self._charge(name):
                return function(*arguments, **options)

        setattr(owner, attribute, watched)

    def watch_generator(self, name: str, owner: Any, attribute: str) -> None:
        """Charge what a generator takes for each item to `name`, from now on."""
        function: Callable[..., Iterator[Any]] = getattr(owner, attribute)

        @wraps(function)
        def watched(*arguments: Any, **options: Any) -> Iterator[Any]:
            items = function(*arguments, **options)
            end = object()
            while True:
                with self._charge(name):
                    item = next(items, end)
                if item is end:
                    return
                yield item

        setattr(owner, attribute, watched)

    @contextmanager
    def _charge(self, name: str) -> Iterator[None]:
        if self._runs:
            yield
            return
        self._runs = True
        started = time.process_time()
        try:
            yield
        finally:
            self._runs = False
            self.seconds[name] = self.seconds.get(name, 0.0) + time.process_time() - started


def print_result(result: dict[str, Any]) -> None:
    """Hand a measurement to the process that asked for it: the last line on standard output, as JSON."""
    print(json.dumps(result))
