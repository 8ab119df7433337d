"""What the operating system and the libraries say about a file, in the wearer's words."""

from __future__ import annotations

import errno
import stat
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pyarrow as pa

from config.errors import RecordingError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["first_bytes", "reading", "regular_file_size", "writing"]


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn what can go wrong while a file is read into a `RecordingError`."""
    try:
        yield
    except FileNotFoundError as error:
        raise RecordingError(path, "there is no such file or folder; check the name") from error
    except PermissionError as error:
        raise RecordingError(path, "may not be read; ask its owner for the right to read it") from error
    except (OSError, pa.ArrowException, UnicodeDecodeError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise RecordingError(path, f"cannot be read ({error.strerror})") from error
        raise RecordingError(path, f"is damaged ({_one_line(error)}); copy it again from where it came from") from error


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what can go wrong while a recording is written into a `RecordingError`."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            reason = "the disk is full; free some space (what was recorded so far is safe)"
        elif isinstance(error, PermissionError):
            reason = "may not be written; choose another folder or change its permissions"
        else:
            reason = f"cannot be written ({error.strerror or _one_line(error)}); what was recorded so far is safe"
        raise RecordingError(path, reason) from error


def regular_file_size(path: Path) -> int:
    """Return the size in bytes.

    Raises
    ------
    RecordingError
        The file is missing, empty, or a device or pipe, which could be read for ever.

    """
    with reading(path):
        status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise RecordingError(path, "is no file; name a CSV or Parquet file or a recording of Lumbar's")
    if status.st_size == 0:
        raise RecordingError(path, "the file is empty; record or export it again")
    return status.st_size


def first_bytes(path: Path) -> bytes:
    """Return the first bytes, which tell the kind of file, or raise as `regular_file_size` does."""
    regular_file_size(path)
    with reading(path), path.open("rb") as file:
        return file.read(8)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
