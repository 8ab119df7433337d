"""A session that is run: the same however the samples come, commanded, looked on, on the terminal and live."""

import asyncio
import io
from contextlib import ExitStack

import pytest
from rich.console import Console

from analytics.exercises.guided_records import (
    Cue,
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
from lumbar.pipeline import LivePipeline

START = 1_767_600_000.0
LIBRARY = load_exercises()
BENDS = 6
BEND = (Bend(degrees=60.0, hold_s=0.5), Stand(1.0))


@pytest.mark.parametrize("chunk_s", [0.05, 0.73, 60.0])
def test_a_session_is_the_same_however_the_samples_come(bending_samples, chunk_s, viewer, run_of):
    told = []
    for seconds in (0.2, chunk_s):
        view = viewer()
        run = run_of(view)
        for chunk in bending_samples.split(seconds):
            run.samples(chunk)
        run.close()
        told.append(view.told)
    assert told[0] == told[1]


def test_a_wearer_who_stops_for_pain_has_what_was_done_counted_to_its_end(bending_samples, viewer, run_of):
    view = viewer()
    run = run_of(view)
    for chunk in bending_samples.split(0.2):
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


def test_a_pause_in_a_set_keeps_its_repetitions(bending_samples, viewer, run_of):
    view = viewer()
    run = run_of(view)
    wishes = [(lambda: len(view.of(CountedRepetition)) == 2, Pause()), (lambda: chunk.time[-1] > START + 75, Resume())]
    for chunk in bending_samples.split(0.2):
        run.samples(chunk)
        if wishes and wishes[0][0]():
            run.take(wishes.pop(0)[1])
    run.close()
    assert view.of(SetDone)[0].count == 2 + 3


def test_a_session_without_samples_is_none(viewer, run_of):
    run = run_of(viewer())
    assert run.close() is None


def test_others_may_begin_and_end_a_set_where_one_is_due(bending_samples, viewer, run_of):
    view, taken = viewer(), []
    run = run_of(view)
    run.samples(bending_samples.rows(0, 100))
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


@pytest.fixture
def looked_on(bending_samples, calibration, viewer, two_sets):
    def told_beside(before):
        """Return what is told, and the session, where the plan begins with another item than the wearer."""
        view = viewer()
        any_exercise = ExercisesSought((LIBRARY["trunk_flexion"],), planned=frozenset({"trunk_flexion"}))
        recogniser = LivePipeline(load_settings(), 100.0, calibration, exercises=any_exercise)
        follower = LivePipeline(load_settings(), 100.0, calibration)
        session = GuidedSession(Plan("mixed", "Mixed", 3, (before, *two_sets().items)))
        run = ExerciseRun(session, follower, RunOutputs(view), "s-1", "test", recogniser)
        for chunk in bending_samples.split(0.2):
            run.samples(chunk)
        return [cue.text for cue in view.of(Cue)], run.close()

    return told_beside


def test_a_recording_that_is_out_of_step_is_followed_to_what_is_done_in_it(looked_on):
    told, session = looked_on(PlannedWalk(5.0))
    assert "That was Standing forward bend already: 6. Going on with it." in told
    assert [one.count for one in session.items[1].sets] == [BENDS, 3]


def test_what_was_counted_as_something_else_in_a_recording_is_said(looked_on):
    press_ups = PlannedExercise(LIBRARY["press_up"], LIBRARY["press_up"].dose)
    told, _ = looked_on(press_ups)
    assert "That looked like trunk flexion, 6 times, but was counted as press up." in told


def test_the_terminal_shows_the_count_large_and_one_sentence(bending_samples, viewer, run_of):
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=100)
    spoken = []
    with TerminalSession(console, load_settings().wearer.zone, ring=True, say=spoken.append) as view:
        view.show_hint(HINT)
        run = run_of(view)
        for chunk in bending_samples.split(5.0):
            run.samples(chunk)
        run.close()
    assert big(6).splitlines()[0] in out.getvalue()
    assert "set 1 of 2" in out.getvalue()
    assert "\a" in out.getvalue()
    again = viewer()
    assert spoken[:2] == [one.text for one in cues_of(again, run_of(again), bending_samples)[:2]]


def cues_of(view, run, samples):
    for chunk in samples.split(5.0):
        run.samples(chunk)
    run.close()
    return view.of(Cue)


def test_a_live_session_is_recorded_counted_and_over_by_itself(tmp_path, monkeypatch, viewer, run_of):
    monkeypatch.setenv("LUMBAR_WEARER__TIME_ZONE", "UTC")
    script = (Stand(25.0), *(BEND * 4), Stand(60.0))
    sensor = KnownSensor(name="belt", driver="lsp", address="D0:00:00:00:00:02", serial="0001", settings={})
    exercise = LIBRARY["trunk_flexion"]
    dose = exercise.dose.model_copy(update={"sets": 1, "repetitions": 4})
    view = viewer()

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


def test_a_live_session_ends_when_told_to_stop(tmp_path, viewer, run_of):
    sensor = KnownSensor(name="belt", driver="lsp", address="D0:00:00:00:00:02", serial="0001", settings={})

    async def go(stack):
        wearer = SimulatedWearer((Stand(300.0),), 3, rate_hz=100, sensor=SensorModel.ideal(), start=START)
        world = await virtual_world()
        await world.add("lsp", Specimen(motion=PlayedMotion(wearer)))
        run = run_of(viewer(), one_exercise_plan(LIBRARY["bridge"]))
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(30, stop.set)
        radio = Radio(world.scanner_class, world.client_class)
        await run_live(sensor, radio, run, tmp_path / "mat", stack, stop, utc_from(START))
        return run.close()

    with ExitStack() as stack:
        session = run_virtually(go(stack))
    assert not session.completed
    assert 20 < session.end - session.start < 31
