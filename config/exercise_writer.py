"""Exercises as files, such as `lumbar teach` makes them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from config.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

    from config.exercise import Exercise

__all__ = ["save_exercise"]

LONGEST_ARRAY = 90


def save_exercise(exercise: Exercise, folder: Path) -> Path:
    """Write an exercise of the wearer's into a folder, in one piece, and return the file.

    The folder is made where it does not exist; a file of the same exercise is replaced.

    Raises
    ------
    SettingsError
        It cannot be written.

    """
    path = folder / f"{exercise.id}.toml"
    values = exercise.model_dump(mode="json", by_alias=True, exclude_none=True)
    lines = [f"{name} = {_toml(value)}" for name, value in values.items() if not isinstance(value, dict)]
    for name, table in values.items():
        if isinstance(table, dict):
            lines += ["", f"[{name}]", *(f"{key} = {_toml(value)}" for key, value in table.items())]
    unfinished = path.with_name(path.name + ".new")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        unfinished.write_text("\n".join(lines) + "\n", encoding="utf-8")
        unfinished.replace(path)
    except OSError as error:
        raise SettingsError(f"{path}: the exercise cannot be written ({error.strerror})") from error
    return path


def _toml(value: str | float | bool | list[Any]) -> str:  # noqa: FBT001 - a value of the file
    """Return a value as TOML writes it."""
    if isinstance(value, list):
        items = [_toml(item) for item in value]
        short = f"[{', '.join(items)}]"
        return short if len(short) <= LONGEST_ARRAY else "[\n" + "".join(f"  {item},\n" for item in items) + "]"
    if isinstance(value, str):
        # A JSON string is a TOML string, but for the one control character that JSON lets through.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return json.dumps(value) if isinstance(value, bool) else repr(value)
