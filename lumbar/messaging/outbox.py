"""The durable outbox: messages are on the disk before they are sent, and stay until the broker has them.

One SQLite file: WAL, ``synchronous=FULL``, so that a message survives a power cut from the moment `Outbox.add` returns
(0.2-5 ms, depending on the disk; a day has some hundreds). The file is locked for one program at a time.
"""

from __future__ import annotations

import sqlite3
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from config.errors import MessagingError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

__all__ = ["Outbox", "StoredMessage"]

SCHEMA_VERSION = 1
SCHEMA = """
CREATE TABLE message (
    seq INTEGER PRIMARY KEY, topic TEXT NOT NULL, retained INTEGER NOT NULL,
    payload TEXT NOT NULL, rank INTEGER NOT NULL
) STRICT;
CREATE INDEX message_by_rank ON message (rank, seq);
CREATE INDEX latest_by_topic ON message (topic) WHERE rank = 2;
CREATE TABLE latest (slot TEXT PRIMARY KEY, seq INTEGER NOT NULL, topic TEXT NOT NULL, payload TEXT NOT NULL) STRICT;
CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
INSERT INTO counter VALUES ('reserved', 0), ('dropped', 0);
PRAGMA user_version = 1;
"""

SUPERSEDED, EVENT, LATEST = 0, 1, 2
"""Rank of a message: what goes first when the outbox is full."""

SEQ_BLOCK = 1000
"""How many sequence numbers are reserved on the disk at once, so that most need no write."""

