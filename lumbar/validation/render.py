"""The validation report as tables."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from lumbar.validation.cells import NOTHING, number, ratio, worst
from lumbar.validation.change_render import CHANGE_COLUMNS, change_rows
from lumbar.validation.exercise_render import (
    EXERCISE_COLUMNS,
    NO_EXERCISE_COLUMNS,
    TOLD_COLUMNS,
    UNTOLD_COLUMNS,
    exercise_rows,
    no_exercise_rows,
    told_rows,
    untold_rows,
)
from lumbar.validation.labels import CLASSES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rich.console import Console, ConsoleOptions, RenderResult

    from lumbar.validation.report import (
        AnswerScores,
        Detection,
        EpisodeScores,
        GroupReport,
        PersonScore,
        TransitionAnswer,
        ValidationReport,
    )

__all__ = ["TABLES", "WHOSE_COLUMNS", "TableForm", "groups_of", "render", "whose"]

NOT_LABELLED = "not labelled"


class TableForm(NamedTuple):
    """One table of the report: its columns, and the rows (none where the labels are missing) of a set or kind."""

    title: str
    columns: tuple[str, ...]
    rows_of: Callable[[GroupReport], list[list[str]]]


def render(report: ValidationReport, console: Console) -> None:
    """Print all figures of the report, each with its set and what of it is simulated."""
    groups = groups_of(report)
    console.print(f"Lumbar {report.version} on {escape(report.folder)}", style="bold")
    for form in TABLES:
        _print_table(console, form, groups)
    for unread in report.unread:
        console.print(f"Not scored: {escape(unread.name)}: {escape(unread.reason)}", style="red")


def groups_of(report: ValidationReport) -> tuple[GroupReport, ...]:
    """Return the sets, and the kinds that are of more than one set: of one alone they would say the same again."""
    sets_n = Counter(group.kind for group in report.sets)
    return (*report.sets, *(group for group in report.kinds if sets_n[group.kind] > 1))


def _print_table(console: Console, form: TableForm, groups: Iterable[GroupReport]) -> None:
    """Print one row or more for each group that has the labels, and name the sets that have not."""
    filled = [(group, form.rows_of(group)) for group in groups]
    unlabelled = [group.name for group, rows in filled if not rows and group.name != group.kind]
    table = Table(title=form.title, title_justify="left", caption_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    if unlabelled:
        table.caption = f"{NOT_LABELLED}: {escape(', '.join(unlabelled))}"
    for name in WHOSE_COLUMNS:
        table.add_column(name, no_wrap=True)
    for name in form.columns:
        table.add_column(name, justify="right", overflow="fold")
    for group, rows in filled:
        style = "bold" if group.name == group.kind else None
        for row in rows:
            table.add_row(*(escape(cell) for cell in (*whose(group), *row)), style=style)
    if table.row_count:
        console.print(_Wide(table), crop=False)
    else:
        console.print(f"{form.title}: {NOT_LABELLED}\n")


class _Wide:
    """A table at `LEAST_WIDTH` at least: narrower, numbers would be cut in two; a narrow terminal wraps the lines."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from console.render(self._table, options.update(width=max(options.max_width, LEAST_WIDTH)))


def whose(group: GroupReport) -> tuple[str, str, str]:
    """Return the set, its people and recordings, and what it is: no figure stands without them."""
    name = "all" if group.name == group.kind else group.name
    return name, f"{group.people_n}/{group.recordings_n}", SIMULATED.get(group.simulated, group.simulated)


WHOSE_COLUMNS = ("set", "people/rec.", "data")
SIMULATED = {"nothing": "real", "the sensor": "simulated sensor", "motion and sensor": "synthetic"}
LEAST_WIDTH = 190

DATA_COLUMNS = ("hours", "calibration")
POSTURE_COLUMNS = (
    "answer", "balanced", "sit v stand", "lie", "sit", "stand", "walk", "unknown", "balanced where known",
)  # fmt: skip
WORST_COLUMNS = ("answer", "person", "balanced", "confused")
CONFUSION_COLUMNS = ("truth", "lie", "sit", "stand", "walk", "run", "cycle", "unknown")
SEDENTARY_COLUMNS = ("recordings", "labelled min", "found min", "error %", "median error %", "worst %")
TRANSITION_COLUMNS = (
    "answer", "sit-stand", "recall", "precision", "outside labels",
    "to stand", "to sit", "all kinds", "recall", "precision", "worst person F1",
)  # fmt: skip
DURATION_COLUMNS = (
    "kind", "timed", "labelled s (median)", "median error s", "bias s", "limits of agreement s",
    "begins late s", "ends late s",
)  # fmt: skip
STEP_COLUMNS = (
    "contacts", "recall", "precision", "outside", "bouts", "count error %", "median a bout %", "mean a bout %",
    "within 5 %", "cadence error %", "late ms", "sd ms", "worst person F1",
)  # fmt: skip
PLAUSIBILITY_COLUMNS = (
    "walking min", "steps a walking min", "cadence", "lowest", "highest", "steps an hour lying / sitting / standing",
)  # fmt: skip
TILT_COLUMNS = ("recordings", "still", "moving", "all", "still min", "moving min", "worst still", "worst moving")
SLOUCH_COLUMNS = (
    "labelled min", "found min", "error %", "found while", "episodes", "recall", "precision", "wrong while",
    "alerts a slouch >= 60 s", "told before", "alerts at none",
)  # fmt: skip
ALERT_COLUMNS = ("hours not sitting", "slouch", "sitting", "not worn", "while", "strap moved", "slips labelled")
WEAR_COLUMNS = ("gaps found / labelled", "not worn s found / labelled", "worn, found not worn s")


