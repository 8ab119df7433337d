"""How a command ends: its exit code, and one line where something went wrong."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from config.errors import LumbarError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["told_ending"]

EXIT_AT_FAULT = 2
EXIT_INTERRUPTED = 130

DISC_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


@contextmanager
def told_ending() -> Iterator[None]:
    """End the program as the wearer is to be told: errors of Lumbar's, and a full disc, as one line."""
    try:
        with _printed_to_the_end():
            yield
    except LumbarError as error:
        _complain(" ".join(str(error).split()))
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)
    except BrokenPipeError:
        # Whoever read our output has gone, as `lumbar ... | head` does.
        _print_no_more()
        sys.exit(0)
    except OSError as error:
        if error.errno not in DISC_ERRORS:
            raise
        _print_no_more()
        _complain(f"cannot write: {error.strerror}; make room, or let the output go elsewhere")


@contextmanager
def _printed_to_the_end() -> Iterator[None]:
    """Have all that is printed written here, not by Python when it is too late to tell of an error.

    Raises
    ------
    SettingsError
        There is no standard output.

    """
    if sys.stdout is None:
        raise SettingsError("standard output is closed; let it go to a file, or to /dev/null")
    try:
        yield
    finally:
        sys.stdout.flush()


def _print_no_more() -> None:
    """Let what is still to be written go nowhere, or Python would try it again at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _complain(message: str) -> None:
    sys.stderr.write(f"lumbar: {message}\n")
    sys.exit(EXIT_AT_FAULT)
