"""The daily summary says what was found on a local day, and nothing that is not known."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from jsonschema import Draft202012Validator

from analytics.daily_summary import DailySummary, daily_summary, summary_schema
from analytics.findings import CalibrationInUse, Findings
from analytics.local_day import LocalDay
from analytics.posture_tally import PostureTally
from analytics.walking import WalkingBout
from config.errors import SettingsError
from config.settings import load_settings
from posture.events import (
    Activity,
    ActivityEpisode,
    Alert,
    AlertKind,
    AlertResolved,
    Bend,
    PostureEpisode,
    PostureState,
    SittingBout,
    Transition,
    TransitionKind,
)

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = LocalDay(date(2024, 3, 4), BERLIN)
TUESDAY = LocalDay(date(2024, 3, 5), BERLIN)
MIDNIGHT = MONDAY.span.start
SETTINGS = load_settings()
H = 3600.0
MIN = 60.0
NINE = MIDNIGHT + 9 * H
BANDS = (20.0, 45.0, 60.0, 90.0)


WORKING_DAY = Findings(
    wear=((NINE, NINE + 8 * H),),
    gaps=((NINE + 3 * H, NINE + 3.5 * H),),
    step_times=(*(NINE + H + 0.55 * n for n in range(1000)), *(NINE + 5 * H + 0.7 * n for n in range(500))),
    events=(
        CalibrationInUse(NINE, "guided", "me.toml"),
        ActivityEpisode(NINE, NINE + H, Activity.SITTING),
        ActivityEpisode(NINE + H, NINE + H + 10 * MIN, Activity.WALKING),
        ActivityEpisode(NINE + H + 10 * MIN, NINE + 3 * H, Activity.SITTING),
        ActivityEpisode(NINE + 3.5 * H, NINE + 5 * H, Activity.STANDING),
        ActivityEpisode(NINE + 5 * H, NINE + 5 * H + 6 * MIN, Activity.WALKING),
        ActivityEpisode(NINE + 5 * H + 6 * MIN, NINE + 7.75 * H, Activity.SITTING),
        PostureEpisode(NINE, NINE + 30 * MIN, PostureState.UPRIGHT, 2.0),
        PostureEpisode(NINE + 30 * MIN, NINE + 50 * MIN, PostureState.SLOUCHED, 14.0),
        PostureEpisode(NINE + 50 * MIN, NINE + 60 * MIN, PostureState.LEANING_LEFT, 17.0),
        PostureEpisode(NINE + 6 * H, NINE + 6.5 * H, PostureState.UPRIGHT, 5.0),
        SittingBout(NINE, NINE + H, 60 * MIN, ended_by_break=True),
        SittingBout(NINE + H + 10 * MIN, NINE + 3 * H, 105 * MIN, ended_by_break=False),
        SittingBout(NINE + 5 * H + 6 * MIN, NINE + 7.75 * H, 159 * MIN, ended_by_break=True),
        Transition(NINE + H, TransitionKind.SIT_TO_STAND, 1.5),
        Transition(NINE + H + 10 * MIN, TransitionKind.STAND_TO_SIT, 1.5),
        Bend(NINE + 4 * H, NINE + 4 * H + 8, 71.0),
        Bend(NINE + 4.5 * H, NINE + 4.5 * H + 10, 58.0),
        Alert(NINE + 31 * MIN, AlertKind.SLOUCH, NINE + 30 * MIN),
        AlertResolved(NINE + 32 * MIN, AlertKind.SLOUCH, NINE + 31 * MIN, heeded=True),
        Alert(NINE + 40 * MIN, AlertKind.SITTING, NINE),
        AlertResolved(NINE + 60 * MIN, AlertKind.SITTING, NINE + 40 * MIN, heeded=False),
        WalkingBout(NINE + H, NINE + H + 10 * MIN, 1000, 109.0),
        WalkingBout(NINE + 5 * H, NINE + 5 * H + 6 * MIN, 500, 86.0),
        PostureTally(NINE, NINE + 900, BANDS, (600, 120, 60, 30, 0), (0, 300, 300, 60, 60, 30, 0)),
        PostureTally(NINE + 900, NINE + 1800, BANDS, (900, 0, 0, 0, 0), None),
    ),
)


def summed_up(findings, day=MONDAY, earlier=()):
    return daily_summary(findings, day, "me", SETTINGS, earlier)


@pytest.fixture(scope="module")
def summary():
    return summed_up(WORKING_DAY)


def test_the_document_fits_its_schema_and_reads_back(summary):
    schema = summary_schema()
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    for each in (summary, summed_up(Findings())):
        validator.validate(each.document())
        assert DailySummary.model_validate(each.document()) == each
    assert not validator.is_valid(summary.document() | {"schema": "lumbar.summary/2"})
    assert not validator.is_valid(summary.document() | {"pain": 3})


def test_every_number_in_the_schema_names_its_unit():
    units = ("_s", "_min", "_deg", "_spm", "_n", "_percent", "_per_wear_h", "_per_sitting_h", "_days", "_cm")
    dimensionless = {"wear_ratio", "coverage", "share_of_sitting", "share_of_plan", "confidence"}
    dimensionless |= {"value", "mean", "change"}
    for name, part in summary_schema()["$defs"].items():
        for field, value in part.get("properties", {}).items():
            types = [value, *value.get("anyOf", ())]
            if any(kind.get("type") in {"number", "integer"} for kind in types) and field not in dimensionless:
                assert field.endswith(units), f"{name}.{field}"


def test_wear_is_without_gaps_and_says_how_much_of_the_day_it_is(summary):
    assert summary.day_s == 24 * H
    assert summary.wear.wear_s == 7.5 * H
    assert summary.wear.wear_ratio == pytest.approx(7.5 / 24)
    assert summary.wear.coverage == pytest.approx(7.5 / 8)
    assert summary.wear.gaps.model_dump() == {"count_n": 1, "total_s": 0.5 * H, "longest_s": 0.5 * H}


def test_minutes_of_activities_with_the_rest_of_the_wear_unknown(summary):
    assert summary.activity.model_dump() == pytest.approx(
        {
            "lying_min": 0,
            "sitting_min": 60 + 110 + 159,
            "standing_min": 90,
            "walking_min": 16,
            "running_min": 0,
            "cycling_min": 0,
            "unknown_min": 15,
        }
    )


def test_sitting_bouts_and_breaks(summary):
    assert summary.sitting.bouts_n == 3
    assert summary.sitting.longest_bout_min == pytest.approx(159)
    assert summary.sitting.breaks_n == 2
    assert [each.time.isoformat() for each in summary.sitting.breaks] == [
        "2024-03-04T10:00:00+01:00",
        "2024-03-04T16:45:00+01:00",
    ]
    assert [each.after_sitting_min for each in summary.sitting.breaks] == [60, 159]


def test_posture_and_slouch(summary):
    assert summary.posture.judged_min == pytest.approx(90)
    assert summary.posture.upright_min == pytest.approx(60)
    assert summary.posture.leaning_left_min == pytest.approx(10)
    assert summary.posture.mean_slouch_deg == pytest.approx((30 * 2 + 20 * 14 + 30 * 5) / 80)
    assert summary.slouch.slouched_min == pytest.approx(20)
    assert summary.slouch.episodes_n == 1
    assert summary.slouch.share_of_sitting == pytest.approx(20 / 90)
    assert summary.slouch.dose_deg_min == pytest.approx(280)
    assert summary.slouch.peak_dose_s == 20 * MIN


def test_a_slouch_in_two_pieces_that_touch_is_one_slouch():
    pieces = [
        PostureEpisode(NINE, NINE + 60, PostureState.SLOUCHED, 10.0),
        PostureEpisode(NINE + 60, NINE + 180, PostureState.SLOUCHED, 13.0),
        PostureEpisode(NINE + 181, NINE + 240, PostureState.SLOUCHED, 12.0),
    ]
    sitting = ActivityEpisode(NINE, NINE + H, Activity.SITTING)
    slouch = summed_up(Findings((sitting, *pieces), wear=((NINE, NINE + H),))).slouch
    assert slouch.episodes_n == 2
    assert slouch.dose_deg_min == pytest.approx(10 + 26 + 12 * 59 / 60)


@pytest.mark.parametrize(("hole_s", "seen_standing", "episodes_n"), [(60, False, 1), (61, False, 2), (60, True, 2)])
def test_a_slouch_cut_by_missing_samples_is_one_slouch_as_it_is_one_alert(hole_s, seen_standing, episodes_n):
    back = NINE + 600 + hole_s
    sitting = [ActivityEpisode(NINE, NINE + 600, Activity.SITTING), ActivityEpisode(back, back + 600, Activity.SITTING)]
    slouched = [PostureEpisode(episode.start, episode.end, PostureState.SLOUCHED, 12.0) for episode in sitting]
    standing = [ActivityEpisode(NINE + 600, back, Activity.STANDING)] if seen_standing else []
    findings = Findings((*sitting, *slouched, *standing), wear=((NINE, back + 600),))
    assert summed_up(findings).slouch.episodes_n == episodes_n


def test_the_peak_dose_grows_while_slouched_and_halves_with_each_recovery_half_time():
    def slouched(start_s, end_s):
        return PostureEpisode(MIDNIGHT + start_s, MIDNIGHT + end_s, PostureState.SLOUCHED, 12.0)

    day = ((MIDNIGHT - H, MIDNIGHT + H),)
    sitting = ActivityEpisode(*day[0], Activity.SITTING)
    pause_s = SETTINGS.slouch.recovery_half_time_s
    twice = (slouched(-400, -100), slouched(-100 + pause_s, 500))
    summary = summed_up(Findings((sitting, *twice), wear=day))
    assert summary.slouch.peak_dose_s == pytest.approx(300 / 2 + 600 - pause_s)
    over_midnight = summed_up(Findings((sitting, slouched(-300, 200), slouched(3000, 3100)), wear=day))
    assert over_midnight.slouch.peak_dose_s == 500


def test_histogram_over_the_own_range(summary):
    edges = [(part.from_percent, part.to_percent) for part in summary.slouch.histogram]
    assert edges == [(None, 0), (0, 20), (20, 40), (40, 60), (60, 80), (80, 100), (100, None)]
    assert [part.duration_min for part in summary.slouch.histogram] == [0, 5, 5, 1, 1, 0.5, 0]


def test_bends_by_band_and_deep_bends(summary):
    assert [(band.from_deg, band.to_deg) for band in summary.bends.bands] == [
        (0, 20), (20, 45), (45, 60), (60, 90), (90, None),
    ]  # fmt: skip
    assert [band.duration_min for band in summary.bends.bands] == [25, 2, 1, 0.5, 0]
    assert (summary.bends.deep_bends_n, summary.bends.deepest_deg) == (2, 71)
    assert summary.bends.deep_bend_min == pytest.approx(18 / 60)


def test_walking(summary):
    assert summary.walking.model_dump() == pytest.approx(
        {"steps_n": 1500, "cadence_spm": 109, "bouts_n": 2, "bout_min": 16, "brisk_min": 10}
    )


def test_a_summary_written_before_there_were_exercises_can_be_read(summary):
    document = summary.document()
    for name in ("exercise", "walking_programme"):
        del document[name]
    for window in ("last_7_days", "last_28_days"):
        del document[window]["exercising_min"]
    old = DailySummary.model_validate(document)
    assert (old.exercise.sets_n, old.walking_programme) == (None, None)
    assert old.walking == summary.walking


def test_alerts_given_and_heeded_by_kind(summary):
    assert (summary.alerts.given_n, summary.alerts.heeded_n) == (2, 1)
    assert summary.document()["alerts"]["by_kind"] == {
        "slouch": {"given_n": 1, "heeded_n": 1},
        "sitting": {"given_n": 1, "heeded_n": 0},
    }


def test_transitions(summary):
    assert (summary.transitions.sit_to_stand_n, summary.transitions.stand_to_sit_n) == (1, 1)
    assert summary.transitions.sit_to_lie_n == 0


def test_the_calibrations_in_use_while_worn_are_named(summary):
    assert [(use.source, use.profile) for use in summary.calibration] == [("guided", "me.toml")]
    evening_before = CalibrationInUse(MIDNIGHT - H, "walking", None)
    replaced = Findings((evening_before, CalibrationInUse(NINE, "profile", "me.toml")), wear=((NINE, NINE + H),))
    assert [use.source for use in summed_up(replaced).calibration] == ["profile"]
    changed = Findings((evening_before, CalibrationInUse(NINE + 1, "profile", "me.toml")), wear=((NINE, NINE + H),))
    assert [use.source for use in summed_up(changed).calibration] == ["walking", "profile"]
    assert "several_calibrations" in codes(summed_up(changed))


def codes(summary):
    return [note.code for note in summary.notes]


def test_a_day_not_worn_is_null_throughout():
    empty = summed_up(Findings())
    for section in (
        "activity",
        "sitting",
        "posture",
        "slouch",
        "bends",
        "walking",
        "exercise",
        "alerts",
        "transitions",
    ):
        assert set(getattr(empty, section).model_dump().values()) == {None}, section
    assert empty.wear.wear_s == 0
    assert empty.wear.coverage is None
    assert codes(empty) == ["not_worn"]


def test_slouching_that_could_not_be_judged_is_null_not_zero():
    sitting = Findings((ActivityEpisode(NINE, NINE + 5 * H, Activity.SITTING),), wear=((NINE, NINE + 5 * H),))
    judged = summed_up(sitting)
    assert judged.activity.sitting_min == 300
    assert judged.slouch.slouched_min is None
    assert judged.posture.judged_min is None
    assert codes(judged) == ["slouch_not_judged"]


def test_who_did_not_sit_did_not_slouch():
    standing = Findings((ActivityEpisode(NINE, NINE + 5 * H, Activity.STANDING),), wear=((NINE, NINE + 5 * H),))
    judged = summed_up(standing)
    assert judged.slouch.slouched_min == 0
    assert judged.slouch.share_of_sitting is None
    assert codes(judged) == []


def test_bends_are_null_where_no_inclination_was_seen():
    standing = Findings((ActivityEpisode(NINE, NINE + 5 * H, Activity.STANDING),), wear=((NINE, NINE + 5 * H),))
    assert summed_up(standing).bends.deep_bends_n is None


def test_a_day_of_which_nothing_was_recognised_knows_no_steps_and_no_breaks():
    unknown = summed_up(
        Findings((ActivityEpisode(NINE, NINE + 5 * H, Activity.UNKNOWN),), wear=((NINE, NINE + 5 * H),))
    )
    assert unknown.activity.unknown_min == 300
    assert unknown.walking.steps_n is None
    assert unknown.exercise.sets_n is None
    assert unknown.sitting.breaks_n is None
    assert unknown.slouch.slouched_min is None
    assert unknown.transitions.sit_to_stand_n is None
    assert unknown.alerts.given_n == 0
    assert codes(unknown) == ["much_unknown"]


def test_little_wear_many_gaps_and_half_judged_sitting_are_said(summary):
    patchy = Findings(
        (
            ActivityEpisode(NINE, NINE + 3 * H, Activity.SITTING),
            PostureEpisode(NINE, NINE + H, PostureState.UPRIGHT, 0.0),
        ),
        wear=((NINE, NINE + 3 * H),),
        gaps=((NINE + H, NINE + 2 * H),),
    )
    assert codes(summed_up(patchy)) == ["short_wear", "low_coverage", "slouch_partly_judged"]
    assert codes(summary) == ["slouch_partly_judged"]
    texts = [note.text for note in summed_up(patchy).notes]
    assert texts[0] == "Worn for 2.0 h only: too short to compare with other days."
    assert texts[1] == "33% of the time since the sensor was first put on is not recorded."
    assert texts[2] == "Slouching could be judged in 60 of 120 min of sitting only."


def test_episodes_over_midnight_are_cut_and_counted_on_the_day_they_begin():
    end = MONDAY.span.end
    late = Findings(
        (
            ActivityEpisode(end - H, end + 0.5 * H, Activity.SITTING),
            SittingBout(end - H, end + 0.5 * H, 1.5 * H, ended_by_break=True),
            PostureEpisode(end - 600, end + 1200, PostureState.SLOUCHED, 12.0),
            Alert(end - 60, AlertKind.SLOUCH, end - 600),
            AlertResolved(end + 5, AlertKind.SLOUCH, end - 60, heeded=True),
            WalkingBout(end - 30, end + 90, 200, 100.0),
        ),
        wear=((end - H, end + 0.5 * H),),
    )
    monday, tuesday = summed_up(late, MONDAY), summed_up(late, TUESDAY)
    assert (monday.activity.sitting_min, tuesday.activity.sitting_min) == (60, 30)
    assert (monday.sitting.bouts_n, tuesday.sitting.bouts_n) == (1, 0)
    assert (monday.sitting.longest_bout_min, tuesday.sitting.longest_bout_min) == (60, 30)
    assert (monday.sitting.breaks_n, tuesday.sitting.breaks_n) == (0, 1)
    assert tuesday.sitting.breaks[0].after_sitting_min == 90
    assert (monday.slouch.slouched_min, tuesday.slouch.slouched_min) == (10, 20)
    assert (monday.slouch.episodes_n, tuesday.slouch.episodes_n) == (1, 0)
    assert (monday.slouch.peak_dose_s, tuesday.slouch.peak_dose_s) == (600, 1800)
    assert (monday.alerts.given_n, monday.alerts.heeded_n) == (1, 1)
    assert (tuesday.alerts.given_n, tuesday.alerts.heeded_n) == (0, 0)
    assert (monday.walking.bout_min, tuesday.walking.bout_min) == (0.5, 1.5)
    assert (monday.walking.brisk_min, tuesday.walking.brisk_min) == (0.5, 1.5)


@pytest.mark.parametrize(("day", "hours"), [(date(2024, 3, 31), 23), (date(2024, 10, 27), 25)])
def test_days_of_clock_changes_have_23_and_25_hours(day, hours):
    start = datetime(day.year, day.month, day.day, tzinfo=BERLIN).timestamp()
    lying = Findings((ActivityEpisode(start - H, start + 40 * H, Activity.LYING),), wear=((start - H, start + 40 * H),))
    summary = summed_up(lying, LocalDay(day, BERLIN))
    assert summary.day_s == hours * H
    assert summary.activity.lying_min == hours * 60
    assert summary.wear.wear_ratio == 1


def test_the_day_is_that_of_the_wearers_clock():
    event = Findings(
        (ActivityEpisode(NINE, NINE + H, Activity.SITTING), SittingBout(NINE, NINE + H, H, ended_by_break=True)),
        wear=((NINE, NINE + H),),
    )
    tokyo = daily_summary(event, LocalDay(date(2024, 3, 4), ZoneInfo("Asia/Tokyo")), "me", SETTINGS)
    assert tokyo.sitting.breaks[0].time.isoformat() == "2024-03-04T18:00:00+09:00"
    assert tokyo.sitting.breaks[0].time == datetime(2024, 3, 4, 9, tzinfo=UTC)
    auckland = daily_summary(event, LocalDay(date(2024, 3, 4), ZoneInfo("Pacific/Auckland")), "me", SETTINGS)
    assert auckland.wear.wear_s == H
    assert (
        daily_summary(event, LocalDay(date(2024, 3, 5), ZoneInfo("Pacific/Auckland")), "me", SETTINGS).wear.wear_s == 0
    )


def test_recordings_that_overlap_count_their_time_once():
    twice = Findings(
        (
            ActivityEpisode(NINE, NINE + 2 * H, Activity.SITTING),
            ActivityEpisode(NINE + H, NINE + 3 * H, Activity.SITTING),
        ),
        wear=((NINE, NINE + 2 * H), (NINE + H, NINE + 3 * H)),
    )
    assert summed_up(twice).activity.sitting_min == 180
    assert summed_up(twice).wear.wear_s == 3 * H


def test_findings_made_with_other_bands_are_refused():
    tally = PostureTally(NINE, NINE + 900, (30.0, 60.0), (900, 0, 0), None)
    with pytest.raises(SettingsError, match=r"bend\.bands_deg has changed .* analyse it again"):
        summed_up(Findings((tally,), wear=((NINE, NINE + 900),)))
