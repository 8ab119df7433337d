"""Learn a new exercise from a few repetitions of it.

The movement is looked for in each signal, along each axis, at each size and in each manner of counting: as many trial
definitions, all told to one `ExerciseFinder`. Those that find as many repetitions as were shown are narrowed to what
they found, and must find it again; the one whose repetitions agree best is the exercise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analytics.exercises.candidates import Signal
from analytics.exercises.finder import PARAMETERS, ExerciseFinder
from analytics.exercises.movement import MOVEMENT_HZ, MovementSignals
from analytics.exercises.records import ExerciseSet
from analytics.exercises.teach_agreement import agreement, are_alike
from analytics.exercises.teach_manners import Manner, Outcome, definition, manners, trials
from config.errors import TeachingError
from config.exercise import Position
from posture.frame import GRID_HZ

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from analytics.exercises.records import Repetition
    from config.exercise import Exercise
    from posture.frame import PostureFrame

__all__ = ["LEAD_S", "SHOWN_MOST", "TAIL_S", "Demonstration", "require_teachable", "teach"]

SHOWN_MOST = 5
LEAD_S, TAIL_S = 3.0, 1.5
"""Samples so long before and after what was shown are looked at, too: rest before, and the end of the way back."""

EARLY_S, LATE_S = 0.5, 0.3
"""How far outside of what was shown the far point of a repetition may be."""

WIDTHS = (2.0, 1.5, 1.25)
"""Range and tempo reach from so much below the least shown to so much above the greatest: the widest that works."""

WIDER = 0.4
"""How much better a width is, for each step of 1."""

ABOVE_REST = 1.5
"""The smallest repetition is so many times what is taken for movement at all, which is twice the noise at rest."""

ABOVE_NOISE = 2.0
"""The same against how far the signal strays in the stillest moments of this very recording."""

STILL_S, STILLEST = 0.64, 0.03
PLACED = (
    "without a calibration it is not known how you were placed: say it with --start-position, or give --profile or "
    "--calibration"
)

IN_POSITION = 0.57
"""Up is within 55 deg of where it is in the position."""


@dataclass(frozen=True, slots=True, eq=False)
class Demonstration:
    """What the wearer has shown.

    Parameters
    ----------
    frames
        From `LEAD_S` before the first repetition to `TAIL_S` after the last, where there are samples.
    start, end
        When the first repetition begins and the last ends.
    repetitions
        How many are shown, 1 to `SHOWN_MOST`.
    sensor_to_body
        Shape (3, 3); None where the mounting is unknown: a tilt cannot be taught then.
    position
        The starting position; None where gravity is to tell it: standing, on hands and knees, on the back or side.
    exact
        Whether the first repetition begins at the start and the last ends at the end; else they are in between.

    """

    frames: tuple[PostureFrame, ...]
    start: float
    end: float
    repetitions: int
    sensor_to_body: NDArray[np.float64] | None
    position: Position | None = None
    exact: bool = True

    @property
    def time(self) -> tuple[float, float] | None:
        """When the repetitions begin and end, where it is known."""
        return (self.start, self.end) if self.exact else None


def teach(identifier: str, title: str, shown: Demonstration) -> Exercise:
    """Return the definition of what was shown.

    Parameters
    ----------
    identifier, title
        What the exercise is to be called.
    shown
        Its repetitions.

    Raises
    ------
    TeachingError
        The repetitions cannot be found, do not agree, or cannot be told from rest; the message says what to do.
    ValueError
        It cannot be called so.

    """
    if not 1 <= shown.repetitions <= SHOWN_MOST:
        raise TeachingError(f"show 1 to {SHOWN_MOST} repetitions, not {shown.repetitions}")
    positions = starting_positions(shown)
    _require_manners(positions, mounting_known=shown.sensor_to_body is not None)
    fitting = _that_may_be_taught(shown, _outcomes(shown, positions))
    again = _found_again(shown, fitting)
    if not again:
        raise TeachingError(
            "the repetitions cannot be told from the movements between them; show them again, with a second of rest "
            "before each"
        )
    best, width = max(again, key=lambda found: _mark(found[0], shown) + WIDER * found[1])
    return definition(identifier, title, best, width)


def require_teachable(position: Position | None, *, mounting_known: bool) -> None:
    """Check, before anything is shown, that enough is known to learn from it.

    Parameters
    ----------
    position
        The starting position; None where gravity is to tell it.
    mounting_known
        Whether it is known how the sensor is worn.

    Raises
    ------
    TeachingError
        It is not; the message says what to give.

    """
    if mounting_known:
        return
    if position is None:
        raise TeachingError(PLACED)
    _require_manners([position], mounting_known=False)


def _require_manners(positions: Iterable[Position], *, mounting_known: bool) -> None:
    if not any(manners(position, mounting_known=mounting_known) for position in positions):
        raise TeachingError("lying or on hands and knees, a movement is only seen with --profile or --calibration")


def starting_positions(shown: Demonstration) -> list[Position]:
    """Return the positions in which it may have begun: as the wearer says, but not against gravity.

    Raises
    ------
    TeachingError
        None is known, or gravity is against it.

    """
    if shown.sensor_to_body is None:
        if shown.position is None:
            raise TeachingError(PLACED)
        return [shown.position]
    seen = [_positions(up) for up in _ups(shown, shown.sensor_to_body)]
    if not any(seen):
        raise TeachingError("the starting position cannot be told; begin upright, lying, or on hands and knees")
    if shown.position is None:
        return list(dict.fromkeys(positions[0] for positions in seen if positions))
    if not any(shown.position in positions for positions in seen):
        others = dict.fromkeys(_words(position) for positions in seen for position in positions)
        raise TeachingError(
            f"you said {_words(shown.position)}, but by gravity you begin {' or '.join(others)}; leave "
            "--start-position out, or calibrate anew"
        )
    return [shown.position]


def _ups(shown: Demonstration, sensor_to_body: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return up in the body frame, shape (n, 3), where the first repetition begins: in each second where it may be."""
    time = np.concatenate([np.empty(0), *(frame.segment.time for frame in shown.frames)])
    first, last = np.searchsorted(time, (shown.start, shown.end))
    if first == len(time) or last <= first:
        raise TeachingError("there are no samples where the exercise is to be shown; see --from and --to")
    up = np.concatenate([frame.up for frame in shown.frames])
    if shown.exact:
        return up[[max(int(first) - 1, 0)]] @ sensor_to_body.T
    return up[first:last:GRID_HZ] @ sensor_to_body.T


