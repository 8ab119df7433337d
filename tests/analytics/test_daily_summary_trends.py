"""A day is compared with the wearer's own days before it, honestly."""

from __future__ import annotations

import io
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from analytics.daily_summary import daily_summary
from analytics.exercises.records import ExerciseSet
from analytics.findings import CalibrationInUse, Findings
from analytics.local_day import LocalDay
from analytics.posture_tally import PostureTally
from analytics.summary_table import summary_table
from analytics.trends import ENOUGH_WEAR_S
from config.settings import load_settings
from posture.events import Activity, ActivityEpisode, Alert, AlertKind, PostureEpisode, PostureState

ZONE = ZoneInfo("Europe/Berlin")
SETTINGS = load_settings()
TODAY = date(2024, 4, 2)  # two days after the clocks changed
H = 3600.0


def day_with(days_ago, wear_h=8.0, sitting_h=4.0, slouch_deg=12.0, earlier=()):
    day = LocalDay(TODAY - timedelta(days=days_ago), ZONE)
    start = day.span.start + 9 * H
    events = (
        CalibrationInUse(start, "guided", "me.toml"),
        ActivityEpisode(start, start + sitting_h * H, Activity.SITTING),
        ActivityEpisode(start + sitting_h * H, start + wear_h * H, Activity.STANDING),
        PostureEpisode(start, start + sitting_h * H, PostureState.SLOUCHED, slouch_deg),
        Alert(start + 60, AlertKind.SLOUCH, start),
        PostureTally(start, start + 900, SETTINGS.bend.bands_deg, (800, 60, 30, 10, 0), (0, 1, 2, 3, 4, 5, 6)),
    )
    findings = Findings(events, wear=((start, start + wear_h * H),))
    return daily_summary(findings, day, "me", SETTINGS, earlier)


def test_the_last_7_and_28_days_do_not_include_the_day_itself_or_later_ones():
    earlier = [day_with(ago) for ago in (-1, 0, 1, 7, 8, 28, 29)]
    today = day_with(0, earlier=earlier)
    assert (today.last_7_days.days_n, today.last_28_days.days_n) == (2, 4)


def test_days_hardly_worn_are_not_compared_with():
    earlier = [day_with(1), day_with(2, wear_h=ENOUGH_WEAR_S / H - 0.1, sitting_h=1)]
    assert day_with(0, earlier=earlier).last_7_days.days_n == 1


def test_a_day_hardly_worn_is_not_compared():
    change = day_with(0, wear_h=1, sitting_h=1, earlier=[day_with(1)]).last_7_days.sitting_min_per_wear_h
    assert (change.value, change.mean, change.change) == (None, 30, None)


def test_minutes_are_compared_per_hour_of_wear():
    earlier = [day_with(1, wear_h=8, sitting_h=4), day_with(2, wear_h=6, sitting_h=2)]
    change = day_with(0, wear_h=4, sitting_h=2, earlier=earlier).last_7_days.sitting_min_per_wear_h
    assert change.value == pytest.approx(30)
    assert change.mean == pytest.approx((30 + 20) / 2)
    assert change.change == pytest.approx(5)
    assert change.days_n == 2


@pytest.mark.parametrize(("deg", "noise"), [(12 + 4.9, True), (12 - 4.9, True), (12 + 5.1, False), (12 - 5.1, False)])
def test_changes_of_angles_within_the_noise_are_called_noise(deg, noise):
    change = day_with(0, slouch_deg=deg, earlier=[day_with(1), day_with(3)]).last_28_days.mean_slouch_deg
    assert change.change == pytest.approx(deg - 12)
    assert change.noise is noise


def test_a_measure_unknown_on_some_days_is_averaged_over_the_others():
    start = LocalDay(TODAY - timedelta(days=2), ZONE).span.start
    unjudged = daily_summary(
        Findings((ActivityEpisode(start, start + 5 * H, Activity.SITTING),), wear=((start, start + 5 * H),)),
        LocalDay(TODAY - timedelta(days=2), ZONE),
        "me",
        SETTINGS,
    )
    week = day_with(0, earlier=[day_with(1), unjudged]).last_7_days
    assert (week.days_n, week.slouched_min_per_sitting_h.days_n) == (2, 1)
    assert week.slouched_min_per_sitting_h.mean == pytest.approx(60)


def test_a_first_day_has_nothing_to_compare_with():
    week = day_with(0).last_7_days
    assert week.days_n == 0
    assert (week.mean_slouch_deg.mean, week.mean_slouch_deg.change, week.mean_slouch_deg.noise) == (None, None, None)


def test_minutes_of_exercise_are_compared_as_they_are():
    def day(days_ago, minutes, earlier=()):
        local = LocalDay(TODAY - timedelta(days=days_ago), ZONE)
        start = local.span.start + 9 * H
        bridges = ExerciseSet("bridge", start, start + 60 * minutes, (), 1.0)
        sitting = ActivityEpisode(start, start + 5 * H, Activity.SITTING)
        return daily_summary(
            Findings((bridges, sitting), wear=((start, start + 5 * H),)), local, "me", SETTINGS, earlier
        )

    change = day(0, 12, [day(1, 6), day(2, 9), day_with(3)]).last_7_days.exercising_min
    assert (change.value, change.mean, change.days_n) == (12, 5, 3)
    assert change.change == pytest.approx(7)


def test_the_table_has_a_row_a_day_in_order_and_says_which_counts_are_unknown():
    empty = daily_summary(Findings(), LocalDay(TODAY - timedelta(days=5), ZONE), "me", SETTINGS)
    table = summary_table([day_with(0), empty, day_with(1)])
    assert list(table["date"]) == [TODAY - timedelta(days=ago) for ago in (5, 1, 0)]
    assert list(table["activity_sitting_min"].iloc[1:]) == [240, 240]
    assert table["activity_sitting_min"].isna().tolist() == [True, False, False]
    assert table["alerts_given_n"].tolist() == [pd.NA, 1, 1]
    assert table["alerts_slouch_given_n"].tolist() == [pd.NA, 1, 1]
    assert table["bends_20_to_45_deg_min"].iloc[2] == 1
    assert table["slouch_range_from_100_percent_min"].iloc[2] == pytest.approx(0.1)
    assert table["exercise_sets_n"].tolist() == [pd.NA, 0, 0]
    assert table["walking_programme_week_brisk_min"].tolist()[1:] == [0, 0]
    assert table["wear_gaps_count_n"].tolist() == [0, 0, 0]
    assert table["notes"].tolist() == ["not_worn", "", ""]


def test_the_table_survives_a_csv_file():
    table = summary_table([day_with(0), day_with(1)])
    read = pd.read_csv(io.StringIO(table.to_csv(index=False)))
    assert list(read.columns) == list(table.columns)
    assert read["activity_sitting_min"].tolist() == [240, 240]
    assert table.columns.is_unique


def test_the_table_of_no_days_is_empty():
    assert summary_table([]).empty
