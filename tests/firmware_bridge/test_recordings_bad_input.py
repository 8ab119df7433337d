"""Every bad recording gives one clear line: the file, the row and what to do."""

import gzip
import io
import os
import struct

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from config.errors import RecordingError
from firmware_bridge.recordings import Recorder, Units, open_recording

FIRST = 150
"""The row, counted from 0, that the tests spoil."""


def refuse(path, match, row=None, **options):
    """Check that a recording is refused, at the latest when it is read to its end."""
    with pytest.raises(RecordingError, match=match) as caught:
        list(open_recording(path, **options).chunks())
    assert caught.value.row == row
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


@pytest.fixture(params=["csv", "parquet"])
def write(request, write_csv, write_parquet):
    return write_csv if request.param == "csv" else write_parquet


def test_missing_file(tmp_path):
    refuse(tmp_path / "none.csv", "no such file")


def test_folder_that_is_no_recording(tmp_path):
    refuse(tmp_path, "holds no samples")


@pytest.mark.parametrize("name", ["empty.csv", "empty.parquet", "empty"])
def test_empty_file(tmp_path, name):
    (tmp_path / name).touch()
    refuse(tmp_path / name, "empty")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with a name are a Unix thing")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    refuse(tmp_path / "pipe.csv", "is no file")


AS_NOBODY = """
import os, sys
from config.errors import RecordingError
from firmware_bridge.recordings import open_recording
if os.geteuid() == 0:
    os.setuid(65534)
try:
    open_recording(sys.argv[1])
except RecordingError as error:
    print(error)
"""


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="rights by user are a Unix thing")
def test_file_without_permission(still, write, run_python):
    path = write(still())
    path.chmod(0)
    assert "may not be read" in run_python(AS_NOBODY, path)


def test_a_file_is_no_folder(still, write):
    path = write(still()) / "inner.csv"
    refuse(path, "cannot be read")


def test_no_rows(still, write):
    refuse(write(still(0)), "no samples")


@pytest.mark.parametrize("missing", ["time_s", "acc_y", "gyr_z"])
def test_missing_column_is_named_with_what_was_found(still, write, missing):
    table = still() | {"battery": np.ones(500)}
    del table[missing]
    refuse(write(table), f"column {missing} is missing .found: .*battery")


def test_column_twice(still, write_csv):
    path = write_csv(still() | {"battery": np.ones(500)})
    path.write_text(path.read_text(encoding="utf-8").replace("battery", "acc_x"), encoding="utf-8")
    refuse(path, "column acc_x is there twice")


@pytest.mark.parametrize("column", ["time_s", "acc_x", "gyr_y"])
@pytest.mark.parametrize("text", ["abc", "1,5", "0x10", "12:30:00"])
def test_text_in_a_number_column_of_csv(still, write_csv, column, text):
    table = still()
    table[column] = [*table[column][:FIRST].tolist(), text, *table[column][FIRST + 1 :].tolist()]
    refuse(write_csv(table), f"{column} is '{text}', not a number", row=FIRST + 1)


def test_text_in_a_number_column_of_parquet(still, write_parquet):
    refuse(write_parquet(still() | {"acc_z": ["1.0"] * 500}), "acc_z holds text")


def test_dates_for_seconds(still, write_parquet):
    stamps = np.datetime64("2026-01-01T00:00:00") + np.arange(500) * np.timedelta64(10, "ms")
    refuse(write_parquet(still() | {"time_s": stamps}), "time_s holds timestamp")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("column", ["time_s", "acc_z", "gyr_x"])
def test_values_that_are_no_numbers(still, write, column, value):
    table = still()
    table[column][FIRST] = value
    refuse(write(table), f"{column} is (missing|infinite)", row=FIRST + 1)


def test_times_that_are_all_infinite(still, write):
    refuse(write(still() | {"time_s": np.full(500, np.inf)}), "time_s is infinite", row=1)


def test_a_row_of_nothing(still, write):
    table = still()
    for column in table.values():
        column[FIRST] = np.nan
    refuse(write(table), "time_s is missing", row=FIRST + 1)


def test_empty_cells(still, write_csv, write_parquet):
    gap = {"acc_y": [None if row == FIRST else 0.5 for row in range(500)]}
    refuse(write_csv(still() | gap), "acc_y is missing", row=FIRST + 1)
    refuse(write_parquet(still() | gap), "acc_y is missing", row=FIRST + 1)


