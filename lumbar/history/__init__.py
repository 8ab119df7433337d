"""The history of every wearer on this machine, in one SQLite file."""

from lumbar.history.records import ExerciseSession, ExerciseSetRecord, HistoryRecord, JsonValue
from lumbar.history.store import History

__all__ = ["ExerciseSession", "ExerciseSetRecord", "History", "HistoryRecord", "JsonValue"]
