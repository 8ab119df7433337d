"""Five risings from a chair in succession, found by themselves: the five-times-sit-to-stand time.

Convention: the time runs from the beginning of the first rise. The chair stand of the Short Physical Performance
Battery (Guralnik et al., J Gerontol 49 (1994) M85-94), which EWGSOP2 cites (Cruz-Jentoft et al., Age Ageing 48 (2019)
16-31: more than 15 s for five rises), ends with the fifth full stand; the five-times-sit-to-stand test of Whitney et
al., Phys Ther 85 (2005) 1034-1045, ends when the fifth sitting down reaches the seat. Both are told. Nobody has said
"as quickly as you can", so that this is an observation and no test, and says nothing of illness.

A body that rises and sinks by the height of a seat every few seconds, and sat before, gets up from a chair again and
again: squats begin from standing, steps lift by a few centimetres.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.signal import butter, find_peaks, sosfiltfilt

from posture.events import Activity
from posture.seconds import PARTS_OF_SECOND
from posture.transition_extent import REST_DEG_S, turning
from posture.windows import pieces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from analytics.exercises.records import ExerciseSet
    from posture.seconds import SecondFeatures
    from posture.timeline import PostureSeconds

__all__ = ["FiveRises", "five_rises"]

SIT_TO_STAND = "sit_to_stand"
"""The exercise's id."""
RISES = 5
LEAST_RISE_M, MOST_RISE_M = 0.15, 0.75
"""A high stool lifts the lower back by 20 cm, a low sofa by 60."""
LEAST_SHARE = 0.6
"""Each rise is at least so much of the usual one of its row: the chair stays the same."""
LEAST_CYCLE_S, MOST_CYCLE_S = 1.0, 9.0
"""Young people take 1.3 s for each of five; a minute for five was seen in people with balance disorders, with rests."""
SLOWEST_HZ = 0.05
"""Slower changes of height are the drift of the integral."""
SAT_WITHIN_S = 4
AS_GOOD_AS_REST = 0.1
"""Of the fastest rising or sinking: slower, and the stand or the seat is reached."""
ONSET_WITHIN_S = 2.5
PART_S = 1.0 / PARTS_OF_SECOND
PIECE_S, AROUND_S = 4 * 3600, 600
"""So much is looked at at once, with so much around it, far beyond what the filters remember: a week takes no more
memory than a morning.
"""


@dataclass(frozen=True, slots=True)
class FiveRises:
    """Five risings from a chair in succession, in seconds since the Unix epoch.

    Parameters
    ----------
    start
        Beginning of the first rise: of the trunk's swing, or of the rising where that does not show.
    fifth_stand
        When the fifth full stand was reached.
    end
        When the seat was reached after it.
    rises_n
        How many risings the row has; the first five are timed.
    range_cm
        Median height of the rises.

    """

    start: float
    fifth_stand: float
    end: float
    rises_n: int
    range_cm: float

    @property
    def to_stand_s(self) -> float:
        """Time to the fifth full stand."""
        return self.fifth_stand - self.start

    @property
    def to_seat_s(self) -> float:
        """Time to the fifth contact with the seat."""
        return self.end - self.start


class _Rise(NamedTuple):
    """From a lowest point to the highest and down to the next lowest, as indices into heights."""

    low: int
    high: int
    next_low: int
    height_m: float


def five_rises(
    features: SecondFeatures, posture: PostureSeconds | None, sets: Iterable[ExerciseSet] = ()
) -> list[FiveRises]:
    """Return each row of five or more risings from a chair.

    Needs the future: heights are filtered forward and backward.

    Parameters
    ----------
    features
        All seconds of a recording.
    posture
        What the body did in these seconds; None where the mounting is not known well enough to say when the wearer sat.
    sets
        Exercise sets; who does sit-to-stands does sit.

    """
    cuts = np.flatnonzero(np.diff(features.second) != 1) + 1
    sat = _seated(posture, sets)
    return [
        found
        for start, stop in pairwise([0, *cuts.tolist(), len(features)])
        if stop - start > RISES * LEAST_CYCLE_S
        for piece in pieces(stop - start, PIECE_S, AROUND_S, AROUND_S)
        for found in _in_run(features.rows(start + piece.first, start + piece.last), sat)
        if 0 <= found.start - features.second[start + piece.start] < PIECE_S
    ]


def _seated(posture: PostureSeconds | None, sets: Iterable[ExerciseSet]) -> NDArray[np.int64]:
    """Return the seconds, in order, at which the wearer sat, or got up from a chair as an exercise."""
    known = [np.arange(int(one.start) - SAT_WITHIN_S, int(one.end) + 1) for one in sets if one.exercise == SIT_TO_STAND]
    if posture is not None:
        known.append(posture.second[[activity is Activity.SITTING for activity in posture.activity]])
    return np.sort(np.concatenate([*known, np.empty(0)]).astype(np.int64), kind="stable")


