"""Reading and writing the history."""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING

from lumbar.history.database import explained, open_database, write_transaction
from lumbar.history.records import ExerciseSession, ExerciseSetRecord, HistoryRecord, JsonValue, to_json

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from pathlib import Path
    from types import TracebackType
    from typing import Any, Literal, Self


__all__ = ["History"]

PATIENCE_S = 5.0

INSERT = """
    INSERT INTO episode (wearer, kind, label, start_s, end_s, value, detail, source) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""

ADD_NAME = {
    "wearer": "INSERT OR IGNORE INTO wearer (name) VALUES (?)",
    "source": "INSERT OR IGNORE INTO source (name) VALUES (?)",
}

NUMBER_OF_NAME = {
    "wearer": "SELECT id FROM wearer WHERE name = ?",
    "source": "SELECT id FROM source WHERE name = ?",
}

# A second more than the longest episode is looked back, against rounding.
OVERLAPPING = """
    FROM wearer JOIN episode ON episode.wearer = wearer.id
    WHERE wearer.name = :wearer AND start_s > :start - longest_s - 1 AND start_s < :end
    AND (end_s > :start OR start_s >= :start)
"""

WEARERS = """
    SELECT name FROM wearer
    WHERE EXISTS (SELECT 1 FROM episode WHERE wearer = wearer.id)
    OR EXISTS (SELECT 1 FROM daily_summary WHERE wearer = wearer.id)
    OR EXISTS (SELECT 1 FROM exercise_session WHERE wearer = wearer.id)
    ORDER BY name
