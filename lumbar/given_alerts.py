"""The alerts that the wearer was given on a day, on the disk: neither late samples nor a crash may change them."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from lumbar.journal import Journal
from posture.events import Alert, AlertKind, AlertResolved

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ["GivenAlerts", "still_new"]

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
        self._journal = Journal(path)

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
        if not self._journal.exists():
            self._journal.append(())

    def add(self, events: Iterable[Alert | AlertResolved]) -> None:
        """Keep events, before anybody is told of them.

        Raises
        ------
        RecordingError
            The disk refuses.

        """
        self._journal.append(asdict(event) for event in events)

    def told(self, n: int = 1) -> None:
        """Mark the oldest that are not marked.

        Raises
        ------
        RecordingError
            The disk refuses.

        """
        self._journal.append([TOLD] * n)

    def _lines(self) -> list[dict[str, object]] | None:
        return self._journal.lines(lambda line: line == TOLD or bool(_event(line)))


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


def _event(line: dict[str, object]) -> Alert | AlertResolved:
    told = line | {"kind": AlertKind(str(line["kind"]))}
    return AlertResolved(**told) if "heeded" in told else Alert(**told)  # type: ignore[arg-type]  # checked by reading back
