"""Findings survive the history, and re-analysing never doubles anything."""

from dataclasses import asdict, replace
from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.exercises.records import ExerciseSet, Repetition, Side
from analytics.findings import CalibrationInUse, Findings, SittingKnown
from analytics.posture_tally import PostureTally
from analytics.sit_to_stand import FiveRises
from analytics.walking import WalkingBout
from config.exercise_plan import own_plans_path
from config.settings import load_settings
from lumbar.days import findings_of, keep_recording, keep_session, main_day, records_of
from lumbar.history.records import ExerciseSession, ExerciseSetRecord
from lumbar.history.store import History
from posture.calibration import CalibrationSource
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
from posture.sitting_ways import SittingSource

START = 1_767_600_000.0
END = START + 7200.0
STEPS = tuple(START + 3000.25 + 0.5 * i for i in range(100))
BRIDGES = ExerciseSet(
    "bridge",
    START + 500,
    START + 560,
    tuple(
        Repetition(at, at + 2, at + 4, side, 31.5, None, 1.5, 1.0, 1.0, 0.4, complete=True)
        for at, side in ((START + 500, None), (START + 556, Side.LEFT))
    ),
    0.9,
)
FINDINGS = Findings(
    events=(
        CalibrationInUse(START, CalibrationSource.PROFILE, "me"),
        SittingKnown(START, END, SittingSource.LEARNT, 2480.0),
        ActivityEpisode(START, START + 2500, Activity.SITTING),
        ActivityEpisode(START + 2500, END, Activity.WALKING),
        PostureEpisode(START + 100, START + 400, PostureState.SLOUCHED, 14.5),
        SittingBout(START, START + 2500, 2480.0, ended_by_break=True),
        Transition(START + 2500, TransitionKind.SIT_TO_STAND, 2.0),
        Bend(START + 2600, START + 2610, 63.0),
        Alert(START + 160, AlertKind.SLOUCH, START + 100),
        AlertResolved(START + 400, AlertKind.SLOUCH, START + 160, heeded=False),
        WalkingBout(STEPS[0], STEPS[-1], len(STEPS), 120.0),
        BRIDGES,
        FiveRises(START + 3000, START + 3012.5, START + 3014, 6, 41.5),
        PostureTally(START, START + 900, (20.0, 45.0), (10, 2, 0), (5, 6, 7, 0, 0, 0, 1)),
        PostureTally(START + 900, START + 1800, (20.0, 45.0), (10, 2, 0), None),
    ),
    wear=((START, START + 5000), (START + 5060, END)),
    gaps=((START + 5000, START + 5060),),
    step_times=STEPS,
)


@pytest.fixture
def settings(monkeypatch):
    monkeypatch.setenv("LUMBAR_WEARER__TIME_ZONE", "Europe/Berlin")
    monkeypatch.setenv("LUMBAR_BEND__BANDS_DEG", "[20, 45]")
    return load_settings()


def by_time(events):
    return sorted(events, key=repr)


def test_findings_come_back_from_their_records_as_they_were():
    back = findings_of(records_of(FINDINGS, END))
    assert by_time(back.events) == by_time(FINDINGS.events)
    assert (back.wear, back.gaps) == (FINDINGS.wear, FINDINGS.gaps)
    assert back.step_times == pytest.approx(FINDINGS.step_times, abs=1e-3)


def test_the_main_day_is_the_one_with_most_wear(settings):
    night = Findings(wear=((START - 9 * 3600, START + 9 * 3600),))
    day = main_day(night, settings)
    assert day is not None
    assert (day.date, day.zone) == (date(2026, 1, 5), ZoneInfo("Europe/Berlin"))
    assert main_day(Findings(), settings) is None


@given(times=st.integers(1, 4))
def test_keeping_a_recording_again_changes_nothing(tmp_path_factory, times):
    settings = load_settings().model_copy(
        update={"bend": load_settings().bend.model_copy(update={"bands_deg": (20.0, 45.0)})}
    )
    with History(tmp_path_factory.mktemp("history") / "history.sqlite") as history:
        for _ in range(times):
            summaries = keep_recording(history, FINDINGS, (START, END), "morning", settings)
        kept = findings_of(history.episodes("me", START, END))
        assert by_time(kept.events) == by_time(FINDINGS.events)
        (summary,) = summaries.values()
        assert summary.alerts.given_n == 1
        assert summary.walking.steps_n == len(STEPS)
        assert history.summary("me", summary.date) == summary.document()


def test_a_recording_over_midnight_sums_up_both_days(tmp_path, settings):
    evening = 1_767_650_400.0  # 2026-01-05 23:00 in Berlin
    episode = ActivityEpisode(evening, evening + 7200, Activity.LYING)
    findings = Findings((episode,), wear=((evening, evening + 7200),))
    with History(tmp_path / "history.sqlite") as history:
        summaries = keep_recording(history, findings, (evening, evening + 7200), "night", settings)
    assert [day.isoformat() for day in summaries] == ["2026-01-05", "2026-01-06"]
    assert [summary.activity.lying_min for summary in summaries.values()] == [60, 60]


PLAN = """
schema = "lumbar.plan/1"
title = "My home programme"
days_per_week = 3
source = "my physiotherapist"
[[items]]
exercise = "bridge"
sets = 2
"""


WORN = Findings((ActivityEpisode(START, END, Activity.STANDING), BRIDGES), wear=((START, END),))


def session_of(*sets):
    records = [
        ExerciseSetRecord(one.exercise, one.start, one.end, 2, 2, None, [asdict(r) for r in one.repetitions])
        for one in sets
    ]
    return ExerciseSession("s-1", "home", sets[0].start, sets[-1].end, {}, tuple(records))


def sets_on_the_day(history):
    (summary,) = history.summaries("me", date(2026, 1, 1), date(2026, 1, 31)).values()
    return [(one["exercise"], one["repetitions_n"]) for one in summary["exercise"]["sets"]], summary["exercise"]


def test_the_sets_of_a_guided_session_are_in_the_days_summary_once(tmp_path):
    settings = load_settings()
    later = replace(BRIDGES, start=BRIDGES.start + 300, end=BRIDGES.end + 300)
    with History(tmp_path / "history.sqlite") as history:
        keep_recording(history, WORN, (START, END), "belt", settings)
        keep_session(history, session_of(BRIDGES, later), "belt", settings)
        assert sets_on_the_day(history)[0] == [("bridge", 2)] * 2
        keep_recording(history, WORN, (START, END), "belt", settings)
        assert sets_on_the_day(history)[0] == [("bridge", 2)] * 2, "and stay when the recording is analysed again"


def test_the_day_is_held_against_the_wearers_own_plan(tmp_path, monkeypatch):
    monkeypatch.setenv("LUMBAR_STORAGE__FOLDER", str(tmp_path))
    settings = load_settings()
    own_plans_path(settings).mkdir(parents=True)
    (own_plans_path(settings) / "home.toml").write_text(PLAN, encoding="utf-8")
    with History(tmp_path / "history.sqlite") as history:
        keep_recording(history, WORN, (START, END), "belt", settings)
        exercise = sets_on_the_day(history)[1]
    assert exercise["planned"] == [{"exercise": "bridge", "planned_n": 2, "done_n": 1}]
    assert exercise["share_of_plan"] == 0.5
