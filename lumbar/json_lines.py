"""What is noticed, as JSON lines for other programs."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from typing import TextIO

    from _typeshed import DataclassInstance

    from lumbar.pipeline import Noticed, Now

__all__ = ["JsonLines", "write_event"]


class JsonLines:
    """One line for each event: its kind and its fields, times in seconds since the Unix epoch."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._out.flush()

    def show(self, event: Noticed) -> None:
        """Write one event."""
        write_event(self._out, event)

    def show_now(self, now: Now) -> None:
        """Write nothing: changes of posture come as events."""

    def show_link(self, text: str) -> None:
        """Write nothing: the link is no finding."""


def write_event(out: TextIO, event: DataclassInstance) -> None:
    """Write an event as a line: its kind and its fields."""
    out.write(json.dumps({"event": type(event).__name__, **dataclasses.asdict(event)}) + "\n")
    # Whoever reads a pipe hears of an alert when it is raised, not when the buffer is full.
    out.flush()
