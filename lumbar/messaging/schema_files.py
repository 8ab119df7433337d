"""The JSON Schemas of the messages as shipped with the package."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

from config.errors import MessagingError

__all__ = ["message_schema", "message_schema_names"]


def message_schema_names() -> list[str]:
    """Return the names of all message schemas, sorted."""
    files = resources.files("lumbar.messaging").joinpath("schemas").iterdir()
    return sorted(file.name.removesuffix(".json") for file in files if file.name.endswith(".json"))


def message_schema(name: str) -> dict[str, Any]:
    """Return the JSON Schema of a message.

    Parameters
    ----------
    name
        As in `message_schema_names`, such as ``alert``.

    Raises
    ------
    MessagingError
        There is no such schema; the message names those there are.

    """
    names = message_schema_names()
    if name not in names:
        raise MessagingError(f"no message schema is called {name!r}; there are {', '.join(names)}")
    file = resources.files("lumbar.messaging").joinpath("schemas", f"{name}.json")
    schema: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return schema
