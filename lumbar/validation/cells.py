"""Figures as the tables of the report write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lumbar.validation.report_parts import Worst

__all__ = ["NOTHING", "number", "ratio", "worst"]

NOTHING = "-"


def worst(its: Worst | None, form: str) -> str:
    """Return whose figure is the worst, without the set, and the figure."""
    return NOTHING if its is None else f"{its.name.rpartition('/')[2]} {its.value:{form}}"


def ratio(value: float | None) -> str:
    """Return a share or a score up to 1."""
    return number(value, ".3f")


def number(value: float | None, form: str) -> str:
    """Return a figure in a form; a dash where there is none."""
    return NOTHING if value is None else f"{value:{form}}"
