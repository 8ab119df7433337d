"""What the messages hold: pydantic models, from which the shipped JSON Schemas are made."""

from __future__ import annotations

import datetime as dt  # noqa: TC003  pydantic reads the annotations when it runs
import json
from typing import TYPE_CHECKING, Annotated, Literal
from uuid import UUID  # noqa: TC003  pydantic reads the annotations when it runs

from pydantic import AwareDatetime, BaseModel, Field, JsonValue

from lumbar.messaging.exercise_payloads import (  # noqa: TC001  pydantic reads the annotations when it runs
    HoldState,
    RepetitionEvent,
    Session,
    SetCompletedEvent,
)
from lumbar.messaging.parts import Name, OpenPart, Part
from lumbar.messaging.topics import Channel

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "COMMAND_ARGUMENTS",
    "MESSAGES",
    "MESSAGE_OF_CHANNEL",
    "MESSAGE_OF_EVENT",
    "AlertMessage",
    "BridgeStateMessage",
    "CommandMessage",
    "DailySummaryMessage",
    "Envelope",
    "ErrorReplyMessage",
    "EventMessage",
    "HoldStateMessage",
    "PostureStateMessage",
    "RepetitionMessage",
    "ReplyMessage",
    "SensorStateMessage",
    "SessionMessage",
    "SetCompletedMessage",
    "as_json",
    "write_schemas",
]


class Envelope(Part):
    """What every message of Lumbar's carries around its content.

    Attributes
    ----------
    schema_name
        Which schema the message follows, ``schema`` in JSON.
    id
        UUID version 7; the same when a message is sent again, so that subscribers drop doubles.
    time
        When it happened, in the wearer's time zone.
    seq
        Rises with every message of the wearer, across restarts. It is not gapless.
    historical
        The message was written before the present connection to the broker: it is not news.
    wear_ratio
        Share of the day so far in which the sensor was worn; null where not known.
    version
        Version of Lumbar.

    """

    schema_name: str = Field(alias="schema")
    id: UUID
    wearer: Name
    time: AwareDatetime
    seq: Annotated[int, Field(ge=1)]
    historical: bool = False
    wear_ratio: Annotated[float, Field(ge=0, le=1)] | None = None
    version: str


class BridgeState(Part):
    """Whether Lumbar runs; how many messages wait for the broker and how many a full outbox has dropped so far."""

    state: Literal["online", "offline"]
    waiting: Annotated[int, Field(ge=0)]
    dropped: Annotated[int, Field(ge=0)]


class BridgeStateMessage(Envelope):
    """Lumbar's own state. As last will it bears the time of the connection that broke."""

    schema_name: Literal["lumbar.bridge_state/1"] = Field("lumbar.bridge_state/1", alias="schema")
    content: BridgeState


class SensorState(Part):
    """The link to the sensor."""

    state: Literal["connected", "lost", "charging"]
    battery_percent: Annotated[float, Field(ge=0, le=100)] | None = None
    signal_dbm: Annotated[float, Field(le=20)] | None = None


class SensorStateMessage(Envelope):
    """The state of the sensor."""

    schema_name: Literal["lumbar.sensor_state/1"] = Field("lumbar.sensor_state/1", alias="schema")
    content: SensorState


class JudgedBy(Part):
    """What slouching is judged by, or why it is not: how much sitting has been seen, and must be, to learn from."""

    source: Literal["shown", "learnt", "not_enough_seen", "not_distinct"]
    seen_min: Annotated[float, Field(ge=0)]
    needed_min: Annotated[float, Field(ge=0)]


class PostureState(Part):
    """What the wearer does now. `angle_deg` is past the own upright sitting; null where it is not known."""

    activity: Literal["lying", "sitting", "standing", "walking", "running", "cycling", "unknown"]
    posture: Literal["upright", "slouched", "leaning_forward", "leaning_left", "leaning_right", "unknown"]
    angle_deg: float | None = None
    since: AwareDatetime
    judged_by: JudgedBy | None = None


class PostureStateMessage(Envelope):
    """What the wearer does now."""

    schema_name: Literal["lumbar.posture_state/1"] = Field("lumbar.posture_state/1", alias="schema")
    content: PostureState


class HoldStateMessage(Envelope):
    """How long a repetition is held by now."""

    schema_name: Literal["lumbar.hold_state/1"] = Field("lumbar.hold_state/1", alias="schema")
    content: HoldState


class Alert(OpenPart):
    """Something to be told while it lasts."""

    kind: Name


class AlertMessage(Envelope):
    """An active alert; the topic is emptied when it is resolved."""

    schema_name: Literal["lumbar.alert/1"] = Field("lumbar.alert/1", alias="schema")
    content: Alert


class Event(OpenPart):
    """Something that has happened."""

    kind: Name


class EventMessage(Envelope):
    """Something that has happened."""

    schema_name: Literal["lumbar.event/1"] = Field("lumbar.event/1", alias="schema")
    content: Event


