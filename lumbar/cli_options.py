"""Arguments and options that several commands share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

__all__ = [
    "BrokerAddress",
    "Format",
    "Keep",
    "OutputFormat",
    "ProfileFile",
    "Recorded",
    "SectionsFile",
    "SensorName",
    "SettingsFile",
    "Speed",
    "Start",
    "UnitNames",
]


class Format(StrEnum):
    """How results are printed."""

    TABLE = "table"
    JSON = "json"


SensorName = Annotated[
    str | None, typer.Argument(help="Which of your sensors; not needed where you have one.", show_default=False)
]
SettingsFile = Annotated[Path | None, typer.Option("--settings", help="Settings file to use in place of your own.")]
OutputFormat = Annotated[Format, typer.Option("--format", help="Tables for people, JSON for programs.")]
UnitNames = Annotated[str | None, typer.Option("--units", help="Units of the columns, such as g,deg/s.")]
Start = Annotated[
    str | None, typer.Option("--start", help="When the recording began, as 2026-11-22T08:30:00+01:00 (RFC 3339).")
]
ProfileFile = Annotated[Path | None, typer.Option("--profile", help="The wearer's profile, from `lumbar calibrate`.")]
SectionsFile = Annotated[
    Path | None, typer.Option("--calibration", help="CSV that says where the guided calibration was done.")
]
Speed = Annotated[str, typer.Option("--speed", help="Times real time, or max.")]
BrokerAddress = Annotated[
    str | None, typer.Option("--broker", help="mqtt://host:1883 or mqtts://user@host:8883; else an embedded broker.")
]
Keep = Annotated[bool, typer.Option("--keep", help="Keep the result in the history, for `today` and `summary`.")]
Recorded = Annotated[Path, typer.Argument(help="CSV, Parquet, or a folder recorded by Lumbar.")]