def _positions(up: NDArray[np.float64]) -> tuple[Position, ...]:
    """Return the positions in which up, shape (3,) in the body frame, is where it is; the likeliest first."""
    along, right, forward = up.tolist()
    if along > IN_POSITION and along >= max(abs(right), abs(forward)):
        return Position.STANDING, Position.SEATED
    if abs(forward) > IN_POSITION and abs(forward) >= abs(right):
        return (Position.SUPINE,) if forward > 0 else (Position.HANDS_AND_KNEES, Position.PRONE)
    return (Position.SIDE_LYING,) if abs(right) > IN_POSITION else ()


def _outcomes(shown: Demonstration, positions: Iterable[Position]) -> list[Outcome]:
    """Return what the trial definitions find, each outcome once."""
    known = shown.sensor_to_body is not None
    every = [manner for position in positions for manner in manners(position, mounting_known=known)]
    tried = {trial.id: (manner, trial) for number, manner in enumerate(every) for trial in trials(number, manner)}
    outcomes: dict[tuple[Manner, tuple[float, ...]], Outcome] = {}
    for name, its in _told(shown, [trial for _, trial in tried.values()]).items():
        manner = tried[name][0]
        outcomes.setdefault((manner, tuple(each.peak for each in its)), Outcome(manner, its))
    return [outcome for outcome in outcomes.values() if outcome.is_its_manner]


def _told(shown: Demonstration, exercises: Sequence[Exercise]) -> dict[str, tuple[Repetition, ...]]:
    """Return the complete repetitions that each definition finds in what was shown, where it finds any."""
    finder = ExerciseFinder(exercises, told=True)
    finder.calibrate(-np.inf, shown.sensor_to_body)
    records = [record for frame in shown.frames for record in finder.push(frame)] + finder.flush()
    found: dict[str, tuple[Repetition, ...]] = {}
    for record in records:
        if isinstance(record, ExerciseSet):
            its = (each for each in record.repetitions if each.complete and _is_within(each, shown))
            found[record.exercise] = (*found.get(record.exercise, ()), *its)
    return {name: its for name, its in found.items() if its}


