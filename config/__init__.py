"""Settings, defaults, units and errors: read by all rooms, imports none of them."""

from config.errors import (
    CalibrationError,
    HistoryError,
    LumbarError,
    MessagingError,
    RecordingError,
    SettingsError,
)
from config.settings import Settings, load_settings

__all__ = [
    "CalibrationError",
    "HistoryError",
    "LumbarError",
    "MessagingError",
    "RecordingError",
    "Settings",
    "SettingsError",
    "load_settings",
]
