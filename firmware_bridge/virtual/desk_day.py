"""A believable working day at a desk, drawn from a seed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from firmware_bridge.virtual.randomness import Stream, random_stream
from firmware_bridge.virtual.script import (
    Bend,
    Calibration,
    ExerciseSet,
    Sit,
    SittingPosture,
    Stand,
    StrapSlip,
    Walk,
)

if TYPE_CHECKING:
    import numpy as np

    from firmware_bridge.virtual.script import Scene, Script

__all__ = ["desk_day"]

_LEAST_SITTING_S = 5.0
_LONG_SITTING_S = 66 * 60.0
_LEANS = (SittingPosture.LEANING_FORWARD, SittingPosture.LEANING_LEFT, SittingPosture.LEANING_RIGHT)


def desk_day(seed: int, hours: float = 8.0, *, strap_slip_deg: float = 0.0) -> Script:
    """Return a working day.

    It opens with the guided calibration. Sitting is broken up by short walks, standing and a few deep bends; slouches
    are mostly short, some longer. A day of 3 hours or more has a stretch of sitting longer than an hour, a
    lunch break with two longer walks, and a set each of 10 trunk flexions and 8 squats.

    Parameters
    ----------
    seed
        0 or more; each gives another day.
    hours
        Length, 0.25 to 24; the changes of posture between the scenes come on top, a few minutes in 8 hours.
    strap_slip_deg
        How far the sensor tips on its strap in the afternoon; 0 for not at all.

    Raises
    ------
    ValueError
        `hours` is out of range.

    """
    if not 0.25 <= hours <= 24:  # noqa: PLR2004 - said in the message
        raise ValueError("a desk day has 0.25 to 24 hours")
    random = random_stream(seed, Stream.DAY)
    total_s = hours * 3600
    scenes: list[Scene] = [Stand(5.0), Calibration()]
    used_s = 50.0
    for part, block in _schedule(random, hours, strap_slip_deg):
        while used_s < part * total_s - 300:
            stretch = _working(random, min(random.uniform(18, 48) * 60, max(part * total_s - used_s, 120.0)))
            used_s += _add(scenes, stretch + _break(random))
        used_s += _add(scenes, block)
    if used_s < total_s:
        _add(scenes, _working(random, max(total_s - used_s, 60.0)))
    return tuple(scenes)


def _schedule(random: np.random.Generator, hours: float, strap_slip_deg: float) -> list[tuple[float, list[Scene]]]:
    """Return what happens at which part of the day."""
    slip: list[Scene] = [StrapSlip(strap_slip_deg)] if strap_slip_deg else []
    exercise: list[Scene] = [
        Stand(20.0),
        ExerciseSet("trunk_flexion", 10),
        Stand(40.0),
        ExerciseSet("squat", 8),
        Stand(15.0),
    ]
    planned: list[tuple[float, list[Scene]]] = [(0.68, exercise), (0.82, slip), (0.97, [])]
    if hours >= 3:  # noqa: PLR2004 - shorter days have no room for them
        planned = [
            (0.2, _working(random, _LONG_SITTING_S)),
            (0.22, _break(random)),
            (0.45, _lunch(random)),
            *planned,
        ]
    return planned


def _add(scenes: list[Scene], block: list[Scene]) -> float:
    """Append a block and return its length without the changes of posture."""
    scenes.extend(block)
    return sum(_length_s(scene) for scene in block)


def _length_s(scene: Scene) -> float:
    match scene:
        case Bend():
            return 2 * scene.move_s + scene.hold_s
        case ExerciseSet():
            return 3 + scene.repetitions * (scene.out_s + scene.hold_s + scene.back_s + scene.rest_s)
        case StrapSlip():
            return 1.0
        case Calibration():
            return 45.0
        case _:
            return scene.duration_s


def _working(random: np.random.Generator, duration_s: float) -> list[Scene]:
    """Return sitting at work: upright, with slouches of various lengths and leans in between."""
    scenes: list[Scene] = []
    left_s = duration_s
    while left_s > _LEAST_SITTING_S:
        upright_s = min(random.uniform(60, 420), left_s)
        scenes.append(Sit(upright_s))
        left_s -= upright_s
        away = _away(random)
        if left_s > away.duration_s + 60:
            scenes.append(away)
            left_s -= away.duration_s
    return scenes


def _away(random: np.random.Generator) -> Sit:
    """Return an episode away from upright sitting."""
    kind = random.random()
    if kind < 0.55:  # noqa: PLR2004 - shares of a day's episodes: mostly short slouches
        return Sit(random.uniform(12, 45), SittingPosture.SLOUCHED, random.uniform(14, 24), random.uniform(1.5, 6))
    if kind < 0.78:  # noqa: PLR2004 - some long ones
        return Sit(random.uniform(90, 600), SittingPosture.SLOUCHED, random.uniform(14, 26), random.uniform(3, 30))
    lean = _LEANS[int(random.integers(len(_LEANS)))]
    return Sit(random.uniform(10, 60), lean, random.uniform(16, 26), random.uniform(1, 3))


def _break(random: np.random.Generator) -> list[Scene]:
    """Return getting up: to the printer, for a coffee, for a word with a colleague."""
    cadence_spm = random.uniform(98, 116)
    scenes: list[Scene] = [
        Stand(random.uniform(5, 20)),
        Walk(random.uniform(25, 120), cadence_spm),
        Stand(random.uniform(20, 150)),
    ]
    if random.random() < 0.4:  # noqa: PLR2004 - share of breaks in which something is picked up
        scenes.append(Bend(random.uniform(60, 95), random.uniform(2, 9), random.uniform(1.2, 2)))
        scenes.append(Stand(random.uniform(4, 15)))
    return [*scenes, Walk(random.uniform(25, 120), cadence_spm + random.uniform(-4, 4)), Stand(random.uniform(3, 8))]


def _lunch(random: np.random.Generator) -> list[Scene]:
    """Return a walk to lunch, lunch, and the walk back."""
    there, back = random.uniform(106, 120, 2).tolist()
    walk_s = random.uniform(6, 11) * 60
    return [
        Stand(10.0),
        Walk(walk_s, there),
        Stand(random.uniform(60, 180)),
        *_working(random, random.uniform(15, 25) * 60),
        Bend(random.uniform(65, 90), 7.0),
        Walk(walk_s, back),
        Stand(8.0),
    ]
