"""``lumbar today`` and ``lumbar summary``."""

from __future__ import annotations

import json
import sys
from datetime import date, datetime
from typing import TYPE_CHECKING

from rich.console import Console

from analytics.summary_model import DailySummary
from config.errors import HistoryError, SettingsError
from config.settings import load_settings
from lumbar.commands.storage import open_history
from lumbar.summary_view import show_summary

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["run_summary"]


def run_summary(day_text: str | None, *, as_json: bool, settings_file: Path | None) -> None:
    """Print the summary of a day, today's where none is named."""
    settings = load_settings(settings_file)
    day = datetime.now(settings.wearer.zone).date() if day_text is None else _date(day_text)
    with open_history(settings) as history:
        document = history.summary(settings.wearer.id, day)
        known = history.days(settings.wearer.id)
    if document is None:
        last = f"; the last day with a summary is {known[-1]}" if known else ""
        raise HistoryError(f"there is nothing of {day} in the history{last}")
    if as_json:
        sys.stdout.write(json.dumps(document) + "\n")
    else:
        show_summary(DailySummary.model_validate(document), Console())


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise SettingsError(f"{text}: write the day as 2026-11-22") from error