def _in_run(run: SecondFeatures, sat: NDArray[np.int64]) -> list[FiveRises]:
    """Return the rows among seconds without a hole; `sat` are the seconds in which the wearer sat."""
    height_m = _height_m(run.lift_in_parts.reshape(-1).astype(np.float64))
    begin = float(run.second[0]) + PART_S / 2
    found: list[FiveRises] = []
    for row in _rows(_rises(height_m)):
        low = begin + PART_S * row[0].low
        if np.searchsorted(sat, low - SAT_WITHIN_S) < np.searchsorted(sat, low, side="right"):
            found.append(_timed(row, height_m, begin, run))
    return found


def _height_m(lift_ms2: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return height without its slow changes, shape (n,), from the vertical acceleration in parts of a second."""
    sos = butter(1, SLOWEST_HZ, "highpass", fs=PARTS_OF_SECOND, output="sos")
    speed = sosfiltfilt(sos, np.cumsum(sosfiltfilt(sos, lift_ms2))) * PART_S
    return np.asarray(sosfiltfilt(sos, np.cumsum(speed) * PART_S))


def _rises(height_m: NDArray[np.float64]) -> list[_Rise]:
    """Return what rises, and sinks again, by the height of a seat."""
    highs = find_peaks(height_m, prominence=LEAST_RISE_M)[0].tolist()
    reach = round(MOST_CYCLE_S / PART_S)
    rises: list[_Rise] = []
    for before, high, after in zip([0, *highs], highs, [*highs[1:], len(height_m)], strict=False):
        first, last = max(before, high - reach), min(after, high + reach)
        low = first + int(height_m[first:high].argmin())
        next_low = high + int(height_m[high:last].argmin())
        rises.append(_Rise(low, high, next_low, float(height_m[high] - height_m[low])))
    return [rise for rise in rises if LEAST_RISE_M <= rise.height_m <= MOST_RISE_M]


def _rows(rises: Sequence[_Rise]) -> list[list[_Rise]]:
    """Return the rises that follow each other without a pause and are alike, five or more at a time."""
    rows = _split(rises, _follows)
    alike = [_like_the_others(row) for row in rows if len(row) >= RISES]
    parts = [part for row in alike for part in _split(row, lambda one, other: one.next_low == other.low)]
    return [part for part in parts if len(part) >= RISES]


def _follows(one: _Rise, other: _Rise) -> bool:
    return one.next_low == other.low and LEAST_CYCLE_S <= (other.high - one.high) * PART_S <= MOST_CYCLE_S


def _like_the_others(row: Sequence[_Rise]) -> list[_Rise]:
    least = LEAST_SHARE * float(np.median([rise.height_m for rise in row]))
    return [rise for rise in row if rise.height_m >= least]


def _split(rises: Sequence[_Rise], together: Callable[[_Rise, _Rise], bool]) -> list[list[_Rise]]:
    rows: list[list[_Rise]] = []
    for rise in rises:
        if rows and together(rows[-1][-1], rise):
            rows[-1].append(rise)
        else:
            rows.append([rise])
    return rows


def _timed(row: Sequence[_Rise], height_m: NDArray[np.float64], begin: float, run: SecondFeatures) -> FiveRises:
    first, fifth = row[0], row[RISES - 1]
    speed = np.diff(height_m)
    # Speed is known half-way between heights, and seen backward the first rise is a sinking that comes to its end.
    left = first.high - 0.5 - _came_to_rest(speed[first.low : first.high][::-1])
    stood = fifth.low + 0.5 + _came_to_rest(speed[fifth.low : fifth.high])
    sat = fifth.high + 0.5 + _came_to_rest(-speed[fifth.high : fifth.next_low])
    return FiveRises(
        start=_onset(begin + PART_S * left, run),
        fifth_stand=begin + PART_S * stood,
        end=begin + PART_S * sat,
        rises_n=len(row),
        range_cm=100 * float(np.median([rise.height_m for rise in row])),
    )


def _came_to_rest(speed: NDArray[np.float64]) -> float:
    """Return at which place, between whole ones too, a movement has slowed down to `AS_GOOD_AS_REST` of its fastest."""
    fastest = int(speed.argmax())
    level = AS_GOOD_AS_REST * speed[fastest]
    slow = np.flatnonzero(speed[fastest:] < level)
    if len(slow) == 0:
        return len(speed) - 1.0
    after = fastest + int(slow[0])
    return after - 1 + float((speed[after - 1] - level) / (speed[after - 1] - speed[after]))


def _onset(left: float, run: SecondFeatures) -> float:
    """Return when the trunk began to swing before the seat was left; when that was, where it did not swing."""
    if not run.has_gyr:
        return left
    times, speed_deg_s = turning(left, run)
    before = np.flatnonzero((times <= left) & (times > left - ONSET_WITHIN_S))
    resting = before[speed_deg_s[before] < REST_DEG_S]
    if len(resting) == 0 or resting[-1] == before[-1]:
        return left
    return float(times[resting[-1]])
