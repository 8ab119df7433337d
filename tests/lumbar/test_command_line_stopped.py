"""Ctrl+C: the proper end of what runs until then, an interruption of everything else."""

import signal
import socket
import subprocess
import sys

import pytest

TO_END_S = 60.0
# A shell that runs the tests in the background has them, and what they start, ignore Ctrl+C.
PROGRAM = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from lumbar.cli import main
main()
"""


@pytest.fixture
def interrupted(tmp_path):
    """Run a command and press Ctrl+C once it has printed a line; returns exit code and errors."""

    def run(*arguments):
        command = [sys.executable, "-c", PROGRAM, *map(str, arguments)]
        with subprocess.Popen(
            command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            process.stdout.readline()
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=TO_END_S)
            return process.returncode, err

    return run


def test_the_broker_runs_until_then(interrupted):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert interrupted("broker", "--port", port) == (0, "")


def test_a_replay_is_interrupted(interrupted, recording_file, sections_file):
    arguments = ("--calibration", sections_file, "--speed", "60", "--format", "json")
    assert interrupted("replay", recording_file, *arguments) == (130, "")
