"""A day of wearing, without the radio: what comes live, what comes late, restarts and midnight."""

import asyncio
import dataclasses
from datetime import UTC, date, datetime

import numpy as np
import pytest

from analytics.exercises.records import ExerciseSet
from config.errors import RecordingError, SensorError, SettingsError
from config.settings import load_settings
from firmware_bridge.devices.driver import Resolution
from firmware_bridge.imu import concatenate
from firmware_bridge.link.listener import SensorState
from firmware_bridge.recordings import Recorder, open_recording
from firmware_bridge.virtual.air.clock import run_virtually
from lumbar.history.store import History
from lumbar.session import Outputs
from lumbar.wear import Wearing
from lumbar.wear_day import DayKeeper, day_folder
from posture.events import Alert

RESOLUTION = Resolution(8 * 9.80665 / 32768, np.radians(2000) / 32768)
MONDAY = date(2026, 1, 5)


class Seen:
    """Keeps what is shown."""

    def __init__(self):
        self.events, self.links, self.nows = [], [], 0

    def show(self, event):
        self.events.append(event)

    def show_now(self, _now):
        self.nows += 1

    def show_link(self, text):
        self.links.append(text)


@pytest.fixture(scope="module")
def samples(wearer, tmp_path_factory):
    """The wearer's samples as a sensor sends them: in whole counts, with times in microseconds."""
    folder = tmp_path_factory.mktemp("counts") / "samples"
    with Recorder(folder, "belt", 100.0, RESOLUTION.acc_ms2, RESOLUTION.gyr_rad_s) as recorder:
        for chunk in wearer.chunks(60.0):
            recorder.append(chunk)
    return concatenate(list(open_recording(folder).chunks()))


@pytest.fixture
def keeper(tmp_path, monkeypatch, calibration):
    monkeypatch.setenv("LUMBAR_WEARER__TIME_ZONE", "UTC")
    return DayKeeper(tmp_path / "recordings", "belt", 100.0, RESOLUTION, load_settings(), calibration)


@pytest.fixture
def history(tmp_path):
    with History(tmp_path / "history.sqlite") as history:
        yield history


class Computer:
    """The computer's clock; it moves with the samples."""

    def __init__(self, now_s):
        self.now_s = now_s

    def __call__(self):
        return self.now_s


def wear_through(wearing, computer, samples, chunk_s=1.0):
    """Let samples come, so much at a time."""
    for chunk in samples.split(chunk_s):
        computer.now_s = float(chunk.time[-1])
        wearing.samples(chunk)


def later(samples, seconds):
    return dataclasses.replace(samples, time=samples.time + seconds)


def start(keeper, history, samples):
    computer, seen = Computer(float(samples.time[0])), Seen()
    return Wearing(keeper, Outputs(seen, None, history), computer), computer, seen


def whole_day(keeper, history, samples, chunk_s=1.0):
    wearing, computer, seen = start(keeper, history, samples)
    wear_through(wearing, computer, samples, chunk_s)
    wearing.close()
    return seen, history.summary("me", MONDAY)


def test_a_worn_morning_is_recorded_followed_and_summed_up(keeper, history, samples):
    seen, summary = whole_day(keeper, history, samples, chunk_s=0.2)  # as a sensor sends them
    alerts = [event for event in seen.events if isinstance(event, Alert)]
    assert [alert.kind.value for alert in alerts] == ["slouch"]
    assert summary["slouch"]["episodes_n"] == 2, "one is the slouch of the calibration, too short for an alert"
    assert 90 <= summary["walking"]["steps_n"] <= 130
    recorded = concatenate(list(open_recording(day_folder(keeper.folder, MONDAY, "belt")).chunks()))
    np.testing.assert_array_equal(recorded.time, samples.time)
    np.testing.assert_array_equal(recorded.acc, samples.acc)


def test_each_alert_is_one_pulse(keeper, history, samples):
    pulses = []

    async def vibrate(strength, duration_s):
        pulses.append((strength, duration_s))
        return True

    async def go():
        wearing, computer, seen = start(keeper, history, samples)
        wearing.vibrate = vibrate
        wear_through(wearing, computer, samples)
        await asyncio.sleep(0)
        return [event for event in seen.events if isinstance(event, Alert)]

    alerts = run_virtually(go())
    assert pulses == [(keeper.settings.haptics.strength, keeper.settings.haptics.duration_s)] * len(alerts)
    assert len(alerts) == 1


