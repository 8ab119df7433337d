"""Plots as SVG that stands in a page: its ink is the page's own, light or dark, and its text is text."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from io import StringIO
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.axes import Axes

__all__ = ["BLUE", "GREEN", "GREY", "ORANGE", "RED", "Plot", "canvas", "drawn"]

BLUE, ORANGE, GREEN, RED, GREY = "#3b82c4", "#d9822b", "#2a9d6f", "#d1495b", "#8a8f98"
"""Of middling lightness, so that they can be seen on white and on black."""

INK = "#010203"
"""Stands for the page's own colour of text."""
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "legend.frameon": False,
    **dict.fromkeys(
        ("text.color", "axes.labelcolor", "axes.edgecolor", "axes.titlecolor", "xtick.color", "ytick.color"), INK
    ),
}
WITHOUT_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))
SVG_HEIGHT_MARGIN_IN = 0.9


@dataclass(frozen=True, slots=True)
class Plot:
    """A figure of the page.

    Parameters
    ----------
    title
        Its heading.
    svg
        The picture, an `svg` element whose name is the alternative text.
    caption
        How to read it.

    """

    title: str
    svg: str
    caption: str


@contextmanager
def canvas(width_in: float, heights_in: Sequence[float], columns_n: int = 1) -> Iterator[tuple[Figure, list[Axes]]]:
    """Give a figure with rows of such heights and so many columns of axes, in the style of the page."""
    with mpl.rc_context(STYLE):
        height_in = sum(heights_in) + SVG_HEIGHT_MARGIN_IN
        figure = Figure(figsize=(width_in, height_in), layout="constrained")
        grid = figure.subplots(
            len(heights_in), columns_n, squeeze=False, gridspec_kw={"height_ratios": list(heights_in)}
        )
        yield figure, list(grid.ravel())


def drawn(figure: Figure, alternative: str) -> str:
    """Return a figure as an `svg` element with an alternative text; within `canvas` only."""
    written = StringIO()
    # What is named within the picture is named after this: the same each time, and as no other picture of a page.
    mpl.rcParams["svg.hashsalt"] = alternative
    figure.savefig(written, format="svg", transparent=True, metadata=WITHOUT_METADATA)
    text = written.getvalue()
    text = text[text.index("<svg") :].replace(INK, "currentColor")
    # Groups are numbered anew in each picture: two of a page would have the same names.
    text = re.sub(r'<g id="[^"]*"', "<g", text)
    return text.replace("<svg ", f'<svg role="img" aria-label="{escape(alternative)}" ', 1)
