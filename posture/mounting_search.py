"""What the body does before anything is known of the mounting: several guesses at what is up are followed at once.

Every direction that the wearer has held for a while may be upright. Under each guess the same evidence (movement, sway,
rises and falls, how far one posture is tilted from another) makes some course of the day more likely than under the
others. The guesses vote with that likelihood, second by second, and where they do not agree the answer is unknown.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from posture.activity import STATES
from posture.calibration import Calibration, CalibrationSource
from posture.decoder import DECODER_DELAY_S, ActivityDecoder, DecodedSeconds, most_likely_activity
from posture.rotations import unit
from posture.seconds import join_seconds
from posture.stage import Stage
from posture.timeline import PostureSeconds, posture_seconds, unknown_seconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from posture.seconds import SecondFeatures, SecondsLog

__all__ = ["MountingSearch", "MountingSearchState", "posture_in_any_mounting"]

HELD_S = 3
"""A direction held for so long is a posture and not a movement."""
HELD_COSINE = float(np.cos(np.radians(8.0)))
HELD_MS2 = 0.5
LIFELESS_MS2 = 0.02
"""A sensor on a table shows only its noise; on a body it shows more in 99 % of the still seconds of hapt and harth."""
APART_COSINE = float(np.cos(np.radians(12.0)))
"""Sitting and standing lie further apart than that in most people; nearer guesses would say the same."""
AGREED_SHARE = 0.6
HOPELESS = 30.0
"""A guess whose likelihood is so many nats behind the best is followed no longer."""

NOTHING_KNOWN = Calibration(CalibrationSource.NONE)


@dataclass(slots=True)
class Holding:
    """A direction being held: for how many seconds, and the sum of up, shape (3,), over them."""

    seconds: int = 0
    total: NDArray[np.float64] = field(default_factory=lambda: np.zeros(3))
    last_second: int | None = None

    def held(self, second: int, up: NDArray[np.float64], movement: float) -> NDArray[np.float64] | None:
        """Return the direction, shape (3,), with the second that makes it held for `HELD_S`; None with all others."""
        if self.last_second is None or second != self.last_second + 1 or not self._goes_on(up, movement):
            self.seconds, self.total = 0, np.zeros(3)
        self.last_second = second
        if not LIFELESS_MS2 < movement < HELD_MS2:
            return None
        self.seconds += 1
        self.total = self.total + up
        return unit(self.total) if self.seconds == HELD_S else None

    def _goes_on(self, up: NDArray[np.float64], movement: float) -> bool:
        if not LIFELESS_MS2 < movement < HELD_MS2:
            return False
        return self.seconds == 0 or bool(unit(self.total) @ up >= HELD_COSINE)


@dataclass(slots=True)
class MountingSearchState:
    """All that a `MountingSearch` remembers.

    Parameters
    ----------
    holding
        What is being held.
    guessed
        Directions guessed so far, also those no longer followed, each of shape (3,).
    followed
        The decoders of those followed.
    told_until
        Last second told of; None before the first.
    untold
        Seconds not told of, while there is no guess yet.

    """

    holding: Holding = field(default_factory=Holding)
    guessed: list[NDArray[np.float64]] = field(default_factory=list)
    followed: list[ActivityDecoder] = field(default_factory=list)
    told_until: int | None = None
    untold: SecondFeatures | None = None


class MountingSearch(Stage[MountingSearchState]):
    """Tell posture without a calibration, with the decoder's delay; what is no better than a guess is unknown."""

    def __init__(self) -> None:
        super().__init__(MountingSearchState())

    @property
    def told_until(self) -> int | None:
        """Return the last second told of; None before the first."""
        return self._state.told_until

    def push(self, features: SecondFeatures, seen: SecondsLog) -> list[PostureSeconds]:
        """Return the seconds that can now be told of.

        Parameters
        ----------
        features
            The latest seconds.
        seen
            All seconds so far, these included.

        """
        told: list[PostureSeconds] = []
        start = 0
        for stop, upright in self._new_guesses(features):
            told += self._follow(features.rows(start, stop))
            start = stop
            told += self._guess(upright, up_to(seen.joined(), int(features.second[stop - 1])))
        return told + self._follow(features.rows(start, len(features)))

    def flush(self) -> list[PostureSeconds]:
        """Return the seconds not yet told of."""
        state = self._state
        if state.untold is not None:
            return [unknown_seconds(state.untold)]
        return self._vote([decoder.flush() for decoder in state.followed])

    def _new_guesses(self, features: SecondFeatures) -> list[tuple[int, NDArray[np.float64]]]:
        """Return after how many of the seconds which directions are new guesses."""
        state = self._state
        found: list[tuple[int, NDArray[np.float64]]] = []
        rows = zip(features.second.tolist(), features.up, features.movement.tolist(), strict=True)
        for row, (second, up, movement) in enumerate(rows, 1):
            upright = state.holding.held(second, up, movement)
            if upright is not None and is_new(upright, state.guessed):
                state.guessed.append(upright)
                found.append((row, upright))
        return found

    def _guess(self, upright: NDArray[np.float64], history: SecondFeatures) -> list[PostureSeconds]:
        """Follow one more guess as if it had been followed from the start."""
        state = self._state
        decoder = ActivityDecoder(Calibration(CalibrationSource.NONE, upright))
        told = self._vote([decoder.push(history)])
        state.untold = None
        followed = [*state.followed, decoder]
        best = max(each.score for each in followed)
        state.followed = [each for each in followed if each.score >= best - HOPELESS]
        return told

    def _follow(self, features: SecondFeatures) -> list[PostureSeconds]:
        if len(features) == 0:
            return []
        state = self._state
        if state.followed:
            return self._vote([decoder.push(features) for decoder in state.followed])
        return self._tell_unknown(features if state.untold is None else join_seconds([state.untold, features]))

    def _tell_unknown(self, features: SecondFeatures) -> list[PostureSeconds]:
        """Tell of the seconds that no guess can come in time for."""
        state = self._state
        n = int(np.searchsorted(features.second, features.second[-1] - DECODER_DELAY_S, side="right"))
        state.untold = features.rows(n, len(features))
        if n == 0:
            return []
        state.told_until = int(features.second[n - 1])
        return [unknown_seconds(features.rows(0, n))]

    def _vote(self, answers: Sequence[Sequence[DecodedSeconds]]) -> list[PostureSeconds]:
        """Return what the guesses say together of the seconds not told of; each answer has the same blocks."""
        told: list[PostureSeconds] = []
        for blocks in zip(*answers, strict=True):
            fresh = [block.after(self._state.told_until) for block in blocks]
            if len(fresh[0]):
                told.append(agreed([(each.state, each.score) for each in fresh], fresh[0].features))
                self._state.told_until = int(fresh[0].features.second[-1])
        return told