@pytest.mark.parametrize(("first", "second"), [(1.5, 1.4), (1.5, 1.5)])
def test_time_that_does_not_increase(still, write, first, second):
    table = still()
    table["time_s"][FIRST : FIRST + 2] = first, second
    refuse(write(table), "time does not increase", row=FIRST + 2)


def test_a_fault_far_into_the_recording_names_its_row(still, write):
    n = 200_000
    table = still(n)
    table["time_s"][n - 3] = table["time_s"][n - 4]
    refuse(write(table), "time does not increase", row=n - 2)


def test_the_first_of_two_faults_is_named(still, write):
    table = still()
    table["gyr_x"][FIRST] = np.nan
    table["acc_x"][FIRST + 1] = np.nan
    refuse(write(table), "gyr_x is missing", row=FIRST + 1)


@pytest.mark.parametrize("n", [1, 2, 50])
def test_too_short(still, write, n):
    refuse(write(still(n)), f"too short: {n} sample")


def test_holes_do_not_make_a_recording_longer(still, write):
    table = still(50)
    table["time_s"][40:] += 100
    refuse(write(table), "too short")


def test_milliseconds_for_seconds(still, write):
    table = still()
    table["time_s"] *= 1000
    refuse(write(table), "time_s is in seconds")
    table["time_s"] += 1.8e12
    refuse(write(table), "not milliseconds", row=1)


@pytest.mark.parametrize(
    ("divisor", "hint"),
    [
        (9.80665, "looks like g; use --units g"),
        (0.00980665, "looks like mg"),
        (100, "gravity"),
        (0.1, "unit is unknown"),
    ],
)
def test_wrong_units_of_acceleration(still, write, divisor, hint):
    table = still()
    table |= {name: column / divisor for name, column in table.items() if name.startswith("acc")}
    refuse(write(table), hint)


def test_units_that_do_not_fit(still, write):
    refuse(write(still()), "taken as g; check --units", units=Units("g"))


def test_degrees_for_radians(still, write):
    table = still()
    table["gyr_y"][FIRST] = 120.0
    refuse(write(table), "use --units m/s2,deg/s", row=FIRST + 1)


@pytest.mark.parametrize("value", [1e300, -3000.0])
def test_impossible_values(still, write, value):
    table = still() | {"acc_x": still()["acc_x"].astype(float)}
    table["acc_x"][FIRST] = value
    refuse(write(table), "acc_x is", row=FIRST + 1)


@pytest.mark.parametrize(("delimiter", "word"), [(";", "semicolons"), ("\t", "tabs"), ("|", "bars")])
def test_other_separators(still, write_csv, delimiter, word):
    refuse(write_csv(still(), delimiter=delimiter), f"separated by {word}")


def test_decimal_commas(still, write_csv):
    path = write_csv(still())
    header, body = path.read_text(encoding="utf-8").split("\n", 1)
    path.write_text(header + "\n" + body.replace(".", ","), encoding="utf-8")
    refuse(path, "write numbers with points", row=1)


def test_a_header_is_needed(still, write_csv):
    path = write_csv(still())
    path.write_text(path.read_text(encoding="utf-8").split("\n", 1)[1], encoding="utf-8")
    refuse(path, "first line holds numbers")


def test_csv_cut_off_within_a_row(still, write_csv):
    path = write_csv(still())
    path.write_bytes(path.read_bytes().rsplit(b",", 2)[0])
    refuse(path, "cut off", row=500)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_other_encodings(still, write_csv, encoding):
    path = write_csv(still())
    path.write_bytes(path.read_text(encoding="utf-8").encode(encoding))
    refuse(path, "UTF-16|neither CSV")


def test_bytes_that_are_no_text(still, write_csv):
    path = write_csv(still())
    path.write_bytes(path.read_bytes().replace(b"gyr_z", b"gyr_z,\xfc", 1))
    refuse(path, "not UTF-8")


@pytest.mark.parametrize("line", [b"a" * 100_000, b"time_s,acc_x,acc_y,acc_z\n" + b"1" * 9_000_000])
def test_lines_without_end(tmp_path, line):
    path = tmp_path / "long.csv"
    path.write_bytes(line)
    refuse(path, "does not end")


def test_stray_quotation_mark(still, write_csv):
    path = write_csv(still())
    lines = path.read_text(encoding="utf-8").split("\n")
    lines[FIRST + 1] = '"' + lines[FIRST + 1]
    path.write_text("\n".join(lines), encoding="utf-8")
    refuse(path, "values for 7 columns", row=FIRST + 1)


