"""The alerts that the wearer was given on a day, on the disk: what comes late must not change them."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict
from typing import TYPE_CHECKING

from config.errors import RecordingError
from posture.events import Alert, AlertKind, AlertResolved

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["GivenAlerts"]

logger = logging.getLogger(__name__)


class GivenAlerts:
    """A file with a line for each alert given and resolved.

    A program that starts again goes over the recording of the day; samples that came late in the meantime would then
    seem to have raised alerts of which nobody was told.

    Parameters
    ----------
    path
        The file; it need not be there yet.

    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> list[Alert | AlertResolved] | None:
        """Return what was given so far; None where nothing was ever kept. A torn last line is left out."""
        if not self._path.exists():
            return None
        given: list[Alert | AlertResolved] = []
        for line in self._path.read_text(encoding="utf-8").splitlines():
            try:
                given.append(_event(json.loads(line)))
            except (ValueError, TypeError, KeyError):
                logger.warning("%s: a line cannot be read and is left out", self._path)
        return given

    def add(self, events: list[Alert | AlertResolved]) -> None:
        """Keep events, before anybody is told of them.

        Raises
        ------
        RecordingError
            The disk refuses.

        """
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.writelines(json.dumps(asdict(event)) + "\n" for event in events)
        except OSError as error:
            raise RecordingError(self._path, f"cannot be written ({error.strerror}); make room on the disk") from error


def _event(fields: dict[str, object]) -> Alert | AlertResolved:
    told = fields | {"kind": AlertKind(str(fields["kind"]))}
    return AlertResolved(**told) if "heeded" in told else Alert(**told)  # type: ignore[arg-type]  # checked by reading back
