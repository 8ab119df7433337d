"""How hard the wearer's own steps shake the trunk.

Half the pace shakes it a quarter as much, and those who shuffle behind a walking frame hardly shake it at all. Their
steps still have the rhythm of steps (`analytics.step_rhythm`): once that has been seen for a while, walking is as much
as this wearer walks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["USUAL_MS2", "OwnGait"]

USUAL_MS2, OF_OWN, LEAST_MS2 = 0.5, 0.4, 0.1
"""Gait that is as likely walking as not: of anybody; as a share of the wearer's own, where that is less; at least."""
SEEN_S = 20
"""From a minute of it one learns no better, and short recordings have less."""


@dataclass(frozen=True, slots=True)
class OwnGait:
    """What has been seen of the wearer's walking so far.

    Parameters
    ----------
    n
        Seconds with a step.
    log_total
        Sum of the natural logarithm of their gait in m/s^2.

    """

    n: int = 0
    log_total: float = 0.0

    def likely_walking_ms2(
        self, gait_ms2: NDArray[np.float64], has_step: NDArray[np.bool_]
    ) -> tuple[NDArray[np.float64], OwnGait]:
        """Return the gait that is as likely walking as not, shape (n,) in m/s^2, by each second, and what is seen then.

        Parameters
        ----------
        gait_ms2
            Shape (n,): the gait of the seconds that follow on those seen.
        has_step
            Shape (n,): whether there is a step in each.

        """
        log_gait = np.where(has_step, np.log(np.maximum(gait_ms2, LEAST_MS2)), 0.0)
        n = self.n + np.cumsum(has_step)
        log_total = np.add.accumulate(np.concatenate([[self.log_total], log_gait]))[1:]
        seen = OwnGait(int(n[-1]), float(log_total[-1])) if len(n) else self
        return _likely_walking_ms2(n, log_total), seen

    @property
    def likely_now_ms2(self) -> float:
        """Return the gait that is as likely walking as not, by all that has been seen."""
        return float(_likely_walking_ms2(np.array([self.n]), np.array([self.log_total]))[0])


def _likely_walking_ms2(n: NDArray[np.int64], log_total: NDArray[np.float64]) -> NDArray[np.float64]:
    own_ms2 = np.exp(log_total / np.maximum(n, 1))
    return np.where(n < SEEN_S, USUAL_MS2, np.clip(OF_OWN * own_ms2, LEAST_MS2, USUAL_MS2))