@pytest.mark.parametrize(
    ("start", "kind"),
    [(gzip.compress(b"time_s", mtime=0), "gzip"), (b"PK\x03\x04....", "Excel"), (b"ARROW1\0\0", "Feather")],
)
def test_other_kinds_of_file(tmp_path, start, kind):
    path = tmp_path / "recording.csv"
    path.write_bytes(start)
    refuse(path, kind)


@pytest.mark.parametrize("kept", [4, 11, 100, 0.5, -1])
def test_parquet_cut_off(still, write_parquet, kept):
    path = write_parquet(still())
    data = path.read_bytes()
    path.write_bytes(data[: kept if isinstance(kept, int) else int(len(data) * kept)])
    refuse(path, "cut off")


def test_text_called_parquet(tmp_path):
    path = tmp_path / "recording.parquet"
    path.write_text("time_s,acc_x,acc_y,acc_z\n", encoding="utf-8")
    refuse(path, "cut off")


def test_footer_longer_than_the_file(still, write_parquet):
    path = write_parquet(still())
    path.write_bytes(path.read_bytes()[:-8] + struct.pack("<I", 0xFFFFFFF0) + b"PAR1")
    refuse(path, "footer is longer")


def varint(value):
    """A number as the Thrift compact protocol writes it."""
    value, data = value << 1, b""
    while value > 0x7F:
        data, value = data + bytes([value & 0x7F | 0x80]), value >> 7
    return data + bytes([value])


def footer(data):
    (size,) = struct.unpack("<I", data[-8:-4])
    return data[: -8 - size], data[-8 - size : -8]


def with_footer(pages, promise):
    return pages + promise + struct.pack("<I", len(promise)) + b"PAR1"


def test_rows_that_are_not_there(still, write_parquet):
    n = 12_347
    path = write_parquet(still(n), use_dictionary=False)
    pages, promise = footer(path.read_bytes())
    assert promise.count(varint(n)) >= 9
    path.write_bytes(with_footer(pages, promise.replace(varint(n), varint(400_000_000))))
    assert pq.ParquetFile(path).metadata.num_rows == 400_000_000
    refuse(path, "400000000 rows are promised, but time_s holds 12347")


def test_the_same_rows_promised_again_and_again(still, write_parquet):
    path = write_parquet(still(1000))
    metadata = pq.ParquetFile(path).metadata
    for _ in range(10):
        metadata.append_row_groups(metadata)
    sink = io.BytesIO()
    metadata.write_metadata_file(sink)
    path.write_bytes(with_footer(footer(path.read_bytes())[0], footer(sink.getvalue())[1]))
    assert pq.ParquetFile(path).metadata.num_rows == 1_024_000
    refuse(path, "time does not increase", row=1001)


def test_a_column_beyond_the_file(still, write_parquet):
    path = write_parquet(still(5000))
    pages, promise = footer(path.read_bytes())
    path.write_bytes(with_footer(pages[: len(pages) // 2], promise))
    refuse(path, "lies outside|page")


MEMORY = """
import resource, sys
from config.errors import RecordingError
from firmware_bridge.recordings import open_recording
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    open_recording(sys.argv[1])
except RecordingError as error:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, error)
"""


def test_a_page_that_swells_is_not_opened(tmp_path, run_python):
    n = 20_000_000
    path = tmp_path / "bomb.parquet"
    column = pa.array(np.zeros(n))
    table = pa.table(dict.fromkeys(("time_s", "acc_x", "acc_y", "acc_z"), column))
    pq.write_table(
        table, path, row_group_size=n, use_dictionary=False, compression="zstd", data_page_size=1 << 30,
        max_rows_per_page=n, write_batch_size=n,
    )  # fmt: skip
    assert path.stat().st_size < 200_000
    grown_kb, message = run_python(MEMORY, path).split(" ", 1)
    assert "a page of 160 MB" in message
    assert int(grown_kb) < 30_000


def test_units_and_start_of_own_recordings_are_their_own(tmp_path, sensor):
    with Recorder(tmp_path / "own", "test", 100.0, 1 / 1024, 1 / 102400) as recorder:
        recorder.append(sensor(0, 300))
    refuse(tmp_path / "own", "its own units", units=Units())
    refuse(tmp_path / "own", "already carry the date", start_s=1.0)
