"""The plots of one data set on the report page, but for the timelines."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from lumbar.validation.case import FOUND
from lumbar.validation.change_score import LATE_PERCENT
from lumbar.validation.svg import BLUE, GREEN, GREY, ORANGE, RED, Plot, canvas, drawn
from lumbar.validation.transition_score import AGREEMENT, SIT_STAND

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from lumbar.validation.evidence import Evidence
    from lumbar.validation.exercise_score import ToldCounts
    from lumbar.validation.report import AnswerScores, GroupReport

__all__ = ["plots_of"]

MOST_NAMED = 30
"""With more people than this only the worst are named."""
NAMED_WORST = 3
FEWEST_TO_COMPARE = 3
DARK_CELL = 0.55


def plots_of(group: GroupReport, evidence: Sequence[Evidence]) -> list[Plot]:
    """Return the plots for which a set has the labels."""
    plots = [
        _people(group),
        _confusion(group),
        _changes(evidence),
        _sedentary(evidence),
        _durations(evidence),
        _steps(evidence),
        _tilt(evidence),
        _slouch(group),
        _repetitions(evidence),
        _delays(evidence),
    ]
    return [plot for plot in plots if plot is not None]


def _people(group: GroupReport) -> Plot | None:
    if group.posture is None:
        return None
    smoothed = sorted(group.posture.smoothed.people, key=lambda person: -person.balanced_accuracy)
    live = {person.person: person.balanced_accuracy for person in group.posture.live.people}
    n = len(smoothed)
    names = [
        _short(person.person) if n <= MOST_NAMED or row >= n - NAMED_WORST else ""
        for row, person in enumerate(smoothed)
    ]
    with canvas(7, [max(0.17 * n, 0.5)]) as (figure, (axes,)):
        rows = np.arange(n)
        axes.hlines(rows, 0, 1, color=GREY, linewidth=0.4, alpha=0.5)
        axes.plot([live[person.person] for person in smoothed], rows, "o", color=ORANGE, fillstyle="none", label="live")
        axes.plot([person.balanced_accuracy for person in smoothed], rows, "o", color=BLUE, label="smoothed")
        axes.set_yticks(rows, names)
        axes.set(xlabel="balanced accuracy", xlim=(0, 1.02), ylim=(n - 0.4, -0.6))
        _legend_above(axes)
        worst = group.posture.smoothed.worst
        alternative = (
            f"Balanced accuracy of {n} people, smoothed and live. "
            f"Worst, smoothed: {_short(worst.person)} with {worst.balanced_accuracy:.2f}. A table below has all values."
        )
        svg = drawn(figure, alternative)
    caption = "Each person's mean recall over the activities that person has; unknown is wrong. The best is at the top."
    return Plot("Posture, person by person", svg, caption)


def _confusion(group: GroupReport) -> Plot | None:
    if group.posture is None:
        return None
    answers = (("smoothed", group.posture.smoothed), ("live", group.posture.live))
    truths = [truth for truth, row in group.posture.smoothed.confusion.items() if any(row.values())]
    with canvas(9, [0.55 * len(truths)], columns_n=2) as (figure, both):
        for axes, (name, answer) in zip(both, answers, strict=True):
            cells = np.array([[answer.confusion[truth][found] for found in FOUND] for truth in truths])
            _matrix(axes, cells)
            axes.set_xticks(np.arange(len(FOUND)) + 0.5, [found.value for found in FOUND], rotation=35, ha="right")
            axes.set_yticks(np.arange(len(truths)) + 0.5, [truth.value for truth in truths])
            axes.set(title=name, xlabel="found", ylabel="labelled")
        svg = drawn(figure, f"Confusion of labelled and found activities. {_recalls(group.posture.smoothed)}")
    return Plot("What was taken for what", svg, "Share of the labelled seconds of each row, and how many they are.")


def _matrix(axes: Axes, cells: NDArray[np.int64]) -> None:
    """Draw counts in rows and columns as shares of each row's sum."""
    shares = cells / cells.sum(axis=1, keepdims=True)
    axes.pcolormesh(shares, cmap="Blues", vmin=0, vmax=1, edgecolors=GREY, linewidth=0.3)
    axes.invert_yaxis()
    for row, column in np.argwhere(cells > 0).tolist():
        colour = "#ffffff" if shares[row, column] > DARK_CELL else "#000000"
        text = f"{shares[row, column]:.2f}\n{cells[row, column]}"
        axes.text(column + 0.5, row + 0.5, text, color=colour, ha="center", va="center", fontsize=7)


