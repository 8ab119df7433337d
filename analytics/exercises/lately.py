"""Which way was up, and which way the wearer faced, lately: where an excursion begins, and on its way."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analytics.exercises.manner import Manner

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analytics.exercises.excursion import Excursion, Point
    from analytics.exercises.movement import Movement

__all__ = ["Lately"]

KEEP_S = 100.0


@dataclass(slots=True)
class Lately:
    """Which way was up in the sensor, and which way the wearer faced, lately.

    Parameters
    ----------
    times
        Seconds since the Unix epoch.
    ups
        Of each time, shape (3,): up in the sensor frame, in degrees.
    turns
        Of each time: turn about the vertical in degrees, to the left > 0.

    """

    times: list[float]
    ups: list[NDArray[np.float64]]
    turns: list[float]

    def keep(self, movement: Movement) -> None:
        """Keep some samples."""
        if movement.restarts:
            self.times, self.ups, self.turns = [], [], []
        self.times += movement.time.tolist()
        self.ups += list(movement.up)
        self.turns += movement.turn[:, 0].tolist()

    def up_at(self, time: float) -> NDArray[np.float64]:
        """Return up at a time kept, as a unit vector."""
        up = self.ups[self._index(time)]
        return np.asarray(up / np.sqrt(up @ up))

    def manner(self, excursion: Excursion, body: Point | None, sensor_to_body: NDArray[np.float64]) -> Manner:
        """Return how an excursion was done.

        Parameters
        ----------
        excursion
            Of the time kept.
        body
            As in `Seen`.
        sensor_to_body
            Rotation matrix, shape (3, 3).

        """
        is_tilt = body is not None and any(body)
        return Manner(
            lean_deg=0.0 if is_tilt else self._lean_deg(excursion, sensor_to_body),
            back=body[1] / excursion.size if body is not None and is_tilt else 0.0,
            heading_deg=self.turns[self._index(excursion.start)],
        )

    def _index(self, time: float) -> int:
        return max(bisect_right(self.times, time) - 1, 0)

    def _lean_deg(self, excursion: Excursion, sensor_to_body: NDArray[np.float64]) -> float:
        """Return how much further forward the trunk leant on the way out than at either end of it; 0 where unknown."""
        start, peak = bisect_left(self.times, excursion.start), bisect_left(self.times, excursion.peak)
        if start >= peak:
            return 0.0
        up = np.array(self.ups[start : peak + 1]) @ sensor_to_body.T
        lean = np.degrees(np.arctan2(-up[:, 2], up[:, 0]))
        return float(lean.max() - max(lean[0], lean[-1]))

    def forget(self) -> None:
        """Keep the last samples only."""
        drop = bisect_right(self.times, self.times[-1] - KEEP_S) if self.times else 0
        del self.times[:drop], self.ups[:drop], self.turns[:drop]
