"""The history keeps what it is given, whole, in order, and only once."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lumbar.history import History, HistoryRecord

SITTING = HistoryRecord("activity", 100.0, 160.0, "sitting")
WALKING = HistoryRecord("activity", 160.0, 190.0, "walking")
BEND = HistoryRecord("bend", 165.0, 172.5, value=61.25)
ALERT = HistoryRecord("alert", 150.0, 150.0, "slouch", detail={"since": 90.5, "heeded": True, "said": "Lückenlos"})
MORNING = [SITTING, ALERT, WALKING, BEND]
MONDAY = date(2024, 3, 4)


@pytest.fixture
def history(tmp_path):
    with History(tmp_path / "history.sqlite") as history:
        yield history


@pytest.fixture(scope="module")
def long_history(tmp_path_factory):
    """Give one history to all examples, each of which is a wearer of its own."""
    with History(tmp_path_factory.mktemp("history") / "history.sqlite") as history:
        yield history


NUMBERS = count()


def all_of(history, wearer="me"):
    return history.episodes(wearer, -1e12, 1e12)


def test_records_come_back_as_they_were_given_in_order_of_time(history):
    history.replace_span("me", 100, 200, [BEND, WALKING, ALERT, SITTING], "morning.csv")
    assert all_of(history) == [SITTING, ALERT, WALKING, BEND]


def test_records_survive_closing_the_file(tmp_path):
    path = tmp_path / "not yet" / "history.sqlite"
    with History(path) as history:
        history.replace_span("me", 100, 200, MORNING, "morning.csv")
        history.put_summary("me", MONDAY, {"wear_s": 90.0})
    with History(path) as history:
        assert all_of(history) == MORNING
        assert history.summary("me", MONDAY) == {"wear_s": 90.0}


def test_analysing_a_recording_again_replaces_what_it_gave_before(history):
    history.replace_span("me", 100, 200, MORNING, "morning.csv")
    history.replace_span("me", 100, 200, [SITTING], "morning.csv")
    assert all_of(history) == [SITTING]


def test_analysing_a_recording_again_leaves_its_neighbours_alone(history):
    reaching_in = HistoryRecord("activity", 90, 101, "lying")
    next_day = HistoryRecord("activity", 200, 230, "standing")
    history.replace_span("me", 0, 100, [reaching_in], "night.csv")
    history.replace_span("me", 200, 300, [next_day], "evening.csv")
    history.replace_span("me", 100, 200, MORNING, "morning.csv")
    assert all_of(history) == [reaching_in, *MORNING, next_day]


def test_wearers_do_not_see_each_other(history):
    history.replace_span("anna", 100, 200, [SITTING], "a.csv")
    history.replace_span("ben", 100, 200, [WALKING], "b.csv")
    history.replace_span("anna", 100, 200, [], "a.csv")
    history.put_summary("cleo", MONDAY, {})
    assert (all_of(history, "anna"), all_of(history, "ben")) == ([], [WALKING])
    assert history.wearers() == ["ben", "cleo"]


def test_a_span_gives_everything_that_overlaps_it_and_nothing_that_only_touches_it(history):
    history.replace_span("me", 100, 200, MORNING, "morning.csv")
    assert history.episodes("me", 170, 180) == [WALKING, BEND]
    assert history.episodes("me", 159, 160) == [SITTING]
    assert history.episodes("me", 160, 161) == [WALKING]


def test_an_event_is_found_in_the_span_it_happens_in(history):
    history.replace_span("me", 100, 200, [ALERT], "morning.csv")
    assert history.episodes("me", 150, 151) == [ALERT]
    assert history.episodes("me", 149, 150) == []


def test_only_the_kinds_asked_for(history):
    history.replace_span("me", 100, 200, MORNING, "morning.csv")
    assert history.episodes("me", 0, 1000, kinds=["bend", "alert"]) == [ALERT, BEND]
    assert history.episodes("me", 0, 1000, kinds=[]) == []


def test_the_history_knows_which_recordings_a_span_is_from(history):
    history.replace_span("me", 100, 200, MORNING, "morning.csv")
    history.replace_span("me", 200, 300, [HistoryRecord("wear", 200, 300)], "evening.csv")
    assert history.sources("me", 100, 300) == ["evening.csv", "morning.csv"]
    assert history.sources("me", 100, 150) == ["morning.csv"]


@pytest.mark.parametrize("start", [99.9, 200.0])
def test_a_record_outside_its_span_is_refused_and_nothing_changes(history, start):
    history.replace_span("me", 100, 200, MORNING, "morning.csv")
    with pytest.raises(ValueError, match="outside 100 to 200"):
        history.replace_span("me", 100, 200, [SITTING, HistoryRecord("bend", start, 300)], "morning.csv")
    assert all_of(history) == MORNING


def test_a_refused_part_of_a_transaction_leaves_the_other_parts_whole(history):
    with history.transaction():
        history.replace_span("me", 100, 200, MORNING, "morning.csv")
        with pytest.raises(ValueError, match="outside"):
            history.replace_span("me", 100, 150, [HistoryRecord("activity", 110, 120, "lying"), WALKING], "morning.csv")
    assert all_of(history) == MORNING


def test_a_transaction_that_fails_changes_nothing(history):
    history.put_summary("me", MONDAY, {"steps": 1})

    def analyse_again():
        with history.transaction():
            history.replace_span("me", 100, 200, MORNING, "morning.csv")
            history.put_summary("me", MONDAY, {"steps": len(all_of(history)) / 0})

    with pytest.raises(ZeroDivisionError):
        analyse_again()
    assert all_of(history) == []
    assert history.summary("me", MONDAY) == {"steps": 1}


@pytest.mark.parametrize(
    ("start", "end", "value"),
    [(float("nan"), 1, None), (0, float("inf"), None), (1, 0, None), (0, 1, float("nan"))],
)
def test_numbers_that_are_none_are_refused(start, end, value):
    with pytest.raises(ValueError, match="a record of kind 'bend'"):
        HistoryRecord("bend", start, end, value=value)


def test_summaries_are_kept_one_a_day_and_given_in_order(history):
    days = [MONDAY + timedelta(days=n) for n in range(4)]
    for day in reversed(days):
        history.put_summary("me", day, {"day": day.isoformat()})
    history.put_summary("me", MONDAY, {"day": "again", "share": None, "bands": [1.5, 2]})
    assert history.days("me") == days
    assert list(history.summaries("me", days[1], days[2])) == days[1:3]
    assert history.summary("me", MONDAY) == {"day": "again", "share": None, "bands": [1.5, 2]}


def test_what_is_not_there_is_empty(history):
    assert history.days("me") == []
    assert history.wearers() == []
    assert history.sources("me", 0, 1) == []
    assert history.summary("me", MONDAY) is None
    assert history.summaries("me", date.min, date.max) == {}


def record_starting_in(start, end):
    return st.builds(
        HistoryRecord,
        kind=st.sampled_from(["activity", "bend"]),
        start=st.floats(start, end, exclude_max=True),
        end=st.floats(end, 10 * end),
        label=st.text(max_size=3),
        value=st.none() | st.floats(allow_nan=False, allow_infinity=False),
    )


RECORDINGS = st.tuples(
    *(st.lists(record_starting_in(100.0 * n, 100.0 * n + 100), max_size=4, unique=True) for n in range(1, 4))
)


@settings(max_examples=40, deadline=None)
@given(recordings=RECORDINGS, order=st.lists(st.integers(0, 2), max_size=6))
def test_the_order_and_number_of_analyses_make_no_difference(long_history, recordings, order):
    wearer = f"wearer {next(NUMBERS)}"
    for n in [*order, 2, 0, 1]:
        start = 100.0 * (n + 1)
        long_history.replace_span(wearer, start, start + 100, recordings[n], f"{n}.csv")
    assert sorted(all_of(long_history, wearer), key=repr) == sorted((r for part in recordings for r in part), key=repr)


@settings(max_examples=40, deadline=None)
@given(
    recording=st.lists(record_starting_in(100.0, 200.0), max_size=8, unique=True),
    start=st.floats(0, 3000),
    length=st.floats(0, 500),
)
def test_a_span_gives_exactly_the_records_a_plain_search_finds(long_history, recording, start, length):
    end, wearer = start + length, f"wearer {next(NUMBERS)}"
    long_history.replace_span(wearer, 100, 200, recording, "a.csv")
    found = long_history.episodes(wearer, start, end)
    expected = [r for r in recording if r.start < end and (r.end > start or r.start >= start)]
    assert sorted(found, key=repr) == sorted(expected, key=repr)
