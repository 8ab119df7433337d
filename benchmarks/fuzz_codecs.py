"""Throw bytes at the decoders and downloads of all drivers, guided by coverage (atheris, libFuzzer).

    python benchmarks/fuzz_codecs.py [--minutes 10] [--driver ID ...]

An input is a sequence of notifications, (characteristic, bytes). Only `PacketError` may come out. These are findings:

- any other exception;
- more than 0.1 s of CPU a KB of input (the best of three tries, not counting what atheris adds);
- a decoder or download that holds more than 1 MB, a new one for each input as well as one that lives on;
- samples that are not of shape (n, 3) or not finite, or fields that are no JSON: the recorder could not store them.

The minutes are shared among the drivers; each runs in a process of its own. Exit code 0 without findings, 1 with some,
2 where atheris is not installed. Inputs that led to a finding stay in `--keep`.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from firmware_bridge.devices.driver import Driver, Packet

ROOT = Path(__file__).resolve().parents[1]
VECTORS = ROOT.parent / "shared" / "ble" / "vectors.json"

MOST_CPU_S_PER_KB = 0.1
MOST_BYTES_HELD = 1_000_000
LONGEST_NOTIFICATION_BYTES = 512
"""Longest value of a characteristic (Bluetooth Core, Vol 3 Part F 3.2.9)."""
MEASURE_EVERY = 500
"""Inputs between two looks at the size of the decoder that lives on."""
TRIES = 3
_PROGRESS = ("#", "INFO:", "WARNING:", "stat::", "MS:", "0x", "\\")
"""Beginnings of libFuzzer's lines that say nothing of a finding."""


class FindingError(AssertionError):
    """Something that a driver must not do."""


class Pushed(Protocol):
    """A decoder or a download."""

    def push(self, characteristic: str, data: bytes) -> tuple[Any, ...]:
        """Return packets or blocks."""
        ...


def notifications_of(data: bytes, characteristics: list[str]) -> list[tuple[str, bytes]]:
    """Read an input: `[characteristic u8, length u16, bytes]` again and again."""
    notifications, offset = [], 0
    while offset + 3 <= len(data):
        length = int.from_bytes(data[offset + 1 : offset + 3], "little") % (LONGEST_NOTIFICATION_BYTES + 1)
        characteristic = characteristics[data[offset] % len(characteristics)]
        notifications.append((characteristic, data[offset + 3 : offset + 3 + length]))
        offset += 3 + length
    return notifications


def as_input(characteristics: list[str], notifications: Iterable[tuple[str, bytes]]) -> bytes:
    """Write an input that `notifications_of` reads."""
    return b"".join(
        bytes([characteristics.index(characteristic)]) + len(value).to_bytes(2, "little") + value
        for characteristic, value in notifications
    )


def bytes_held(thing: object) -> int:
    """Return the memory of an object and all that hangs from it, classes, functions and modules left out."""
    seen: set[int] = set()
    waiting, total = [thing], 0
    while waiting:
        item = waiting.pop()
        if id(item) in seen or isinstance(item, type) or callable(item):
            continue
        seen.add(id(item))
        total += sys.getsizeof(item)
        waiting.extend(parts_of(item))
    return total


def parts_of(item: object) -> Iterator[object]:
    """Yield what an object holds."""
    if isinstance(item, str | bytes | bytearray | int | float):
        return
    if isinstance(item, dict):
        yield from item.keys()
        yield from item.values()
    elif hasattr(item, "__iter__") and hasattr(item, "__len__"):
        yield from () if hasattr(item, "dtype") else item
    yield from getattr(item, "__dict__", {}).values()
    slots = chain.from_iterable(getattr(kind, "__slots__", ()) for kind in type(item).__mro__)
    yield from (getattr(item, slot) for slot in slots if hasattr(item, slot))


def characteristics_of(driver: Driver) -> list[str]:
    """Return the characteristics that a driver listens to, and one that it does not know."""
    settings = driver.settings_with({})
    steps = [*driver.start(settings), *driver.battery]
    if driver.download is not None:
        steps += driver.download(settings).begin()
    known = {step.characteristic for step in steps if type(step).__name__ in {"Subscribe", "Read"}}
    return [*sorted(known), "00000000-0000-0000-0000-000000000000"]


