"""`lumbar exercise` end to end: a wearer bends, the session counts, tells, publishes and keeps it."""

import asyncio
import io
import json
from contextlib import ExitStack
from datetime import date

import jsonschema
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from analytics.exercises.guided_records import (
    Cue,
    CueKind,
    FinishSet,
    Pain,
    Pause,
    Phase,
    Ready,
    Resume,
    SessionDone,
    SetDone,
    Stop,
    StopReason,
)
from analytics.exercises.guided_session import GuidedSession
from analytics.exercises.records import CountedRepetition
from config.errors import MessagingError
from config.exercise_library import load_exercises
from config.exercise_plan import Plan, PlannedExercise, PlannedWalk, one_exercise_plan
from config.known_sensors import KnownSensor
from config.settings import load_settings
from firmware_bridge.imu import concatenate
from firmware_bridge.link.radio import Radio
from firmware_bridge.recordings import open_recording
from firmware_bridge.virtual import Bend, SensorModel, SimulatedWearer, Stand
from firmware_bridge.virtual.air import PlayedMotion, Specimen, run_virtually, utc_from, virtual_world
from lumbar.exercise_session import ExerciseRun, RunOutputs, set_command
from lumbar.exercise_session_input import HINT
from lumbar.exercise_session_live import run_live
from lumbar.exercise_session_view import TerminalSession, big
from lumbar.exercises_sought import ExercisesSought
from lumbar.history.store import History
from lumbar.messaging.schema_files import message_schema
from lumbar.pipeline import LivePipeline

START = 1_767_600_000.0
LIBRARY = load_exercises()
BENDS = 6
BEND = (Bend(degrees=60.0, hold_s=0.5), Stand(1.0))
SCRIPT = (Stand(25.0), *(BEND * BENDS), Stand(50.0), *(BEND * 3), Stand(15.0))

PLAN = """
schema = "lumbar.plan/1"
title = "Two sets"
days_per_week = 3
source = "made up for the tests"
[[items]]
exercise = "trunk_flexion"
sets = 2
repetitions = 6
rest_s = 20
"""


@pytest.fixture(scope="module")
def bending():
    return SimulatedWearer(SCRIPT, 3, rate_hz=100, mounting="upside_down", sensor=SensorModel.ideal(), start=START)


@pytest.fixture(scope="module")
def bending_file(bending, tmp_path_factory):
    samples = concatenate(list(bending.chunks(60.0)))
    columns = {"time_s": samples.time}
    for name, values in (("acc", samples.acc), ("gyr", samples.gyr)):
        columns |= {f"{name}_{axis}": np.ascontiguousarray(values[:, index]) for index, axis in enumerate("xyz")}
    path = tmp_path_factory.mktemp("bending") / "bending.parquet"
    pq.write_table(pa.table(columns), path)
    return path


@pytest.fixture
def plan_file(tmp_path):
    path = tmp_path / "two.toml"
    path.write_text(PLAN, encoding="utf-8")
    return path


def lines(out, kind):
    return [line for line in map(json.loads, out.splitlines()) if line["event"] == kind]


def test_a_replayed_session_is_counted_set_by_set(lumbar, bending_file, plan_file):
    code, out, err = lumbar("exercise", plan_file, "--replay", bending_file, "--speed", "max", "--format", "json")
    assert (code, err) == (0, "")
    assert [line["count"] for line in lines(out, "SetDone")] == [BENDS, 3]
    assert [line["number"] for line in lines(out, "CountedRepetition")] == [1, 2, 3, 4, 5, 6, 1, 2, 3]
    (done,) = lines(out, "SessionDone")
    assert done["items"][0]["exercise"] == "trunk_flexion"


def test_people_read_sentences_and_a_table(lumbar, bending_file, plan_file):
    code, out, _ = lumbar("exercise", plan_file, "--replay", bending_file, "--speed", "max")
    assert code == 0
    assert "Standing forward bend: 2 sets of 6." in out
    assert "6: well done." in out
    assert "6 of 6, 3 of 6" in out


def test_one_exercise_is_a_session_and_what_is_not_seen_is_said(lumbar, bending_file):
    code, out, _ = lumbar("exercise", "chin tuck", "--replay", bending_file, "--speed", "max", "--quiet")
    assert code == 0
    assert "cannot see this one" in out
    assert "timed, not counted" in out


