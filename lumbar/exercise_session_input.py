"""What the wearer types in a session: one line, one wish."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from analytics.exercises.guided_records import Did, FinishSet, Pain, Pause, Ready, Resume, Skip, Stop, StopReason
from config.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

    from analytics.exercises.guided_records import Command

__all__ = ["HINT", "parse_wish", "read_wishes"]

HINT = (
    "Enter: ready   p: pause, go on   d: set is done   n: next exercise   0-10: pain   did 8: I did 8   "
    "q pain, q tired, q: stop"
)


def parse_wish(line: str, *, paused: bool) -> Command:
    """Return the command that a line means.

    Raises
    ------
    SettingsError
        It means none; the message says what there is.

    """
    word, _, rest = line.strip().casefold().partition(" ")
    rest = rest.strip()
    if word in ("n", "next", "skip"):
        return Skip(_reason(rest) if rest else None)
    if word in ("q", "quit", "stop"):
        return Stop(_reason(rest) if rest else StopReason.OTHER)
    try:
        if word == "did":
            return Did(int(rest))
        if word.isdecimal() and not rest:
            return Pain(int(word))
    except ValueError as error:
        raise SettingsError(f"{line.strip()}: a number is missing or out of range ({HINT})") from error
    return _plain(word if not rest else line, paused=paused)


def _plain(word: str, *, paused: bool) -> Command:
    match word:
        case "":
            return Resume() if paused else Ready()
        case "p" | "pause" | "resume":
            return Resume() if paused else Pause()
        case "d" | "done":
            return FinishSet()
        case _:
            raise SettingsError(f"{word.strip()}: nothing is called so ({HINT})")


def _reason(word: str) -> StopReason:
    try:
        return StopReason(word)
    except ValueError as error:
        raise SettingsError(f"{word}: the reasons are {', '.join(StopReason)}") from error


def read_wishes(source: TextIO, sink: Callable[[str], None]) -> None:
    """Hand each line to `sink`, in a thread that ends with the program or with the source."""

    def read() -> None:
        for line in source:
            sink(line)

    threading.Thread(target=read, name="lumbar-wishes", daemon=True).start()
