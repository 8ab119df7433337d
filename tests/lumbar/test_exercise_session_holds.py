"""Holds in a session that is run: let go once, told each second, shown on the terminal."""

import io

import pytest
from rich.console import Console

from analytics.exercises.guided_records import Cue, CueKind
from analytics.exercises.guided_session import GuidedSession
from config.exercise_library import load_exercises
from config.exercise_plan import Plan, PlannedExercise
from config.settings import load_settings
from firmware_bridge.imu import concatenate
from firmware_bridge.virtual import Bend, SensorModel, SimulatedWearer, Stand
from lumbar.exercise_session import ExerciseRun, RunOutputs
from lumbar.exercise_session_view import TerminalSession
from lumbar.pipeline import LivePipeline

START = 1_767_600_000.0
LIBRARY = load_exercises()
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


def test_a_wearer_hears_once_in_each_hold_that_it_was_long_enough(holding, viewer):
    view = viewer()
    held_through(view, two_holds(5.0), holding)
    let_go = [cue.time - START for cue in view.of(Cue) if cue.kind is CueKind.RELEASE]
    tops_s = [25.0 + 1.5 + number * (8.0 + 2 * 1.5 + 3.0) for number in range(2)]
    assert let_go == pytest.approx([top_s + 5.0 for top_s in tops_s], abs=0.9)


def test_half_time_is_told_in_long_holds_and_too_short_a_hold_is_not_released(holding, viewer):
    view = viewer()
    held_through(view, two_holds(15.0), holding)
    assert [cue.text for cue in view.of(Cue) if cue.kind in (CueKind.RELEASE, CueKind.HOLD_ON)] == ["Half of it."] * 2


def test_the_standing_says_how_long_it_has_been_held_and_nothing_without_a_hold(
    holding, bending_samples, viewer, two_sets
):
    view = viewer()
    held_through(view, two_holds(5.0), holding)
    seconds = {int(standing.held_s) for standing in view.standings if standing.held_s is not None}
    assert seconds >= {2, 3, 4, 5, 6, 7}
    view = viewer()
    held_through(view, two_sets(), bending_samples)
    assert {standing.held_s for standing in view.standings} == {None}


def test_others_hear_each_second_how_long_it_has_been_held(holding, viewer):
    class Client:
        def __init__(self):
            self.held = []

        def publish_hold(self, _time_s, *, exercise, held_s, asked_s):
            self.held.append((exercise, int(held_s), asked_s))

        def __getattr__(self, _name):
            return lambda *_, **__: None

    client = Client()
    held_through(viewer(), two_holds(5.0), holding, client)
    assert {(exercise, asked_s) for exercise, _, asked_s in client.held} == {("trunk_flexion", 5.0)}
    seconds = [second for _, second, _ in client.held]
    again = seconds.index(min(seconds), 1)
    for once in (seconds[:again], seconds[again:]):
        assert once == [*range(once[0], once[-1] + 1)]
        assert len(once) >= 6


def test_the_terminal_shows_the_seconds_of_a_hold(holding, run_of):
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=100)
    with TerminalSession(console, load_settings().wearer.zone, ring=True, say=None) as view:
        run = run_of(view, two_holds(5.0))
        for chunk in holding.rows(0, 3200).split(0.2):
            run.samples(chunk)
    assert "holding: 5 of 5 s" in out.getvalue()
