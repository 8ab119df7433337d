"""The alerts that the wearer was given on a day, on the disk: neither late samples nor a crash may change them."""

from __future__ import annotations

import json
import logging
import os
from dataclasses import asdict
from typing import TYPE_CHECKING

from config.errors import RecordingError
from firmware_bridge.recordings.durable import sync_data, sync_folder, write_all
from posture.events import Alert, AlertKind, AlertResolved

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ["GivenAlerts", "still_new"]

logger = logging.getLogger(__name__)

TOLD: dict[str, object] = {"told": 1}
"""A line that says: the oldest event of those before it that nobody had been told of has been told."""


class GivenAlerts:
    """A file with a line for each alert given and resolved, and one for each that was told.

    An event is kept before its samples are and before anybody is told, and marked once it is told. So a program that
    was killed knows what it was about to tell; and one that goes over the recording of the day again, to which samples
    may have come late in the meantime, takes no alert for given of which nobody was told.

    What is kept is on the disk, not only with the system, when a method returns.

    Parameters
    ----------
    path
        The file; it need not be there yet.

    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> list[Alert | AlertResolved] | None:
        """Return what was given so far; None where nothing was ever kept. A torn line is left out.

        Raises
        ------
        RecordingError
            The file cannot be read.

        """
        lines = self._lines()
        return None if lines is None else [_event(line) for line in lines if line != TOLD]

    def untold(self) -> list[Alert | AlertResolved]:
        """Return those that are kept and not marked as told, oldest first.

        Raises
        ------
        RecordingError
            The file cannot be read.

        """
        lines = self._lines() or []
        return [_event(line) for line in lines if line != TOLD][lines.count(TOLD) :]

    def begin(self) -> None:
        """Say that nothing was given yet, where nothing was ever kept.

        Raises
        ------
        RecordingError
            The disk refuses.

        """
        if not self._path.exists():
            self._append(())

    def add(self, events: Iterable[Alert | AlertResolved]) -> None:
        """Keep events, before anybody is told of them.

        Raises
        ------
        RecordingError
            The disk refuses.

        """
        self._append(asdict(event) for event in events)

    def told(self, n: int = 1) -> None:
        """Mark the oldest that are not marked.

        Raises
        ------
        RecordingError
            The disk refuses.

        """
        self._append([TOLD] * n)

    def _append(self, lines: Iterable[dict[str, object]]) -> None:
        data = "".join(json.dumps(line) + "\n" for line in lines).encode()
        try:
            is_new = not self._path.exists()
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o644)
            try:
                write_all(descriptor, _end_of_torn_line(descriptor) + data)
                sync_data(descriptor)
            finally:
                os.close(descriptor)
            if is_new:
                sync_folder(self._path.parent)
        except OSError as error:
            raise RecordingError(self._path, f"cannot be written ({error.strerror}); make room on the disk") from error

    def _lines(self) -> list[dict[str, object]] | None:
        try:
            texts = self._path.read_bytes().splitlines()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise RecordingError(self._path, f"cannot be read ({error.strerror})") from error
        lines = []
        for text in texts:
            try:
                line = json.loads(text)
                if line != TOLD:
                    _event(line)
                lines.append(line)
            except (ValueError, TypeError, KeyError):
                logger.warning("%s: a line cannot be read and is left out", self._path)
        return lines


def still_new(
    events: Iterable[Alert | AlertResolved], given: Iterable[Alert | AlertResolved]
) -> list[Alert | AlertResolved]:
    """Return the events that are not among those given.

    A pipeline that starts anew may see the same slouch a little differently: the samples of a moment were lost with the
    program, others came late. What it says of an alert that was given has the same kind and an overlapping time, from
    since when until it was raised; two alerts of one kind never overlap otherwise. An end is new where the alert is
    open.
    """
    known = list(given)
    new: list[Alert | AlertResolved] = []
    for event in events:
        of_kind = [one for one in known if one.kind is event.kind]
        if isinstance(event, Alert):
            alerts = [one for one in of_kind if isinstance(one, Alert)]
            is_new = not any(one.since < event.time and event.since < one.time for one in alerts)
        else:
            is_new = bool(of_kind) and isinstance(of_kind[-1], Alert)
        if is_new:
            known.append(event)
            new.append(event)
    return new


def _end_of_torn_line(descriptor: int) -> bytes:
    """Return what is missing so that the next line begins a line."""
    size = os.lseek(descriptor, 0, os.SEEK_END)
    if size == 0:
        return b""
    os.lseek(descriptor, size - 1, os.SEEK_SET)
    return b"" if os.read(descriptor, 1) == b"\n" else b"\n"


def _event(line: dict[str, object]) -> Alert | AlertResolved:
    told = line | {"kind": AlertKind(str(line["kind"]))}
    return AlertResolved(**told) if "heeded" in told else Alert(**told)  # type: ignore[arg-type]  # checked by reading back
