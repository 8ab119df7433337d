"""The outbox keeps every message, once and in order, until it is removed; full, it drops by the stated rule."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from config.errors import MessagingError
from lumbar.messaging.outbox import Outbox


@pytest.fixture
def path(tmp_path):
    return tmp_path / "folder" / "outbox.db"


def add(outbox, topic, *, retained=False, payload="{}", slot=None):
    return outbox.add(topic, lambda _seq: payload, retained=retained, slot=slot)


def everything(outbox):
    return outbox.after(0, 1_000_000)


def test_what_was_added_is_there_after_a_restart_with_rising_numbers(path):
    first = Outbox(path, 10)
    seqs = [add(first, "event/bend", payload=f'{{"n":{n}}}') for n in range(3)]
    first.close()
    second = Outbox(path, 10)
    assert [(m.seq, m.payload) for m in everything(second)] == [(seq, f'{{"n":{n}}}') for n, seq in enumerate(seqs)]
    assert second.next_seq() == seqs[-1] + 1
    second.close()


def test_the_payload_knows_its_number(path):
    outbox = Outbox(path, 10)
    seq = outbox.add("event/bend", lambda number: f'{{"seq":{number}}}', retained=False)
    assert everything(outbox)[0].payload == f'{{"seq":{seq}}}'
    outbox.close()


def test_a_payload_that_cannot_be_made_leaves_nothing_behind(path):
    outbox = Outbox(path, 10)
    before = outbox.last_seq

    def broken(_seq):
        raise ValueError("no payload")

    with pytest.raises(ValueError, match="no payload"):
        outbox.add("event/bend", broken, retained=False)
    assert (outbox.waiting, outbox.last_seq) == (0, before)
    assert add(outbox, "event/bend") == before + 1
    outbox.close()


def test_numbers_rise_even_when_the_program_is_killed(path):
    program = (
        "import sys; from pathlib import Path; from lumbar.messaging.outbox import Outbox\n"
        "outbox = Outbox(Path(sys.argv[1]), 10)\n"
        "print(max(outbox.next_seq() for _ in range(1500)), flush=True)\n"
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=False)
    outbox = Outbox(path, 10)
    assert outbox.next_seq() > int(done.stdout) == 1500
    outbox.close()


def test_full_it_drops_superseded_states_then_the_oldest_events_then_the_oldest_states(path):
    outbox = Outbox(path, 5)
    add(outbox, "sensor/state", retained=True, payload="lost")
    add(outbox, "event/bend", payload="first")
    add(outbox, "alert/slouch", retained=True, payload="slouch")
    add(outbox, "sensor/state", retained=True, payload="connected")
    add(outbox, "event/bend", payload="second")
    waiting = []
    for number in range(4):
        add(outbox, f"summary/daily/{number}", retained=True, payload=f"day {number}")
        waiting.append([m.payload for m in everything(outbox)])
    assert waiting == [
        ["first", "slouch", "connected", "second", "day 0"],
        ["slouch", "connected", "second", "day 0", "day 1"],
        ["slouch", "connected", "day 0", "day 1", "day 2"],
        ["connected", "day 0", "day 1", "day 2", "day 3"],
    ]
    assert outbox.dropped == 4
    outbox.close()
    again = Outbox(path, 5)
    assert again.dropped == 4
    again.close()


def test_a_lower_limit_applies_from_the_next_message_on(path):
    outbox = Outbox(path, 10)
    for number in range(10):
        add(outbox, "event/bend", payload=str(number))
    outbox.close()
    smaller = Outbox(path, 3)
    add(smaller, "event/bend", payload="10")
    assert [m.payload for m in everything(smaller)] == ["8", "9", "10"]
    assert (smaller.waiting, smaller.dropped) == (3, 8)
    smaller.close()


def test_a_state_is_remembered_once_it_is_sent_and_until_it_is_emptied(path):
    outbox = Outbox(path, 10)
    first = add(outbox, "alert/slouch", retained=True, payload="old", slot="alert/slouch")
    second = add(outbox, "alert/slouch", retained=True, payload="new", slot="alert/slouch")
    assert outbox.latest() == []
    assert outbox.remembered() == {"alert/slouch"}
    outbox.remove([first, second])
    assert [(m.seq, m.payload, m.retained) for m in outbox.latest()] == [(second, "new", True)]
    add(outbox, "alert/slouch", retained=True, payload="", slot="alert/slouch")
    assert outbox.latest() == []
    assert outbox.remembered() == frozenset()
    outbox.close()


def test_waiting_until_it_is_empty_ends_when_the_last_is_removed(path):
    outbox = Outbox(path, 10)
    assert outbox.wait_until_empty(0)
    seq = add(outbox, "event/bend")
    assert not outbox.wait_until_empty(0)
    outbox.remove([seq])
    assert outbox.wait_until_empty(0)
    outbox.close()


def test_a_second_program_is_kept_out(path):
    outbox = Outbox(path, 10)
    with pytest.raises(MessagingError, match="another Lumbar uses this outbox"):
        Outbox(path, 10)
    add(outbox, "event/bend")
    outbox.close()
    Outbox(path, 10).close()


def test_a_damaged_file_is_named(path):
    path.parent.mkdir()
    path.write_bytes(b"no data base" * 1000)
    with pytest.raises(MessagingError, match=r"outbox\.db: the outbox is damaged; move this file away"):
        Outbox(path, 10)


def test_damage_inside_the_file_is_found_on_opening(path):
    outbox = Outbox(path, 1000)
    for _ in range(200):
        add(outbox, "event/bend", payload="x" * 400)
    outbox.close()
    with path.open("r+b") as file:
        file.seek(3 * 4096)
        file.write(os.urandom(4096 * 3))
    with pytest.raises(MessagingError, match="damaged"):
        Outbox(path, 1000)


def test_a_file_of_a_newer_lumbar_is_left_alone(path):
    Outbox(path, 10).close()
    database = sqlite3.connect(path)
    database.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(MessagingError, match="newer Lumbar; update Lumbar"):
        Outbox(path, 10)


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(MessagingError, match=r"file/outbox\.db: the outbox cannot be made"):
        Outbox(tmp_path / "file" / "outbox.db", 10)


steps = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.sampled_from("abc"), st.booleans()),
        st.tuples(st.just("remove"), st.integers(0, 12), st.none()),
        st.tuples(st.just("reopen"), st.none(), st.none()),
    ),
    max_size=40,
)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps, limit=st.integers(1, 8))
@example(
    steps=[("add", "a", True), ("add", "a", True), ("remove", 1, None), ("add", "b", False), ("add", "b", False)],
    limit=2,
)
def test_it_behaves_like_a_list_with_the_stated_rule(tmp_path_factory, steps, limit):
    path = tmp_path_factory.mktemp("outbox") / "outbox.db"
    outbox = Outbox(path, limit)
    model = []  # (seq, topic, retained), oldest first
    latest = {}  # number of the latest state of each topic, whether it waits or the broker has it
    dropped = 0
    last_seq = 0
    for step, argument, retained in steps:
        if step == "add":
            seq = add(outbox, argument, retained=retained)
            assert seq > last_seq
            last_seq = seq
            if retained:
                latest[argument] = seq
            if len(model) == limit:
                model.remove(first_to_go(model, latest))
                dropped += 1
            model.append((seq, argument, retained))
        elif step == "remove":
            numbers = [seq for seq, _, _ in model[argument : argument + 2]]
            outbox.remove([*numbers, *numbers, 999_999])
            model = [message for message in model if message[0] not in numbers]
        else:
            outbox.close()
            outbox = Outbox(path, limit)
        assert [(m.seq, m.topic, m.retained) for m in everything(outbox)] == model
        assert (outbox.waiting, outbox.dropped) == (len(model), dropped)
    outbox.close()


def first_to_go(model, latest):
    """The rule in the plainest words: superseded states, then events, then states; the oldest of them."""

    def rank(message):
        seq, topic, retained = message
        superseded = retained and latest[topic] > seq
        return (0 if superseded else 2 if retained else 1, seq)

    return min(model, key=rank)
