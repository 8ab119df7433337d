"""Writing that survives a crash, and a lock so that one program at a time writes a recording."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from config.errors import RecordingError

if TYPE_CHECKING:
    from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

__all__ = ["LOCK_NAME", "FolderLock", "sync_data", "sync_folder", "write_all"]

LOCK_NAME = "recording.lock"


def write_all(descriptor: int, data: bytes) -> None:
    """Write all bytes, however many calls it takes."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def sync_data(descriptor: int) -> None:
    """Return once the file's bytes are on the disk."""
    if sys.platform in ("win32", "darwin"):
        os.fsync(descriptor)
    else:
        os.fdatasync(descriptor)


def sync_folder(folder: Path) -> None:
    """Return once the folder's list of files is on the disk."""
    if sys.platform == "win32":
        return  # NTFS journals its folders and cannot open them for syncing
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class FolderLock:
    """Holds a folder for one writer; the system lets go when the program ends, however it ends.

    Raises
    ------
    RecordingError
        Another program writes into the folder.

    """

    def __init__(self, folder: Path) -> None:
        self._descriptor = os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            if sys.platform == "win32":
                msvcrt.locking(self._descriptor, msvcrt.LK_NBLCK, 1)
            else:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._descriptor)
            raise RecordingError(folder, "another program is recording here; end it or name another folder") from error

    def release(self) -> None:
        """Let others write."""
        os.close(self._descriptor)
