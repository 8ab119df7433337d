"""Commands from others: checked, carried out, answered; a bad one gets an error reply and harms nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pydantic import JsonValue, ValidationError

from config.errors import LumbarError
from lumbar.messaging.payloads import COMMAND_ARGUMENTS, CommandMessage, ErrorReply, Reply

__all__ = ["CommandHandler", "answer"]

CommandHandler = Callable[[str, dict[str, JsonValue]], Mapping[str, JsonValue]]
"""Carries out a verb with its arguments (all there, defaults filled in) and returns what to reply.

A `LumbarError` that it raises is replied to whoever sent the command.
"""


def answer(verb: str, payload: bytes, handler: CommandHandler) -> Reply | ErrorReply:
    """Check a command, have it carried out and return the reply.

    Parameters
    ----------
    verb
        Last level of the topic.
    payload
        As received; nothing at all is a command without arguments.
    handler
        Carries out what is well formed.

    """
    command_id = None
    try:
        command = CommandMessage.model_validate_json(payload) if payload else CommandMessage()
        command_id = command.id
        if verb not in COMMAND_ARGUMENTS:
            return _refuse(verb, command_id, f"there is no such command; there are {', '.join(COMMAND_ARGUMENTS)}")
        arguments = COMMAND_ARGUMENTS[verb].model_validate(command.arguments)
        result = handler(verb, arguments.model_dump(mode="json"))
        return Reply(verb=verb, command_id=command_id, result=dict(result))
    except ValidationError as error:
        return _refuse(verb, command_id, _in_words(error))
    except LumbarError as error:
        return _refuse(verb, command_id, str(error))


def _refuse(verb: str, command_id: str | None, error: str) -> ErrorReply:
    return ErrorReply(verb=verb, command_id=command_id, error=error)


def _in_words(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{place}: {first['msg']}" if place else first["msg"]