def check_packet(packet: Packet) -> None:
    """Raise a finding where a packet could not be recorded."""
    numpy = importlib.import_module("numpy")
    for name, samples in (("acc", packet.acc), ("gyr", packet.gyr)):
        if samples is None:
            continue
        if samples.ndim != 2 or samples.shape[1] != 3:  # noqa: PLR2004  # the shape of samples
            raise FindingError(f"{name} has shape {samples.shape}")
        if not numpy.isfinite(samples).all():
            raise FindingError(f"{name} holds values that are not finite")
    try:
        json.dumps(dict(packet.fields), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise FindingError(f"fields are no JSON: {error}") from error


def push_all(target: Pushed, notifications: Iterable[tuple[str, bytes]]) -> float:
    """Push notifications; return the CPU seconds that the driver took."""
    from config.errors import PacketError  # noqa: PLC0415  # imported under instrumentation

    cpu_s = 0.0
    for characteristic, data in notifications:
        started = time.process_time()
        try:
            said = target.push(characteristic, data)
        except PacketError:
            said = ()
        cpu_s += time.process_time() - started
        for item in said:
            for packet in getattr(item, "packets", (item,)):
                check_packet(packet)
    return cpu_s


class Fuzzed:
    """A driver's decoder, or its download, and one of the kind that lives through all inputs."""

    def __init__(self, driver: Driver, kind: str) -> None:
        self._driver = driver
        self._kind = kind
        self._lives_on = self._new()
        self._inputs = 0

    def _new(self) -> Pushed:
        settings = self._driver.settings_with({})
        if self._kind == "decoder" or self._driver.download is None:
            return self._driver.decoder(settings)
        download = self._driver.download(settings)
        download.begin()
        return download

    def run(self, notifications: list[tuple[str, bytes]]) -> None:
        """Push an input into a new one and into the one that lives on."""
        kilobytes = max(1.0, sum(len(data) for _, data in notifications) / 1024)
        best_s = float("inf")
        for _ in range(TRIES):
            fresh = self._new()
            best_s = min(best_s, push_all(fresh, notifications))
            if best_s <= MOST_CPU_S_PER_KB * kilobytes:
                break
        else:
            raise FindingError(f"{self._kind}: {best_s / kilobytes:.2f} s of CPU a KB")
        self._check_size(fresh)
        push_all(self._lives_on, notifications)
        self._inputs += 1
        if self._inputs % MEASURE_EVERY == 0:
            self._check_size(self._lives_on)

    def _check_size(self, target: Pushed) -> None:
        held = bytes_held(target)
        if held > MOST_BYTES_HELD:
            raise FindingError(f"{self._kind} holds {held} bytes")


def fuzz(driver_id: str, seconds: int, keep: Path) -> None:
    """Fuzz one driver; libFuzzer ends the process."""
    import atheris  # noqa: PLC0415  # optional: the caller has looked for it

    with atheris.instrument_imports(include=["firmware_bridge.devices"]):
        from firmware_bridge.devices.catalogue import DRIVERS  # noqa: PLC0415  # imported under instrumentation
    driver = DRIVERS[driver_id]
    characteristics = characteristics_of(driver)
    kinds = ["decoder"] if driver.download is None else ["decoder", "download"]
    targets = [Fuzzed(driver, kind) for kind in kinds]

    def one_input(data: bytes) -> None:
        notifications = notifications_of(data, characteristics)
        for target in targets:
            target.run(notifications)

    with tempfile.TemporaryDirectory() as corpus:
        for number, seed in enumerate(seeds_of(characteristics)):
            (Path(corpus) / f"seed-{number}").write_bytes(seed)
        options = [f"-max_total_time={seconds}", "-max_len=4096", f"-artifact_prefix={keep}{os.sep}{driver_id}-"]
        atheris.Setup([sys.argv[0], *options, "-print_final_stats=1", corpus], one_input)
        atheris.Fuzz()


def seeds_of(characteristics: list[str]) -> Iterator[bytes]:
    """Yield inputs of real notifications, where the vectors are beside the project."""
    if not VECTORS.exists():
        return
    for vector in json.loads(VECTORS.read_text(encoding="utf-8"))["vectors"]:
        if vector["direction"] == "notify" and vector["characteristic"] in characteristics:
            yield as_input(characteristics, [(vector["characteristic"], bytes.fromhex(vector["hex"]))])


def run_driver(driver_id: str, seconds: int, keep: Path) -> bool:
    """Fuzz a driver in a process of its own; print what came out and return whether there was a finding."""
    command = [sys.executable, __file__, "--worker", driver_id, "--seconds", str(seconds), "--keep", str(keep)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    said = (done.stdout + done.stderr).splitlines()
    runs = next((line.split(":")[-1].strip() for line in said if "stat::number_of_executed_units" in line), "?")
    if done.returncode == 0:
        print(f"{driver_id}: {runs} inputs in {seconds} s, no finding")
        return False
    print(f"{driver_id}: FINDING after {runs} inputs (exit code {done.returncode})")
    told = [line for line in said if line.strip() and not line.startswith(_PROGRESS)]
    print("\n".join(f"    {line}" for line in told))
    return True


def main() -> int:
    """Fuzz the drivers that were named, or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0, help="for all drivers together")
    parser.add_argument("--driver", action="append", metavar="ID", help="only this one; may be given again")
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()) / "lumbar-fuzz")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=int, default=60, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if importlib.util.find_spec("atheris") is None:
        print("atheris is not installed: pip install atheris (it has wheels for Linux on x86-64)", file=sys.stderr)
        return 2
    sys.path.insert(0, str(ROOT))
    given.keep.mkdir(parents=True, exist_ok=True)
    if given.worker:
        fuzz(given.worker, given.seconds, given.keep)
        return 0
    from firmware_bridge.devices.catalogue import DRIVERS, driver_named  # noqa: PLC0415  # once the path is set

    chosen = [driver_named(name).id for name in given.driver] if given.driver else list(DRIVERS)
    seconds = max(1, round(given.minutes * 60 / len(chosen)))
    findings = [run_driver(driver_id, seconds, given.keep) for driver_id in chosen]
    return int(any(findings))


if __name__ == "__main__":
    sys.exit(main())
