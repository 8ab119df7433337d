"""Walking bouts and their cadence, from the steps."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analytics.steps import Step

__all__ = ["BoutParameters", "BoutState", "WalkingBout", "WalkingBouts"]

_STRIDE_CONTACTS = 3
_STRIDES_WITH_ENDS = 5
"""With so many strides the first and the last are left out of the cadence: setting off and stopping are slower."""


@dataclass(frozen=True, slots=True)
class BoutParameters:
    """What makes a bout.

    Parameters
    ----------
    pause_s
        A longer time without a step ends the bout. 3 s is the consensus of Mobilise-D (Kluge et al. 2021,
        doi 10.1371/journal.pone.0256541).
    minimum_steps
        Shorter bouts are not reported; at least 3, so that there is a stride. Two strides of a foot are five contacts.

    Raises
    ------
    ValueError
        `minimum_steps` is below 3.

    """

    pause_s: float = 3.0
    minimum_steps: int = 5

    def __post_init__(self) -> None:
        if self.minimum_steps < _STRIDE_CONTACTS:
            raise ValueError(f"minimum_steps is {self.minimum_steps}, expected at least {_STRIDE_CONTACTS}")


@dataclass(frozen=True, slots=True)
class WalkingBout:
    """Walking without a long pause.

    Parameters
    ----------
    start, end
        First and last initial contact, seconds since the Unix epoch.
    steps
        Number of initial contacts.
    cadence_spm
        Steps a minute while walking: from the median stride, so that pauses, missed contacts and limping do not
        matter, and without the strides with which a longer bout begins and ends.

    """

    start: float
    end: float
    steps: int
    cadence_spm: float


@dataclass(slots=True)
class BoutState:
    """What `WalkingBouts` remembers: times of the steps of the bout that goes on."""

    times: list[float] = field(default_factory=list)


class WalkingBouts:
    """Stage: from steps to bouts.

    Parameters
    ----------
    parameters
        What makes a bout; None for the defaults.

    """

    def __init__(self, parameters: BoutParameters | None = None) -> None:
        self._parameters = parameters or BoutParameters()
        self._state = BoutState()

    @property
    def state(self) -> BoutState:
        """A copy of all that the stage remembers; set it to go on where another one stopped."""
        return deepcopy(self._state)

    @state.setter
    def state(self, state: BoutState) -> None:
        self._state = deepcopy(state)

    def push(self, steps: Sequence[Step], settled_time: float) -> list[WalkingBout]:
        """Return the bouts that have ended.

        Parameters
        ----------
        steps
            New steps, in order of time.
        settled_time
            Time before which no further step will come (`StepDetector.settled_time`).

        """
        bouts: list[WalkingBout] = []
        for step in steps:
            bouts += self._end_before(step.time)
            self._state.times.append(step.time)
        return bouts + self._end_before(settled_time)

    def flush(self) -> list[WalkingBout]:
        """Return the bout that goes on, where it is long enough; the next step starts anew."""
        times, self._state.times = self._state.times, []
        if len(times) < self._parameters.minimum_steps:
            return []
        return [_bout(times)]

    def _end_before(self, time: float) -> list[WalkingBout]:
        times = self._state.times
        return self.flush() if times and time - times[-1] > self._parameters.pause_s else []


def _bout(times: list[float]) -> WalkingBout:
    strides_s = [later - earlier for earlier, later in zip(times, times[2:], strict=False)]
    inner_s = strides_s[1:-1] if len(strides_s) >= _STRIDES_WITH_ENDS else strides_s
    return WalkingBout(start=times[0], end=times[-1], steps=len(times), cadence_spm=120 / median(inner_s))