def _recalls(answer: AnswerScores) -> str:
    return (
        "Smoothed: " + ", ".join(f"{truth.value} {recall:.2f} right" for truth, recall in answer.recall.items()) + "."
    )


def _changes(evidence: Sequence[Evidence]) -> Plot | None:
    changes = [change for each in evidence for change in each.scored.changes or ()]
    late_s = np.array([change.late_s for change in changes if change.late_s is not None])
    if len(late_s) < FEWEST_TO_COMPARE:
        return None
    svg, words = _late(late_s, "s from the change until it is told live", "changes")
    unseen_n = len(changes) - len(late_s)
    caption = f"{words}, over {len(late_s)} changes of activity; {unseen_n} more were not seen while they lasted."
    return Plot("How soon a change is told live", svg, caption)


def _sedentary(evidence: Sequence[Evidence]) -> Plot | None:
    scores = [each.scored.sedentary for each in evidence if each.scored.sedentary is not None]
    if len(scores) < FEWEST_TO_COMPARE:
        return None
    labelled = np.array([score.labelled_s / 60 for score in scores])
    found = np.array([score.found_s / 60 for score in scores])
    svg, limits = _bland_altman(labelled, found, "min")
    caption = f"Sitting and lying, one dot a recording. {limits}"
    return Plot("Sedentary minutes, found less labelled", svg, caption)


def _durations(evidence: Sequence[Evidence]) -> Plot | None:
    changes = [each.scored.transitions for each in evidence if each.scored.transitions is not None]
    pairs = [pair for its in changes for pair in its.smoothed.durations if pair.kind in SIT_STAND]
    if len(pairs) < FEWEST_TO_COMPARE:
        return None
    labelled, found = np.array([(pair.labelled_s, pair.found_s) for pair in pairs]).T
    svg, limits = _bland_altman(labelled, found, "s")
    return Plot("Duration of getting up and sitting down", svg, f"One dot a transition that was found. {limits}")


def _bland_altman(labelled: NDArray[np.float64], found: NDArray[np.float64], unit: str) -> tuple[str, str]:
    """Return the plot of differences against means, and the limits of agreement in words."""
    difference = found - labelled
    bias, spread = float(difference.mean()), AGREEMENT * float(difference.std(ddof=1))
    words = (
        f"Mean difference {bias:+.2f} {unit}, limits of agreement {bias - spread:+.2f} to {bias + spread:+.2f} {unit}."
    )
    with canvas(7, [2.4]) as (figure, (axes,)):
        axes.plot((labelled + found) / 2, difference, "o", color=BLUE, alpha=0.6, markersize=4)
        axes.axhline(bias, color=ORANGE)
        for edge in (bias - spread, bias + spread):
            axes.axhline(edge, color=ORANGE, linestyle="--", linewidth=0.8)
        axes.set(xlabel=f"mean of found and labelled ({unit})", ylabel=f"found - labelled ({unit})")
        return drawn(figure, f"Bland-Altman plot of {len(labelled)} pairs. {words}"), words


def _steps(evidence: Sequence[Evidence]) -> Plot | None:
    bouts = [bout for each in evidence if each.scored.steps is not None for bout in each.scored.steps.bouts]
    if not bouts:
        return None
    pairs = [(bout.labelled_n, bout.found_n) for bout in bouts]
    return Plot(
        "Steps of each labelled walking bout",
        _counted(pairs, "steps"),
        "On the line as many were found as are labelled. A larger dot stands for several bouts.",
    )


def _repetitions(evidence: Sequence[Evidence]) -> Plot | None:
    pairs = [(its.labelled, its.found) for counts in _told(evidence) for its in counts.sets]
    if not pairs:
        return None
    return Plot(
        "Repetitions of each labelled set, the exercise told",
        _counted(pairs, "repetitions"),
        "On the line as many were counted as are labelled. A larger dot stands for several sets.",
    )


def _told(evidence: Sequence[Evidence]) -> list[ToldCounts]:
    """Return what was counted in each recording of each exercise that was told."""
    scored = [each.scored.exercises for each in evidence if each.scored.exercises is not None]
    return [counts for exercises in scored for counts in exercises.told.values()]


