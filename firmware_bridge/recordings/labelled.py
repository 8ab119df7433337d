"""Labelled recordings, for scoring: folders laid out as ``data/README.md`` beside the design says."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from config.errors import RecordingError
from firmware_bridge.recordings.columns import column_values
from firmware_bridge.recordings.files import reading, regular_file_size
from firmware_bridge.recordings.parquet_file import batches, open_parquet
from firmware_bridge.recordings.parquet_guard import check_pages, read_footer
from firmware_bridge.recordings.rows import TIME_COLUMN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["SET", "Axes", "DataSet", "LabelledRecording", "SetKind", "find_labelled"]

SetKind = Literal["real", "real motion, simulated sensor", "fully synthetic"]

SET_FILE = "dataset.toml"
DETAILS_FILE = "recordings.csv"
SET = "set:"
"""Begins the label of a set of an exercise; its value is the number of repetitions, where that is known."""
LABEL_COLUMNS = ("start_s", "end_s", "label", "value")
QUATERNION_COLUMNS = ("quat_w", "quat_x", "quat_y", "quat_z")


@dataclass(frozen=True, slots=True)
class Axes:
    """The signed sensor axes (as ``"+x"``) that point up, left and forward; or ``varies``, ``unknown``."""

    up: str
    left: str
    forward: str


@dataclass(frozen=True, slots=True)
class DataSet:
    """What ``dataset.toml`` says of a set.

    Parameters
    ----------
    name, title
        Short and long name.
    redistributable
        Whether the data may be passed on; nothing is fitted on those that may not.
    kind
        How real the set is; every figure says it.
    rate_hz
        Nominal rate.
    has_gyro
        Whether its recordings have angular rates, as a rule.
    placement
        Where on the body.
    axes
        How the sensor was worn, as a rule.

    """

    name: str
    title: str
    redistributable: bool
    kind: SetKind
    rate_hz: float
    has_gyro: bool
    placement: str
    axes: Axes


@dataclass(frozen=True, slots=True, eq=False)
class LabelledRecording:
    """One recording with its labels.

    Parameters
    ----------
    data_set
        The set it belongs to.
    subject, recording
        Who, and which.
    path
        The samples, for `open_recording`.
    labels
        Columns start_s, end_s (seconds in the recording's own time), label, value (text, empty where there is none),
        sorted by start.
    axes
        How the sensor was worn: of this recording where known, else of the set.
    truth_path
        Further measured or modelled truth (CSV), where there is any.

    """

    data_set: DataSet
    subject: str
    recording: str
    path: Path
    labels: pd.DataFrame = field(repr=False)
    axes: Axes
    truth_path: Path | None

    @property
    def name(self) -> str:
        """Set, subject and recording in one."""
        return f"{self.data_set.name}/{self.subject}-{self.recording}"

    def read_quaternions(self) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
        """Return the true orientation.

        Returns
        -------
        tuple of arrays, or None
            Time, shape (n,), and quaternions w x y z, shape (n, 4), sensor -> world (z up), NaN where the truth was
            lost; None where the recording has no true orientation.

        """
        names = (TIME_COLUMN, *QUATERNION_COLUMNS)
        footer = read_footer(self.path)
        with open_parquet(self.path) as parquet:
            if not set(names) <= set(parquet.schema_arrow.names):
                return None
            check_pages(self.path, footer, names)
            parts = [
                np.stack([np.asarray(column_values(batch.column(name)), dtype=np.float64) for name in names], axis=1)
                for batch in batches(self.path, parquet, names)
            ]
        table = np.concatenate(parts) if parts else np.empty((0, len(names)))
        return table[:, 0], table[:, 1:]

    def read_truth(self) -> pd.DataFrame | None:
        """Return the table at `truth_path`, None where there is none."""
        return None if self.truth_path is None else _read_csv(self.truth_path, (TIME_COLUMN,))


def find_labelled(folder: Path) -> list[LabelledRecording]:
    """Find the labelled recordings of a set, or of all sets in a folder.

    Raises
    ------
    RecordingError
        There are none, or a file of theirs is wrong.

    """
    with reading(folder):
        sets = (
            [folder] if (folder / SET_FILE).is_file() else sorted(path.parent for path in folder.glob(f"*/{SET_FILE}"))
        )
        found = [recording for path in sets for recording in _read_set(path)]
    if not found:
        reason = f"no labelled recordings here; name a folder with a {SET_FILE}, or the folder of several such"
        raise RecordingError(folder, reason if folder.exists() else "there is no such folder; check the name")
    return found


def _read_set(folder: Path) -> list[LabelledRecording]:
    data_set = _read_data_set(folder / SET_FILE)
    details = _read_details(folder / DETAILS_FILE)
    recordings = []
    for path in sorted(folder.glob("*.parquet")):
        labels_path = path.with_suffix(".labels.csv")
        truth_path = path.with_suffix(".truth.csv")
        subject, _, recording = path.stem.partition("-")
        axes = _axes(details.get((subject, recording), {}), data_set.axes)
        labels = _read_labels(labels_path) if labels_path.exists() else _no_labels()
        truth = truth_path if truth_path.exists() else None
        recordings.append(LabelledRecording(data_set, subject, recording, path, labels, axes, truth))
    return recordings


def _read_data_set(path: Path) -> DataSet:
    regular_file_size(path)
    with reading(path):
        text = path.read_text(encoding="utf-8")
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RecordingError(path, f"this is not valid TOML: {error}") from error
    return DataSet(
        name=_value(path, table, "name", str),
        title=_value(path, table, "title", str),
        redistributable=_value(path, table, "redistributable", bool),
        kind=_kind(path, table.get("synthetic")),
        rate_hz=float(_value(path, table, "rate_hz", (int, float))),
        has_gyro=_value(path, table, "has_gyro", bool),
        placement=_value(path, table, "placement", str),
        axes=Axes(*(_value(path, _value(path, table, "axes", dict), name, str) for name in ("up", "left", "forward"))),
    )


def _value(path: Path, table: Mapping[str, Any], key: str, kind: type | tuple[type, ...]) -> Any:
    value = table.get(key)
    if not isinstance(value, kind):
        raise RecordingError(path, f"{key} is missing or of the wrong type")
    return value


def _kind(path: Path, synthetic: object) -> SetKind:
    if synthetic is None or synthetic is False:
        return "real"
    if isinstance(synthetic, str) and synthetic.startswith("motion real"):
        return "real motion, simulated sensor"
    if isinstance(synthetic, str) and synthetic.startswith("fully synthetic"):
        return "fully synthetic"
    raise RecordingError(
        path, f"synthetic is {synthetic!r}; write 'motion real, sensor simulated' or 'fully synthetic'"
    )


def _axes(details: Mapping[str, str], default: Axes) -> Axes:
    named = [details.get(f"axis_{direction}", "") for direction in ("up", "left", "forward")]
    return Axes(*named) if all(named) else default


def _read_details(path: Path) -> dict[tuple[str, str], dict[str, str]]:
    if not path.exists():
        return {}
    table = _read_csv(path, ("subject", "recording"), kind="str")
    rows = [{str(name): str(cell) for name, cell in row.items()} for row in table.to_dict(orient="records")]
    return {(row["subject"], row["recording"]): row for row in rows}


def _no_labels() -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype="float64" if name.endswith("_s") else "str") for name in LABEL_COLUMNS})


def _read_labels(path: Path) -> pd.DataFrame:
    table = _read_csv(path, LABEL_COLUMNS, kind="str")[list(LABEL_COLUMNS)]
    for name in ("start_s", "end_s"):
        times = pd.to_numeric(table[name], errors="coerce").astype("float64")
        bad = np.flatnonzero(~np.isfinite(times.to_numpy(dtype=np.float64)))
        if bad.size:
            cell = table[name].iloc[int(bad[0])]
            raise RecordingError(path, f"{name} is {cell!r}, not a number of seconds", int(bad[0]) + 1)
        table = table.assign(**{name: times})
    backwards = np.flatnonzero((table["end_s"] < table["start_s"]).to_numpy())
    if backwards.size:
        raise RecordingError(path, "the label ends before it starts", int(backwards[0]) + 1)
    counts = table["value"].where(table["label"].str.startswith(SET) & (table["value"] != ""), "0")
    uncounted = np.flatnonzero(pd.to_numeric(counts, errors="coerce").isna().to_numpy())
    if uncounted.size:
        value = table["value"].iloc[int(uncounted[0])]
        raise RecordingError(path, f"{value!r} is no number of repetitions", int(uncounted[0]) + 1)
    return table.sort_values("start_s", kind="stable", ignore_index=True)


def _read_csv(path: Path, columns: Sequence[str], kind: Literal["str"] | None = None) -> pd.DataFrame:
    regular_file_size(path)
    with reading(path):
        try:
            table = pd.read_csv(path, dtype=kind, keep_default_na=kind is None)
        except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
            raise RecordingError(path, f"this is not a CSV table: {error}") from error
    missing = [name for name in columns if name not in table.columns]
    if missing:
        raise RecordingError(path, f"the column {missing[0]} is missing")
    return table
