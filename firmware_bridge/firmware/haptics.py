"""Pulses on a pin (the motor, the lamp) that run while the main loop goes on."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Pulses"]

_PAUSE_MS = 150


class Pulses:
    """A row of pulses, with 150 ms between two.

    Parameters
    ----------
    set_strength
        Sets the pin, 0 to 255.

    """

    def __init__(self, set_strength: "Callable[[int], None]") -> None:
        self._set = set_strength
        self._left = 0
        self._on = False
        self._strength = self._length_ms = 0
        self._next_ms = 0

    def begin(self, strength: int, length_ms: int, pulses: int, now_ms: int) -> None:
        """Begin a row, in place of one that runs; no pulses or no strength stops it."""
        self._strength = strength
        self._length_ms = length_ms
        self._left = pulses if strength and length_ms else 0
        self._on = False
        self._set(0)
        self._next_ms = now_ms
        self.step(now_ms)

    def step(self, now_ms: int) -> None:
        """Switch on or off where it is time."""
        if now_ms < self._next_ms:
            return
        if self._on:
            self._set(0)
            self._on = False
            self._next_ms = now_ms + _PAUSE_MS
        elif self._left:
            self._left -= 1
            self._set(self._strength)
            self._on = True
            self._next_ms = now_ms + self._length_ms
