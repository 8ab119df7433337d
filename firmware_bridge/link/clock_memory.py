"""What is known of a sensor's clock, on the disk, so that its offline log has the same times after a new start."""

from __future__ import annotations

import json
import logging
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["ClockMemory"]

logger = logging.getLogger(__name__)


class ClockMemory:
    """A small file beside the recordings.

    Without it a log that was being fetched when the program was killed would be placed a second time by a clock that
    has only just been seen: some ms off, enough to double or lose a sample where two blocks meet.

    Parameters
    ----------
    path
        The file; it need not be there yet.

    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self, boot: int | None) -> list[tuple[float, float]]:
        """Return what was kept of this boot of the sensor; nothing where it was another, or none is known."""
        if boot is None or not self._path.exists():
            return []
        try:
            kept = json.loads(self._path.read_text())
            points = [(float(device_s), float(utc_s)) for device_s, utc_s in kept["points"]]
            return points if kept["boot"] == boot else []
        except (OSError, ValueError, TypeError, KeyError) as error:
            logger.warning("%s cannot be read (%s); the offline log is placed without it", self._path, error)
            return []

    def keep(self, boot: int | None, points: list[tuple[float, float]]) -> None:
        """Keep what is known; a crash leaves the old or the new file."""
        if boot is None:
            return
        fresh = self._path.with_suffix(".new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with fresh.open("w") as file:
                json.dump({"boot": boot, "points": points}, file)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self._path)
        except OSError as error:
            logger.warning("%s cannot be written (%s)", self._path, error)
