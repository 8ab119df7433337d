"""How soon changes of activity are told live, as rows of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lumbar.validation.cells import number, ratio

if TYPE_CHECKING:
    from lumbar.validation.report import ChangeDelays, GroupReport

__all__ = ["CHANGE_COLUMNS", "change_rows"]

CHANGE_COLUMNS = ("to", "changes", "median s", "95 % within s", "never seen", "of these unknown")


def change_rows(group: GroupReport) -> list[list[str]]:
    """Return one row for all changes, and one for each activity that was changed to."""
    if group.changes is None:
        return []
    rows = [_row("all", group.changes.all)]
    return rows + [_row(activity.value, delays) for activity, delays in group.changes.by_activity.items()]


def _row(name: str, delays: ChangeDelays) -> list[str]:
    return [
        name,
        str(delays.changes_n),
        number(delays.median_s, ".1f"),
        number(delays.late_s, ".1f"),
        ratio(delays.unseen_share),
        str(delays.unknown_n),
    ]