def _data_rows(group: GroupReport) -> list[list[str]]:
    used = ", ".join(f"{source.value} {count}" for source, count in group.calibration.items())
    return [[f"{group.duration_h:.2f}", used]]


def _posture_rows(group: GroupReport) -> list[list[str]]:
    if group.posture is None:
        return []
    return [_answer_row("live", group.posture.live), _answer_row("smoothed", group.posture.smoothed)]


def _answer_row(name: str, answer: AnswerScores) -> list[str]:
    return [
        name,
        ratio(answer.balanced_accuracy),
        ratio(answer.sitting_v_standing),
        *(ratio(answer.recall.get(activity)) for activity in CLASSES),
        ratio(answer.unknown_share),
        ratio(answer.answered_balanced_accuracy),
    ]


def _worst_rows(group: GroupReport) -> list[list[str]]:
    if group.posture is None:
        return []
    return [_person_row("live", group.posture.live.worst), _person_row("smoothed", group.posture.smoothed.worst)]


def _person_row(name: str, person: PersonScore) -> list[str]:
    confused = [f"{each.truth.value} as {each.found.value} {each.seconds_n} s" for each in person.confused]
    return [name, person.person.rpartition("/")[2], ratio(person.balanced_accuracy), "\n".join(confused) or NOTHING]


def _confusion_rows(group: GroupReport) -> list[list[str]]:
    if group.posture is None:
        return []
    return [
        [truth.value, *(str(count) for count in row.values())]
        for truth, row in group.posture.smoothed.confusion.items()
        if any(row.values())
    ]


def _sedentary_rows(group: GroupReport) -> list[list[str]]:
    score = group.sedentary
    if score is None:
        return []
    return [
        [
            str(score.recordings_n),
            f"{score.labelled_min:.1f}",
            f"{score.found_min:.1f}",
            f"{score.error_percent:+.1f}",
            f"{score.median_error_percent:.1f}",
            worst(score.worst, "+.1f"),
        ]
    ]


def _transition_rows(group: GroupReport) -> list[list[str]]:
    if group.transitions is None:
        return []
    return [_transition_row("live", group.transitions.live), _transition_row("smoothed", group.transitions.smoothed)]


def _transition_row(name: str, answer: TransitionAnswer) -> list[str]:
    kinds = {kind.value: detection for kind, detection in answer.by_kind.items()}
    return [
        name,
        *_detection(answer.sit_stand),
        NOTHING if answer.sit_stand is None else str(answer.sit_stand.outside_n),
        *(_both(kinds[kind]) for kind in ("sit_to_stand", "stand_to_sit")),
        *_detection(answer.all_kinds),
        worst(answer.worst, ".3f"),
    ]


def _duration_rows(group: GroupReport) -> list[list[str]]:
    if group.transitions is None:
        return []
    return [
        [
            kind.value,
            str(score.timed_n),
            f"{score.labelled_median_s:.2f}",
            f"{score.median_error_s:.2f}",
            f"{score.bias_s:+.2f}",
            " to ".join(f"{edge:+.2f}" for edge in score.agreement_s),
            f"{score.start_late_median_s:+.2f}",
            f"{score.end_late_median_s:+.2f}",
        ]
        for kind, score in group.transitions.smoothed.durations.items()
    ]


def _detection(score: Detection | None) -> list[str]:
    """Return count, recall and precision."""
    if score is None:
        return [NOTHING] * 3
    return [str(score.labelled_n), ratio(score.recall), ratio(score.precision)]


def _both(score: Detection) -> str:
    return f"{ratio(score.recall)} / {ratio(score.precision)}"


def _step_rows(group: GroupReport) -> list[list[str]]:
    score = group.steps
    if score is None:
        return []
    return [
        [
            *_detection(score.contacts),
            str(score.contacts.outside_n),
            str(score.bouts_n),
            f"{score.count_error_percent:+.1f}",
            number(score.bout_count_median_error_percent, ".1f"),
            number(score.bout_count_mean_error_percent, ".1f"),
            ratio(score.bouts_within_5_percent),
            number(score.cadence_median_error_percent, ".1f"),
            number(score.timing_bias_ms, "+.0f"),
            number(score.timing_sd_ms, ".0f"),
            worst(score.worst, ".3f"),
        ]
    ]


