"""Ctrl+C and SIGTERM as a wish to stop, so that what is open is closed in order."""

from __future__ import annotations

import asyncio
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator
    from types import FrameType
    from typing import Any

__all__ = ["stop_on_signals", "until_first"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stop_on_signals() -> Iterator[asyncio.Event]:
    """Yield an event that Ctrl+C or SIGTERM sets; a second one goes the usual way. In the main thread only."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    before = {number: signal.getsignal(number) for number in _SIGNALS}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def wish(_number: int, _frame: FrameType | None) -> None:
        restore()
        loop.call_soon_threadsafe(stop.set)

    # Not `loop.add_signal_handler`, which Windows does not have.
    for number in _SIGNALS:
        signal.signal(number, wish)
    try:
        yield stop
    finally:
        restore()


async def until_first(*work: Coroutine[Any, Any, object]) -> None:
    """Run several things until one of them ends, then cancel the others; raises what any of them ended with."""
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, Exception):
            raise outcome
