"""Durations as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.errors import SettingsError
from lumbar.durations import duration_text, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("10m", 600),
        ("90s", 90),
        ("90", 90),
        ("0.4s", 0.4),
        ("1h30m", 5400),
        ("1d", 86_400),
        ("2H 5M 1S", 7501),
        ("1.5h", 5400),
    ],
)
def test_a_duration_has_units_or_is_in_seconds(text, seconds):
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "0", "0s", "-5s", "ten", "5x", "30m1h", "nan", "inf", "1e3", "10 000 h", "h"])
def test_anything_else_is_refused_with_an_example(text):
    with pytest.raises(SettingsError, match="10m, 90s, 1h30m"):
        parse_duration(text)


@given(st.integers(0, 9), st.integers(0, 59), st.integers(1, 59))
def test_the_parts_add_up(hours, minutes, seconds):
    assert parse_duration(f"{hours}h{minutes}m{seconds}s") == 3600 * hours + 60 * minutes + seconds


@pytest.mark.parametrize(("seconds", "text"), [(4.25, "4.2 s"), (90, "01:30"), (7501, "2:05:01")])
def test_durations_are_shown_short(seconds, text):
    assert duration_text(seconds) == text
