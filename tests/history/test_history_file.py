"""The history file: old, new, foreign, damaged or locked, nothing is lost and the wearer is told what to do."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from datetime import date

import pytest

from config import HistoryError
from lumbar.history import History, HistoryRecord
from lumbar.history.schema import MIGRATIONS

SITTING = HistoryRecord("activity", 100.0, 160.0, "sitting", detail={"n": 1})


@pytest.fixture
def path(tmp_path):
    return tmp_path / "history.sqlite"


def filled(path, n=1):
    with History(path) as history:
        records = [HistoryRecord("activity", float(i), float(i + 1), "sitting") for i in range(n)]
        history.replace_span("me", 0, n, records, "morning.csv")


def make_version_1(path):
    """Write a file as version 1 of Lumbar left it: episodes, but no place for summaries."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(
            """
            PRAGMA journal_mode = WAL;
            PRAGMA application_id = 1280658754;
            PRAGMA user_version = 1;
            CREATE TABLE wearer (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
            CREATE TABLE source (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
            CREATE TABLE episode (id INTEGER PRIMARY KEY, wearer INTEGER NOT NULL REFERENCES wearer, kind TEXT NOT NULL,
                label TEXT NOT NULL, start_s REAL NOT NULL, end_s REAL NOT NULL, value REAL, detail TEXT,
                source INTEGER NOT NULL REFERENCES source);
            CREATE INDEX episode_start ON episode (wearer, start_s);
            INSERT INTO wearer VALUES (3, 'me'), (4, 'nobody');
            INSERT INTO source VALUES (7, 'morning.csv');
            INSERT INTO episode VALUES (1, 3, 'activity', 'sitting', 100, 160, NULL, '{"n":1}', 7);
            """
        )


def schema_of(path):
    with closing(sqlite3.connect(path)) as connection:
        tables = connection.execute("SELECT type, name, tbl_name FROM sqlite_schema ORDER BY name").fetchall()
        return connection.execute("PRAGMA user_version").fetchone()[0], tables


def test_a_new_history_is_of_the_newest_version_and_in_write_ahead_mode(path):
    filled(path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)


def test_a_version_1_history_is_migrated_with_all_it_holds(path, tmp_path):
    make_version_1(path)
    with History(path) as history:
        assert history.episodes("me", 159, 1000) == [SITTING]
        assert history.sources("me", 0, 1000) == ["morning.csv"]
        history.put_summary("me", date(2024, 3, 4), {"steps": 3})
        assert history.summary("me", date(2024, 3, 4)) == {"steps": 3}
    filled(tmp_path / "new.sqlite")
    assert schema_of(path) == schema_of(tmp_path / "new.sqlite")


def test_a_migration_that_fails_leaves_the_old_version(path, monkeypatch):
    make_version_1(path)
    before = schema_of(path)
    broken = (*MIGRATIONS, ("CREATE TABLE added (id)", "CREATE TABLE source (id)"))
    monkeypatch.setattr("lumbar.history.database.MIGRATIONS", broken)
    with pytest.raises(sqlite3.OperationalError, match="already exists"):
        History(path)
    assert schema_of(path) == before


def test_a_history_of_a_newer_version_is_left_alone(path):
    filled(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 999")
    before = path.read_bytes()
    with pytest.raises(HistoryError, match=r"history\.sqlite: .*newer Lumbar \(version 999.*Update Lumbar"):
        History(path)
    assert path.read_bytes() == before


def test_another_programs_database_is_left_alone(path):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE bookmarks (url)")
    before = path.read_bytes()
    with pytest.raises(HistoryError, match=r"another program's database.*Choose another storage folder"):
        History(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"\x00\x01", b"this is no database" * 100, b"SQLite format 3\x00" + bytes(90)])
def test_a_file_that_is_no_database_is_left_alone(path, content):
    path.write_bytes(content)
    with pytest.raises(HistoryError, match=r"damaged or no SQLite file.*replay your recordings"):
        History(path)
    assert path.read_bytes() == content


def test_damage_further_inside_is_told_when_it_is_met(path):
    filled(path, n=5000)
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size // 8)
        file.write(b"\xff" * (size * 3 // 4))
    with History(path) as history, pytest.raises(HistoryError, match=r"damaged.*replay your recordings"):
        history.episodes("me", 0, 5000)


def test_a_history_another_program_is_writing_to_is_told_as_such(path):
    filled(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as other, History(path, patience_s=0.01) as history:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(HistoryError, match=r"another program is writing.*try again"):
            history.replace_span("me", 0, 1, [], "morning.csv")
        assert len(history.episodes("me", 0, 1000)) == 1  # reading goes on
        other.execute("ROLLBACK")
        history.replace_span("me", 0, 1, [], "morning.csv")
        assert history.episodes("me", 0, 1000) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_history_that_may_not_be_written_is_told_as_such(path):
    filled(path)
    path.parent.chmod(0o500)
    path.chmod(0o400)
    with pytest.raises(HistoryError, match="Check that the folder exists and belongs to you"), History(path) as history:
        history.replace_span("me", 0, 1, [], "morning.csv")


def test_a_folder_that_cannot_be_made_is_told_as_such(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(HistoryError, match="Check that the folder exists and belongs to you"):
        History(tmp_path / "file" / "history.sqlite")


def test_a_folder_in_the_place_of_the_file_is_told_as_such(tmp_path):
    with pytest.raises(HistoryError, match="cannot be opened"):
        History(tmp_path)


def test_two_programs_can_open_a_new_history_at_once(path):
    with History(path) as one, History(path) as other:
        one.replace_span("me", 100, 200, [SITTING], "morning.csv")
        assert other.episodes("me", 0, 1000) == [SITTING]
