"""Recording from a sensor in the virtual air: what it sent is on the disk, and what is missing is counted."""

import asyncio
import io
import os
import signal

import numpy as np
import pytest
from rich.console import Console

from config.errors import RecordingError
from firmware_bridge.recordings.read import open_recording
from lumbar.commands.record import StatusLines, progress_text, report_text
from lumbar.sensors.recording import record
from lumbar.stopping import stop_on_signals


@pytest.fixture
def recorded(in_the_air, known, tmp_path):
    """Record from a sensor while `faults` happen: the report, the progress, the samples' times, and the sensor."""

    def run(kind, seconds, faults=None, stop_after_s=None):
        folder, seen = tmp_path / "recording", []

        async def work(world):
            loop, stop, sensor = asyncio.get_running_loop(), asyncio.Event(), getattr(world, kind)
            if faults is not None:
                faults(loop, sensor)
            if stop_after_s is not None:
                loop.call_later(stop_after_s, stop.set)
            report = await record(world.radio, known(kind), folder, stop, seconds, seen.append, world.utc_now)
            await asyncio.sleep(1.0)
            return report, sensor

        report, sensor = in_the_air(work, kind)
        times = np.concatenate([chunk.time for chunk in open_recording(folder).chunks(60.0)])
        return report, seen, times, sensor

    return run


@pytest.mark.parametrize("kind", ["lsp", "dot", "thingy52"])
def test_every_sample_of_a_good_link_is_on_the_disk(recorded, keeps_schema, kind):
    report, seen, times, sensor = recorded(kind, 60.0)
    keeps_schema("record", report)
    assert len(times) == report.samples
    assert (report.lost_samples, report.gaps, report.battery_percent) == (0, [], 77)
    assert report.duration_s == pytest.approx(60, abs=1)
    assert seen[-1].samples == pytest.approx(report.samples, abs=20)
    assert "Look at it with: lumbar analyze" in report_text(report)
    assert sensor.connection is None


def test_it_goes_on_when_the_sensor_comes_back(recorded):
    def leave(loop, sensor):
        loop.call_later(20.0, lambda: sensor.set_in_range(in_range=False))
        loop.call_later(40.0, lambda: sensor.set_in_range(in_range=True))

    report, seen, times, _ = recorded("dot", 90.0, leave)
    ((start, end),) = report.gaps
    assert 19 < end - start < 30
    assert len(times) == report.samples
    assert report.samples + report.lost_samples == pytest.approx(90 * 60, abs=60)
    away = [progress for progress in seen if not progress.state.connected and progress.samples]
    assert len(away) >= 15
    assert progress_text(away[-1]).startswith(away[-1].state.problem)
    assert "Gaps of more than a second: 1" in report_text(report)


def test_what_the_sensor_kept_while_it_was_away_fills_the_hole(recorded):
    def leave(loop, sensor):
        loop.call_later(30.0, lambda: sensor.set_in_range(in_range=False))
        loop.call_later(60.0, lambda: sensor.set_in_range(in_range=True))

    report, _, times, _ = recorded("lsp", 150.0, leave)
    # It logs 25 samples a second from 10 s after the link's death on, which it notices after another 4 s.
    assert report.late_samples > 25 * 15
    assert len(times) == report.samples + report.late_samples
    assert (np.diff(times) > 0).all()
    assert sum(end - start for start, end in report.gaps) < 18


def test_told_to_stop_it_leaves_the_last_second_on_the_disk(recorded):
    report, seen, times, _ = recorded("lsp", None, stop_after_s=33.3)
    assert len(times) == report.samples
    assert times[-1] - times[0] == pytest.approx(seen[-1].duration_s, abs=1.2)


def test_a_disk_that_refuses_ends_the_recording_with_the_reason(in_the_air, known, tmp_path):
    (tmp_path / "letters.txt").write_text("dear")
    work = lambda world: record(world.radio, known("lsp"), tmp_path, asyncio.Event(), 10.0)  # noqa: E731 - short
    with pytest.raises(RecordingError, match="holds other files"):
        in_the_air(work, "lsp")


def test_samples_before_those_recorded_end_it_with_the_reason(in_the_air, known, tmp_path):
    async def work(world):
        folder, stop = tmp_path / "recording", asyncio.Event()
        await record(world.radio, known("lsp"), folder, stop, 5.0, utc_now=world.utc_now)
        await record(world.radio, known("lsp"), folder, stop, 5.0, utc_now=lambda: world.utc_now() - 3600)

    with pytest.raises(RecordingError, match="computer's clock"):
        in_the_air(work, "lsp")


def test_where_nothing_came_no_folder_is_left(in_the_air, known, tmp_path):
    async def work(world):
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(20.0, stop.set)
        return await record(world.radio, known("lsp"), tmp_path / "recording", stop, 5.0)

    report = in_the_air(work)
    assert report_text(report) == "Nothing was recorded: no sample came."
    assert not (tmp_path / "recording").exists()


def test_a_plain_terminal_gets_a_line_for_each_change_and_each_minute(recorded):
    _, seen, _, _ = recorded("thingy52", 130.0)
    console = Console(file=io.StringIO(), width=200)
    show = StatusLines(console)
    for progress in seen:
        show(progress)
    lines = console.file.getvalue().splitlines()
    assert lines[0].startswith("looking for back")
    assert sum(line.startswith("connected") for line in lines) == 3


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_a_wish_and_the_usual_way_is_there_again_afterwards(number):
    async def work():
        with stop_on_signals() as stop:
            os.kill(os.getpid(), number)
            await asyncio.wait_for(stop.wait(), 5)

    before = signal.getsignal(number)
    asyncio.run(work())
    assert signal.getsignal(number) is before
