"""A processor that runs a blocking program on the clock of an event loop.

The program runs in a thread, but never at the same time as the loop: the loop stands still until the program sleeps,
and lets it go on when its sleep is over by the loop's clock. So the program needs no change, and nothing is at random.
"""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["PowerCut", "Processor"]

_LONGEST_TURN_S = 60.0


class PowerCut(BaseException):
    """Ends the program where it is; not for programs to catch."""


class Processor:
    """Runs one program.

    Parameters
    ----------
    program
        Ends by `PowerCut` only.

    """

    def __init__(self, program: Callable[[], None]) -> None:
        self._program = program
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._go = threading.Semaphore(0)
        self._paused = threading.Semaphore(0)
        self._sleep_s: float | None = None
        self._wake: asyncio.TimerHandle | None = None
        self._cut = False
        self._crash: BaseException | None = None

    def start(self) -> None:
        """Run the program until its first sleep."""
        self._thread.start()
        self._turn()

    def sleep(self, duration_s: float) -> None:
        """Sleep; called by the program.

        Raises
        ------
        PowerCut
            The power was cut meanwhile.

        """
        self._sleep_s = duration_s
        self._paused.release()
        self._go.acquire()
        if self._cut:
            raise PowerCut

    def cut(self) -> None:
        """Cut the power.

        Raises
        ------
        Exception
            What the program died of before.

        """
        self._cut = True
        if self._wake is not None:
            self._wake.cancel()
        if self._thread.is_alive():
            self._go.release()
            self._thread.join(_LONGEST_TURN_S)
        if self._crash is not None:
            raise self._crash

    def _turn(self) -> None:
        """Let the program run until it sleeps or ends."""
        self._go.release()
        if not self._paused.acquire(timeout=_LONGEST_TURN_S):
            raise RuntimeError(f"the firmware has not slept for {_LONGEST_TURN_S:g} s")
        self._wake = None
        if self._sleep_s is not None:
            self._wake = self._loop.call_later(self._sleep_s, self._turn)
        elif self._crash is not None:
            raise self._crash

    def _run(self) -> None:
        self._go.acquire()
        # The program's turn is a piece of the loop's: what it calls in bumble asks for the running loop of its thread.
        asyncio._set_running_loop(self._loop)  # noqa: SLF001 - asyncio's own way for those who run a loop
        try:
            self._program()
        except PowerCut:
            pass
        except BaseException as crash:  # noqa: BLE001 - handed to the loop's thread, and raised there
            self._crash = crash
        self._sleep_s = None
        self._paused.release()
