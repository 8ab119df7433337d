"""The report of the benchmarks as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Console

__all__ = ["show"]

TIMES = {
    "pipeline": "whole pipeline, reading twice included",
    "search": "the same, looking for all exercises",
    "reading": "reading, once",
    "filter": "orientation filter (VQF) alone",
}


def show(report: dict[str, Any], console: Console) -> None:
    """Print the report as tables."""
    machine, results = report["machine"], report["results"]
    console.print(f"{report['date']}, {machine['processor']}, {machine['cores']} cores, {machine['system']}")
    console.print(
        f"Python {machine['python']}, Lumbar {machine['lumbar']}; one core, CPU seconds unless said otherwise"
    )
    _print_targets(console, report["targets"])
    _print_whole(console, results["whole"])
    _print_stages(console, results["stages"])
    _print_growth(console, results["growth"])
    _print_live(console, results["live"], results["start"])
    _print_peers(console, results["whole"], results["peers"])


def _print(console: Console, title: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    table = Table(title=title, title_justify="left", title_style="bold")
    for index, head in enumerate(heads):
        table.add_column(head, justify="left" if index == 0 else "right")
    for row in rows:
        table.add_row(*row)
    console.print()
    console.print(table)


def _print_targets(console: Console, found: Iterable[dict[str, Any]]) -> None:
    rows = (
        (
            target["name"],
            f"{target['figure']:.3g} {target['unit']}",
            f"<= {target['limit']:g} {target['unit']}",
            "reached" if target["reached"] else "MISSED",
        )
        for target in found
    )
    _print(console, "Targets", ("", "figure", "target", ""), rows)


def _print_whole(console: Console, whole: dict[str, Any]) -> None:
    title = f"{whole['hours']:.1f} h, {whole['samples']:,} samples of 6 axes, best of {len(whole['runs'])}"
    rows = (
        (TIMES[name], f"{best['cpu_s']:.2f}", f"{best['spread_s']:.2f}", f"{best['wall_s']:.2f}")
        for name, best in whole["times"].items()
    )
    _print(console, title, ("", "CPU s", "spread s", "wall s"), rows)


def _print_stages(console: Console, stages: dict[str, Any]) -> None:
    rows = (
        (name, f"{seconds:.2f}", f"{100 * seconds / stages['total_s']:.0f}")
        for name, seconds in sorted(stages["stages_s"].items(), key=lambda item: -item[1])
    )
    _print(console, "Stages of the whole pipeline", ("", "CPU s", "%"), rows)


def _print_growth(console: Console, growth: Iterable[dict[str, Any]]) -> None:
    rows = (
        (
            f"{one['hours']:.1f} h",
            f"{one['cpu_s']:.2f}",
            f"{one['cpu_s'] / one['hours']:.3f}",
            f"{one['peak_mb']:.0f}",
        )
        for one in growth
    )
    _print(console, "Growth", ("recording", "CPU s", "s per hour", "peak MB"), rows)


def _print_live(console: Console, live: dict[str, Any], start: dict[str, Any]) -> None:
    grown = live["grown_mb_per_hour"]
    rows = (
        ("live, CPU s per wearer-hour", f"{live['cpu_s_per_hour']:.2f}"),
        ("live, % of a core", f"{live['percent_of_core']:.3f}"),
        ("live, ms for a chunk of 0.2 s: median", f"{live['push_median_ms']:.2f}"),
        ("live, ms for a chunk of 0.2 s: longest", f"{live['push_longest_ms']:.1f}"),
        ("live, MB kept per hour", "unknown" if grown is None else f"{grown:.1f}"),
        ("lumbar --help, wall s", f"{start['help_wall_s']:.3f}"),
        ("python -c pass, wall s", f"{start['bare_wall_s']:.3f}"),
        ("their ratio", f"{start['ratio']:.1f}"),
    )
    _print(console, "Live and start", ("", ""), rows)


def _print_peers(console: Console, whole: dict[str, Any], peers: dict[str, dict[str, Any]]) -> None:
    times = whole["times"]["pipeline"]
    found = f"{whole['steps']} steps, posture, alerts"
    rows = [
        ("Lumbar, whole pipeline", f"{times['cpu_s']:.1f}", f"{times['wall_s']:.1f}", f"{whole['peak_mb']:.0f}", found)
    ]
    for name, one in peers.items():
        missing = one.get("missing")
        if missing is not None:
            rows.append((name, missing, "", "", ""))
        else:
            figures = (f"{one['cpu_s']:.1f}", f"{one['wall_s']:.1f}", f"{one['peak_mb']:.0f}")
            rows.append((f"{name} {one['version']}", *figures, one["found"]))
    _print(console, "Peers on the same recording", ("", "CPU s", "wall s", "peak MB", "finds"), rows)
