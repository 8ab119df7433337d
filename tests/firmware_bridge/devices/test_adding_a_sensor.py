"""docs/adding-a-sensor.md shows code that is in the tree, and output that the command gives."""

import re
import shlex
from pathlib import Path

import pytest

from lumbar.cli import main

REPOSITORY = Path(__file__).parents[3]
PAGE = (REPOSITORY / "docs" / "adding-a-sensor.md").read_text(encoding="utf-8")
EXCERPTS = re.findall(r"<!-- (\S+) -->\n```python\n(.*?)```", PAGE, re.DOTALL)
CONSOLE = re.findall(r"```console\n\$ lumbar (.*?)\n(.*?)```", PAGE, re.DOTALL)


def test_every_piece_of_code_says_where_it_is_from():
    assert len(EXCERPTS) == PAGE.count("```python") >= 5


@pytest.mark.parametrize(("file", "code"), EXCERPTS)
def test_the_code_is_that_of_the_driver(file, code):
    assert code in (REPOSITORY / file).read_text(encoding="utf-8")


@pytest.mark.parametrize(("command", "output"), CONSOLE)
def test_the_commands_print_what_the_page_shows(capsys, command, output):
    with pytest.raises(SystemExit) as end:
        main(shlex.split(command))
    assert end.value.code == 0
    assert capsys.readouterr().out == output


def test_the_files_it_names_are_there():
    named = {name for name in re.findall(r"`((?:firmware_bridge|tests)/[\w/.]+\.py)`", PAGE) if "<" not in name}
    assert len(named) >= 5
    assert [name for name in sorted(named) if not (REPOSITORY / name).is_file()] == []
