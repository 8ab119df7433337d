"""Uniform cubic B-splines: smooth curves through random coefficients, with exact derivatives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["basis", "windows"]

# Columns: the four coefficients around a point; rows: powers 0 to 3 of its place between two knots (de Boor 1978).
_POWERS = np.array([[1, 4, 1, 0], [-3, 0, 3, 0], [3, -6, 3, 0], [-1, 3, -3, 1]], dtype=np.float64) / 6


def basis(part: NDArray[np.float64], derivative: int = 0) -> NDArray[np.float64]:
    """Return the weights of the four coefficients around points between two knots.

    Parameters
    ----------
    part
        Shape (n,): place between the knots, 0 to 1.
    derivative
        0, 1 or 2, with respect to `part`.

    Returns
    -------
    Shape (n, 4).

    """
    powers = np.zeros((part.shape[0], 4))
    for power in range(derivative, 4):
        factor = float(np.prod(np.arange(power, power - derivative, -1)))
        powers[:, power] = factor * part ** (power - derivative)
    return powers @ _POWERS


def windows(coefficients: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return all runs of four coefficients: shape (k, c) becomes (k - 3, c, 4)."""
    return np.lib.stride_tricks.sliding_window_view(coefficients, 4, axis=0)
