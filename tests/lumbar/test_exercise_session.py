"""`lumbar exercise` end to end: a wearer bends, the session counts, tells, publishes and keeps it."""

import json
from datetime import date

import jsonschema
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lumbar.history.store import History
from lumbar.messaging.schema_files import message_schema

START = 1_767_600_000.0
BENDS = 6

PLAN = """
schema = "lumbar.plan/1"
title = "Two sets"
days_per_week = 3
source = "made up for the tests"
[[items]]
exercise = "trunk_flexion"
sets = 2
repetitions = 6
rest_s = 20
"""


@pytest.fixture(scope="module")
def bending_file(bending_samples, tmp_path_factory):
    columns = {"time_s": bending_samples.time}
    for name, values in (("acc", bending_samples.acc), ("gyr", bending_samples.gyr)):
        columns |= {f"{name}_{axis}": np.ascontiguousarray(values[:, index]) for index, axis in enumerate("xyz")}
    path = tmp_path_factory.mktemp("bending") / "bending.parquet"
    pq.write_table(pa.table(columns), path)
    return path


@pytest.fixture
def plan_file(tmp_path):
    path = tmp_path / "two.toml"
    path.write_text(PLAN, encoding="utf-8")
    return path


def lines(out, kind):
    return [line for line in map(json.loads, out.splitlines()) if line["event"] == kind]


def test_a_replayed_session_is_counted_set_by_set(lumbar, bending_file, plan_file):
    code, out, err = lumbar("exercise", plan_file, "--replay", bending_file, "--speed", "max", "--format", "json")
    assert (code, err) == (0, "")
    assert [line["count"] for line in lines(out, "SetDone")] == [BENDS, 3]
    assert [line["number"] for line in lines(out, "CountedRepetition")] == [1, 2, 3, 4, 5, 6, 1, 2, 3]
    (done,) = lines(out, "SessionDone")
    assert done["items"][0]["exercise"] == "trunk_flexion"


def test_people_read_sentences_and_a_table(lumbar, bending_file, plan_file):
    code, out, _ = lumbar("exercise", plan_file, "--replay", bending_file, "--speed", "max")
    assert code == 0
    assert "Standing forward bend: 2 sets of 6." in out
    assert "6: well done." in out
    assert "6 of 6, 3 of 6" in out


def test_one_exercise_is_a_session_and_what_is_not_seen_is_said(lumbar, bending_file):
    code, out, _ = lumbar("exercise", "chin tuck", "--replay", bending_file, "--speed", "max", "--quiet")
    assert code == 0
    assert "cannot see this one" in out
    assert "timed, not counted" in out


def test_a_session_that_is_kept_is_in_the_history(lumbar, bending_file, plan_file, tmp_path):
    for _ in range(2):
        assert lumbar("exercise", plan_file, "--replay", bending_file, "--speed", "max", "--keep")[0] == 0
    with History(tmp_path / "data" / "history.sqlite") as history:
        (session,) = history.sessions("me", START, START + 300)
        (summary,) = history.summaries("me", date(2026, 1, 1), date(2026, 1, 31)).values()
    assert [(one.exercise, one.repetitions, one.planned) for one in session.sets] == [
        ("trunk_flexion", BENDS, 6),
        ("trunk_flexion", 3, 6),
    ]
    assert session.document["title"] == "Two sets"
    assert session.plan == "two"
    assert [(one["exercise"], one["repetitions_n"]) for one in summary["exercise"]["sets"]] == [
        ("trunk_flexion", BENDS),
        ("trunk_flexion", 3),
    ]
    assert summary["wear"]["wear_s"] > 60


def test_a_session_is_published(lumbar, bending_file, plan_file, broker, listen):
    listener = listen("lumbar/#")
    address = f"mqtt://{broker.host}:{broker.port}"
    arguments = ("--replay", bending_file, "--speed", "max", "--broker", address)
    assert lumbar("exercise", plan_file, *arguments)[0] == 0
    listener.catch_up("lumbar/caught-up")
    assert [one.number for one in listener.contents("event/repetition")] == [1, 2, 3, 4, 5, 6, 1, 2, 3]
    assert [(one.repetitions, one.planned) for one in listener.contents("event/set_completed")] == [(6, 6), (3, 6)]
    (session,) = [message for message in listener.messages if message.topic.startswith("lumbar/me/session/")]
    document = json.loads(session.payload)
    jsonschema.Draft202012Validator(message_schema("session")).validate(document)
    assert session.topic.endswith(document["content"]["session"])
    assert [one["repetitions"] for one in document["content"]["items"][0]["sets"]] == [6, 3]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("brigde",), "did you mean bridge"),
        (("bridge", "--start", "2026-11-22T08:30:00Z"), "belong to a recording"),
        (("bridge", "--replay", "gone.csv"), "gone.csv"),
        (("bridge", "--replay", "gone.csv", "--sensor", "back"), "not both"),
        (("bridge",), "sensor"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(lumbar, arguments, message):
    code, _, err = lumbar("exercise", *arguments)
    assert code == 2
    assert message in err
    assert err.count("\n") == 1
