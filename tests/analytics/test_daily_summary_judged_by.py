"""The daily summary says what slouching was judged by, and why it was not."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from analytics.daily_summary import daily_summary
from analytics.findings import Findings, SittingKnown
from analytics.local_day import LocalDay
from config.settings import load_settings
from posture.events import Activity, ActivityEpisode, PostureEpisode, PostureState
from posture.sitting_ways import SittingSource

MONDAY = LocalDay(date(2024, 3, 4), ZoneInfo("Europe/Berlin"))
H = 3600.0
NINE = MONDAY.span.start + 9 * H


def summed_up(*events):
    sitting = ActivityEpisode(NINE, NINE + 5 * H, Activity.SITTING)
    findings = Findings((sitting, *events), wear=((NINE, NINE + 5 * H),))
    return daily_summary(findings, MONDAY, "me", load_settings())


@pytest.mark.parametrize(
    ("source", "seen_s", "said"),
    [
        (SittingSource.NOT_ENOUGH_SEEN, 720.0, "12 min of sitting seen, and it takes at least 30"),
        (SittingSource.NOT_DISTINCT, 5 * H, "no two ways of sitting were seen often enough"),
    ],
)
def test_what_is_not_known_of_the_sitting_is_said_and_why(source, seen_s, said):
    summary = summed_up(SittingKnown(NINE, NINE + 5 * H, source, seen_s))
    assert summary.slouch.slouched_min is None
    assert summary.slouch.judged_by.source is source
    assert summary.slouch.judged_by.seen_min == seen_s / 60
    assert summary.slouch.judged_by.needed_min == 30
    (note,) = summary.notes
    assert note.code == "slouch_not_judged"
    assert said in note.text
    assert "guided calibration" in note.text


@pytest.mark.parametrize(("source", "needed_min"), [(SittingSource.LEARNT, 30), (SittingSource.SHOWN, 0)])
def test_what_slouching_was_judged_by_is_named(source, needed_min):
    upright = PostureEpisode(NINE, NINE + 5 * H, PostureState.UPRIGHT, 2.0)
    summary = summed_up(upright, SittingKnown(NINE, NINE + 5 * H, source, 3600.0))
    assert summary.slouch.slouched_min == 0
    assert summary.slouch.judged_by.source is source
    assert summary.slouch.judged_by.needed_min == needed_min
    assert summary.notes == ()


def test_what_the_minutes_were_judged_by_is_named_though_the_sensor_was_put_on_anew_afterwards():
    upright = PostureEpisode(NINE, NINE + 2 * H, PostureState.UPRIGHT, 2.0)
    before = SittingKnown(NINE, NINE + 2 * H, SittingSource.LEARNT, 2 * H)
    after = SittingKnown(NINE + 3 * H, NINE + 5 * H, SittingSource.NOT_ENOUGH_SEEN, 600.0)
    assert summed_up(upright, before, after).slouch.judged_by.source is SittingSource.LEARNT


def test_who_has_not_walked_yet_is_told_what_is_missing():
    summary = summed_up(SittingKnown(NINE, NINE + 5 * H, SittingSource.NOT_ENOUGH_SEEN, 0.0))
    (note,) = summary.notes
    assert "learnt from walking and sitting" in note.text


def test_of_several_mountings_the_last_is_named():
    before = SittingKnown(NINE, NINE + 2 * H, SittingSource.LEARNT, 2 * H)
    after = SittingKnown(NINE + 2 * H, NINE + 5 * H, SittingSource.NOT_DISTINCT, 3 * H)
    assert summed_up(after, before).slouch.judged_by.source is SittingSource.NOT_DISTINCT


def test_summaries_from_before_it_was_told_can_be_read():
    document = summed_up().document()
    del document["slouch"]["judged_by"]
    assert type(summed_up()).model_validate(document).slouch.judged_by is None
