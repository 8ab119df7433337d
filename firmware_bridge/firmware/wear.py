"""A second of samples in a few numbers, and whether the sensor is worn.

Worn: something moves (standard deviation of the acceleration's size in a second at least 12 mg, twice within 10 s).
Not worn: for 5 minutes nothing moved more than a table does (5 mg), and the chip is no warmer than 30 degrees. A body
at rest breathes, and warms the sensor that lies against it; a table does neither. A hot day may keep a sensor on a
table "worn". The figures are chosen, not measured.
"""

import math

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Second", "WearDetector"]

_ACTIVITY_COUNTS_PER_G = 250
_MOST_ACTIVITY = 255


class Second:
    """Sums over a second of samples, in counts.

    Parameters
    ----------
    finished
        Called without arguments when a second is whole; the sums are cleared after it.

    """

    def __init__(self, finished: "Callable[[], None]") -> None:
        self._finished = finished
        self.clear(1, 1)

    def clear(self, samples: int, counts_per_g: int) -> None:
        """Begin anew, with so many samples a second."""
        self._samples = samples
        self._counts_per_g = counts_per_g
        self.clipped = False
        self._empty()

    def _empty(self) -> None:
        self.count = 0
        self._sums = [0, 0, 0, 0, 0, 0]
        self._first_size = 0
        self._size_sum = 0
        self._size_squares = 0

    def add(self, ax: int, ay: int, az: int, gx: int, gy: int, gz: int) -> None:
        """Add a sample."""
        sums = self._sums
        sums[0] += ax
        sums[1] += ay
        sums[2] += az
        sums[3] += gx
        sums[4] += gy
        sums[5] += gz
        size = int(math.sqrt(ax * ax + ay * ay + az * az))
        if self.count == 0:
            self._first_size = size
        size -= self._first_size
        self._size_sum += size
        self._size_squares += size * size
        self.count += 1
        if self.count == self._samples:
            self._finished()
            self.clipped = False
            self._empty()

    def mean(self, axis: int, per_g: int = 0) -> int:
        """Return the mean of an axis (0 to 2 acceleration, 3 to 5 angular rate), or in `per_g` counts a g."""
        if per_g:
            return self._sums[axis] * per_g // (self.count * self._counts_per_g)
        return self._sums[axis] // self.count

    def deviation_mg(self) -> int:
        """Return the standard deviation of the acceleration's size."""
        variance = (self._size_squares - self._size_sum * self._size_sum // self.count) // self.count
        return int(math.sqrt(max(variance, 0)) * 1000 / self._counts_per_g)

    def activity(self) -> int:
        """Return the same in the counts of posture records."""
        return min(self.deviation_mg() * _ACTIVITY_COUNTS_PER_G // 1000, _MOST_ACTIVITY)


_MOVES_MG = 12
_MOVES_WITHIN_S = 10
_STILL_MG = 5
_STILL_FOR_S = 300
_WARM_C = 30


class WearDetector:
    """Says from second to second whether the sensor is worn; a sensor that was just switched on is."""

    def __init__(self) -> None:
        self.worn = True
        self._still_s = 0
        self._since_move_s = _MOVES_WITHIN_S

    def push(self, deviation_mg: int, temperature_c: int) -> None:
        """Note a second."""
        moves = deviation_mg >= _MOVES_MG
        if moves and self._since_move_s < _MOVES_WITHIN_S:
            self.worn = True
        self._since_move_s = 0 if moves else self._since_move_s + 1
        if deviation_mg > _STILL_MG or temperature_c > _WARM_C:
            self._still_s = 0
        else:
            self._still_s += 1
        if self._still_s >= _STILL_FOR_S:
            self.worn = False
