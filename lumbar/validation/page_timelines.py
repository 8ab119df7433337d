"""The worst people of a data set: what was labelled, what was found, and what the sensor saw meanwhile."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from lumbar.validation.case import FOUND
from lumbar.validation.labels import CLASSES
from lumbar.validation.svg import BLUE, GREY, ORANGE, RED, Plot, canvas, drawn
from posture.events import Activity

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from lumbar.validation.evidence import Evidence, Timeline
    from lumbar.validation.report import GroupReport, PersonScore

__all__ = ["timelines_of"]

MOST_SHOWN = 3
MOST_POINTS = 900
"""Of a long recording only so many means (tilt) or maxima (movement) are drawn."""

CLOSER_S, WORTH_A_CLOSER_LOOK = 600, 2
CLOSER = " On the right the ten minutes that cost most."
HEIGHTS_IN = (1.1, 1.1, 0.9, 0.7)

LANES = (*CLASSES, Activity.RUNNING, Activity.CYCLING, Activity.UNKNOWN)
LANE_OF_TRUTH = np.array([LANES.index(activity) for activity in CLASSES])
LANE_OF_FOUND = np.array([LANES.index(activity) for activity in FOUND])
RIGHT = np.array([FOUND.index(activity) for activity in CLASSES])


def timelines_of(group: GroupReport, evidence: Sequence[Evidence]) -> list[Plot]:
    """Return a plot for each of the worst people, of the recording with most wrong seconds; none where all is right."""
    if group.posture is None:
        return []
    worst = sorted(
        (person for person in group.posture.smoothed.people if person.confused),
        key=lambda person: person.balanced_accuracy,
    )
    return [_timeline(person, _most_wrong(person, evidence)) for person in worst[:MOST_SHOWN]]


def _most_wrong(person: PersonScore, evidence: Sequence[Evidence]) -> Evidence:
    own = [each for each in evidence if each.person == person.person]
    return max(own, key=lambda each: int(_wrong(each.timeline, each.timeline.smoothed).sum()))


def _wrong(line: Timeline, found: NDArray[np.int64]) -> NDArray[np.bool_]:
    return np.asarray((line.truth >= 0) & (found != RIGHT[np.maximum(line.truth, 0)]))


def _timeline(person: PersonScore, shown: Evidence) -> Plot:
    line = shown.timeline
    name = person.person.rpartition("/")[2]
    parts = [line, *_closer(line)]
    with canvas(9, HEIGHTS_IN, columns_n=len(parts)) as (figure, axes):
        for column, part in enumerate(parts):
            _draw(axes[column :: len(parts)], part)
        svg = drawn(
            figure, f"Recording {shown.recording}: labelled and found activities, tilt and movement. {_words(person)}"
        )
    caption = (
        f"{_words(person)} Shown: {shown.recording}, the recording with most wrong seconds. Wide grey bars are "
        "labelled, the line is found, wrong seconds are shaded. Tilt is from own upright walking, "
        f"movement within each second.{CLOSER if len(parts) > 1 else ''}"
    )
    return Plot(f"{name}: balanced accuracy {person.balanced_accuracy:.2f}", svg, caption)


def _closer(line: Timeline) -> list[Timeline]:
    """Return the ten minutes whose wrong seconds weigh most in balanced accuracy; nothing of a short recording."""
    if len(line.second) < WORTH_A_CLOSER_LOOK * CLOSER_S:
        return []
    labelled = np.bincount(line.truth[line.truth >= 0], minlength=len(CLASSES))
    cost = _wrong(line, line.smoothed) / np.maximum(labelled[line.truth], 1)
    total = np.concatenate([[0.0], np.cumsum(cost)])
    start = int(np.argmax(total[CLOSER_S:] - total[:-CLOSER_S]))
    return [line.rows(start, start + CLOSER_S)]


def _draw(axes: Sequence[Axes], line: Timeline) -> None:
    """Draw activities, tilt and movement one above the other."""
    smoothed, live, tilt, movement = axes
    minute = line.second / 60
    _lanes(smoothed, line, line.smoothed, BLUE, "smoothed")
    _lanes(live, line, line.live, ORANGE, "live")
    tilt.plot(*_thinned(minute, line.tilt_deg, np.mean), color=BLUE, linewidth=0.8)
    tilt.set(ylabel="tilt (deg)")
    movement.plot(*_thinned(minute, line.movement_ms2, np.max), color=BLUE, linewidth=0.6)
    movement.set(ylabel="movement\n(m/s²)", yscale="log", xlabel="minutes since the beginning")
    for each in axes:
        each.set_xlim(minute[0], minute[-1] + 1 / 60)


def _words(person: PersonScore) -> str:
    confused = ", ".join(f"{each.truth.value} as {each.found.value} {each.seconds_n} s" for each in person.confused)
    return f"Confused most: {confused}."


def _lanes(axes: Axes, line: Timeline, found: NDArray[np.int64], colour: str, name: str) -> None:
    minute = line.second / 60
    truth = np.where(line.truth >= 0, LANE_OF_TRUTH[np.maximum(line.truth, 0)], -1)
    for start, stop, lane in _runs(truth):
        if lane >= 0:
            axes.barh(
                lane, minute[stop - 1] + 1 / 60 - minute[start], left=minute[start], height=0.8, color=GREY, alpha=0.5
            )
    for start, stop, wrong in _runs(_wrong(line, found).astype(np.int64)):
        if wrong:
            axes.axvspan(minute[start], minute[stop - 1] + 1 / 60, color=RED, alpha=0.18, linewidth=0)
    axes.step(minute, LANE_OF_FOUND[found], where="post", color=colour, linewidth=1.4)
    used = sorted({*truth[truth >= 0].tolist(), *LANE_OF_FOUND[found].tolist()})
    axes.set_yticks(used, [LANES[lane].value for lane in used])
    axes.set(ylabel=name, ylim=(max(used, default=0) + 0.6, min(used, default=0) - 0.6))


def _runs(values: NDArray[np.int64]) -> list[tuple[int, int, int]]:
    """Return start, stop and value of each run of equal values."""
    if len(values) == 0:
        return []
    edges = [0, *(np.flatnonzero(np.diff(values)) + 1).tolist(), len(values)]
    return [(start, stop, int(values[start])) for start, stop in pairwise(edges)]


def _thinned(
    minute: NDArray[np.float64], values: NDArray[np.float64], of: Callable[..., NDArray[np.float64]]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return at most `MOST_POINTS` points, each what is made of as many neighbours that are known."""
    known = np.isfinite(values)
    minute, values = minute[known], values[known]
    together = -(-len(values) // MOST_POINTS) or 1
    whole = len(values) // together * together
    return minute[:whole:together], of(values[:whole].reshape(-1, together), axis=1)
