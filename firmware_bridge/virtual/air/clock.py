"""An asyncio event loop on a virtual clock: sleeping costs nothing, so that hours of a link pass in seconds.

Only for programs that live in one process: whenever nothing is ready, the clock jumps to the next timer. While a thread
works for the loop (`asyncio.to_thread`) the clock stands still.
"""

from __future__ import annotations

import asyncio
import selectors
from typing import TYPE_CHECKING, Any, TypeVar, TypeVarTuple, Unpack

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from concurrent.futures import Executor

__all__ = ["VirtualLoop", "run_virtually", "utc_from"]

_Result = TypeVar("_Result")
_Arguments = TypeVarTuple("_Arguments")
_NOTHING_SCHEDULED = (
    "everything waits and nothing is scheduled: some task awaits what nobody will ever set; give the wait a time limit"
)


class _Selector(selectors.DefaultSelector):
    """A selector that, where it would wait, moves the loop's clock instead."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 0.0
        self.threads: set[asyncio.Future[Any]] = set()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if self.threads:
            return super().select(None)
        if timeout is None:
            raise RuntimeError(_NOTHING_SCHEDULED)
        self.now_s += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose `time()` starts at 0 and passes only where all tasks wait."""

    def __init__(self) -> None:
        self._virtual = _Selector()
        super().__init__(self._virtual)

    def time(self) -> float:
        """Return virtual seconds since the loop was made."""
        return self._virtual.now_s

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[Unpack[_Arguments]], _Result], *args: *_Arguments
    ) -> asyncio.Future[_Result]:
        """Run a function in a thread; the clock stands still until it returns."""
        future = super().run_in_executor(executor, func, *args)
        self._virtual.threads.add(future)
        future.add_done_callback(self._virtual.threads.discard)
        return future

    async def shutdown_default_executor(self, _timeout: float | None = None) -> None:
        """Wait for the threads to end, on the real clock."""
        waiting: asyncio.Future[Any] = self.create_future()
        self._virtual.threads.add(waiting)
        try:
            await super().shutdown_default_executor()
        finally:
            self._virtual.threads.discard(waiting)


def run_virtually(coroutine: Coroutine[Any, Any, _Result]) -> _Result:
    """Run a coroutine to its end on a virtual clock, like `asyncio.run`.

    An error that nobody awaits, in a callback or a forgotten task, would only be logged by asyncio; here it is raised
    once the coroutine has ended.

    Raises
    ------
    RuntimeError
        Everything waits and nothing is scheduled.

    """
    unheard: list[BaseException] = []

    def note(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, Exception):
            unheard.append(error)
        else:
            loop.default_exception_handler(context)

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.get_loop().set_exception_handler(note)
        result = runner.run(coroutine)
    if unheard:
        raise unheard[0]
    return result


def utc_from(epoch_s: float) -> Callable[[], float]:
    """Return a UTC clock that reads `epoch_s` when the running loop's clock reads 0."""
    loop = asyncio.get_running_loop()
    return lambda: epoch_s + loop.time()
