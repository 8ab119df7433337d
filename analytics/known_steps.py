"""When steps become known, second by second: what the live answer may know of them."""

from __future__ import annotations

from math import floor
from typing import TYPE_CHECKING

from posture.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analytics.steps import Step
    from posture.seconds import SecondFeatures

__all__ = ["KnownSteps"]


class KnownSteps(Stage[list["Step"]]):
    """Writes steps down in the seconds in which they become known, so that nothing depends on how samples come.

    All samples of a second have been through the step detector before the second itself comes.
    """

    def __init__(self) -> None:
        super().__init__([])

    def push(self, steps: Sequence[Step]) -> None:
        """Take in steps just found."""
        self._state += steps

    def added_to(self, features: SecondFeatures) -> SecondFeatures:
        """Return consecutive seconds with the steps that became known in them."""
        if len(features) == 0:
            return features
        end = int(features.second[-1]) + 1
        known = [(floor(step.time), floor(step.known_time)) for step in self._state if step.known_time < end]
        self._state = [step for step in self._state if step.known_time >= end]
        return features.with_steps(known)
