"""Whether the strap has moved: walking, the sensor is tilted from what is known of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from posture.accelerometer_offset import up_without_offset
from posture.events import Alert, AlertKind, AlertResolved
from posture.rotations import angle_between, unit
from posture.seconds import STEPS_KNOWN_WITHIN_S, join_seconds
from posture.stage import Stage
from posture.stepping import is_walked
from posture.wear import MOTIONLESS_MS2

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from posture.calibration import Calibration
    from posture.seconds import SecondFeatures

__all__ = ["HOLE_S", "PUT_ON_ANEW", "STEADY_DEG", "StrapMove", "StrapNews", "StrapState", "StrapTracker"]

STRAP_SETTLED_DEG = 10.0
STEADY_DEG = 8.0
"""Walking, the lower back keeps its tilt; in exercises that shake it as much it does not."""
LOOKS = 10
"""So often a look is taken while what it looks at passes: more would cost time and show nothing sooner."""
CLEARLY = 1.5
"""So many times nearer to one direction than to another."""
SETTLING_S = STEPS_KNOWN_WITHIN_S - 1
"""So many seconds later all steps of a second are known."""


class Look(NamedTuple):
    """The sensor has moved where so many walking seconds are tilted by more than so much."""

    walking_s: int
    limit_deg: float


WORN_AGAIN = Look(8, 45.0)
"""Once after each time in which the sensor may have been off: it was put on anew if it sits otherwise then."""
PUT_ON_ANEW, SLIPPED, CREPT = Look(20, 45.0), Look(30, 20.0), Look(180, 10.0)
"""What was put on anew shows soon. On stairs one leans by up to 15 deg. 10 deg, which is all of a slouch, must last; it
is learnt without a word, and leaves what the wearer has shown as it is: one leans so on a pram."""
HOLE_S = 30
"""In a hole of so long the sensor may have been off."""
LAID_DOWN_S = 300
"""So may one that has not been moved for so long; `posture.wear` waits for longer before it says so."""
FIRST_RUN = -(10**15)
KEPT_S = CREPT.walking_s - 1


class StrapMove(NamedTuple):
    """The sensor sits otherwise.

    Parameters
    ----------
    since
        First second of the walking that shows it, since the Unix epoch; it happened somewhere between the walking
        before and this.
    upright
        Shape (3,): up in that walking.
    is_put_right
        Whether it sits again as the wearer had shown.

    """

    since: int
    upright: NDArray[np.float64]
    is_put_right: bool


class StrapNews(NamedTuple):
    """What seconds bring.

    Parameters
    ----------
    n_taken
        How many of them were taken in: all, or those up to the one with which a move shows.
    events
        The alerts raised and resolved.
    move
        The move; None where there is none.

    """

    n_taken: int
    events: list[Alert | AlertResolved]
    move: StrapMove | None


@dataclass(slots=True)
class StrapState:
    """All that a `StrapTracker` remembers.

    Parameters
    ----------
    calibration
        What holds.
    shown
        What the wearer has shown; None where all was learnt.
    shown_walking
        Shape (3,): up in walking while that held, which is not quite as one stands when showing it; None before
        enough of it.
    waiting
        The last seconds, in which steps may still become known.
    walked, walked_up
        Shapes (n,) and (n, 3): the last seconds walked, and up in them.
    n_walked
        How many seconds have been walked since the comparison began.
    walked_run
        Shape (n,): in which run each of them was, by its first second: since it may have been off, or `FIRST_RUN`.
    last_second, run
        The last second compared, and its run; None before the first.
    last_moved
        The last second compared with movement; None before the first.
    judged_run
        The last run whose first walking has been looked at.
    raised
        The alert if active.

    """

    calibration: Calibration
    shown: Calibration | None = None
    shown_walking: NDArray[np.float64] | None = None
    waiting: SecondFeatures | None = None
    walked: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    walked_up: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 3)))
    n_walked: int = 0
    walked_run: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    last_second: int | None = None
    run: int = FIRST_RUN
    last_moved: int | None = None
    judged_run: int = FIRST_RUN
    raised: Alert | None = None


class StrapTracker(Stage[StrapState]):
    """Notice that the strap has moved or the sensor was turned over, and that it was put right again."""

    def __init__(self, calibration: Calibration) -> None:
        super().__init__(StrapState(calibration, calibration if calibration.is_shown else None))

    @property
    def calibration(self) -> Calibration:
        """What the sensor is compared with; may be replaced between pushes. A mounting that is shown starts it anew."""
        return self._state.calibration

    @calibration.setter
    def calibration(self, value: Calibration) -> None:
        state = self._state
        if value.is_shown and value is not state.calibration:
            sits_as_shown = state.shown is not None and value.is_mounted_as(state.shown)
            if not sits_as_shown:
                state.shown_walking = None
            if not sits_as_shown or state.calibration is not state.shown:
                self._forget_walking()
            state.shown = value
        state.calibration = value

    @property
    def shown(self) -> Calibration | None:
        """What the wearer has shown; None where all was learnt."""
        return self._state.shown

    def push(self, features: SecondFeatures) -> StrapNews:
        """Return what the seconds bring; a move ends what is taken in, and the calibration is to be replaced then."""
        state = self._state
        if state.calibration.upright is None:
            state.waiting = None
            return StrapNews(len(features), [], None)
        known = features if state.waiting is None else join_seconds([state.waiting, features])
        n_compared, events, move = self._compare(known, max(len(known) - SETTLING_S, 0))
        n_known = min(n_compared + SETTLING_S, len(known))
        state.waiting = known.rows(n_compared, n_known)
        return StrapNews(n_known - (len(known) - len(features)), events, move)

    def take_offset(self, offset_ms2: NDArray[np.float64]) -> None:
        """Rid what is remembered of an offset of the accelerometer, shape (3,), that has just been learnt."""
        state = self._state
        if state.waiting is not None:
            state.waiting = state.waiting.without_offset(offset_ms2)
        state.walked_up = up_without_offset(state.walked_up, offset_ms2)

    def flush(self) -> list[Alert | AlertResolved]:
        """Return nothing: of the last seconds more steps may have become known, and nothing follows that could move."""
        return []

    def _compare(
        self, known: SecondFeatures, n_settled: int
    ) -> tuple[int, list[Alert | AlertResolved], StrapMove | None]:
        """Return how many of the settled seconds were looked at, up to a move or all, and what they bring."""
        state = self._state
        run_of_each = self._runs(known.rows(0, n_settled))
        walks, n_before = np.flatnonzero(is_walked(known)[:n_settled]), len(state.walked)
        events: list[Alert | AlertResolved] = []
        if len(walks) == 0:
            self._go_on_from(known, run_of_each, n_settled)
            return n_settled, events, None
        second = np.concatenate([state.walked, known.second[walks]])
        up = np.concatenate([state.walked_up, known.up[walks]])
        run = np.concatenate([state.walked_run, run_of_each[walks]])
        state.walked, state.walked_up, state.walked_run = second[-KEPT_S:], up[-KEPT_S:], run[-KEPT_S:]
        state.n_walked += len(walks)
        is_doubted = (run > state.judged_run) & _lasts(run, WORN_AGAIN.walking_s)
        for index, mean, look in _steady_walks(up, is_doubted, n_before, state.n_walked):
            row, seen = walks[index - n_before], slice(index - look.walking_s + 1, index + 1)
            if look is WORN_AGAIN and run[index] == state.judged_run:
                continue
            state.judged_run = int(run[index]) if look is WORN_AGAIN else state.judged_run
            if look is CREPT and state.shown_walking is None and state.calibration is state.shown:
                state.shown_walking = mean
            move = self._move(second[seen], up[seen], mean, look)
            events += self._alert(float(known.second[row + SETTLING_S] + 1), mean, move)
            if move is not None:
                self._forget_walking()
                self._go_on_from(known, run_of_each, int(row) + 1)
                return int(row) + 1, events, move
        self._go_on_from(known, run_of_each, n_settled)
        return n_settled, events, None

    def _runs(self, features: SecondFeatures) -> NDArray[np.int64]:
        """Return in which run each of n seconds is, shape (n,); one begins after the sensor may have been off."""
        state, second = self._state, features.second
        before = second[:1] if state.last_second is None else [state.last_second]
        begins = np.diff(second, prepend=before) > HOLE_S
        moves = features.movement > MOTIONLESS_MS2
        moved = second[moves]
        moved_before = moved[:1] if state.last_moved is None else [state.last_moved]
        begins[moves] |= np.diff(moved, prepend=moved_before) > LAID_DOWN_S
        return np.maximum.accumulate(np.where(begins, second, state.run))

    def _go_on_from(self, known: SecondFeatures, run: NDArray[np.int64], n_compared: int) -> None:
        if n_compared == 0:
            return
        state = self._state
        state.last_second, state.run = int(known.second[n_compared - 1]), int(run[n_compared - 1])
        moved = known.second[:n_compared][known.movement[:n_compared] > MOTIONLESS_MS2]
        if len(moved):
            state.last_moved = int(moved[-1])

    def _forget_walking(self) -> None:
        state = self._state
        state.walked, state.walked_up, state.n_walked = state.walked[:0], state.walked_up[:0], 0
        state.walked_run = state.walked_run[:0]

    def _move(
        self, second: NDArray[np.int64], up: NDArray[np.float64], mean: NDArray[np.float64], look: Look
    ) -> StrapMove | None:
        """Return the move that some walking seconds show, given up in each and its mean."""
        state = self._state
        upright = self._walking_up(state.calibration)
        away_deg = _degrees_between(mean, upright)
        is_as_shown = (
            state.shown is not None
            and state.shown is not state.calibration
            and _degrees_between(mean, self._walking_up(state.shown)) < min(STRAP_SETTLED_DEG, away_deg)
        )
        # On stairs one leans by as much as a strap slips: for a moment it looks put right.
        has_moved = away_deg > look.limit_deg
        is_put_right = is_as_shown and (has_moved or look not in (WORN_AGAIN, PUT_ON_ANEW))
        if not is_put_right and (not has_moved or (look is CREPT and state.calibration.is_shown)):
            return None
        first = _first_after(second, angle_between(up, upright), angle_between(up, mean))
        return StrapMove(int(second[first]), mean, is_put_right)

    def _walking_up(self, calibration: Calibration) -> NDArray[np.float64]:
        """Return up in walking, shape (3,), as a calibration has it."""
        if calibration is self._state.shown and self._state.shown_walking is not None:
            return self._state.shown_walking
        return calibration.known_walking

    def _alert(self, now: float, mean: NDArray[np.float64], move: StrapMove | None) -> list[Alert | AlertResolved]:
        """Return the alert raised or resolved by walking, given up in it and the move that it shows."""
        state = self._state
        if state.raised is None:
            away_deg = _degrees_between(mean, self._walking_up(state.calibration))
            if move is None or move.is_put_right or away_deg <= SLIPPED.limit_deg:
                return []
            state.raised = Alert(now, AlertKind.STRAP_MOVED, move.since)
            return [state.raised]
        is_learnt_anew = state.shown is None and (
            _degrees_between(mean, self._walking_up(state.calibration)) < STRAP_SETTLED_DEG
        )
        if is_learnt_anew or (move is not None and move.is_put_right):
            resolved = AlertResolved(now, AlertKind.STRAP_MOVED, state.raised.time, heeded=state.shown is not None)
            state.raised = None
            return [resolved]
        return []


def _first_after(second: NDArray[np.int64], from_before: NDArray[np.float64], from_after: NDArray[np.float64]) -> int:
    """Return the index of the first second after a move, given how far up in each is from that before and after it.

    Seconds in which one sets out or stops may lie anywhere between the two: they go with the walking they are part of.
    """
    first = int(np.argmax(np.cumsum((from_before - CLEARLY * from_after)[::-1])[::-1]))
    while first and second[first - 1] == second[first] - 1 and from_after[first - 1] < from_before[first - 1]:
        first -= 1
    return first


def _lasts(run: NDArray[np.int64], n: int) -> NDArray[np.bool_]:
    """Return for each row, shape (m,), whether it and the n - 1 before are of one run."""
    lasts = np.zeros(len(run), dtype=np.bool_)
    lasts[n - 1 :] = run[n - 1 :] == run[: max(len(run) - n + 1, 0)]
    return lasts


def _steady_walks(
    up: NDArray[np.float64], is_doubted: NDArray[np.bool_], n_before: int, n_walked: int
) -> Iterator[tuple[int, NDArray[np.float64], Look]]:
    """Yield the last row and the mean of each steady stretch of walking that is looked at, and with which look.

    Parameters
    ----------
    up
        Shape (n, 3): up in walking seconds.
    is_doubted
        Shape (n,): whether the sensor may have been put on anew, and enough has been walked since then, by each.
    n_before
        How many of them have ended stretches before.
    n_walked
        How many have been walked in all with the last of them.

    """
    found = []
    for order, look in enumerate((WORN_AGAIN, PUT_ON_ANEW, SLIPPED, CREPT)):
        walked = n_walked - len(up) + 1 + np.arange(len(up))
        is_due = is_doubted if look is WORN_AGAIN else walked % (look.walking_s // LOOKS) == 0
        is_due = is_due & (np.arange(len(up)) >= max(n_before, look.walking_s - 1))
        last = np.flatnonzero(is_due)
        if len(last) == 0:
            continue
        recent = np.moveaxis(sliding_window_view(up, look.walking_s, axis=0)[last - look.walking_s + 1], -1, 1)
        mean = unit(np.median(recent, axis=1))
        spread = np.percentile(angle_between(recent, mean[:, np.newaxis]), 75, axis=1)
        steady = np.flatnonzero(spread <= np.radians(STEADY_DEG)).tolist()
        found += [(int(last[each]), order, mean[each], look) for each in steady]
    for index, _, mean_up, look in sorted(found, key=lambda each: each[:2]):
        yield index, mean_up, look


def _degrees_between(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    return float(np.degrees(angle_between(first, second)))