def test_snoozed_alerts_are_neither_felt_nor_told_and_resume_ends_it(keeper, history, samples):
    async def go(verbs):
        pulses = []

        async def vibrate(*pulse):
            pulses.append(pulse)
            return True

        wearing, computer, _ = start(keeper, history, samples)
        wearing.vibrate = vibrate
        for verb, arguments in verbs:
            wearing.command(verb, arguments)
        wear_through(wearing, computer, samples)
        await asyncio.sleep(0)
        wearing.close()
        return len(pulses)

    assert run_virtually(go([("snooze", {"minutes": 60.0})])) == 0
    keeper.folder = keeper.folder.with_name("again")
    assert run_virtually(go([("snooze", {"minutes": 60.0}), ("resume", {})])) == 1


def test_what_it_cannot_do_is_refused(keeper, history, samples):
    wearing, *_ = start(keeper, history, samples)
    with pytest.raises(SettingsError, match="no exercise called"):
        wearing.command("start_set", {"exercise": "brigde of sighs"})
    with pytest.raises(SensorError, match="recalibrate"):
        wearing.command("recalibrate", {})
    wearing.close()


def with_bows_counted(keeper, history, samples, until_s):
    """Wear until a time, the bows of the calibration counted as a set; return what is worn and what was seen."""
    wearing, computer, seen = start(keeper, history, samples)
    wearing.command("start_set", {"exercise": "trunk_flexion"})
    bows, rest, *_ = samples.split(17.0)
    wear_through(wearing, computer, bows)
    wearing.command("stop_set", {})
    wear_through(wearing, computer, rest.rows(0, int(np.searchsorted(rest.time, samples.time[0] + until_s))))
    return wearing, computer, seen


def sets_of(history):
    return [(each["exercise"], each["repetitions_n"]) for each in history.summary("me", MONDAY)["exercise"]["sets"]]


def test_a_set_that_others_start_is_counted_until_they_stop_it(keeper, history, samples):
    wearing, _, seen = with_bows_counted(keeper, history, samples, 40.0)
    wearing.close()
    (found,) = [event for event in seen.events if isinstance(event, ExerciseSet)]
    assert [repetition.range_deg for repetition in found.repetitions] == pytest.approx([52.0, 52.0], abs=2.0)
    assert sets_of(history) == [("trunk_flexion", 2)]


def test_a_counted_set_survives_a_restart_of_the_program(keeper, history, samples):
    with_bows_counted(keeper, history, samples, 40.0)[0].close()
    again, *_ = start(keeper, history, samples)
    again.close()
    assert sets_of(history) == [("trunk_flexion", 2)]


def test_a_counted_set_survives_samples_that_come_late(keeper, history, samples):
    wearing, computer, _ = with_bows_counted(keeper, history, samples, 20.0)
    first, last = (int(np.searchsorted(samples.time, samples.time[0] + s)) for s in (60.0, 90.0))
    wear_through(wearing, computer, samples.rows(first, last))
    wearing.late_samples(samples.rows(first - 1000, first), 100.0)
    wearing.close()
    assert sets_of(history) == [("trunk_flexion", 2)]


@pytest.mark.parametrize("stop_s", [30.0, 400.0])
def test_a_day_survives_a_restart_of_the_program(keeper, history, samples, stop_s):
    _, expected = whole_day(keeper, history, samples)
    keeper.folder = keeper.folder.with_name("restarted")
    cut = int(np.searchsorted(samples.time, samples.time[0] + stop_s))
    for part in (samples.rows(0, cut), samples.rows(cut, len(samples))):
        _, summary = whole_day(keeper, history, part)
    assert summary == expected


def test_a_program_that_ended_after_a_few_samples_starts_again(keeper, history, samples):
    whole_day(keeper, history, samples.rows(0, 30))
    _, summary = whole_day(keeper, history, samples.rows(30, 3000))
    assert summary["wear"]["wear_s"] == pytest.approx(30.0, abs=0.1)


def test_a_program_that_gets_no_samples_leaves_nothing_behind(keeper, history, samples):
    wearing, *_ = start(keeper, history, samples)
    wearing.close()
    assert not keeper.folder.exists()


def test_a_day_of_which_all_samples_come_late_is_summed_up_without_alerts(keeper, history, samples):
    async def go():
        wearing, computer, _ = start(keeper, history, samples)
        computer.now_s = float(samples.time[-1]) + 24 * 3600
        for chunk in samples.split(30.0):
            wearing.late_samples(chunk, 100.0)
        looking = asyncio.ensure_future(wearing.look_after())
        for _ in range(5):
            computer.now_s += 10
            await asyncio.sleep(10)
        looking.cancel()

    run_virtually(go())
    summary = history.summary("me", MONDAY)
    assert summary["wear"]["wear_s"] == pytest.approx(float(samples.time[-1] - samples.time[0]), abs=1.0)
    assert (summary["slouch"]["episodes_n"], summary["alerts"]["given_n"]) == (2, 0)


