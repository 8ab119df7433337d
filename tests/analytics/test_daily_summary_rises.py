"""Five risings from a chair in succession, as the daily summary tells them."""

from datetime import date
from zoneinfo import ZoneInfo

from analytics.daily_summary import daily_summary
from analytics.findings import Findings
from analytics.local_day import LocalDay
from analytics.sit_to_stand import FiveRises
from config.settings import load_settings
from posture.events import Activity, ActivityEpisode

MONDAY = LocalDay(date(2024, 3, 4), ZoneInfo("Europe/Berlin"))
H = 3600.0
NINE = MONDAY.span.start + 9 * H


def summed_up(findings):
    return daily_summary(findings, MONDAY, "me", load_settings())


def test_five_rises_in_succession_are_a_fact_of_the_day_on_which_they_begin():
    rows = (
        FiveRises(NINE + H, NINE + H + 12.5, NINE + H + 14.0, 5, 42.0),
        FiveRises(NINE + 2 * H, NINE + 2 * H + 11.0, NINE + 2 * H + 14.5, 7, 40.0),
        FiveRises(NINE - 24 * H, NINE - 24 * H + 8.0, NINE - 24 * H + 9.0, 5, 40.0),
    )
    worn = ((NINE, NINE + 5 * H),)
    standing = ActivityEpisode(NINE, NINE + 5 * H, Activity.STANDING)
    day = summed_up(Findings((standing, *rows), wear=worn)).five_rises
    assert (day.rows_n, day.best_to_stand_s, day.best_to_seat_s) == (2, 11.0, 14.0)
    none = summed_up(Findings((standing,), wear=worn)).five_rises
    assert (none.rows_n, none.best_to_stand_s) == (0, None)
    assert summed_up(Findings()).five_rises is None
