"""What a wearer types in an exercise session, and how it speaks and shows numbers."""

import io
import threading

import pytest

from analytics.exercises.guided_records import Did, FinishSet, Pain, Pause, Ready, Resume, Skip, Stop, StopReason
from config.errors import SettingsError
from lumbar.exercise_session_input import parse_wish, read_wishes
from lumbar.exercise_session_view import big
from lumbar.exercise_session_voice import Voice


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("\n", Ready()),
        ("p", Pause()),
        ("PAUSE", Pause()),
        ("d", FinishSet()),
        ("n", Skip()),
        ("skip tired", Skip(StopReason.TIRED)),
        ("q", Stop(StopReason.OTHER)),
        (" stop  pain \n", Stop(StopReason.PAIN)),
        ("0", Pain(0)),
        ("10", Pain(10)),
        ("did 8", Did(8)),
    ],
)
def test_a_line_is_a_wish(line, command):
    assert parse_wish(line, paused=False) == command


@pytest.mark.parametrize("line", ["", "p", "resume"])
def test_whoever_pauses_goes_on_with_the_same_key(line):
    assert parse_wish(line, paused=True) == Resume()


@pytest.mark.parametrize("line", ["11", "did", "did many", "did -1", "x", "p now", "q because", "-3", "did 5000"])
def test_a_line_that_is_no_wish_says_what_there_is(line):
    with pytest.raises(SettingsError, match=r"Enter: ready|the reasons are pain"):
        parse_wish(line, paused=False)


def test_lines_are_read_beside_the_session():
    got, all_here = [], threading.Event()

    def sink(line):
        got.append(line)
        if len(got) == 2:
            all_here.set()

    read_wishes(io.StringIO("p\n3\n"), sink)
    assert all_here.wait(10)
    assert got == ["p\n", "3\n"]


def test_the_voice_speaks_in_order_and_leaves_out_what_is_stale():
    spoken, may_go = [], threading.Event()

    def speak(text):
        assert may_go.wait(10)
        spoken.append(text)

    voice = Voice(speak)
    for number in range(5):
        voice.say(str(number))
    may_go.set()
    with voice:
        pass
    assert spoken == ["3", "4"]


def test_a_voice_that_fails_harms_nothing():
    def fail(_text):
        raise OSError("no sound card")

    with Voice(fail) as voice:
        voice.say("1")
        voice.say("2")


@pytest.mark.parametrize(("number", "width"), [(None, 0), (0, 3), (7, 3), (10, 7), (123, 11)])
def test_large_numbers_are_five_lines_high(number, width):
    rows = big(number).split("\n")
    assert len(rows) == 5
    assert {len(row) for row in rows} == {width}