def test_samples_from_before_those_recorded_are_refused(keeper, history, samples):
    whole_day(keeper, history, samples.rows(0, 3000))
    wearing, *_ = start(keeper, history, samples)
    with pytest.raises(RecordingError, match="check the computer's clock"):
        wearing.samples(samples.rows(2000, 2100))
    wearing.close()


def test_midnight_ends_one_day_and_begins_the_next(keeper, history, samples):
    midnight = datetime(2026, 1, 6, tzinfo=UTC).timestamp()
    evening = later(samples, midnight - float(samples.time[0]) - 500.0)
    wearing, computer, _ = start(keeper, history, evening)
    wear_through(wearing, computer, evening, chunk_s=0.7)
    wearing.close()
    days = history.summaries("me", MONDAY, date(2026, 1, 6))
    worn_s = [day["wear"]["wear_s"] for day in days.values()]
    assert worn_s == pytest.approx([500.0, float(evening.time[-1]) - midnight], abs=0.1)


def test_a_day_ends_at_midnight_although_no_samples_come(keeper, history, samples):
    async def go():
        wearing, computer, _ = start(keeper, history, samples)
        wear_through(wearing, computer, samples.rows(0, 20_000), chunk_s=5.0)
        looking = asyncio.ensure_future(wearing.look_after())
        computer.now_s = datetime(2026, 1, 6, 0, 0, 5, tzinfo=UTC).timestamp()
        await asyncio.sleep(30)
        looking.cancel()

    run_virtually(go())
    assert history.summary("me", MONDAY)["wear"]["wear_s"] == pytest.approx(200.0, abs=0.1)


def test_samples_that_come_late_are_worked_in(keeper, history, samples):
    _, expected = whole_day(keeper, history, samples)
    keeper.folder = keeper.folder.with_name("with-a-hole")
    first, last = (int(np.searchsorted(samples.time, samples.time[0] + s)) for s in (420.0, 560.0))

    async def go():
        wearing, computer, _ = start(keeper, history, samples)
        wear_through(wearing, computer, samples.rows(0, first))
        wear_through(wearing, computer, samples.rows(last, len(samples)))
        # The log overlaps with what came live on both sides.
        for chunk in samples.rows(first - 300, last + 300).split(30.0):
            wearing.late_samples(chunk, 100.0)
        looking = asyncio.ensure_future(wearing.look_after())
        for _ in range(5):
            computer.now_s += 10
            await asyncio.sleep(10)
        looking.cancel()
        return history.summary("me", MONDAY)

    summary = run_virtually(go())
    assert summary["wear"]["gaps"] == expected["wear"]["gaps"]
    assert summary["wear"]["wear_s"] == pytest.approx(expected["wear"]["wear_s"], abs=1.0), "the last second waits"
    assert summary["walking"]["steps_n"] == expected["walking"]["steps_n"]
    assert summary["slouch"]["episodes_n"] == expected["slouch"]["episodes_n"]


def test_an_alert_that_nobody_was_given_does_not_appear_after_a_restart(keeper, history, samples):
    """The slouch was out of reach; its samples came late, and then the program was started again."""
    first, last = (int(np.searchsorted(samples.time, samples.time[0] + s)) for s in (150.0, 420.0))
    wearing, computer, seen = start(keeper, history, samples)
    wear_through(wearing, computer, samples.rows(0, first))
    wear_through(wearing, computer, samples.rows(last, last + 3000))
    wearing.late_samples(samples.rows(first, last), 100.0)
    wearing.close()
    again, summary = whole_day(keeper, history, samples.rows(last + 3000, len(samples)))
    assert [event for event in [*seen.events, *again.events] if isinstance(event, Alert)] == []
    assert summary["slouch"]["episodes_n"] == 2
    assert summary["alerts"]["given_n"] == 0


def test_alerts_that_were_given_are_kept_over_a_restart(keeper, history, samples):
    cut = int(np.searchsorted(samples.time, samples.time[0] + 330.0))
    whole_day(keeper, history, samples.rows(0, cut))
    _, summary = whole_day(keeper, history, samples.rows(cut, len(samples)))
    assert summary["alerts"]["given_n"] == 1


def test_the_state_of_the_sensor_is_shown(keeper, history, samples):
    wearing, _, seen = start(keeper, history, samples)
    wearing.state(SensorState(connected=False, problem="looking for belt"))
    wearing.state(SensorState(connected=True, battery_percent=80))
    wearing.close()
    assert seen.links == ["looking for belt", "sensor connected"]
