"""A file of JSON lines that only grows: what is appended is on the disk, and a torn line spoils no other."""

from __future__ import annotations

import json
import logging
import os
from typing import TYPE_CHECKING

from config.errors import RecordingError
from firmware_bridge.recordings.durable import sync_data, sync_folder, write_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

__all__ = ["Journal"]

logger = logging.getLogger(__name__)


class Journal:
    """Lines that are on the disk, not only with the system, when `append` returns.

    Parameters
    ----------
    path
        The file; it need not be there yet.

    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def exists(self) -> bool:
        """Return whether anything was ever appended, be it no line."""
        return self._path.exists()

    def append(self, lines: Iterable[Mapping[str, object]]) -> None:
        """Append lines; without any, make the file.

        Raises
        ------
        RecordingError
            The disk refuses.

        """
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

    def lines(self, check: Callable[[dict[str, object]], object]) -> list[dict[str, object]] | None:
        """Return the lines, oldest first; None where there is no file.

        Parameters
        ----------
        check
            Raises ValueError, TypeError or KeyError for a line that is none of those expected: it is left out, with a
            warning, as is a torn one.

        Raises
        ------
        RecordingError
            The file cannot be read.

        """
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
                check(line)
                lines.append(line)
            except (ValueError, TypeError, KeyError):
                logger.warning("%s: a line cannot be read and is left out", self._path)
        return lines


def _end_of_torn_line(descriptor: int) -> bytes:
    """Return what is missing so that the next line begins a line."""
    size = os.lseek(descriptor, 0, os.SEEK_END)
    if size == 0:
        return b""
    os.lseek(descriptor, size - 1, os.SEEK_SET)
    return b"" if os.read(descriptor, 1) == b"\n" else b"\n"
