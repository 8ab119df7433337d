"""The labels of a recording, asked the way the scores need it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from config.calibration import CalibrationSection, SectionName
from posture.events import Activity, TransitionKind

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    import pandas as pd
    from numpy.typing import NDArray

__all__ = [
    "CLASSES",
    "CLASS_LABELS",
    "TRANSITIONS",
    "UPRIGHT_LABELS",
    "Labels",
    "is_activity",
    "is_within",
]

CLASSES = (Activity.LYING, Activity.SITTING, Activity.STANDING, Activity.WALKING)
"""The four activities that posture is scored on, in the order of their numbers."""

CLASS_LABELS: Mapping[str, int] = {
    "lying": 0,
    "lying_supine": 0,
    "lying_prone": 0,
    "lying_side": 0,
    "sitting": 1,
    "standing": 2,
    "walking": 3,
}
UPRIGHT_LABELS = ("running", "shuffling", "stairs_up", "stairs_down")
"""Further activities that are surely neither sitting nor lying."""

TRANSITIONS = frozenset(kind.value for kind in TransitionKind)

CALIBRATION = "calibration:"
NO_ACTIVITY = ("note:", "event:", "rep:", "hold:", CALIBRATION)


class Labels:
    """Intervals with names; an interval holds the times with start <= time < end.

    Parameters
    ----------
    table
        Columns start_s, end_s, label, value, as `LabelledRecording.labels` has them.

    """

    def __init__(self, table: pd.DataFrame) -> None:
        self._intervals = table[["start_s", "end_s"]].to_numpy(dtype=np.float64).reshape(-1, 2)
        self._names = tuple(str(name) for name in table["label"])
        self._values = tuple(str(value) for value in table["value"])

    def __len__(self) -> int:
        """Return the number of intervals."""
        return len(self._names)

    @property
    def names(self) -> frozenset[str]:
        """Return the labels that occur."""
        return frozenset(self._names)

    def of(self, *names: str) -> NDArray[np.float64]:
        """Return start and end, shape (n, 2), of the intervals with one of the names."""
        return self.where(lambda name: name in names)

    def where(self, wanted: Callable[[str], bool]) -> NDArray[np.float64]:
        """Return start and end, shape (n, 2), of the intervals whose name is wanted."""
        return self._intervals[[index for index, name in enumerate(self._names) if wanted(name)]]

    def named(self, name: str) -> list[tuple[float, float, str]]:
        """Return start, end and value of each interval with the name."""
        return [
            (float(start), float(end), value)
            for (start, end), label, value in zip(self._intervals, self._names, self._values, strict=True)
            if label == name
        ]

    def at(self, time: float) -> tuple[str, ...]:
        """Return the names of what the body does at a time, sorted."""
        return tuple(
            sorted(
                name
                for (start, end), name in zip(self._intervals, self._names, strict=True)
                if start <= time < end and is_activity(name)
            )
        )

    def numbers(self, times: NDArray[np.float64], numbered: Mapping[str, int]) -> NDArray[np.int64]:
        """Return the number of the label at each time, shape (n,); -1 where there is none, or two that disagree."""
        number = np.full(len(times), -1, dtype=np.int64)
        n_claims = np.zeros(len(times), dtype=np.int64)
        for each in sorted(set(numbered.values())):
            claims = is_within(times, self.of(*(name for name, its in numbered.items() if its == each)))
            number[claims] = each
            n_claims += claims
        number[n_claims > 1] = -1
        return number

    def sections(self) -> tuple[CalibrationSection, ...]:
        """Return when the guided calibration was done; empty where the recording has none."""
        known: Collection[str] = {name.value for name in SectionName}
        return tuple(
            CalibrationSection(SectionName(name.removeprefix(CALIBRATION)), float(start), float(end))
            for (start, end), name in zip(self._intervals, self._names, strict=True)
            if name.startswith(CALIBRATION) and name.removeprefix(CALIBRATION) in known
        )


def is_activity(name: str) -> bool:
    """Return whether a label says what the body does over its whole interval."""
    return not name.startswith(NO_ACTIVITY)


def is_within(times: NDArray[np.float64], intervals: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return for each time, shape (n,), whether one of the intervals, shape (m, 2), holds it."""
    begun = np.searchsorted(np.sort(intervals[:, 0]), times, side="right")
    ended = np.searchsorted(np.sort(intervals[:, 1]), times, side="right")
    return np.asarray(begun > ended)
