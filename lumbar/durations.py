"""Durations as people write them: 10m, 90s, 1h30m, or plain seconds."""

from __future__ import annotations

import re

from config.errors import SettingsError

__all__ = ["duration_text", "parse_duration"]

_NUMBER = r"\d+(?:\.\d+)?"
_PLAIN = re.compile(_NUMBER)
_PARTS = re.compile(rf"(?:({_NUMBER})d)?(?:({_NUMBER})h)?(?:({_NUMBER})m)?(?:({_NUMBER})s)?")
_SECONDS = (86_400, 3600, 60, 1)
_LONGEST_S = 366 * 86_400.0


def parse_duration(text: str) -> float:
    """Return the seconds that a text stands for.

    Parameters
    ----------
    text
        Numbers with the units d, h, m and s, the greatest first, as in 1h30m; or a number of seconds.

    Raises
    ------
    SettingsError
        The text is something else, nothing, or more than a year.

    """
    lower = text.strip().lower().replace(" ", "")
    parts = _PARTS.fullmatch(lower)
    if _PLAIN.fullmatch(lower):
        seconds = float(lower)
    elif parts is not None:
        seconds = sum(float(part) * each for part, each in zip(parts.groups(), _SECONDS, strict=True) if part)
    else:
        seconds = 0.0
    if not 0 < seconds <= _LONGEST_S:
        raise SettingsError(f"{text!r} is no duration; write it as 10m, 90s, 1h30m, or a number of seconds")
    return seconds


def duration_text(seconds: float) -> str:
    """Return a duration for people: 4.2 s, 01:30, 2:05:00."""
    if seconds < 60:  # noqa: PLR2004 - a minute
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes:02d}:{rest:02d}"
