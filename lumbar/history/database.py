"""Opening the history file: versions, migrations, and errors that say what to do."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from config.errors import HistoryError
from lumbar.history.schema import APPLICATION_ID, MIGRATIONS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["explained", "open_database", "write_transaction"]

DAMAGED = (
    "the history is damaged or no SQLite file. Nothing in it was changed. Move it to another place and replay your "
    "recordings to build it anew"
)
BUSY = "another program is writing to the history. Close it, or wait until it has finished, and try again"
NOT_ACCESSIBLE = "the history cannot be opened for writing. Check that the folder exists and belongs to you"
DISK = "the history cannot be written, since the disk is full or failing. Free some space and try again"

ADVICE = {
    sqlite3.SQLITE_BUSY: BUSY,
    sqlite3.SQLITE_LOCKED: BUSY,
    sqlite3.SQLITE_CORRUPT: DAMAGED,
    sqlite3.SQLITE_NOTADB: DAMAGED,
    sqlite3.SQLITE_CANTOPEN: NOT_ACCESSIBLE,
    sqlite3.SQLITE_READONLY: NOT_ACCESSIBLE,
    sqlite3.SQLITE_PERM: NOT_ACCESSIBLE,
    sqlite3.SQLITE_FULL: DISK,
    sqlite3.SQLITE_IOERR: DISK,
}

PRIMARY_CODE_MASK = 0xFF
"""The low byte of an extended result code is its primary one (https://www.sqlite.org/rescode.html)."""


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what SQLite reports about the file into a `HistoryError`; mistakes of the program stay what they are."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK) & PRIMARY_CODE_MASK
        if code not in ADVICE:
            raise
        raise HistoryError(f"{path}: {ADVICE[code]} ({error})") from error


def open_database(path: Path, patience_s: float) -> sqlite3.Connection:
    """Open the file, made or migrated to the newest version where need be.

    Parameters
    ----------
    path
        The file; its folder is made where it is missing.
    patience_s
        How long to wait for another program's write to finish.

    Raises
    ------
    HistoryError
        The file is damaged, locked, of a newer version, another program's, or cannot be written.

    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise HistoryError(f"{path}: {NOT_ACCESSIBLE} ({error})") from error
    with explained(path):
        # isolation_level None: transactions begin and end only where this package says so.
        connection = sqlite3.connect(path, timeout=patience_s, isolation_level=None)
        try:
            _prepare(connection, path)
        except BaseException:
            connection.close()
            raise
    return connection


@contextmanager
def write_transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Do all that happens inside, or nothing of it; inside another transaction, be a part of that one."""
    if connection.in_transaction:
        with _savepoint(connection):
            yield
        return
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        yield


@contextmanager
def _savepoint(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("SAVEPOINT part")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK TO part")
        raise
    finally:
        connection.execute("RELEASE part")


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    if _checked_version(connection, path) < len(MIGRATIONS):
        connection.execute("PRAGMA journal_mode = WAL")
        with write_transaction(connection):
            # Asked again, since another program may have migrated the file in the meantime.
            version = _checked_version(connection, path)
            for number, statements in enumerate(MIGRATIONS[version:], start=version + 1):
                for statement in statements:
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {number}")
    # FULL: what was committed survives a power cut as well (https://www.sqlite.org/pragma.html#pragma_synchronous).
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")


def _checked_version(connection: sqlite3.Connection, path: Path) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (n_tables,) = connection.execute("SELECT COUNT(*) FROM sqlite_schema").fetchone()
    if application != APPLICATION_ID and (n_tables > 0 or version > 0):
        raise HistoryError(
            f"{path}: this is another program's database, not a history of Lumbar's. Choose another storage folder"
        )
    if version > len(MIGRATIONS):
        raise HistoryError(
            f"{path}: the history was written by a newer Lumbar (version {version}; this one knows versions up to "
            f"{len(MIGRATIONS)}). Update Lumbar, or choose another storage folder"
        )
    return int(version)