def _is_within(repetition: Repetition, shown: Demonstration) -> bool:
    return shown.start - EARLY_S < repetition.peak < shown.end + LATE_S


def _that_may_be_taught(shown: Demonstration, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Return the outcomes with as many repetitions as shown, large enough and alike.

    Raises
    ------
    TeachingError
        There are none; says what is wrong with the best of those that came nearest.

    """
    right = [outcome for outcome in outcomes if len(outcome.repetitions) == shown.repetitions]
    noise = _noise(shown)
    if not right:
        raise TeachingError(_not_found(shown, outcomes, noise))
    large = [outcome for outcome in right if min(outcome.sizes) >= _least(outcome.manner, noise)]
    if not large:
        best = _best(right, shown)
        raise TeachingError(
            f"the movement is too small to be told from rest: {best.described()}, and it takes "
            f"{_least(best.manner, noise):.1f} {best.manner.unit}; show larger repetitions, or count this one yourself"
        )
    alike = [outcome for outcome in large if are_alike(outcome)]
    if not alike:
        best = _best(large, shown)
        raise TeachingError(
            f"the repetitions differ too much: {best.described()}, in {min(best.lengths_s):.1f} to "
            f"{max(best.lengths_s):.1f} s; show them again, all alike"
        )
    return alike


def _not_found(shown: Demonstration, outcomes: Sequence[Outcome], noise: dict[str, float]) -> str:
    """Say what was found in place of the repetitions that were to be there."""
    others = [
        outcome for outcome in outcomes if are_alike(outcome) and min(outcome.sizes) >= _least(outcome.manner, noise)
    ]
    if not others:
        more = "" if shown.sensor_to_body is not None else "; a tilt is only seen with --profile or --calibration"
        return (
            "nothing that you do can be told from rest at the lower back: show larger repetitions, with a second of "
            f"rest before each{more}"
        )
    best = _best(others, shown)
    times = "once" if len(best.repetitions) == 1 else f"{len(best.repetitions)} times"
    return (
        f"{shown.repetitions} repetitions were not found: {best.described()} {times}; say with --repetitions how many "
        "there are, and with --from and --to where"
    )


def _best(outcomes: Iterable[Outcome], shown: Demonstration) -> Outcome:
    return max(outcomes, key=lambda outcome: _mark(outcome, shown))


def _mark(outcome: Outcome, shown: Demonstration) -> float:
    return agreement(outcome, shown.time)


def _found_again(shown: Demonstration, outcomes: Iterable[Outcome]) -> list[tuple[Outcome, float]]:
    """Return the outcomes that are found again by the definition made of them, with the width of its range."""
    narrowed = {
        f"trial_{number}_{place}": (outcome, width)
        for number, outcome in enumerate(outcomes)
        for place, width in enumerate(WIDTHS)
    }
    exercises = [definition(name, name, outcome, width) for name, (outcome, width) in narrowed.items()]
    again = _told(shown, exercises)
    return [found for name, found in narrowed.items() if len(again.get(name, ())) == shown.repetitions]


def _least(manner: Manner, noise: dict[str, float]) -> float:
    """Return how large a repetition must be to be told from rest."""
    return max(ABOVE_REST * PARAMETERS[manner.signal].out, ABOVE_NOISE * noise[manner.signal])


def _noise(shown: Demonstration) -> dict[str, float]:
    """Return how far each signal strays in the stillest moments, in deg or cm."""
    signals = MovementSignals()
    movements = [movement for frame in shown.frames if len(movement := signals.push(frame))]
    return {
        Signal.TILT: _spread(np.concatenate([movement.up for movement in movements])),
        Signal.TURN: _spread(np.concatenate([movement.turn for movement in movements])),
        Signal.HEIGHT: _spread(np.concatenate([movement.height for movement in movements])),
    }


def _spread(values: NDArray[np.float64]) -> float:
    """Return how far values, shape (n, k), go within a short window, in the stillest windows."""
    window = round(STILL_S * MOVEMENT_HZ)
    if len(values) < window:
        return 0.0
    windows = np.lib.stride_tricks.sliding_window_view(values, window, axis=0)
    return float(np.quantile(np.linalg.norm(np.ptp(windows, axis=-1), axis=-1), STILLEST))


def _words(position: Position) -> str:
    return position.replace("_", " ")
