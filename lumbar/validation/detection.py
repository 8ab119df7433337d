"""Counts of what was found, what was missed and what was invented."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lumbar.validation.report import Detection
from lumbar.validation.report_parts import Worst

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["Counts", "detection", "f1", "share", "total", "worst_person"]


@dataclass(frozen=True, slots=True)
class Counts:
    """Events labelled, matched, found wrongly, and found where the labels say nothing."""

    labelled: int
    matched: int
    wrong: int
    outside: int

    def __add__(self, other: Counts) -> Counts:
        """Return both together."""
        return Counts(
            self.labelled + other.labelled,
            self.matched + other.matched,
            self.wrong + other.wrong,
            self.outside + other.outside,
        )


def total(counts: Iterable[Counts]) -> Counts:
    """Return all counts together."""
    return sum(counts, start=Counts(0, 0, 0, 0))


def share(part: float, whole: float) -> float | None:
    """Return part / whole; None where there is no whole."""
    return part / whole if whole else None


def f1(counts: Counts) -> float | None:
    """Return the harmonic mean of recall and precision; None where nothing is labelled and nothing found wrongly."""
    return share(2 * counts.matched, counts.labelled + counts.matched + counts.wrong)


def detection(counts: Counts) -> Detection:
    """Return the counts with their shares."""
    return Detection(
        labelled_n=counts.labelled,
        matched_n=counts.matched,
        wrong_n=counts.wrong,
        outside_n=counts.outside,
        recall=share(counts.matched, counts.labelled),
        precision=share(counts.matched, counts.matched + counts.wrong),
    )


def worst_person(counts: Sequence[tuple[str, Counts]]) -> Worst | None:
    """Return the person with the lowest F1; None where nobody has one."""
    people: dict[str, Counts] = {}
    for person, each in counts:
        people[person] = people.get(person, Counts(0, 0, 0, 0)) + each
    scored = [(score, person) for person, each in people.items() if (score := f1(each)) is not None]
    if not scored:
        return None
    score, person = min(scored)
    return Worst(name=person, value=score)
