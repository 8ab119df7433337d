"""Cues as speech, where the computer has a voice; nothing is required."""

from __future__ import annotations

import importlib
import importlib.util
import logging
import queue
import shutil
import subprocess
import threading
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Voice", "find_voice"]

logger = logging.getLogger(__name__)

PROGRAMS = ("espeak-ng", "espeak", "say")
"""Programs that speak their argument: eSpeak NG and eSpeak, and macOS's own."""

LONGEST_S = 15.0
WAITING = 2
"""So many sentences may wait; older ones are stale and are left out."""


def find_voice() -> Callable[[str], None] | None:
    """Return what speaks a sentence to its end; None where the computer has no voice."""
    for name in PROGRAMS:
        program = shutil.which(name)
        if program is not None:
            return lambda text: _run(program, text)
    if importlib.util.find_spec("pyttsx3") is not None:
        return _Pyttsx3()
    return None


class Voice:
    """Speaks in a thread of its own, so that nobody waits for it. A voice that fails is silent from then on.

    Parameters
    ----------
    speak
        Speaks a sentence to its end.

    """

    def __init__(self, speak: Callable[[str], None]) -> None:
        self._speak = speak
        self._waiting: queue.Queue[str | None] = queue.Queue()
        self._thread = threading.Thread(target=self._run, name="lumbar-voice", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._waiting.put(None)
        self._thread.join(LONGEST_S)

    def say(self, text: str) -> None:
        """Speak, once what is being said is over."""
        while self._waiting.qsize() >= WAITING:
            try:
                self._waiting.get_nowait()
            except queue.Empty:
                break
        self._waiting.put(text)

    def _run(self) -> None:
        for text in iter(self._waiting.get, None):
            try:
                self._speak(text)
            except (OSError, RuntimeError, subprocess.SubprocessError) as error:
                logger.warning("the voice does not work and is left out (%s)", error)
                return


def _run(program: str, text: str) -> None:
    subprocess.run(  # noqa: S603 - found on PATH, and the text is ours, not a shell's
        [program, text], check=True, timeout=LONGEST_S, stdin=subprocess.DEVNULL, capture_output=True
    )


class _Pyttsx3:
    """The pyttsx3 package, made in the thread that speaks, as some systems' voices want it."""

    def __init__(self) -> None:
        self._engine: Any = None

    def __call__(self, text: str) -> None:
        if self._engine is None:
            try:
                self._engine = importlib.import_module("pyttsx3").init()
            except ImportError as error:
                raise RuntimeError(f"pyttsx3 has no voice here: {error}") from error
        self._engine.say(text)
        self._engine.runAndWait()