def posture_in_any_mounting(features: SecondFeatures) -> PostureSeconds:
    """Return posture for a whole recording that never shows the mounting; knows the future."""
    holding = Holding()
    guessed: list[NDArray[np.float64]] = []
    for second, up, movement in zip(features.second.tolist(), features.up, features.movement.tolist(), strict=True):
        upright = holding.held(second, up, movement)
        if upright is not None and is_new(upright, guessed):
            guessed.append(upright)
    if not guessed:
        return unknown_seconds(features)
    answers: list[tuple[NDArray[np.int64], NDArray[np.float64]]] = []
    for upright in guessed:
        state, score = most_likely_activity(features, Calibration(CalibrationSource.NONE, upright))
        answers.append((state, np.full(len(state), score)))
    return agreed(answers, features)


def is_new(upright: NDArray[np.float64], guessed: Sequence[NDArray[np.float64]]) -> bool:
    """Return whether a direction lies apart from all that have been guessed."""
    return all(float(upright @ other) < APART_COSINE for other in guessed)


def up_to(features: SecondFeatures, second: int) -> SecondFeatures:
    """Return the seconds up to and with one."""
    return features.rows(0, int(np.searchsorted(features.second, second, side="right")))


def agreed(
    answers: Sequence[tuple[NDArray[np.int64], NDArray[np.float64]]], features: SecondFeatures
) -> PostureSeconds:
    """Return what several guesses say of n seconds, each by its states and their log likelihood, both of shape (n,)."""
    best = np.maximum.reduce([score for _, score in answers])
    share = np.zeros((len(features), len(STATES)))
    row = np.arange(len(features))
    # One by one, so that the sums do not depend on how many seconds come at once.
    total = np.zeros(len(features))
    for state, score in answers:
        weight = np.exp(score - best)
        share[row, state] += weight
        total += weight
    state = share.argmax(axis=1)
    is_open = share[row, state] < AGREED_SHARE * total
    return posture_seconds(features, state, NOTHING_KNOWN).marked_unknown(is_open)