def test_a_session_that_is_kept_is_in_the_history(lumbar, bending_file, plan_file, tmp_path):
    for _ in range(2):
        assert lumbar("exercise", plan_file, "--replay", bending_file, "--speed", "max", "--keep")[0] == 0
    with History(tmp_path / "data" / "history.sqlite") as history:
        (session,) = history.sessions("me", START, START + 300)
        (summary,) = history.summaries("me", date(2026, 1, 1), date(2026, 1, 31)).values()
    assert [(one.exercise, one.repetitions, one.planned) for one in session.sets] == [
        ("trunk_flexion", BENDS, 6),
        ("trunk_flexion", 3, 6),
    ]
    assert session.document["title"] == "Two sets"
    assert session.plan == "two"
    assert [(one["exercise"], one["repetitions_n"]) for one in summary["exercise"]["sets"]] == [
        ("trunk_flexion", BENDS),
        ("trunk_flexion", 3),
    ]
    assert summary["wear"]["wear_s"] > 60


def test_a_session_is_published(lumbar, bending_file, plan_file, broker, listen):
    listener = listen("lumbar/#")
    address = f"mqtt://{broker.host}:{broker.port}"
    arguments = ("--replay", bending_file, "--speed", "max", "--broker", address)
    assert lumbar("exercise", plan_file, *arguments)[0] == 0
    listener.catch_up("lumbar/caught-up")
    assert [one.number for one in listener.contents("event/repetition")] == [1, 2, 3, 4, 5, 6, 1, 2, 3]
    assert [(one.repetitions, one.planned) for one in listener.contents("event/set_completed")] == [(6, 6), (3, 6)]
    (session,) = [message for message in listener.messages if message.topic.startswith("lumbar/me/session/")]
    document = json.loads(session.payload)
    jsonschema.Draft202012Validator(message_schema("session")).validate(document)
    assert session.topic.endswith(document["content"]["session"])
    assert [one["repetitions"] for one in document["content"]["items"][0]["sets"]] == [6, 3]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("brigde",), "did you mean bridge"),
        (("bridge", "--start", "2026-11-22T08:30:00Z"), "belong to a recording"),
        (("bridge", "--replay", "gone.csv"), "gone.csv"),
        (("bridge", "--replay", "gone.csv", "--sensor", "back"), "not both"),
        (("bridge",), "sensor"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(lumbar, arguments, message):
    code, _, err = lumbar("exercise", *arguments)
    assert code == 2
    assert message in err
    assert err.count("\n") == 1


class Seen:
    """Keeps what is told."""

    def __init__(self):
        self.told, self.standings, self.links, self.hints = [], [], [], []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def tell(self, told):
        self.told.append(told)

    def show(self, standing, _now):
        self.standings.append(standing)

    def show_link(self, text):
        self.links.append(text)

    def show_hint(self, text):
        self.hints.append(text)

    def of(self, kind):
        return [one for one in self.told if isinstance(one, kind)]


def two_sets(repetitions=6):
    exercise = LIBRARY["trunk_flexion"]
    dose = exercise.dose.model_copy(update={"sets": 2, "repetitions": repetitions, "rest_s": 20.0})
    return Plan("two", "Two sets", 3, (PlannedExercise(exercise, dose),))


def run_of(view, plan=None):
    return ExerciseRun(
        GuidedSession(plan or two_sets()), LivePipeline(load_settings(), 100.0), RunOutputs(view), "s-1", "test"
    )


@pytest.fixture(scope="module")
def samples(bending):
    return concatenate(list(bending.chunks(60.0)))


@pytest.mark.parametrize("chunk_s", [0.05, 0.73, 60.0])
def test_a_session_is_the_same_however_the_samples_come(samples, chunk_s):
    told = []
    for seconds in (0.2, chunk_s):
        view = Seen()
        run = run_of(view)
        for chunk in samples.split(seconds):
            run.samples(chunk)
        run.close()
        told.append(view.told)
    assert told[0] == told[1]


def test_a_wearer_who_stops_for_pain_has_what_was_done_counted_to_its_end(samples):
    view = Seen()
    run = run_of(view)
    for chunk in samples.split(0.2):
        if len(view.of(CountedRepetition)) == 4:
            break
        run.samples(chunk)
    run.take(Stop(StopReason.PAIN))
    run.take(Pain(6))
    assert run.done
    assert run.result.stopped is StopReason.PAIN
    assert [one.count for one in run.result.items[0].sets] == [4]
    assert run.result.items[0].pain == 6
    run.samples(chunk)
    assert view.of(SessionDone) == [run.result]


def test_a_pause_in_a_set_keeps_its_repetitions(samples):
    view = Seen()
    run = run_of(view)
    wishes = [(lambda: len(view.of(CountedRepetition)) == 2, Pause()), (lambda: chunk.time[-1] > START + 75, Resume())]
    for chunk in samples.split(0.2):
        run.samples(chunk)
        if wishes and wishes[0][0]():
            run.take(wishes.pop(0)[1])
    run.close()
    assert view.of(SetDone)[0].count == 2 + 3


def test_a_session_without_samples_is_none():
    run = run_of(Seen())
    assert run.close() is None


def test_others_may_begin_and_end_a_set_where_one_is_due(samples):
    view, taken = Seen(), []
    run = run_of(view)
    run.samples(samples.rows(0, 100))
    with pytest.raises(MessagingError, match="trunk_flexion is on now, not squat"):
        set_command("start_set", {"exercise": "squat"}, run.session, taken.append)
    with pytest.raises(MessagingError, match="no set is on"):
        set_command("stop_set", {}, run.session, taken.append)
    with pytest.raises(MessagingError, match="start_set and stop_set only"):
        set_command("snooze", {"minutes": 3}, run.session, taken.append)
    reply = set_command("start_set", {"exercise": "trunk_flexion"}, run.session, taken.append)
    assert reply == {"exercise": "trunk_flexion", "set": 1}
    assert taken == [Ready()]
    for phase in (Phase.COUNTDOWN, Phase.COUNTING):
        run.take(Ready())
        assert run.session.standing.phase is phase
    with pytest.raises(MessagingError, match="no set can begin now"):
        set_command("start_set", {"exercise": "trunk_flexion"}, run.session, taken.append)
    set_command("stop_set", {}, run.session, taken.append)
    assert taken[-1] == FinishSet()


def looked_on(samples, calibration, before):
    """Return what is told, and the session, where the plan begins with another item than the wearer."""
    view = Seen()
    any_exercise = ExercisesSought((LIBRARY["trunk_flexion"],), planned=frozenset({"trunk_flexion"}))
    recogniser = LivePipeline(load_settings(), 100.0, calibration, exercises=any_exercise)
    follower = LivePipeline(load_settings(), 100.0, calibration)
    session = GuidedSession(Plan("mixed", "Mixed", 3, (before, *two_sets().items)))
    run = ExerciseRun(session, follower, RunOutputs(view), "s-1", "test", recogniser)
    for chunk in samples.split(0.2):
        run.samples(chunk)
    return [cue.text for cue in view.of(Cue)], run.close()


def test_a_recording_that_is_out_of_step_is_followed_to_what_is_done_in_it(samples, calibration):
    told, session = looked_on(samples, calibration, PlannedWalk(5.0))
    assert "That was Standing forward bend already: 6. Going on with it." in told
    assert [one.count for one in session.items[1].sets] == [BENDS, 3]


def test_what_was_counted_as_something_else_in_a_recording_is_said(samples, calibration):
    press_ups = PlannedExercise(LIBRARY["press_up"], LIBRARY["press_up"].dose)
    told, _ = looked_on(samples, calibration, press_ups)
    assert "That looked like trunk flexion, 6 times, but was counted as press up." in told


HOLDING = (Stand(25.0), *((Bend(degrees=60.0, hold_s=8.0), Stand(3.0)) * 2), Stand(30.0))


@pytest.fixture(scope="module")
def holding():
    wearer = SimulatedWearer(HOLDING, 3, rate_hz=100, mounting="upside_down", sensor=SensorModel.ideal(), start=START)
    return concatenate(list(wearer.chunks(60.0)))


def two_holds(hold_s):
    exercise = LIBRARY["trunk_flexion"]
    dose = exercise.dose.model_copy(update={"sets": 1, "repetitions": 2, "hold_s": hold_s})
    return Plan("two", "Two holds", 3, (PlannedExercise(exercise, dose),))


def held_through(view, plan, samples, client=None):
    run = ExerciseRun(
        GuidedSession(plan), LivePipeline(load_settings(), 100.0), RunOutputs(view, client), "s-1", "test"
    )
    for chunk in samples.split(0.2):
        run.samples(chunk)
    run.close()


def test_a_wearer_hears_once_in_each_hold_that_it_was_long_enough(holding):
    view = Seen()
    held_through(view, two_holds(5.0), holding)
    let_go = [cue.time - START for cue in view.of(Cue) if cue.kind is CueKind.RELEASE]
    tops_s = [25.0 + 1.5 + number * (8.0 + 2 * 1.5 + 3.0) for number in range(2)]
    assert let_go == pytest.approx([top_s + 5.0 for top_s in tops_s], abs=0.9)


def test_half_time_is_told_in_long_holds_and_too_short_a_hold_is_not_released(holding):
    view = Seen()
    held_through(view, two_holds(15.0), holding)
    assert [cue.text for cue in view.of(Cue) if cue.kind in (CueKind.RELEASE, CueKind.HOLD_ON)] == ["Half of it."] * 2


def test_the_standing_says_how_long_it_has_been_held_and_nothing_without_a_hold(holding, samples):
    view = Seen()
    held_through(view, two_holds(5.0), holding)
    seconds = {int(standing.held_s) for standing in view.standings if standing.held_s is not None}
    assert seconds >= {2, 3, 4, 5, 6, 7}
    view = Seen()
    held_through(view, two_sets(), samples)
    assert {standing.held_s for standing in view.standings} == {None}


def test_others_hear_each_second_how_long_it_has_been_held(holding):
    class Client:
        def __init__(self):
            self.held = []

        def publish_hold(self, _time_s, *, exercise, held_s, asked_s):
            self.held.append((exercise, int(held_s), asked_s))

        def __getattr__(self, _name):
            return lambda *_, **__: None

    client = Client()
    held_through(Seen(), two_holds(5.0), holding, client)
    assert {(exercise, asked_s) for exercise, _, asked_s in client.held} == {("trunk_flexion", 5.0)}
    seconds = [second for _, second, _ in client.held]
    again = seconds.index(min(seconds), 1)
    for once in (seconds[:again], seconds[again:]):
        assert once == [*range(once[0], once[-1] + 1)]
        assert len(once) >= 6


def test_the_terminal_shows_the_seconds_of_a_hold(holding):
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=100)
    with TerminalSession(console, load_settings().wearer.zone, ring=True, say=None) as view:
        run = run_of(view, two_holds(5.0))
        for chunk in holding.rows(0, 3200).split(0.2):
            run.samples(chunk)
    assert "holding: 5 of 5 s" in out.getvalue()


