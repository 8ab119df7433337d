"""What every stage has in common: all that it remembers is one object, so that a live day survives a restart."""

from __future__ import annotations

from copy import deepcopy
from typing import Generic, TypeVar

__all__ = ["Stage"]

State = TypeVar("State")


class Stage(Generic[State]):
    """Base of the stages: what changes between pushes is in `_state`, what was configured is not.

    Parameters
    ----------
    state
        What the stage begins with.

    """

    def __init__(self, state: State) -> None:
        self._state = state

    @property
    def state(self) -> State:
        """A copy of all that the stage remembers; set it to go on where another one of equal settings stopped."""
        return deepcopy(self._state)

    @state.setter
    def state(self, state: State) -> None:
        self._state = deepcopy(state)
