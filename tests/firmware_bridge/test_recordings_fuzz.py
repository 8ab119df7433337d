"""Whatever bytes a file holds, reading it ends in samples or in a `RecordingError`: no other error, no hang."""

import csv
import io
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.errors import RecordingError
from firmware_bridge.recordings import Recorder, open_recording

FUZZ = settings(max_examples=150, deadline=2000, suppress_health_check=[HealthCheck.function_scoped_fixture])

PLACE = st.integers(0, 1 << 24)
"""A bit or byte of the file, counted around."""


@dataclass(frozen=True)
class Good:
    """A good recording: a place for one like it, and its bytes."""

    path: Path
    whole: bytes = field(repr=False)


def read_all(path):
    """The number of samples; 0 where the recording is refused."""
    try:
        return sum(len(chunk) for chunk in open_recording(path).chunks())
    except RecordingError as error:
        if "\n" in str(error):
            raise AssertionError("more than one line") from error
        return 0


@pytest.fixture(params=["csv", "snappy", "zstd", "pages v2", "own stream", "own parquet"])
def good(request, tmp_path, still, sensor):
    if request.param.startswith("own"):
        recorder = Recorder(tmp_path / "own", "test", 100.0, 1 / 1024, 1 / 102400)
        recorder.append(sensor(0, 300))
        if request.param == "own parquet":
            recorder.close()
        (path,) = (tmp_path / "own").glob("segment-*")
        data = path.read_bytes()
        recorder.close()
        return Good(tmp_path / path.name, data)
    if request.param == "csv":
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(still(300))
        writer.writerows(zip(*still(300).values(), strict=True))
        return Good(tmp_path / "recording.csv", text.getvalue().encode())
    options = {
        "snappy": {},
        "zstd": {"compression": "zstd", "use_dictionary": False, "use_byte_stream_split": True, "row_group_size": 100},
        "pages v2": {"data_page_version": "2.0", "compression": "none", "max_rows_per_page": 50},
    }
    sink = io.BytesIO()
    pq.write_table(pa.table(still(300)), sink, **options[request.param])
    return Good(tmp_path / "recording.parquet", sink.getvalue())


def test_the_good_recording_is_good(good):
    good.path.write_bytes(good.whole)
    assert read_all(good.path) == 300


@FUZZ
@given(places=st.lists(PLACE, min_size=1, max_size=8))
def test_flipped_bits(good, places):
    path, whole = good.path, good.whole
    bits = np.unpackbits(np.frombuffer(whole, np.uint8))
    bits[np.array(places) % len(bits)] ^= 1
    path.write_bytes(np.packbits(bits).tobytes())
    assert read_all(path) <= 300


@FUZZ
@given(PLACE)
def test_cut_off_anywhere(good, place):
    path, whole = good.path, good.whole
    path.write_bytes(whole[: place % len(whole)])
    assert read_all(path) <= 300


@FUZZ
@given(places=st.tuples(PLACE, PLACE), put_in=st.binary(max_size=64))
def test_bytes_replaced_put_in_and_taken_out(good, places, put_in):
    path, whole = good.path, good.whole
    start, stop = sorted(place % len(whole) for place in places)
    path.write_bytes(whole[:start] + put_in + whole[stop:])
    assert read_all(path) <= 300


@FUZZ
@given(
    start=st.sampled_from([b"", b"PAR1", b"\xff\xff\xff\xff", b"time_s,acc_x,acc_y,acc_z\n"]),
    middle=st.binary(max_size=400),
    end=st.sampled_from([b"", b"\x10\0\0\0PAR1", b"\xff\xff\xff\xff\0\0\0\0"]),
    name=st.sampled_from(["a.csv", "a.parquet", "a.arrows", "a"]),
)
def test_any_bytes(tmp_path, start, middle, end, name):
    path = tmp_path / name
    path.write_bytes(start + middle + end)
    assert read_all(path) == 0


@FUZZ
@given(st.text(alphabet=st.sampled_from("0123456789.,-+e;\"' \n\r\tnaif_"), max_size=300))
def test_any_csv_body(tmp_path, body):
    path = tmp_path / "a.csv"
    path.write_text("time_s,acc_x,acc_y,acc_z\n" + body, encoding="utf-8", newline="")
    assert read_all(path) == 0
