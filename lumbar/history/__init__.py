"""The history of every wearer on this machine, in one SQLite file."""

from lumbar.history.records import HistoryRecord, JsonValue
from lumbar.history.store import History

__all__ = ["History", "HistoryRecord", "JsonValue"]
