"""Guided sessions and their sets in the history."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.errors import HistoryError
from lumbar.history import ExerciseSession, ExerciseSetRecord, History, HistoryRecord
from lumbar.history.schema import APPLICATION_ID, EPISODES, SUMMARIES

BRIDGES = ExerciseSetRecord("bridge", 110.0, 140.0, 10, 9, None, [{"start_s": 0.0, "hold_s": 3.5}])
TUCKS = ExerciseSetRecord("chin_tuck", 150.0, 180.0, 10, None, 8)
MORNING = ExerciseSession("s-1", "home", 100.0, 200.0, {"stopped": None, "item": "Brücke"}, (BRIDGES, TUCKS))
EVENING = ExerciseSession("s-2", "bridge", 900.0, 950.0, {}, (replace(BRIDGES, start=910.0, end=940.0),))


@pytest.fixture
def history(tmp_path):
    with History(tmp_path / "history.sqlite") as history:
        yield history


def test_sessions_come_back_as_they_were_given_in_order_of_time(history):
    history.put_session("me", EVENING, "live")
    history.put_session("me", MORNING, "live")
    assert history.sessions("me", 0, 1000) == [MORNING, EVENING]


def test_a_session_belongs_to_the_span_it_began_in(history):
    history.put_session("me", MORNING, "live")
    assert history.sessions("me", 100, 101) == [MORNING]
    assert history.sessions("me", 101, 1000) == []


def test_a_session_replayed_takes_the_place_of_the_first_one(history):
    history.put_session("me", MORNING, "mat.csv")
    history.put_session("me", EVENING, "live")
    again = replace(MORNING, name="s-3", start=100.5, sets=(BRIDGES,))
    history.put_session("me", again, "mat.csv")
    assert history.sessions("me", 0, 1000) == [again, EVENING]


def test_the_same_session_is_kept_once(history):
    history.put_session("me", MORNING, "live")
    history.put_session("me", MORNING, "live")
    assert history.sessions("me", 0, 1000) == [MORNING]


def test_wearers_do_not_see_each_others_sessions(history):
    history.put_session("anna", MORNING, "live")
    history.put_session("ben", replace(MORNING, name="s-9"), "live")
    assert [one.name for one in history.sessions("anna", 0, 1000)] == ["s-1"]
    assert history.wearers() == ["anna", "ben"]


def test_a_session_that_cannot_be_kept_changes_nothing(history):
    history.put_session("me", MORNING, "live")
    broken = replace(MORNING, name="s-4", sets=(replace(BRIDGES, detail=float("nan")),))
    with pytest.raises(ValueError, match="JSON"):
        history.put_session("me", broken, "live")
    assert history.sessions("me", 0, 1000) == [MORNING]


@pytest.mark.parametrize(("start", "end"), [(2.0, 1.0), (float("nan"), 1.0), (0.0, float("inf"))])
def test_times_that_make_no_sense_are_refused(start, end):
    with pytest.raises(ValueError, match="cannot last"):
        ExerciseSession("s", "home", start, end, {})
    with pytest.raises(ValueError, match="cannot last"):
        replace(MORNING, sets=(replace(BRIDGES, start=start, end=end),))


def test_a_version_2_history_is_migrated_with_all_it_holds(tmp_path):
    path = tmp_path / "history.sqlite"
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in (*EPISODES, *SUMMARIES):
            connection.execute(statement)
        connection.execute("PRAGMA user_version = 2")
        connection.execute("INSERT INTO wearer VALUES (1, 'me', 60)")
        connection.execute("INSERT INTO source VALUES (1, 'morning.csv')")
        connection.execute("INSERT INTO episode VALUES (1, 1, 'activity', 'sitting', 100, 160, NULL, NULL, 1)")
        connection.execute("INSERT INTO daily_summary VALUES (1, '2024-03-04', '{\"steps\":3}')")
        assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
    with History(path) as history:
        assert history.episodes("me", 0, 1000) == [HistoryRecord("activity", 100.0, 160.0, "sitting")]
        assert history.summary("me", date(2024, 3, 4)) == {"steps": 3}
        history.put_session("me", MORNING, "live")
        assert history.sessions("me", 0, 1000) == [MORNING]


def test_a_history_that_another_program_writes_is_told_as_such(tmp_path):
    path = tmp_path / "history.sqlite"
    with History(path, patience_s=0.01) as history, closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(HistoryError, match="another program is writing"):
            history.put_session("me", MORNING, "live")


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(JSON, st.integers(0, 100), st.none() | st.integers(0, 100))
def test_whatever_a_session_holds_comes_back_the_same(tmp_path_factory, document, planned, seen):
    session = ExerciseSession("s", "home", 1.0, 2.0, document, (ExerciseSetRecord("x", 1.0, 1.5, planned, seen),))
    path = tmp_path_factory.mktemp("history") / "history.sqlite"
    with History(path) as history:
        history.put_session("me", session, "live")
    with History(path) as history:
        assert history.sessions("me", 0, 10) == [session]
