"""Puts late samples between those that were there before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from firmware_bridge.recordings.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["interleave", "sorted_rows"]


def interleave(rows: Iterable[Rows], late: Iterable[Rows]) -> Iterator[Rows]:
    """Yield two series of samples as one in order of time, holding one piece of each in memory.

    Parameters
    ----------
    rows, late
        Pieces in order of time, none empty; no sample is in both.

    """
    pieces = iter(late)
    waiting = next(pieces, None)
    for piece in rows:
        rest = piece
        while waiting is not None and len(rest) and waiting.time[0] < rest.time[-1]:
            n_rest = int(np.searchsorted(rest.time, waiting.time[-1]))
            n_waiting = int(np.searchsorted(waiting.time, rest.time[-1]))
            if n_waiting < len(waiting):
                yield sorted_rows([rest, waiting.part(0, n_waiting)])
                waiting, rest = waiting.part(n_waiting, len(waiting)), rest.part(len(rest), len(rest))
            else:
                yield sorted_rows([rest.part(0, n_rest), waiting])
                waiting, rest = next(pieces, None), rest.part(n_rest, len(rest))
        if len(rest):
            yield rest
    if waiting is not None:
        yield waiting
    yield from pieces


def sorted_rows(parts: Sequence[Rows]) -> Rows:
    """Return samples as one piece in order of time."""
    time = np.concatenate([part.time for part in parts])
    order = np.argsort(time, kind="stable")
    gyrs = [part.gyr for part in parts if part.gyr is not None]
    return Rows(
        time[order],
        np.concatenate([part.acc for part in parts])[order],
        np.concatenate(gyrs)[order] if gyrs else None,
    )
