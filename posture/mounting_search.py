"""What the body does before anything is known of the mounting: several guesses at what is up are followed at once.

Every direction that the wearer has held for a while may be that in which they were on their feet, and one walked in
most likely is. Against these guesses stand others: that the direction held first was sitting or lying, up being
somewhere to the side. Under each guess the same evidence (movement, sway, rises and falls, how far one posture is
tilted from another) makes some course of the day more likely than under the others. The guesses vote with that
likelihood, second by second; what they do not agree on by four in five is unknown. Those in which the wearer has not
been seen on their feet have a vote but no say, since sitting and lying are told by their tilt from upright: they may
only second what guesses with two fifths of the likelihood say.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from posture.activity import STANDING, STATES, WALKING
from posture.calibration import Calibration, CalibrationSource
from posture.decoder import DECODER_DELAY_S, CalibratedDecoder, DecodedSeconds, most_likely_path
from posture.evidence import EvidenceWindow, evidence_by_the_hour
from posture.mounting_guesses import Guess, Holding
from posture.seconds import join_seconds
from posture.self_calibration import turning_seen
from posture.stage import Stage
from posture.timeline import PostureSeconds, posture_seconds, unknown_seconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from posture.evidence import EvidenceStep
    from posture.seconds import SecondFeatures
    from posture.seconds_log import SecondsLog

__all__ = ["MountingSearch", "MountingSearchState", "posture_in_any_mounting"]

AGREED_SHARE, SAID_SHARE = 0.8, 0.4
ON_FEET_S = 10
"""Who has been on their feet for so long has stood: a bow or a reach is shorter."""
LEARN_EVERY_S = 10
"""At first; ever more rarely later."""
HOPELESS = 70.0
"""A guess whose likelihood is so many nats behind the best is followed no longer."""

NOTHING_KNOWN = Calibration(CalibrationSource.NONE)


@dataclass(frozen=True, slots=True, eq=False)
class Vote:
    """What one guess says of n seconds.

    Parameters
    ----------
    decoded
        The seconds; their likelihood has the guess's own in it.
    has_say
        Shape (n,): whether the wearer has been seen on their feet by then, if the guess is right; one that
        says that they were at its beginning has seen it.

    """

    decoded: DecodedSeconds
    has_say: NDArray[np.bool_]

    def after(self, second: int | None) -> Vote:
        """Return the seconds after one; all where it is None."""
        rest = self.decoded.after(second)
        return Vote(rest, self.has_say[len(self.decoded) - len(rest) :])


@dataclass(slots=True)
class Follower:
    """A guess, what the wearer does if it is right, and for how long they have been on their feet then."""

    guess: Guess
    decoder: CalibratedDecoder
    on_feet_s: int = 0

    @property
    def score(self) -> float:
        """Return how likely the guess and all seconds so far are together."""
        return self.guess.log_prior + self.decoder.log_likelihood

    def votes(self, steps: Sequence[EvidenceStep]) -> list[Vote]:
        """Return what the guess says of the seconds that the steps let decide, by stretches without a gap."""
        return [self._vote(block) for block in self.decoder.follow(steps)]

    def _vote(self, block: DecodedSeconds) -> Vote:
        on_feet_s = self.on_feet_s + np.cumsum(is_on_feet(block.state))
        self.on_feet_s = int(on_feet_s[-1])
        has_say = may_speak(self.guess, block.state, on_feet_s)
        return Vote(replace(block, log_likelihood=self.guess.log_prior + block.log_likelihood), has_say)


@dataclass(slots=True)
class MountingSearchState:
    """All that a `MountingSearch` remembers.

    Parameters
    ----------
    holding
        What is being held, and has been.
    followed
        The guesses followed.
    window
        What the seconds show, whatever is guessed.
    learn_at
        After how many seconds seen it is learnt again how the wearer turns.
    told_until
        Last second told of; None before the first.
    untold
        Seconds not told of, while there is no guess yet.

    """

    holding: Holding = field(default_factory=Holding)
    followed: list[Follower] = field(default_factory=list)
    window: EvidenceWindow = field(default_factory=EvidenceWindow)
    learn_at: int = LEARN_EVERY_S
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
        state = self._state
        told: list[PostureSeconds] = []
        start, n_before = 0, len(seen) - len(features)
        while start < len(features):
            stop = min(state.learn_at - n_before, len(features))
            told += self._look(features.rows(start, stop), seen)
            if n_before + stop == state.learn_at:
                self._learn(seen.joined().rows(0, state.learn_at))
                state.learn_at += max(LEARN_EVERY_S, state.learn_at // 2)
            start = stop
        return told

    def begin_again(self, seen: SecondsLog) -> list[PostureSeconds]:
        """Guess anew from all seconds so far, since they are seen otherwise now; what has been told stays told."""
        state, holding, features = self._state, Holding(), seen.joined()
        guesses = [guess for _, each in holding.guesses(features) for guess in each]
        if guesses or not state.followed:
            state.holding, state.followed = holding, []
        return self._guess(guesses, features) if guesses else []

    def flush(self) -> list[PostureSeconds]:
        """Return the seconds not yet told of."""
        state = self._state
        if state.untold is not None:
            return [unknown_seconds(state.untold)]
        return self._vote(state.followed, state.window.flush())

    def _look(self, features: SecondFeatures, seen: SecondsLog) -> list[PostureSeconds]:
        told: list[PostureSeconds] = []
        start = 0
        for stop, guesses in self._state.holding.guesses(features):
            told += self._follow(features.rows(start, stop))
            start = stop
            told += self._guess(guesses, up_to(seen.joined(), int(features.second[stop - 1])))
        return told + self._follow(features.rows(start, len(features)))

    def _learn(self, history: SecondFeatures) -> None:
        """Learn how the wearer turns, for each guess if it is right; it holds for the seconds not yet decided."""
        if not history.has_gyr:
            return
        shown = list(evidence_by_the_hour(history))
        for follower in self._state.followed:
            calibration = follower.guess.calibration
            state, _ = most_likely_path((block, calibration) for block in shown)
            follower.decoder.calibration = turning_seen(calibration, history, state)

    def _guess(self, guesses: Sequence[Guess], history: SecondFeatures) -> list[PostureSeconds]:
        """Follow more guesses as if they had been followed from the start."""
        state = self._state
        fresh = [Follower(guess, CalibratedDecoder(guess.calibration)) for guess in guesses]
        state.window, state.untold = EvidenceWindow(), None
        told = self._vote(fresh, state.window.push(history))
        followed = [*state.followed, *fresh]
        best = max(each.score for each in followed)
        state.followed = [each for each in followed if each.score >= best - HOPELESS]
        return told

    def _follow(self, features: SecondFeatures) -> list[PostureSeconds]:
        if len(features) == 0:
            return []
        state = self._state
        if state.followed:
            return self._vote(state.followed, state.window.push(features))
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

    def _vote(self, followers: Sequence[Follower], steps: Sequence[EvidenceStep]) -> list[PostureSeconds]:
        """Return what the guesses say together of the seconds not told of."""
        told: list[PostureSeconds] = []
        for block in zip(*(each.votes(steps) for each in followers), strict=True):
            fresh = [vote.after(self._state.told_until) for vote in block]
            if len(fresh[0].decoded):
                told.append(agreed(fresh))
                self._state.told_until = int(fresh[0].decoded.features.second[-1])
        return told


def posture_in_any_mounting(features: SecondFeatures) -> PostureSeconds:
    """Return posture for a whole recording that never shows the mounting; knows the future."""
    votes: list[Vote] = []
    shown = list(evidence_by_the_hour(features))
    for _, guesses in Holding().guesses(features):
        for guess in guesses:
            calibration = guess.calibration
            state, log_likelihood = most_likely_path((block, calibration) for block in shown)
            turned = turning_seen(calibration, features, state)
            if turned is not calibration:
                state, log_likelihood = most_likely_path((block, turned) for block in shown)
            has_say = may_speak(guess, state, np.full(len(state), is_on_feet(state).sum()))
            likely = np.full(len(state), guess.log_prior + log_likelihood)
            votes.append(Vote(DecodedSeconds(features, state, likely), has_say))
    return agreed(votes) if votes else unknown_seconds(features)


def is_on_feet(state: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return whether the wearer stands or walks in each second, both of shape (n,)."""
    return np.asarray((state == STANDING) | (state == WALKING))