LOCK_WAIT_S = 1.0


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A message as it waits in the outbox; `payload` is its JSON, or nothing to empty a retained topic."""

    seq: int
    topic: str
    retained: bool
    payload: str


class Outbox:
    """Messages that wait for the broker, in order, and the sequence numbers of the wearer.

    At most `limit` messages wait. When it is full, retained states that a later state of the same topic supersedes,
    waiting or with the broker already, go first, then the oldest events, and only then the oldest of the latest states.
    What is dropped is counted in `dropped` for good. All methods may be called from any thread.

    Parameters
    ----------
    path
        The SQLite file; made with its folder where missing.
    limit
        Most messages that wait.

    Raises
    ------
    MessagingError
        The file is damaged, of a newer Lumbar, used by another program, or cannot be written. Any method may raise it.

    """

    def __init__(self, path: Path, limit: int) -> None:
        self._path = path
        self._limit = limit
        self._changed = threading.Condition()
        with self._translated():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(path, timeout=LOCK_WAIT_S, isolation_level=None, check_same_thread=False)
        try:
            with self._translated():
                self._prepare()
                self._reserved = self._number("SELECT value FROM counter WHERE name = 'reserved'")
                self._dropped = self._number("SELECT value FROM counter WHERE name = 'dropped'")
                self._waiting = self._number("SELECT count(*) FROM message")
        except MessagingError:
            self._database.close()
            raise
        self._last_seq = self._reserved

    @property
    def waiting(self) -> int:
        """How many messages the broker does not have yet."""
        return self._waiting

    @property
    def dropped(self) -> int:
        """How many messages a full outbox has dropped since the file was made."""
        return self._dropped

    @property
    def last_seq(self) -> int:
        """The last sequence number given out."""
        return self._last_seq

    def next_seq(self) -> int:
        """Return a sequence number for a message that does not wait here."""
        with self._changed, self._translated():
            return self._take_seq()

    def add(self, topic: str, payload: Callable[[int], str], *, retained: bool, slot: str | None = None) -> int:
        """Put a message on the disk.

        Parameters
        ----------
        topic
            Where it is to be published.
        payload
            Makes the JSON from the sequence number; an empty text empties the retained topic.
        retained
            Whether the broker keeps it.
        slot
            Name under which it is remembered as the latest state (`latest`), also once the broker has it; None: not.

        Returns
        -------
        int
            Its sequence number.

        """
        with self._changed, self._translated(), self._transaction():
            seq = self._take_seq()
            text = payload(seq)
            dropped = self._make_room(topic, retained=retained)
            rank = LATEST if retained else EVENT
            self._database.execute("INSERT INTO message VALUES (?, ?, ?, ?, ?)", (seq, topic, retained, text, rank))
            if slot is not None:
                self._remember(slot, StoredMessage(seq, topic, retained, text))
        self._waiting += 1 - dropped
        self._dropped += dropped
        return seq

    def after(self, seq: int, count: int) -> list[StoredMessage]:
        """Return the first `count` messages that wait with a number above `seq`, oldest first."""
        query = "SELECT seq, topic, retained, payload FROM message WHERE seq > ? ORDER BY seq LIMIT ?"
        with self._changed, self._translated():
            rows = self._database.execute(query, (seq, count)).fetchall()
        return [StoredMessage(number, topic, bool(retained), payload) for number, topic, retained, payload in rows]

    def latest(self) -> list[StoredMessage]:
        """Return the remembered states whose topic has nothing waiting, oldest first."""
        query = """
            SELECT seq, topic, payload FROM latest
            WHERE topic NOT IN (SELECT topic FROM message WHERE retained) ORDER BY seq"""
        with self._changed, self._translated():
            rows = self._database.execute(query).fetchall()
        return [StoredMessage(seq, topic, retained=True, payload=payload) for seq, topic, payload in rows]

    def remembered(self) -> frozenset[str]:
        """Return the topics of the remembered states, whether they wait or not."""
        with self._changed, self._translated():
            rows = self._database.execute("SELECT topic FROM latest").fetchall()
        return frozenset(topic for (topic,) in rows)

    def remove(self, seqs: Iterable[int]) -> None:
        """Forget messages that the broker has acknowledged; numbers that are not there are passed over."""
        numbers = [(seq,) for seq in seqs]
        with self._changed:
            with self._translated(), self._transaction():
                removed = self._database.executemany("DELETE FROM message WHERE seq = ?", numbers).rowcount
            self._waiting -= max(removed, 0)
            if not self._waiting:
                self._changed.notify_all()

    def wait_until_empty(self, timeout_s: float) -> bool:
        """Wait until nothing is left to send; return whether that came true in time."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting, timeout_s)

    def close(self) -> None:
        """Give the file free. What waits stays for the next time."""
        with self._changed:
            try:
                with self._translated():
                    self._reserve(self._last_seq)
            finally:
                self._database.close()

    def _prepare(self) -> None:
        self._database.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")
        version = self._number("PRAGMA user_version")
        if version > SCHEMA_VERSION:
            raise MessagingError(f"{self._path}: this outbox is of a newer Lumbar; update Lumbar")
        if self._database.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise MessagingError(self._damaged())
        if version == 0:
            self._database.executescript(f"BEGIN IMMEDIATE; {SCHEMA} COMMIT;")
        else:
            # A first write takes the lock that keeps a second program out.
            self._database.execute("UPDATE counter SET value = value WHERE name = 'reserved'")

    def _number(self, query: str) -> int:
        return int(self._database.execute(query).fetchone()[0])

    def _take_seq(self) -> int:
        if self._last_seq >= self._reserved:
            self._reserve(self._last_seq + SEQ_BLOCK)
        self._last_seq += 1
        return self._last_seq

    def _reserve(self, until: int) -> None:
        self._database.execute("UPDATE counter SET value = ? WHERE name = 'reserved'", (until,))
        self._reserved = until

    def _make_room(self, topic: str, *, retained: bool) -> int:
        if retained:
            supersede = "UPDATE message SET rank = ? WHERE topic = ? AND rank = 2"
            self._database.execute(supersede, (SUPERSEDED, topic))
        excess = self._waiting + 1 - self._limit
        if excess <= 0:
            return 0
        oldest = "DELETE FROM message WHERE seq IN (SELECT seq FROM message ORDER BY rank, seq LIMIT ?)"
        dropped = self._database.execute(oldest, (excess,)).rowcount
        self._database.execute("UPDATE counter SET value = value + ? WHERE name = 'dropped'", (dropped,))
        return dropped

    def _remember(self, slot: str, message: StoredMessage) -> None:
        if message.payload:
            values = (slot, message.seq, message.topic, message.payload)
            self._database.execute("INSERT OR REPLACE INTO latest VALUES (?, ?, ?, ?)", values)
        else:
            self._database.execute("DELETE FROM latest WHERE slot = ?", (slot,))

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        reserved, last_seq = self._reserved, self._last_seq
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._database.execute("COMMIT")
        except BaseException:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            self._reserved, self._last_seq = reserved, last_seq
            raise

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", None)
            if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
                raise MessagingError(self._damaged()) from error
            if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
                raise MessagingError(f"{self._path}: another Lumbar uses this outbox; stop it first") from error
            raise MessagingError(f"{self._path}: the outbox cannot be used ({error}); check the disk") from error
        except OSError as error:
            raise MessagingError(f"{self._path}: the outbox cannot be made ({error.strerror})") from error

    def _damaged(self) -> str:
        return (
            f"{self._path}: the outbox is damaged; move this file away and start again (messages in it were not sent)"
        )