def test_the_terminal_shows_the_count_large_and_one_sentence(samples):
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=100)
    spoken = []
    with TerminalSession(console, load_settings().wearer.zone, ring=True, say=spoken.append) as view:
        view.show_hint(HINT)
        run = run_of(view)
        for chunk in samples.split(5.0):
            run.samples(chunk)
        run.close()
    assert big(6).splitlines()[0] in out.getvalue()
    assert "set 1 of 2" in out.getvalue()
    assert "\a" in out.getvalue()
    assert spoken[:2] == [one.text for one in run_told(samples)[:2]]


def run_told(samples):
    view = Seen()
    run = run_of(view)
    for chunk in samples.split(5.0):
        run.samples(chunk)
    run.close()
    return view.of(Cue)


def test_a_live_session_is_recorded_counted_and_over_by_itself(tmp_path, monkeypatch):
    monkeypatch.setenv("LUMBAR_WEARER__TIME_ZONE", "UTC")
    script = (Stand(25.0), *(BEND * 4), Stand(60.0))
    sensor = KnownSensor(name="belt", driver="lsp", address="D0:00:00:00:00:02", serial="0001", settings={})
    exercise = LIBRARY["trunk_flexion"]
    dose = exercise.dose.model_copy(update={"sets": 1, "repetitions": 4})
    view = Seen()

    async def go(stack):
        wearer = SimulatedWearer(script, 3, rate_hz=100, sensor=SensorModel.ideal(), start=START)
        world = await virtual_world()
        await world.add("lsp", Specimen(motion=PlayedMotion(wearer)))
        run = run_of(view, Plan("one", "One set", None, (PlannedExercise(exercise, dose),)))
        radio = Radio(world.scanner_class, world.client_class)
        await run_live(sensor, radio, run, tmp_path / "mat", stack, asyncio.Event(), utc_from(START))
        return run.close()

    with ExitStack() as stack:
        session = run_virtually(go(stack))
    assert session.completed
    assert [one.count for one in session.items[0].sets] == [4]
    assert view.links[-1] == "sensor connected"
    recorded = concatenate(list(open_recording(tmp_path / "mat").chunks()))
    assert recorded.time[-1] - recorded.time[0] == pytest.approx(session.end - session.start, abs=2)


def test_a_live_session_ends_when_told_to_stop(tmp_path):
    sensor = KnownSensor(name="belt", driver="lsp", address="D0:00:00:00:00:02", serial="0001", settings={})

    async def go(stack):
        wearer = SimulatedWearer((Stand(300.0),), 3, rate_hz=100, sensor=SensorModel.ideal(), start=START)
        world = await virtual_world()
        await world.add("lsp", Specimen(motion=PlayedMotion(wearer)))
        run = run_of(Seen(), one_exercise_plan(LIBRARY["bridge"]))
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(30, stop.set)
        radio = Radio(world.scanner_class, world.client_class)
        await run_live(sensor, radio, run, tmp_path / "mat", stack, stop, utc_from(START))
        return run.close()

    with ExitStack() as stack:
        session = run_virtually(go(stack))
    assert not session.completed
    assert 20 < session.end - session.start < 31
