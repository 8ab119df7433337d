"""Every topic Lumbar uses, with how it is sent: one table."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

__all__ = ["HOME_ASSISTANT_STATUS", "POSTURE_EXPIRY_S", "Channel", "Rule", "command_filter", "topic_of"]

HOME_ASSISTANT_STATUS = "homeassistant/status"
"""Where Home Assistant says that it has (re)started: ``online``."""

POSTURE_EXPIRY_S = 120
"""A posture older than this is not known any more, s; the client repeats it in time while it lasts."""

HOLD_EXPIRY_S = 2
"""What is held is told anew each second, s."""

LEVEL = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class Rule:
    """How one kind of message is sent.

    `durable` messages wait in the outbox until the broker has them; of the others only the latest counts.
    """

    pattern: str
    retained: bool
    qos: int
    durable: bool
    expiry_s: int | None = None


class Channel(Enum):
    """The topics (design, section 5.3) and their rules."""

    BRIDGE_STATE = Rule("lumbar/{wearer}/bridge/state", retained=True, qos=1, durable=False)
    SENSOR_STATE = Rule("lumbar/{wearer}/sensor/state", retained=True, qos=1, durable=True)
    POSTURE_STATE = Rule(
        "lumbar/{wearer}/posture/state", retained=True, qos=0, durable=False, expiry_s=POSTURE_EXPIRY_S
    )
    HOLD_STATE = Rule("lumbar/{wearer}/hold/state", retained=False, qos=0, durable=False, expiry_s=HOLD_EXPIRY_S)
    ALERT = Rule("lumbar/{wearer}/alert/{name}", retained=True, qos=1, durable=True)
    EVENT = Rule("lumbar/{wearer}/event/{name}", retained=False, qos=1, durable=True)
    SESSION = Rule("lumbar/{wearer}/session/{name}", retained=False, qos=1, durable=True)
    DAILY_SUMMARY = Rule("lumbar/{wearer}/summary/daily/{name}", retained=True, qos=1, durable=True)
    COMMAND = Rule("lumbar/{wearer}/command/{name}", retained=False, qos=1, durable=False)
    REPLY = Rule("lumbar/{wearer}/command/{name}/reply", retained=False, qos=1, durable=False)
    DISCOVERY = Rule("homeassistant/device/lumbar_{wearer}/config", retained=True, qos=1, durable=False)


def topic_of(channel: Channel, wearer: str, name: str | None = None) -> str:
    """Return the topic of a channel.

    Parameters
    ----------
    channel
        Which of the table.
    wearer
        The wearer's id.
    name
        Kind, session id, day or verb, for the channels that have one.

    Raises
    ------
    ValueError
        A part holds other than letters, digits, - and _, or the name is missing or too much.

    """
    pattern = channel.value.pattern
    if ("{name}" in pattern) != (name is not None):
        raise ValueError(f"{pattern} {'needs a' if name is None else 'has no'} name")
    for level in (wearer, name):
        if level is not None and not LEVEL.fullmatch(level):
            raise ValueError(f"{level!r} cannot be part of a topic: use letters, digits, - and _")
    return pattern.format(wearer=wearer, name=name)


def command_filter(wearer: str) -> str:
    """Return the topic filter of all commands to a wearer's Lumbar; it leaves out the replies."""
    return Channel.COMMAND.value.pattern.format(wearer=wearer, name="+")
