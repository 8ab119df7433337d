"""``lumbar config``."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from config.settings import load_settings, user_settings_path
from lumbar.commands.storage import history_path, outbox_path

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["check_settings", "show_paths", "show_settings"]

NOT_THERE = "not there: defaults in force"


def show_settings(path: Path | None, *, as_json: bool) -> None:
    """Print all settings in force."""
    values = load_settings(path).model_dump(mode="json")
    if as_json:
        sys.stdout.write(json.dumps(values) + "\n")
        return
    table = Table("setting", "value")
    for section, settings in values.items():
        for name, value in settings.items():
            table.add_row(f"{section}.{name}", str(value))
    Console().print(table)


def show_paths() -> None:
    """Print where settings and data are."""
    own = user_settings_path()
    settings = load_settings()
    sys.stdout.write(f"settings: {own}{'' if own.exists() else f' ({NOT_THERE})'}\n")
    sys.stdout.write(f"history:  {history_path(settings)}\noutbox:   {outbox_path(settings)}\n")


def check_settings(path: Path | None) -> None:
    """Say that the settings are good, or that there are none of the wearer's own, or raise what is wrong with them."""
    load_settings(path)
    chosen = path or user_settings_path()
    sys.stdout.write(f"{chosen}: {'good' if chosen.exists() else NOT_THERE}\n")
