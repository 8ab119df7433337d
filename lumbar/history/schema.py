"""The tables of the history, as the steps that lead from each version to the next.

A step that has been released is never changed; a new version is a new step at the end. The version of a file is its
``user_version``: the number of steps it has taken.
"""

__all__ = ["APPLICATION_ID", "MIGRATIONS"]

APPLICATION_ID = int.from_bytes(b"LUMB", "big")
"""Marks a SQLite file as a history of Lumbar's (https://www.sqlite.org/pragma.html#pragma_application_id)."""

EPISODES = (
    f"PRAGMA application_id = {APPLICATION_ID}",
    "CREATE TABLE wearer (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
    "CREATE TABLE source (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
    """
    CREATE TABLE episode (
        id      INTEGER PRIMARY KEY,
        wearer  INTEGER NOT NULL REFERENCES wearer,
        kind    TEXT NOT NULL,
        label   TEXT NOT NULL,
        start_s REAL NOT NULL,
        end_s   REAL NOT NULL,
        value   REAL,
        detail  TEXT,
        source  INTEGER NOT NULL REFERENCES source
    )
    """,
    "CREATE INDEX episode_start ON episode (wearer, start_s)",
)

SUMMARIES = (
    """
    CREATE TABLE daily_summary (
        wearer   INTEGER NOT NULL REFERENCES wearer,
        day      TEXT NOT NULL,
        document TEXT NOT NULL,
        PRIMARY KEY (wearer, day)
    ) WITHOUT ROWID
    """,
    # No episode of the wearer is longer, so this bounds how far back one that reaches into a span can have begun. An
    # index on the length would tell as well, but makes writing a day seven times slower.
    "ALTER TABLE wearer ADD COLUMN longest_s REAL NOT NULL DEFAULT 0",
    """
    UPDATE wearer
    SET longest_s = COALESCE((SELECT MAX(end_s - start_s) FROM episode WHERE episode.wearer = wearer.id), 0)
    """,
)

SESSIONS = (
    """
    CREATE TABLE exercise_session (
        id       INTEGER PRIMARY KEY,
        name     TEXT NOT NULL UNIQUE,
        wearer   INTEGER NOT NULL REFERENCES wearer,
        source   INTEGER NOT NULL REFERENCES source,
        plan     TEXT NOT NULL,
        start_s  REAL NOT NULL,
        end_s    REAL NOT NULL,
        document TEXT NOT NULL
    )
    """,
    "CREATE INDEX exercise_session_start ON exercise_session (wearer, start_s)",
    """
    CREATE TABLE exercise_set (
        session     INTEGER NOT NULL REFERENCES exercise_session ON DELETE CASCADE,
        position    INTEGER NOT NULL,
        exercise    TEXT NOT NULL,
        start_s     REAL NOT NULL,
        end_s       REAL NOT NULL,
        planned     INTEGER NOT NULL,
        repetitions INTEGER,
        reported    INTEGER,
        detail      TEXT NOT NULL,
        PRIMARY KEY (session, position)
    ) WITHOUT ROWID
    """,
)

MORE_KINDS: tuple[str, ...] = ()
"""Five risings and what is known of the wearer's sitting: no table changes, but programs before cannot read them."""

MIGRATIONS = (EPISODES, SUMMARIES, SESSIONS, MORE_KINDS)