def may_speak(guess: Guess, state: NDArray[np.int64], on_feet_s: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return whether a guess has a say in each second, given for how long it saw the wearer on their feet by then."""
    return np.asarray(guess.is_upright | (state == WALKING) | (on_feet_s >= ON_FEET_S))


def up_to(features: SecondFeatures, second: int) -> SecondFeatures:
    """Return the seconds up to and with one."""
    return features.rows(0, int(np.searchsorted(features.second, second, side="right")))


def agreed(votes: Sequence[Vote]) -> PostureSeconds:
    """Return what several guesses say together of the same n seconds."""
    features = votes[0].decoded.features
    best = np.maximum.reduce([vote.decoded.log_likelihood for vote in votes])
    voted, said = np.zeros((2, len(features), len(STATES)))
    row = np.arange(len(features))
    # One by one, so that the sums do not depend on how many seconds come at once.
    total = np.zeros(len(features))
    for vote in votes:
        weight = np.exp(vote.decoded.log_likelihood - best)
        total += weight
        voted[row, vote.decoded.state] += weight
        said[row, vote.decoded.state] += np.where(vote.has_say, weight, 0.0)
    state = voted.argmax(axis=1)
    is_open = (voted[row, state] < AGREED_SHARE * total) | (said[row, state] < SAID_SHARE * total)
    return posture_seconds(features, state, NOTHING_KNOWN).marked_unknown(is_open)
