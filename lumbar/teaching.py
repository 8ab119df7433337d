"""The samples of a recording in which a new exercise is shown."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from analytics.exercises.teach import LEAD_S, TAIL_S
from posture.frame import PostureFrame

if TYPE_CHECKING:
    from collections.abc import Iterable


__all__ = ["frames_shown"]


def frames_shown(frames: Iterable[PostureFrame], start: float, end: float) -> tuple[PostureFrame, ...]:
    """Return what of the frames is needed to learn what is shown from start to end: a little more on either side."""
    kept: list[PostureFrame] = []
    for frame in frames:
        first, last = np.searchsorted(frame.segment.time, (start - LEAD_S, end + TAIL_S))
        if first < last:
            kept.append(_rows(frame, int(first), int(last)))
        if len(frame) and frame.segment.time[0] > end + TAIL_S:
            break
    return tuple(kept)


def _rows(frame: PostureFrame, first: int, last: int) -> PostureFrame:
    rows = slice(first, last)
    segment = replace(
        frame.segment,
        start_index=frame.segment.start_index + first,
        restarts=frame.segment.restarts and first == 0,
        acc=frame.segment.acc[rows],
        gyr=None if frame.segment.gyr is None else frame.segment.gyr[rows],
    )
    return PostureFrame(segment, frame.quat[rows], frame.up[rows], frame.vertical[rows])
