"""A writer that is killed leaves the old day or the new day, never half of one."""

from __future__ import annotations

import subprocess
import sys
from datetime import date

import pytest

from lumbar.history import History

N_RECORDS = 1500
DAY = date(2024, 3, 4)

WRITER = """
import os, signal, sys
from datetime import date
from pathlib import Path
from lumbar.history import History, HistoryRecord

def records(label, dies_at):
    for n in range(1500):
        if n == dies_at:
            os.kill(os.getpid(), signal.SIGKILL)
        yield HistoryRecord("activity", float(n), n + 1.0, label, detail={"n": n})

def write(history, label, dies_at=None):
    with history.transaction():
        history.replace_span("me", 0, 1500, records(label, dies_at), label)
        if dies_at == "before summary":
            os.kill(os.getpid(), signal.SIGKILL)
        history.put_summary("me", date(2024, 3, 4), {"label": label})
        if dies_at == "before commit":
            os.kill(os.getpid(), signal.SIGKILL)

history = History(Path(sys.argv[1]))
"""

KILLED = -9


def run_writer(path, script, **options):
    return subprocess.Popen([sys.executable, "-c", WRITER + script, str(path)], **options)


def day_in(path):
    """Return the one label of the day, having made sure that the day is whole and its summary fits."""
    with History(path) as history:
        records = history.episodes("me", 0, N_RECORDS)
        assert [record.start for record in records] == list(range(N_RECORDS))
        (label,) = {record.label for record in records}
        assert history.summary("me", DAY) == {"label": label}
        return label


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Give a history that holds the old day."""
    path = tmp_path_factory.mktemp("crash") / "history.sqlite"
    assert run_writer(path, "write(history, 'old')").wait() == 0
    return path


@pytest.mark.parametrize("dies_at", [0, N_RECORDS - 1, "before summary", "before commit"])
def test_a_writer_killed_before_the_end_leaves_the_old_day(written, dies_at):
    assert run_writer(written, f"write(history, 'new', {dies_at!r})").wait() == KILLED
    assert day_in(written) == "old"


def test_a_writer_killed_at_any_moment_leaves_one_whole_day(tmp_path):
    path = tmp_path / "history.sqlite"
    endless = "for n in range(1_000_000):\n    write(history, str(n))\n    print(n, flush=True)\n"
    for n_seen in (1, 2, 3, 5):
        with run_writer(path, endless, stdout=subprocess.PIPE, text=True) as writer:
            acknowledged = [writer.stdout.readline() for _ in range(n_seen)]
            writer.kill()
            acknowledged += writer.stdout.readlines()
        assert writer.returncode == KILLED
        assert int(day_in(path)) in {int(acknowledged[-1]), int(acknowledged[-1]) + 1}
