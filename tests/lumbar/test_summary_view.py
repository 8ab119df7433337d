"""The day as a person reads it."""

from datetime import date
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console

from analytics.daily_summary import daily_summary
from analytics.findings import Findings
from analytics.local_day import LocalDay
from analytics.posture_tally import PostureTally
from analytics.sit_to_stand import FiveRises
from config.settings import load_settings
from lumbar.summary_view import show_summary
from posture.events import Activity, ActivityEpisode, Bend, SittingBout

NINE = 1_767_600_000.0


@pytest.fixture
def shown():
    """Return the text of a day on which the wearer stood for an hour, and whatever else was found."""

    def make(*found, wear=((NINE, NINE + 3600),)):
        standing = ActivityEpisode(NINE, NINE + 3600, Activity.STANDING)
        findings = Findings((standing, *found), wear=wear)
        summary = daily_summary(findings, LocalDay(date(2026, 1, 5), ZoneInfo("UTC")), "me", load_settings())
        console = Console(width=160, file=StringIO(), record=True)
        show_summary(summary, console)
        return console.export_text()

    return make


def test_five_rises_are_told_where_they_were_seen(shown):
    assert "Five rises" not in shown()
    row = FiveRises(NINE + 60, NINE + 72.3, NINE + 73.9, 5, 42.0)
    assert "from a chair in a row: 12.3 s to the fifth stand, 13.9 s to the seat" in shown(row)
    slower = FiveRises(NINE + 600, NINE + 615, NINE + 616, 5, 42.0)
    assert "12.3 s to the fifth stand, 13.9 s to the seat, the best of 2" in shown(row, slower)


def test_one_of_a_thing_is_one_and_not_many(shown):
    bands_deg = load_settings().bend.bands_deg
    seconds_seen = PostureTally(NINE, NINE + 60, bands_deg, (60, *(0 for _ in bands_deg)), None)
    sat, bend = SittingBout(NINE, NINE + 1800, 1800, ended_by_break=False), Bend(NINE, NINE + 9, 70.0)
    one = shown(sat, bend, seconds_seen)
    assert "1 bout, longest 30 min, 0 breaks" in one
    assert "1 deep bend, deepest 70 deg" in one
    assert "2 deep bends" in shown(bend, seconds_seen, Bend(NINE + 60, NINE + 69, 70.0))


def test_what_is_not_known_of_a_day_is_said_in_two_words(shown):
    lines = [line.strip("│ ") for line in shown(wear=()).splitlines()]
    for name in ("Sitting", "Slouching", "Bending", "Walking", "Programme", "Exercises", "Alerts"):
        (said,) = [line.removeprefix(name).strip() for line in lines if line.startswith(name)]
        assert said == "not known"
