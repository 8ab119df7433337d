"""What the commands that read a recording have in common."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from math import floor
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from analytics.local_day import LocalDay, local_time
from config.errors import SettingsError
from config.profile import load_profile
from firmware_bridge.recordings.read import Recording, open_recording
from firmware_bridge.recordings.sections import read_sections
from firmware_bridge.recordings.units import parse_units
from lumbar.analysis import calibration_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from config.calibration import CalibrationSection
    from posture.calibration import Calibration

__all__ = ["UNDATED_BEFORE_S", "RecordingChoice", "check_output", "parse_speed", "progress_bar", "undated_midnight"]


@dataclass(frozen=True, slots=True)
class RecordingChoice:
    """A recording as named on the command line, with what else is known of it."""

    file: Path
    units: str | None
    start: str | None
    profile: Path | None
    sections_file: Path | None

    def check_output(self, output: Path, option: str) -> None:
        """Make sure, before any work is done, that a file can be written and is none of those that are read.

        Raises
        ------
        SettingsError
            It cannot, or it is.

        """
        check_output(output, option)
        for source in (self.file, self.profile, self.sections_file):
            if source is not None and source.exists() and output.exists() and output.samefile(source):
                raise SettingsError(f"{option} {output}: this would overwrite what is read; name another file")

    def open(self, undated_from_s: float | None = None) -> Recording:
        """Open the recording.

        Parameters
        ----------
        undated_from_s
            Whole second, since the Unix epoch, in which a recording begins that has no date and is given none; None
            leaves its times as they are.

        Raises
        ------
        LumbarError
            The file, the units or the start is wrong.

        """
        if self.profile is not None and self.sections_file is not None:
            raise SettingsError("give either --profile or --calibration, not both")
        units = None if self.units is None else parse_units(self.units)
        if self.start is not None:
            return open_recording(self.file, units, _start_time(self.start))
        recording = open_recording(self.file, units)
        if undated_from_s is None or recording.start_time_s >= UNDATED_BEFORE_S:
            return recording
        return open_recording(self.file, units, undated_from_s - floor(recording.start_time_s))

    def calibration(self) -> Calibration | None:
        """Return the calibration of the profile, where one is named."""
        return None if self.profile is None else calibration_of(load_profile(self.profile), self.profile.stem)

    def sections(self, recording: Recording) -> tuple[CalibrationSection, ...]:
        """Return the guided calibration's sections on the clock of the recording, where they are named."""
        if self.sections_file is None:
            return ()
        origin = recording.start_time_s
        return tuple(
            replace(section, start=origin + section.start, end=origin + section.end)
            for section in read_sections(self.sections_file)
        )


def check_output(output: Path, option: str) -> None:
    """Make sure, before any work is done, that a file can be written.

    Raises
    ------
    SettingsError
        Its folder is missing, or something that is no file has its name.

    """
    if not output.parent.is_dir():
        raise SettingsError(f"{option} {output}: there is no folder {output.parent}")
    if output.is_dir():
        raise SettingsError(f"{option} {output}: this is a folder; name a file in it")
    if output.exists() and not output.is_file():
        raise SettingsError(f"{option} {output}: this is no file that can be written; name another")


def undated_midnight(zone: ZoneInfo) -> float:
    """Return a midnight at which recordings without a date may begin, so that no other falls in their first 24 h.

    The first one since the Unix epoch: where midnight is midnight UTC, the times stay as they are.
    """
    day = LocalDay(local_time(0.0, zone).date(), zone).span
    return day.start if day.start >= 0 else day.end


def parse_speed(text: str) -> float | None:
    """Return times real time, None for as fast as possible.

    Raises
    ------
    SettingsError
        It is neither a number above 0 nor ``max``.

    """
    if text == "max":
        return None
    try:
        speed = float(text)
    except ValueError as error:
        raise SettingsError(f"--speed {text}: give a number such as 60, or max") from error
    if not 0 < speed < float("inf"):
        raise SettingsError(f"--speed {text}: give a number above 0, or max")
    return speed


UNDATED_BEFORE_S = 1e8
"""Recordings whose times lie before 1973 count from their start."""

EARLIEST_YEAR = 1970


def _start_time(text: str) -> float:
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise SettingsError(f"--start {text}: write it as 2026-11-22T08:30:00+01:00") from error
    if time.year < EARLIEST_YEAR:
        raise SettingsError(f"--start {text}: no recording is that old")
    if time.tzinfo is None:
        raise SettingsError(f"--start {text}: add the offset from UTC, as in {text}+01:00 or {text}Z")
    return time.timestamp()


@contextmanager
def progress_bar(title: str, total_s: float | None) -> Iterator[Callable[[float], None] | None]:
    """Show a progress bar on the terminal; yields what to tell the seconds done, None where none is shown."""
    console = Console(file=sys.stderr)
    if not console.is_terminal:
        yield None
        return
    columns = (TextColumn(title), BarColumn(), TextColumn("{task.percentage:>3.0f}%"), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(title, total=total_s)
        yield lambda done_s: progress.update(task, completed=done_s)
