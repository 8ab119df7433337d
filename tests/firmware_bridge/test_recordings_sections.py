"""The list that says where in a recording the guided calibration was done."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.calibration import CalibrationSection, SectionName
from config.errors import CalibrationError
from firmware_bridge.recordings.sections import read_sections

GOOD = "start_s,end_s,section\n10,20,forward_bend\n2.5,8,upright_stand\n"


def sections(tmp_path, text):
    path = tmp_path / "sections.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_sections(path)


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        "\ufeff" + GOOD.replace("\n", "\r\n"),
        GOOD.replace(",", ", ") + "\n,,\n",
        "note,section,end_s,start_s\na,forward_bend,20,10\nb,upright_stand,8,2.5\n",
    ],
)
def test_sections_in_order_of_time(tmp_path, text):
    assert sections(tmp_path, text) == (
        CalibrationSection(SectionName.UPRIGHT_STAND, 2.5, 8.0),
        CalibrationSection(SectionName.FORWARD_BEND, 10.0, 20.0),
    )


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "first line must name the columns .*found: nothing"),
        ("start,end,section\n", "found: start, end, section"),
        ("start_s,end_s,section\n", "no sections in it"),
        (GOOD + "1,2\n", "row 3: 2 values for 3 columns"),
        (GOOD + "x,30,upright_sit\n", "row 3: start_s is 'x', not a number"),
        (GOOD + "40,30,upright_sit\n", "row 3: a section from 40 to 30 s"),
        (GOOD + "40,inf,upright_sit\n", "row 3: a section from 40 to inf s"),
        (GOOD + "-1,1,upright_sit\n", "row 3: a section from -1"),
        (GOOD + "30,40,sleeping\n", "row 3: no section is called 'sleeping'; use one of upright_stand"),
        (GOOD + "19,40,upright_sit\n", "upright_sit starts at 19 s, before forward_bend ends at 20 s"),
        (b"start_s,end_s,section\n\xff", "not UTF-8"),
        (b"\0" * 10, "no list of calibration sections"),
        (GOOD + " " * (1 << 20), "no list of calibration sections"),
    ],
)
def test_bad_lists_are_named(tmp_path, text, match):
    with pytest.raises(CalibrationError, match=match):
        sections(tmp_path, text)


def test_a_list_that_is_not_there(tmp_path):
    with pytest.raises(CalibrationError, match="no such file"):
        read_sections(tmp_path / "none.csv")
    with pytest.raises(CalibrationError, match="cannot be read"):
        read_sections(tmp_path)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(st.binary(max_size=200), st.text(alphabet='start_end,"\r\n0123456789.x', max_size=200).map(str.encode))
)
def test_any_bytes_are_refused(tmp_path, body):
    with pytest.raises(CalibrationError):
        sections(tmp_path, b"start_s,end_s,section\n" + body)