"""


class History:
    """The history of every wearer on this machine.

    One file may be open in several programs; each thread needs a `History` of its own.

    Parameters
    ----------
    path
        The SQLite file; made where it does not exist.
    patience_s
        How long to wait for another program's write to finish before giving up.

    Raises
    ------
    HistoryError
        From here and from every method: the file is damaged, locked, of a newer version, another program's, or cannot
        be written.

    """

    def __init__(self, path: Path, *, patience_s: float = PATIENCE_S) -> None:
        self.path = path
        self._connection = open_database(path, patience_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        with explained(self.path):
            self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Do all the reading and writing inside as one: the file shows all of it or, after a crash, nothing.

        ::

            with history.transaction():
                history.replace_span(wearer, start, end, records, source)
                history.put_summary(wearer, day, summarise(history.episodes(wearer, *bounds(day))))
        """
        with explained(self.path), write_transaction(self._connection):
            yield

    def replace_span(
        self, wearer: str, start: float, end: float, records: Iterable[HistoryRecord], source: str
    ) -> None:
        """Put `records` in the place of all the wearer's records that start within [start, end).

        A record belongs to the span in which it starts, whole, wherever it ends. So analysing a recording again
        replaces what the recording gave before and touches nothing of its neighbours.

        Parameters
        ----------
        wearer
            Whose records they are.
        start, end
            Seconds since the Unix epoch: the recording, or the day.
        records
            Every one starting within the span.
        source
            Where they come from, such as the name of the recording.

        Raises
        ------
        ValueError
            A record starts outside the span; nothing is changed.

        """
        with self.transaction():
            wearer_id, source_id = self._id_of("wearer", wearer), self._id_of("source", source)
            self._connection.execute(
                "DELETE FROM episode WHERE wearer = ? AND start_s >= ? AND start_s < ?", (wearer_id, start, end)
            )
            rows = (_row(wearer_id, record, source_id) for record in _within(records, start, end))
            self._connection.executemany(INSERT, rows)
            self._connection.execute(
                """
                UPDATE wearer SET longest_s = MAX(longest_s, (SELECT COALESCE(MAX(end_s - start_s), 0) FROM episode
                WHERE wearer = :wearer AND start_s >= :start AND start_s < :end)) WHERE id = :wearer
                """,
                {"wearer": wearer_id, "start": start, "end": end},
            )

    def episodes(
        self, wearer: str, start: float, end: float, *, kinds: Collection[str] | None = None
    ) -> list[HistoryRecord]:
        """Return the wearer's records that overlap [start, end), whole, in order of time.

        Parameters
        ----------
        wearer
            Whose records.
        start, end
            Seconds since the Unix epoch.
        kinds
            Only records of these kinds; None for all.

        """
        columns = f"SELECT kind, start_s, end_s, label, value, detail {OVERLAPPING}"
        parameters: dict[str, object] = {"wearer": wearer, "start": start, "end": end}
        if kinds is not None:
            columns += " AND kind IN (SELECT value FROM json_each(:kinds))"
            parameters["kinds"] = to_json([str(kind) for kind in kinds])
        with explained(self.path):
            order = " ORDER BY start_s, kind, label, end_s, episode.id"
            return [_record(row) for row in self._connection.execute(columns + order, parameters)]

    def sources(self, wearer: str, start: float, end: float) -> list[str]:
        """Return where the wearer's records that overlap [start, end) come from, sorted by name."""
        query = (
            f"SELECT source.name FROM source WHERE id IN (SELECT DISTINCT episode.source {OVERLAPPING}) ORDER BY name"  # noqa: S608  # constants only
        )
        with explained(self.path):
            rows = self._connection.execute(query, {"wearer": wearer, "start": start, "end": end})
            return [name for (name,) in rows]

    def put_summary(self, wearer: str, day: date, document: Mapping[str, JsonValue]) -> None:
        """Keep the summary of the wearer's local day in the place of an earlier one."""
        with self.transaction():
            self._connection.execute(
                "INSERT OR REPLACE INTO daily_summary VALUES (?, ?, ?)",
                (self._id_of("wearer", wearer), day.isoformat(), to_json(dict(document))),
            )

    def summary(self, wearer: str, day: date) -> dict[str, Any] | None:
        """Return the summary of the wearer's local day, or None where there is none."""
        return self.summaries(wearer, day, day).get(day)

    def summaries(self, wearer: str, first: date, last: date) -> dict[date, dict[str, Any]]:
        """Return the wearer's summaries from the first to the last day, both included, in order."""
        query = """
            SELECT day, document FROM daily_summary JOIN wearer ON wearer.id = daily_summary.wearer
            WHERE name = ? AND day BETWEEN ? AND ? ORDER BY day
        """
        with explained(self.path):
            rows = self._connection.execute(query, (wearer, first.isoformat(), last.isoformat()))
            return {date.fromisoformat(day): json.loads(document) for day, document in rows}

    def days(self, wearer: str) -> list[date]:
        """Return the days of which there is a summary of the wearer's, in order."""
        query = """
            SELECT day FROM daily_summary JOIN wearer ON wearer.id = daily_summary.wearer WHERE name = ? ORDER BY day
        """
        with explained(self.path):
            rows = self._connection.execute(query, (wearer,))
            return [date.fromisoformat(day) for (day,) in rows]

    def put_session(self, wearer: str, session: ExerciseSession, source: str) -> None:
        """Keep a guided session, with its sets, in the place of all sessions of the wearer's that it overlaps.

        Nobody does two at once: what overlaps is the same one, replayed.

        Parameters
        ----------
        wearer
            Whose it is.
        session
            The session.
        source
            Where it comes from, such as the name of the recording.

        """
        with self.transaction():
            wearer_id, source_id = self._id_of("wearer", wearer), self._id_of("source", source)
            self._connection.execute(
                "DELETE FROM exercise_session WHERE name = ? OR (wearer = ? AND start_s <= ? AND end_s >= ?)",
                (session.name, wearer_id, session.end, session.start),
            )
            kept = self._connection.execute(
                """
                INSERT INTO exercise_session (name, wearer, source, plan, start_s, end_s, document)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """,
                (
                    session.name, wearer_id, source_id, session.plan, float(session.start), float(session.end),
                    to_json(session.document),
                ),
            )  # fmt: skip
            self._connection.executemany(
                "INSERT INTO exercise_set VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (_set_row(kept.lastrowid, position, one) for position, one in enumerate(session.sets)),
            )

    def sessions(self, wearer: str, start: float, end: float) -> list[ExerciseSession]:
        """Return the wearer's guided sessions that began within [start, end), in order of time."""
        query = """
            SELECT exercise_session.id, exercise_session.name, plan, start_s, end_s, document
            FROM exercise_session JOIN wearer ON wearer.id = exercise_session.wearer
            WHERE wearer.name = ? AND start_s >= ? AND start_s < ? ORDER BY start_s
        """
        with explained(self.path):
            rows = self._connection.execute(query, (wearer, start, end)).fetchall()
            return [
                ExerciseSession(name, plan, began, ended, json.loads(document), self._sets_of(session_id))
                for session_id, name, plan, began, ended, document in rows
            ]

    def _sets_of(self, session_id: int) -> tuple[ExerciseSetRecord, ...]:
        query = """
            SELECT exercise, start_s, end_s, planned, repetitions, reported, detail
            FROM exercise_set WHERE session = ? ORDER BY position
        """
        rows = self._connection.execute(query, (session_id,))
        return tuple(
            ExerciseSetRecord(exercise, start, end, planned, seen, reported, json.loads(detail))
            for exercise, start, end, planned, seen, reported, detail in rows
        )

    def wearers(self) -> list[str]:
        """Return everyone of whom there are records or summaries, sorted."""
        with explained(self.path):
            return [name for (name,) in self._connection.execute(WEARERS)]

    def _id_of(self, table: Literal["wearer", "source"], name: str) -> int:
        """Return the number that stands for the name in the table of episodes, given to it where it is new."""
        self._connection.execute(ADD_NAME[table], (name,))
        (number,) = self._connection.execute(NUMBER_OF_NAME[table], (name,)).fetchone()
        return int(number)


def _within(records: Iterable[HistoryRecord], start: float, end: float) -> Iterator[HistoryRecord]:
    for record in records:
        if not start <= record.start < end:
            raise ValueError(f"a record of kind {record.kind!r} starts at {record.start}, outside {start} to {end}")
        yield record


def _row(wearer_id: int, record: HistoryRecord, source_id: int) -> tuple[object, ...]:
    detail = None if record.detail is None else to_json(record.detail)
    return (
        wearer_id, str(record.kind), str(record.label), float(record.start), float(record.end), record.value, detail,
        source_id,
    )  # fmt: skip


def _set_row(session_id: int | None, position: int, one: ExerciseSetRecord) -> tuple[object, ...]:
    return (
        session_id, position, one.exercise, float(one.start), float(one.end), one.planned, one.repetitions,
        one.reported, to_json(one.detail),
    )  # fmt: skip


def _record(row: tuple[Any, ...]) -> HistoryRecord:
    kind, start, end, label, value, detail = row
    return HistoryRecord(kind, start, end, label, value, None if detail is None else json.loads(detail))
