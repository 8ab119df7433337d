"""What the terminal shows of a session: the count, large; what is on; one short sentence."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Self

from rich.align import Align
from rich.console import Group
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from analytics.exercises.guided_records import Cue, CueKind, Ending, Phase, SetDone, WalkDone
from lumbar.json_lines import write_event

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import tzinfo
    from typing import TextIO

    from rich.console import Console, RenderableType

    from analytics.exercises.guided_records import ItemDone, SessionDone, Standing, Told

__all__ = ["SessionLines", "TerminalSession", "session_table"]

REFRESH_HZ = 8

DIGITS = {
    "0": ("███", "█ █", "█ █", "█ █", "███"),
    "1": (" █ ", "██ ", " █ ", " █ ", "███"),
    "2": ("███", "  █", "███", "█  ", "███"),
    "3": ("███", "  █", "███", "  █", "███"),
    "4": ("█ █", "█ █", "███", "  █", "  █"),
    "5": ("███", "█  ", "███", "  █", "███"),
    "6": ("███", "█  ", "███", "█ █", "███"),
    "7": ("███", "  █", "  █", "  █", "  █"),
    "8": ("███", "█ █", "███", "█ █", "███"),
    "9": ("███", "█ █", "███", "  █", "███"),
}

RINGS = frozenset({CueKind.START, CueKind.SET_DONE, CueKind.HOLD, CueKind.RELEASE, CueKind.FINISHED})
QUIETLY_SHOWN = frozenset({CueKind.COUNTDOWN})
"""Shown large and spoken, but not worth a line each."""

PHASE_STYLE = {
    Phase.POSITION: "cyan",
    Phase.COUNTDOWN: "yellow",
    Phase.COUNTING: "bold green",
    Phase.TIMED: "bold green",
    Phase.WALKING: "bold green",
    Phase.REST: "blue",
    Phase.CLOSING: "blue",
    Phase.DONE: "dim",
}


class TerminalSession:
    """A panel at the bottom of the terminal, with the sentences scrolling above.

    Where the output is no terminal, only the sentences are printed, one line each.

    Parameters
    ----------
    console
        Where to print.
    zone
        Time zone of the clock shown.
    ring
        Whether to ring the bell.
    say
        Speaks a sentence; None where nothing is to be said.

    """

    def __init__(self, console: Console, zone: tzinfo, *, ring: bool, say: Callable[[str], None] | None) -> None:
        self._console = console
        self._zone = zone
        self._ring = ring and console.is_terminal
        self._say = say
        self._standing: Standing | None = None
        self._now = 0.0
        self._link = ""
        self._hint = ""
        self._live = Live(Text(""), console=console, refresh_per_second=REFRESH_HZ, transient=True)

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def tell(self, told: Told) -> None:
        """Print and speak a cue; sets and walks are in the cues already."""
        if not isinstance(told, Cue):
            return
        if self._say is not None:
            self._say(told.text)
        if self._ring and told.kind in RINGS:
            self._console.bell()
        if told.kind not in QUIETLY_SHOWN:
            clock = f"{datetime.fromtimestamp(told.time, self._zone):%H:%M:%S}"
            self._console.print(Text.assemble((clock, "dim"), "  ", told.text), soft_wrap=True)

    def show(self, standing: Standing, now: float) -> None:
        """Show how the session stands."""
        self._standing, self._now = standing, now
        self._live.update(self._panel())

    def show_link(self, text: str) -> None:
        """Show how the link to the sensor stands."""
        if self._link != text and not self._console.is_terminal:
            self._console.print(text, soft_wrap=True, highlight=False, markup=False)
        self._link = text
        self._live.update(self._panel())

    def show_hint(self, text: str) -> None:
        """Show what there is to type."""
        self._hint = text
        self._live.update(self._panel())

    def _panel(self) -> RenderableType:
        standing = self._standing
        if standing is None:
            return Text(f"{self._link}\n{self._hint}", "dim")
        style = "yellow" if standing.paused else PHASE_STYLE[standing.phase]
        lines: list[RenderableType] = [Align.center(Text(big(_number(standing, self._now)), style))]
        lines += [Align.center(Text(_facts(standing))), Align.center(Text(standing.sentence, "bold"))]
        lines += [Text(line, "dim") for line in (self._link, self._hint) if line]
        phase = "paused" if standing.paused else standing.phase.value
        title = f"{standing.item} of {standing.items_n}: {standing.title} - {phase}"
        return Panel(Group(*lines), title=Text(title), title_align="left", border_style=style)


class SessionLines:
    """One JSON line for each thing told: its kind and its fields, times in seconds since the Unix epoch."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._out.flush()

    def tell(self, told: Told) -> None:
        """Write it."""
        write_event(self._out, told)

    def show(self, standing: Standing, now: float) -> None:
        """Write nothing: what changes is told."""

    def show_link(self, text: str) -> None:
        """Write nothing: the link is no finding."""

    def show_hint(self, text: str) -> None:
        """Write nothing: nobody types here."""


def big(number: int | None) -> str:
    """Return a number five lines high; blank where there is none."""
    text = "" if number is None else str(number)
    return "\n".join(" ".join(DIGITS[digit][row] for digit in text) for row in range(5))


def session_table(session: SessionDone) -> Table:
    """Return what has been done of a session."""
    table = Table("exercise", "sets", "repetitions", "pain", "", title=Text(session.title), title_justify="left")
    for item in session.items:
        done = f"{len(item.sets)} of {item.planned_sets}" if item.exercise is not None else ""
        pain = "" if item.pain is None else str(item.pain)
        table.add_row(item.exercise or "walking", done, _repetitions(item), pain, _ending(item))
    return table


def _repetitions(item: ItemDone) -> str:
    if item.walk is not None:
        return _walk(item.walk)
    return ", ".join(_set(one) for one in item.sets)


def _set(one: SetDone) -> str:
    if one.count is not None:
        return f"{one.count} of {one.planned}"
    return "timed, not counted" if one.reported is None else f"{one.reported} of {one.planned} by your own count"


def _walk(walk: WalkDone) -> str:
    return f"{walk.walked_s / 60:.1f} of {walk.planned_s / 60:.0f} min, {walk.steps} steps"


def _ending(item: ItemDone) -> str:
    if item.ending is Ending.DONE:
        return ""
    words = item.ending.value.replace("_", " ")
    return words if item.reason is None else f"{words}: {item.reason}"


def _number(standing: Standing, now: float) -> int | None:
    """Return what is shown large: seconds left where something ends by itself, else the count."""
    if standing.phase in (Phase.POSITION, Phase.COUNTDOWN, Phase.REST) and standing.until is not None:
        return max(0, round(standing.until - now))
    return standing.count


def _facts(standing: Standing) -> str:
    if standing.phase is Phase.WALKING:
        return f"minutes of {standing.planned}"
    of = f"set {standing.set_number} of {standing.sets_n}, {standing.planned} repetitions"
    if standing.held_s is not None:
        return f"{of}, holding: {int(standing.held_s)} of {standing.asked_hold_s:g} s"
    return of if not standing.last_hold_s else f"{of}, held {standing.last_hold_s:.0f} s"
