"""The errors of Lumbar: one hierarchy, each with a message for the wearer.

::

    LumbarError
     +-- SettingsError      a setting, profile or exercise file is wrong
     +-- RecordingError     a recording cannot be read or written
     +-- CalibrationError   the calibration sections do not show what they should
     +-- TeachingError      what was shown of a new exercise does not tell what it is
     +-- MessagingError     the MQTT broker refused or cannot be reached
     +-- HistoryError       the history database cannot be used
     +-- SensorError        a sensor cannot be found, reached or made to do something
          +-- PacketError   a sensor sent bytes that its driver cannot read

Every message says what happened and what to do. The command line prints it as one line and ends with exit code 2.
"""

__all__ = [
    "CalibrationError",
    "HistoryError",
    "LumbarError",
    "MessagingError",
    "PacketError",
    "RecordingError",
    "SensorError",
    "SettingsError",
    "TeachingError",
]


class LumbarError(Exception):
    """Base of everything Lumbar raises on purpose."""


class SettingsError(LumbarError):
    """A setting, profile or exercise file is missing, unreadable or out of range."""


class RecordingError(LumbarError):
    """A recording is missing, broken, in the wrong units or cannot be written.

    Parameters
    ----------
    path
        File the error is about.
    reason
        What is wrong and what to do, in the wearer's words.
    row
        Number of the first bad row, counted from 1 after the header, where there is one.

    """

    def __init__(self, path: object, reason: str, row: int | None = None) -> None:
        self.path = str(path)
        self.reason = reason
        self.row = row
        place = f"{self.path}, row {row}" if row is not None else self.path
        super().__init__(f"{place}: {reason}")


class CalibrationError(LumbarError):
    """The calibration movements are missing or do not show what they should."""


class TeachingError(LumbarError):
    """The repetitions shown of a new exercise cannot be found, do not agree, or are too small to tell from rest."""


class MessagingError(LumbarError):
    """The MQTT broker refused the connection or cannot be reached."""


class HistoryError(LumbarError):
    """The history database is damaged, locked or of a newer version."""


class SensorError(LumbarError):
    """A sensor is unknown, out of reach, refuses a command or cannot do what was asked."""


class PacketError(SensorError):
    """A sensor sent bytes that its driver cannot read."""
