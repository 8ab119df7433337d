"""Where the wearer's data are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from config.errors import HistoryError
from lumbar.history.store import History

if TYPE_CHECKING:
    from pathlib import Path

    from config.settings import Settings

__all__ = ["data_folder", "history_path", "known_sensors_path", "open_history", "outbox_path"]


def data_folder(settings: Settings) -> Path:
    """Return the folder of the wearer's data, made where it does not exist.

    Raises
    ------
    HistoryError
        It cannot be made.

    """
    folder = settings.storage.path
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise HistoryError(f"{folder}: the folder for your data cannot be made ({error.strerror})") from error
    return folder


def history_path(settings: Settings) -> Path:
    """Return where the history is kept."""
    return settings.storage.path / "history.sqlite"


def outbox_path(settings: Settings) -> Path:
    """Return where messages wait for the broker."""
    return settings.storage.path / "outbox.sqlite"


def known_sensors_path(settings: Settings) -> Path:
    """Return where the list of the wearer's sensors is kept."""
    return settings.storage.path / "sensors.toml"


def open_history(settings: Settings) -> History:
    """Open the wearer's history."""
    return History(history_path(settings))
