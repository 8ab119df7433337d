"""Repetitions, sets and sessions as messages: what is laid down is kept to."""

import json
from dataclasses import replace

import jsonschema
import pytest

from analytics.exercises.guided_records import Ending, ItemDone, SessionDone, SetDone, StopReason, WalkDone
from analytics.exercises.records import CountedRepetition, ExerciseSet, Holding, Repetition, Side
from lumbar.exercise_session_document import session_content
from lumbar.messaging.exercise_payloads import RepetitionEvent, Session, SetCompletedEvent
from lumbar.messaging.schema_files import message_schema
from lumbar.publishing import Publisher

NINE_O_CLOCK = 1_793_865_600.0
REPETITION = Repetition(
    NINE_O_CLOCK, NINE_O_CLOCK + 2, NINE_O_CLOCK + 4, Side.LEFT, 31.47, None, 1.5, 1.2, 1.3, 0.4, complete=True
)
BRIDGES = SetDone("bridge", 1, NINE_O_CLOCK, NINE_O_CLOCK + 40, 10, 1, None, 3.0, (REPETITION,))
TUCKS = SetDone("chin_tuck", 1, NINE_O_CLOCK + 60, NINE_O_CLOCK + 90, 10, None, 8, 3.0, ())
SESSION = SessionDone(
    "home",
    "Gentle home programme",
    NINE_O_CLOCK - 20,
    NINE_O_CLOCK + 700,
    (
        ItemDone("bridge", 2, (BRIDGES,), None, 3, Ending.SKIPPED, StopReason.TIRED),
        ItemDone("chin_tuck", 1, (TUCKS,), None, None, Ending.DONE, None),
        ItemDone(
            None, 1, (), WalkDone(NINE_O_CLOCK + 100, NINE_O_CLOCK + 690, 600.0, 580.25, 999), 0, Ending.DONE, None
        ),
        ItemDone("squat", 3, (), None, None, Ending.NOT_BEGUN, None),
    ),
    StopReason.PAIN,
)


@pytest.fixture
def told(embedded, wearer, make_client, tools):
    """Publish with a function; return what came on a topic."""
    onlooker = tools.Subscriber(tools.Access(embedded.port), [f"lumbar/{wearer}/#"], name=f"{wearer}-exercises")
    client = make_client(tools.Access(embedded.port).settings(), wearer)
    client.connect(wait_s=10)

    def tell(publish, topic):
        publish(Publisher(client))
        assert client.drain(10)
        (message,) = onlooker.wait_for(f"lumbar/{wearer}/{topic}")
        return message

    yield tell
    onlooker.close()


def follows(message, *schemas):
    for name in schemas:
        jsonschema.Draft202012Validator(message_schema(name)).validate(message)
    return True


def test_a_repetition_is_an_event(told):
    seen = CountedRepetition(NINE_O_CLOCK + 4.3, "bird_dog", 3, REPETITION)
    message = told(lambda publisher: publisher.publish(seen), "event/repetition")
    assert follows(message, "event", "event_repetition")
    content = message["content"]
    assert (content["exercise"], content["number"], content["side"]) == ("bird_dog", 3, "left")
    assert (content["range_deg"], content["range_cm"], content["complete"]) == (31.5, None, True)


def test_a_hold_that_goes_on_is_told_once_a_second(told):
    holding = Holding("plank", NINE_O_CLOCK, NINE_O_CLOCK + 12.34)

    def twice(publisher):
        publisher.publish_hold(replace(holding, time=holding.time + 0.5), 20.0)
        publisher.publish_hold(holding, 20.0)

    message = told(twice, "hold/state")
    assert follows(message, "hold_state")
    assert message["content"] == {"exercise": "plank", "held_s": 12.8, "asked_s": 20.0}


def test_a_set_that_was_found_is_an_event(told):
    found = ExerciseSet(
        "unknown", NINE_O_CLOCK, NINE_O_CLOCK + 30, (REPETITION, replace(REPETITION, complete=False)), 0.4
    )
    message = told(lambda publisher: publisher.publish(found), "event/set_completed")
    assert follows(message, "event", "event_set_completed")
    assert (message["content"]["repetitions"], message["content"]["planned"]) == (1, None)
    assert message["content"]["confidence"] == 0.4


@pytest.mark.parametrize(("done", "seen", "reported"), [(BRIDGES, 1, None), (TUCKS, None, 8)])
def test_a_set_of_a_session_says_what_was_planned_seen_and_reported(told, done, seen, reported):
    message = told(lambda publisher: publisher.publish_set(done), "event/set_completed")
    assert follows(message, "event", "event_set_completed")
    content = message["content"]
    assert (content["planned"], content["repetitions"], content["reported"]) == (10, seen, reported)


def test_a_session_is_told_item_by_item(told):
    message = told(lambda publisher: publisher.publish_session("s-1", SESSION), "session/s-1")
    assert follows(message, "session")
    content = message["content"]
    assert (content["session"], content["stopped"], content["completed"]) == ("s-1", "pain", False)
    bridge, tuck, walk, squat = content["items"]
    assert (bridge["pain"], bridge["reason"], bridge["sets"][0]["reps"][0]["start_s"]) == (3, "tired", 20.0)
    assert (tuck["sets"][0]["repetitions"], tuck["sets"][0]["reported"]) == (None, 8)
    assert (walk["exercise"], walk["walk"]["walked_s"]) == (None, 580.25)
    assert (squat["ending"], squat["sets"]) == ("not_begun", [])


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("repetition", {"exercise": "bridge"}),
        ("set_completed", {"exercise": "bridge", "repetitions": -1, "duration_s": 3.0, "confidence": 1.0}),
        ("set_completed", {"exercise": "bridge", "repetitions": 3, "duration_s": 3.0, "confidence": 1.0, "mood": 3}),
    ],
)
def test_what_is_not_laid_down_is_not_sent(embedded, wearer, make_client, tools, kind, content):
    client = make_client(tools.Access(embedded.port).settings(), wearer)
    with pytest.raises(ValueError, match="validation error"):
        client.publish_event(kind, NINE_O_CLOCK, content)
    assert client.status.waiting == 0


def test_the_models_take_what_is_published():
    content = session_content(SESSION) | {"session": "s-1"}
    assert json.loads(Session.model_validate(content).model_dump_json())["items"] == content["items"]
    assert RepetitionEvent.model_fields["kind"].default == "repetition"
    assert SetCompletedEvent.model_fields["kind"].default == "set_completed"
