"""A set that is counted while worn goes on when the program is started again: nothing lost, nothing doubled."""

import json
from datetime import date

import numpy as np
import pytest

from analytics.exercises.records import CountedRepetition, ExerciseSet
from config.settings import load_settings
from firmware_bridge.devices.driver import Resolution
from firmware_bridge.imu import concatenate
from firmware_bridge.virtual import Bend, SimulatedWearer, Stand
from lumbar.history.store import History
from lumbar.session import Outputs
from lumbar.wear import Wearing
from lumbar.wear_day import DayKeeper, day_folder

EPOCH_S = 1_767_600_000.0
MONDAY = date(2026, 1, 5)
DAY_S = 24 * 3600.0
BOWS = 5
BOWING = (Stand(8.0), *(each for _ in range(BOWS) for each in (Bend(50.0, 0.5), Stand(1.5))), Stand(25.0))
"""A bow every 5 s, the first at 8 s; in the middle of the third is 20 s, between it and the fourth 22 s."""


@pytest.fixture(scope="module")
def samples():
    wearer = SimulatedWearer(BOWING, 3, rate_hz=100, mounting="upside_down", start=EPOCH_S)
    return concatenate(list(wearer.chunks(60.0)))


class Program:
    """`lumbar wear`, run again and again."""

    def __init__(self, folder, history, samples):
        size = Resolution(8 * 9.80665 / 32768, np.radians(2000) / 32768)
        self.keeper = DayKeeper(folder, "belt", 100.0, size, load_settings(), None)
        self.events, self.nows, self.now_s = [], [], EPOCH_S
        self._history, self.samples = history, samples

    def show(self, event):
        self.events.append(event)

    def show_now(self, now):
        self.nows.append(now)

    def run(self, from_s, to_s, *commands):
        """Wear from one second to another; carry out the commands before that."""
        wearing = Wearing(self.keeper, Outputs(self, None, self._history), lambda: self.now_s)
        for verb, *exercise in commands:
            wearing.command(verb, {"exercise": exercise[0]} if exercise else {})
        first, last = np.searchsorted(self.samples.time, [EPOCH_S + from_s, EPOCH_S + to_s])
        for chunk in self.samples.rows(int(first), int(last)).split(0.5):
            self.now_s = float(chunk.time[-1])
            wearing.samples(chunk)
        wearing.close()

    def counts(self):
        """Return the counts of the sets told, and of those in the day's summary."""
        told = [event.count for event in self.events if isinstance(event, ExerciseSet)]
        summary = self._history.summary("me", MONDAY)
        return told, [each["repetitions_n"] for each in summary["exercise"]["sets"] or []]

    def numbers(self):
        """Return the numbers of the repetitions announced, in order, each once."""
        numbers = [event.number for event in self.events if isinstance(event, CountedRepetition)]
        return list(dict.fromkeys(numbers))


@pytest.fixture
def program(tmp_path, monkeypatch, samples):
    monkeypatch.setenv("LUMBAR_WEARER__TIME_ZONE", "UTC")
    monkeypatch.setenv("LUMBAR_STORAGE__FOLDER", str(tmp_path / "data"))
    with History(tmp_path / "history.sqlite") as history:
        yield Program(tmp_path / "recordings", history, samples)


BEGIN = ("start_set", "trunk_flexion")


@pytest.mark.parametrize(("stop_s", "again_s"), [(20.0, 20.0), (21.5, 22.6), (31.6, 36.0)])
def test_a_set_goes_on_after_a_restart(program, stop_s, again_s):
    program.run(0.0, stop_s, BEGIN)
    assert program.counts()[0] == [], "it is not over"
    program.run(again_s, 60.0)
    assert program.counts() == ([BOWS], [BOWS])
    assert program.numbers() == [*range(1, BOWS + 1)], "none is announced again, none is left out"


def test_it_goes_on_through_several_restarts_until_it_is_stopped(program):
    program.run(0.0, 5.0, BEGIN)
    program.run(5.0, 21.5)
    program.run(21.5, 27.0)
    program.run(27.0, 28.0, ("stop_set",))
    program.run(28.0, 60.0)
    assert program.counts() == ([4], [4])
    assert program.numbers() == [1, 2, 3, 4], "what comes after it was stopped is not counted"


def test_a_set_that_is_open_when_the_program_ends_is_in_the_summary_at_once(program):
    program.run(0.0, 21.5, BEGIN)
    assert program.counts() == ([], [3])


def test_a_set_that_nobody_went_on_with_is_told_the_day_after(program):
    program.run(0.0, 21.5, BEGIN)
    program.now_s += DAY_S
    program.run(0.0, 0.0)
    assert program.counts() == ([3], [3])
    program.run(0.0, 0.0)
    assert program.counts() == ([3], [3]), "once"


def test_a_set_that_was_over_when_the_program_was_killed_before_it_was_kept_is_told(program):
    program.run(0.0, 60.0, BEGIN)
    folder = day_folder(program.keeper.folder, MONDAY, "belt")
    folder.with_name(folder.name + ".sets.jsonl").unlink()
    program.events.clear()
    program.run(60.0, 60.0)
    assert program.counts() == ([BOWS], [BOWS])


def test_an_exercise_that_is_not_known_any_more_is_not_counted_and_that_is_said(program, caplog):
    program.run(0.0, 21.5, BEGIN)
    folder = day_folder(program.keeper.folder, MONDAY, "belt")
    line = json.dumps({"time": EPOCH_S + 10.0, "exercise": "bow_of_my_own"})
    folder.with_name(folder.name + ".counted.jsonl").write_text(line + "\n", encoding="utf-8")
    program.run(21.5, 30.0)
    assert program.counts() == ([], [])
    assert "bow_of_my_own is not counted any more" in caplog.text


def test_whoever_watches_sees_each_second_for_how_long_a_counted_exercise_is_held(program):
    wearer = SimulatedWearer((Stand(8.0), Bend(50.0, 7.0), Stand(15.0)), 3, rate_hz=100, start=EPOCH_S)
    program.samples = concatenate(list(wearer.chunks(60.0)))
    program.run(0.0, 30.0, BEGIN)
    held = [(now.holding.exercise, int(now.holding.held_s)) for now in program.nows if now.holding is not None]
    assert {exercise for exercise, _ in held} == {"trunk_flexion"}
    assert {second for _, second in held} >= {2, 3, 4, 5, 6}
    program.nows.clear()
    program.run(30.0, 31.0, ("stop_set",))
    assert [now.holding for now in program.nows if now.holding is not None] == []