def _plausibility_rows(group: GroupReport) -> list[list[str]]:
    score = group.walking_plausibility
    if score is None:
        return []
    still = [score.steps_per_hour.get(activity) for activity in CLASSES[:-1]]
    return [
        [
            f"{score.walking_min:.1f}",
            number(score.steps_per_walking_min, ".0f"),
            number(score.cadence_median_spm, ".0f"),
            worst(score.cadence_lowest, ".0f"),
            worst(score.cadence_highest, ".0f"),
            " / ".join(number(rate, ".1f") for rate in still),
        ]
    ]


def _tilt_rows(group: GroupReport) -> list[list[str]]:
    score = group.tilt
    if score is None:
        return []
    return [
        [
            str(score.recordings_n),
            number(score.still_deg, ".2f"),
            number(score.moving_deg, ".2f"),
            f"{score.rms_deg:.2f}",
            f"{score.still_s / 60:.1f}",
            f"{score.moving_s / 60:.1f}",
            worst(score.worst_still, ".2f"),
            worst(score.worst_moving, ".2f"),
        ]
    ]


def _slouch_rows(group: GroupReport) -> list[list[str]]:
    score = group.slouch
    if score is None:
        return []
    found_while = ", ".join(
        f"{name.partition(':')[2]} {minutes:.1f}" for name, minutes in score.found_min_during.items()
    )
    return [
        [
            f"{score.labelled_min:.1f}",
            f"{score.found_min:.1f}",
            number(score.error_percent, "+.1f"),
            found_while,
            *_episodes(score.episodes),
            ", ".join(f"{name.partition(':')[2]} {n}" for name, n in score.wrong_episodes_during.items()) or NOTHING,
            ", ".join(f"{count} with {n}" for n, count in score.alerts_per_episode.items()) or NOTHING,
            str(score.told_before_n),
            str(score.alerts_outside_n),
        ]
    ]


def _episodes(score: EpisodeScores) -> list[str]:
    return [f"{score.found_n} of {score.labelled_n}", ratio(score.recall), ratio(score.precision)]


def _alert_rows(group: GroupReport) -> list[list[str]]:
    score = group.alerts
    if score is None:
        return []
    count = {kind.value: n for kind, n in score.false_n.items()}
    return [
        [
            f"{score.not_sitting_h:.2f}",
            str(count["slouch"] + count["prolonged_slouch"]),
            str(count["sitting"] + count["prolonged_sitting"]),
            str(count["not_worn"]),
            ", ".join(f"{name} {n}" for name, n in score.false_during.items()) or NOTHING,
            str(score.strap_moved_n),
            NOTHING if score.strap_slips_n is None else str(score.strap_slips_n),
        ]
    ]


def _wear_rows(group: GroupReport) -> list[list[str]]:
    score = group.wear
    if score is None:
        return []
    gaps = NOT_LABELLED if score.gaps is None else f"{score.gaps.matched_n} / {score.gaps.labelled_n}"
    if score.gaps is not None and score.gaps.found_n > score.gaps.matched_n:
        gaps += f" ({score.gaps.found_n - score.gaps.matched_n} not labelled)"
    not_worn = (
        NOT_LABELLED
        if score.not_worn_labelled_s is None
        else f"{number(score.not_worn_found_s, '.0f')} / {score.not_worn_labelled_s:.0f}"
    )
    return [[gaps, not_worn, number(score.worn_found_not_worn_s, ".0f")]]


TABLES = (
    TableForm("Data", DATA_COLUMNS, _data_rows),
    TableForm("Posture per second (balanced accuracy; unknown is wrong)", POSTURE_COLUMNS, _posture_rows),
    TableForm("Worst person", WORST_COLUMNS, _worst_rows),
    TableForm("Seconds by truth and by what was found (smoothed)", CONFUSION_COLUMNS, _confusion_rows),
    TableForm("Seconds until a change is seen live", CHANGE_COLUMNS, change_rows),
    TableForm("Sitting and lying", SEDENTARY_COLUMNS, _sedentary_rows),
    TableForm("Transitions within 3 s", TRANSITION_COLUMNS, _transition_rows),
    TableForm("How long transitions took", DURATION_COLUMNS, _duration_rows),
    TableForm("Steps within 0.5 s of initial contacts", STEP_COLUMNS, _step_rows),
    TableForm("Steps where no contacts are labelled", PLAUSIBILITY_COLUMNS, _plausibility_rows),
    TableForm("Tilt against the true orientation (deg, root mean square)", TILT_COLUMNS, _tilt_rows),
    TableForm("Slouching", SLOUCH_COLUMNS, _slouch_rows),
    TableForm("Alerts without a reason", ALERT_COLUMNS, _alert_rows),
    TableForm("Wear", WEAR_COLUMNS, _wear_rows),
    TableForm("Repetitions, the exercise told", TOLD_COLUMNS, told_rows),
    TableForm("Exercises not told", UNTOLD_COLUMNS, untold_rows),
    TableForm("Exercise by exercise", EXERCISE_COLUMNS, exercise_rows),
    TableForm("Repetitions without exercise", NO_EXERCISE_COLUMNS, no_exercise_rows),
)
"""All tables, in the order in which they are shown."""
