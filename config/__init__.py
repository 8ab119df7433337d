"""Settings, defaults, units and errors: read by all rooms, imports none of them."""

from config.errors import (
    CalibrationError,
    HistoryError,
    LumbarError,
    MessagingError,
    RecordingError,
    SettingsError,
)

__all__ = [
    "CalibrationError",
    "HistoryError",
    "LumbarError",
    "MessagingError",
    "RecordingError",
    "SettingsError",
]
