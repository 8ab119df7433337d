"""``lumbar validate``: scores labelled recordings, as tables, JSON or a page with plots."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich.console import Console

from config.errors import SettingsError
from config.settings import load_settings
from lumbar.commands.inputs import check_output, progress_bar
from lumbar.validation.evidence import Evidence, evidence_of
from lumbar.validation.run import render, validate

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from lumbar.validation.report import ValidationReport

__all__ = ["run_validate"]


def run_validate(
    folder: Path, sets: Sequence[str] | None, page: Path | None, *, as_json: bool, settings_file: Path | None
) -> None:
    """Score all labelled recordings of a folder; write the page where one is asked for."""
    settings = load_settings(settings_file)
    html_page = None if page is None else _page_maker(page)
    evidence: list[Evidence] = []
    with progress_bar("Scoring", 1.0) as tell:
        report = validate(
            folder,
            settings,
            sets,
            tell and (lambda done, total, _name: tell(done / total)),
            None if page is None else (lambda case, scored: evidence.append(evidence_of(case, scored))),
        )
    if as_json:
        sys.stdout.write(report.model_dump_json(by_alias=True) + "\n")
    else:
        render(report, Console())
    if page is not None and html_page is not None:
        _write(page, html_page(report, evidence))


def _page_maker(page: Path) -> Callable[[ValidationReport, Sequence[Evidence]], str]:
    """Return what makes the page; found out before the scoring, which takes minutes.

    Raises
    ------
    SettingsError
        Plots cannot be drawn here, or the page cannot be written.

    """
    check_output(page, "--report")
    try:
        from lumbar.validation.page import html_page  # noqa: PLC0415 - an extra that few wearers need
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"--report needs {error.name}, which is not installed; get it with: pip install 'lumbar[report]'"
        ) from error
    return html_page


def _write(page: Path, text: str) -> None:
    try:
        page.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"--report {page}: {error.strerror}") from error