def _counted(pairs: Iterable[tuple[int, int]], what: str) -> str:
    """Return counts found against counts labelled."""
    dots = Counter(pairs)
    labelled, found = np.array(list(dots)).T
    times = np.array(list(dots.values()))
    exact = int(times[labelled == found].sum())
    with canvas(4.5, [3.2]) as (figure, (axes,)):
        most = float(max(labelled.max(), found.max())) + 1
        axes.plot([0, most], [0, most], color=GREY, linewidth=0.8)
        axes.scatter(labelled, found, s=14 * np.sqrt(times), color=BLUE, alpha=0.6, linewidths=0)
        axes.set(xlabel=f"{what} labelled", ylabel=f"{what} found", xlim=(0, most), ylim=(0, most))
        return drawn(figure, f"{what.capitalize()} found against labelled, {times.sum()} pairs, {exact} of them equal.")


def _tilt(evidence: Sequence[Evidence]) -> Plot | None:
    errors = [(each.recording, each.scored.tilt) for each in evidence if each.scored.tilt is not None]
    if not errors:
        return None
    still = sorted(rms for _, tilt in errors if (rms := tilt.still.rms_deg) is not None)
    moving = sorted(rms for _, tilt in errors if (rms := tilt.moving.rms_deg) is not None)
    with canvas(7, [1.8]) as (figure, (axes,)):
        for values, name, colour in ((still, "still", BLUE), (moving, "moving", ORANGE)):
            if values:
                axes.plot(
                    values, (np.arange(len(values)) + 0.5) / len(values), "o-", color=colour, markersize=3, label=name
                )
        axes.set(xlabel="error of tilt (deg, root mean square)", ylabel="share of recordings", ylim=(0, 1))
        axes.set_xlim(left=0)
        _legend_above(axes)
        worst = ", ".join(
            f"{name} {values[-1]:.2f}" for name, values in (("still", still), ("moving", moving)) if values
        )
        svg = drawn(figure, f"Error of tilt over {len(errors)} recordings. Largest in degrees: {worst}.")
    return Plot("Tilt, recording by recording", svg, "Share of the recordings with at most so large an error.")


def _slouch(group: GroupReport) -> Plot | None:
    if group.slouch is None or not group.slouch.found_min_during:
        return None
    minutes = group.slouch.found_min_during
    names = [name.partition(":")[2] for name in minutes]
    with canvas(7, [0.28 * len(names)]) as (figure, (axes,)):
        colours = [GREEN if name == "slouch" else RED for name in names]
        axes.barh(names, list(minutes.values()), color=colours)
        axes.axvline(group.slouch.labelled_min, color=GREY, linestyle="--")
        axes.set(xlabel="minutes found as slouching (dashed: labelled)")
        axes.invert_yaxis()
        found = ", ".join(f"{name} {value:.1f}" for name, value in zip(names, minutes.values(), strict=True))
        svg = drawn(
            figure, f"Minutes found as slouching while labelled: {found}. Labelled {group.slouch.labelled_min:.1f}."
        )
    return Plot("Slouching found, by what the labels say", svg, "Minutes beside the slouches are false.")


def _delays(evidence: Sequence[Evidence]) -> Plot | None:
    delays_s = np.array([delay_s for counts in _told(evidence) for delay_s in counts.delays_s])
    if len(delays_s) < FEWEST_TO_COMPARE:
        return None
    svg, words = _late(delays_s, "s from the end of a repetition until it is known", "repetitions")
    return Plot("How soon a repetition is known", svg, f"{words}, over {len(delays_s)} repetitions.")


def _late(late_s: NDArray[np.float64], label: str, what: str) -> tuple[str, str]:
    """Return the plot of how late things were known, and its figures in words."""
    late = float(np.percentile(late_s, LATE_PERCENT))
    words = f"Median {np.median(late_s):.2f} s, {LATE_PERCENT} % within {late:.2f} s"
    with canvas(7, [1.8]) as (figure, (axes,)):
        axes.hist(late_s, bins=40, color=BLUE)
        axes.axvline(late, color=ORANGE, linestyle="--")
        axes.set(xlabel=f"{label} (dashed: {LATE_PERCENT} %)", ylabel=what)
        return drawn(figure, f"How late {len(late_s)} {what} were known. {words}."), words


def _legend_above(axes: Axes) -> None:
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3, borderaxespad=0)


def _short(person: str) -> str:
    return person.rpartition("/")[2]
