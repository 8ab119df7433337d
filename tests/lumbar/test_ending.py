"""Where nothing more can be printed: one line and exit code 2, and no word where only the reader has gone."""

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = f"{sys.executable} -c 'from lumbar.cli import main; main()'"
FULL = Path("/dev/full")
COMMANDS = ["config path", "config show --format json", "exercises list", "schema analysis"]


@pytest.fixture
def shell(tmp_path):
    """Run a command line in bash; returns exit code, output and errors."""

    def run(line):
        result = subprocess.run(
            ["bash", "-c", line], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
        )
        return result.returncode, result.stdout, result.stderr

    return run


@pytest.mark.skipif(not FULL.exists(), reason="a full disc is simulated on Linux only")
@pytest.mark.parametrize("buffering", ["", "PYTHONUNBUFFERED=1 "])
@pytest.mark.parametrize("arguments", COMMANDS)
def test_a_full_disc(shell, arguments, buffering):
    line = "lumbar: cannot write: No space left on device; make room, or let the output go elsewhere\n"
    assert shell(f"{buffering}{PROGRAM} {arguments} > {FULL}") == (2, "", line)


@pytest.mark.parametrize("arguments", COMMANDS)
def test_a_closed_output(shell, arguments):
    line = "lumbar: standard output is closed; let it go to a file, or to /dev/null\n"
    assert shell(f"{PROGRAM} {arguments} >&-") == (2, "", line)


@pytest.mark.parametrize("arguments", COMMANDS)
def test_a_reader_that_has_gone(shell, arguments):
    _, _, err = shell(f"{PROGRAM} {arguments} | true")
    assert err == ""