class RepetitionMessage(Envelope):
    """A repetition of an exercise; one of the events."""

    schema_name: Literal["lumbar.event/1"] = Field("lumbar.event/1", alias="schema")
    content: RepetitionEvent


class SetCompletedMessage(Envelope):
    """A set of an exercise that is over; one of the events."""

    schema_name: Literal["lumbar.event/1"] = Field("lumbar.event/1", alias="schema")
    content: SetCompletedEvent


class SessionMessage(Envelope):
    """A finished exercise session."""

    schema_name: Literal["lumbar.session/1"] = Field("lumbar.session/1", alias="schema")
    content: Session


class DailySummary(Part):
    """The summary of a local day; `summary` follows a schema of its own."""

    date: dt.date
    summary: dict[str, JsonValue]


class DailySummaryMessage(Envelope):
    """The summary of a local day."""

    schema_name: Literal["lumbar.daily_summary/1"] = Field("lumbar.daily_summary/1", alias="schema")
    content: DailySummary


class NoArguments(Part):
    """A command that needs none."""


class SnoozeArguments(Part):
    """Be quiet for a while."""

    minutes: Annotated[float, Field(gt=0, le=480)] = 30.0


class StartSetArguments(Part):
    """Count the repetitions of this exercise."""

    exercise: Name


class VibrateArguments(Part):
    """Let the sensor vibrate."""

    seconds: Annotated[float, Field(gt=0, le=10)] = 1.0


COMMAND_ARGUMENTS: dict[str, type[Part]] = {
    "snooze": SnoozeArguments,
    "resume": NoArguments,
    "recalibrate": NoArguments,
    "start_set": StartSetArguments,
    "stop_set": NoArguments,
    "vibrate": VibrateArguments,
}
"""The verbs and what they take."""


class CommandMessage(Part):
    """What others send to ``command/<verb>``; everything may be left out. `id` comes back in the reply."""

    schema_name: Literal["lumbar.command/1"] = Field("lumbar.command/1", alias="schema")
    id: Annotated[str, Field(max_length=128)] | None = None
    arguments: dict[str, JsonValue] = Field(default_factory=dict)


class Reply(Part):
    """What a command has brought about."""

    verb: str
    command_id: str | None
    result: dict[str, JsonValue]


class ReplyMessage(Envelope):
    """The answer to a command that was carried out."""

    schema_name: Literal["lumbar.reply/1"] = Field("lumbar.reply/1", alias="schema")
    content: Reply


class ErrorReply(Part):
    """Why a command was not carried out."""

    verb: str
    command_id: str | None
    error: str


class ErrorReplyMessage(Envelope):
    """The answer to a command that was not carried out."""

    schema_name: Literal["lumbar.error_reply/1"] = Field("lumbar.error_reply/1", alias="schema")
    content: ErrorReply


MESSAGES: dict[str, type[Part]] = {
    "alert": AlertMessage,
    "bridge_state": BridgeStateMessage,
    "command": CommandMessage,
    "daily_summary": DailySummaryMessage,
    "error_reply": ErrorReplyMessage,
    "event": EventMessage,
    "event_repetition": RepetitionMessage,
    "event_set_completed": SetCompletedMessage,
    "hold_state": HoldStateMessage,
    "posture_state": PostureStateMessage,
    "reply": ReplyMessage,
    "sensor_state": SensorStateMessage,
    "session": SessionMessage,
}
"""The messages by the name of their schema."""

MESSAGE_OF_CHANNEL: dict[Channel, type[Envelope]] = {
    Channel.ALERT: AlertMessage,
    Channel.BRIDGE_STATE: BridgeStateMessage,
    Channel.DAILY_SUMMARY: DailySummaryMessage,
    Channel.EVENT: EventMessage,
    Channel.HOLD_STATE: HoldStateMessage,
    Channel.POSTURE_STATE: PostureStateMessage,
    Channel.SENSOR_STATE: SensorStateMessage,
    Channel.SESSION: SessionMessage,
}
"""What Lumbar sends of its own accord, by topic."""

MESSAGE_OF_EVENT: dict[str, type[Envelope]] = {
    "repetition": RepetitionMessage,
    "set_completed": SetCompletedMessage,
}
"""Events whose content is laid down; the others are `EventMessage`."""


def as_json(message: BaseModel) -> str:
    """Return the message as one line of JSON.

    Raises
    ------
    ValueError
        A number in it is not finite.

    """
    values = message.model_dump(mode="json", by_alias=True)
    return json.dumps(values, allow_nan=False, ensure_ascii=False, separators=(",", ":"))


def write_schemas(folder: Path) -> list[Path]:
    """Write the JSON Schema of every message into a folder, as they are shipped in ``schemas/``.

    Returns
    -------
    list of Path
        The files, ``<name>.json``.

    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, model in MESSAGES.items():
        mode: Literal["validation", "serialization"] = "validation" if model is CommandMessage else "serialization"
        schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **model.model_json_schema(mode=mode)}
        path = folder / f"{name}.json"
        path.write_text(json.dumps(schema, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        paths.append(path)
    return paths
