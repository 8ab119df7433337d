"""`lumbar teach` with a sensor: led through it in the terminal, over a real link in the virtual air."""

import asyncio
from contextlib import ExitStack

import pytest

from config.errors import TeachingError
from config.exercise import Position
from config.known_sensors import KnownSensor
from firmware_bridge.link.radio import Radio
from firmware_bridge.recordings import open_recording
from firmware_bridge.virtual import Bend, SensorModel, SimulatedWearer, Stand
from firmware_bridge.virtual.air import PlayedMotion, Specimen, run_virtually, utc_from, virtual_world
from lumbar.live_lesson import LessonPlan, LiveLesson, show_live

START = 1_767_600_000.0
SENSOR = KnownSensor(name="belt", driver="lsp", address="D0:00:00:00:00:02", serial="0001", settings={})
BOW = (Bend(degrees=50.0, hold_s=0.5), Stand(2.0))


class Led:
    """What the wearer was told, and when it was over."""

    def __init__(self, lesson, told, links, over_s):
        self.lesson, self.told, self.links, self.over_s = lesson, told, links, over_s


@pytest.fixture
def led(tmp_path, calibration):
    """Return what leads a wearer through a lesson; a script says what the wearer does meanwhile."""

    def run(*script, repetitions=3, known=True, while_led=None):
        told, links = [], []

        async def go(stack):
            loop = asyncio.get_running_loop()
            wearer = SimulatedWearer(
                script, 3, rate_hz=100, mounting="upside_down", sensor=SensorModel.ideal(), start=START
            )
            world = await virtual_world()
            sensor = await world.add("lsp", Specimen(motion=PlayedMotion(wearer)))
            plan = LessonPlan(
                "deep_bow", "Deep bow", repetitions, Position.STANDING, calibration if known else None, 100.0
            )
            lesson = LiveLesson(plan, lambda text: told.append((loop.time(), text)), links.append)
            meanwhile = asyncio.ensure_future(while_led(lesson, sensor)) if while_led else None
            radio = Radio(world.scanner_class, world.client_class)
            await show_live(lesson, SENSOR, radio, tmp_path / "shown", stack, asyncio.Event(), utc_from(START))
            if meanwhile is not None:
                await meanwhile
            return Led(lesson, [text for _, text in told], links, loop.time())

        with ExitStack() as stack:
            return run_virtually(go(stack))

    return run


def test_an_exercise_is_learnt_hands_free_as_soon_as_the_wearer_rests(led, tmp_path):
    lesson = led(Stand(10.0), *(BOW * 3), Stand(60.0))
    exercise = lesson.lesson.result()
    assert (exercise.id, exercise.start, exercise.motion.axis) == ("deep_bow", "standing", "flexion")
    low, high = exercise.motion.range_deg
    assert low < 50.0 < high
    assert lesson.told[0] == "Take the starting position, and keep still."
    assert lesson.told[1] == "Now show it 3 times, with a second of rest before each; then keep still."
    assert lesson.links[-1] == "sensor connected"
    assert lesson.over_s < 10.0 + 3 * 5.5 + 10.0
    assert open_recording(tmp_path / "shown").duration_s > 20.0


def test_who_shows_less_than_was_said_hears_so_after_a_long_rest(led):
    lesson = led(Stand(10.0), *(BOW * 2), Stand(60.0))
    with pytest.raises(TeachingError, match="3 repetitions were not found"):
        lesson.lesson.result()
    assert lesson.over_s < 10.0 + 2 * 5.5 + 20.0


def test_a_short_rest_in_between_ends_nothing(led):
    lesson = led(Stand(10.0), *BOW, Stand(5.0), *(BOW * 2), Stand(60.0))
    assert lesson.lesson.result().id == "deep_bow"


def test_a_long_hold_ends_nothing(led):
    lesson = led(Stand(10.0), *((Bend(degrees=50.0, hold_s=15.0), Stand(3.0)) * 2), Stand(60.0), repetitions=2)
    assert lesson.lesson.result().hold.hold_s[1] >= 15.0


def test_who_waits_is_reminded(led):
    lesson = led(Stand(40.0), *(BOW * 3), Stand(60.0))
    assert lesson.told[2] == "Begin when you are ready."
    assert lesson.lesson.result().id == "deep_bow"


def test_the_wearer_may_say_that_it_was_all(led):
    async def say(lesson, _sensor):
        await asyncio.sleep(22.0)
        lesson.finish()

    lesson = led(Stand(10.0), *(BOW * 2), Stand(60.0), while_led=say)
    with pytest.raises(TeachingError, match="3 repetitions were not found"):
        lesson.lesson.result()
    assert lesson.over_s < 23.0


def test_after_a_break_of_the_link_it_begins_again(led):
    async def away(_lesson, sensor):
        await asyncio.sleep(13.0)
        sensor.set_in_range(in_range=False)
        await asyncio.sleep(4.0)
        sensor.set_in_range(in_range=True)

    lesson = led(Stand(10.0), *BOW, Stand(20.0), *(BOW * 3), Stand(60.0), while_led=away)
    assert "The sensor was away: from the beginning, please. Take the starting position, and keep still." in lesson.told
    assert lesson.lesson.result().id == "deep_bow"


def test_what_was_never_shown_is_not_learnt():
    lesson = LiveLesson(LessonPlan("bow", "Bow", 3, Position.STANDING, None, 100.0), print, print)
    with pytest.raises(TeachingError, match="stopped, so nothing was learnt"):
        lesson.result()


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ((), "say it with --start-position"),
        (("--start-position", "supine"), "only seen with --profile"),
        (("--start-position", "standing"), "no sensor"),
        (("--from", "3"), "belong to a recording"),
        (("gone.csv", "--sensor", "belt"), "not both"),
    ],
)
def test_what_cannot_be_is_said_before_anybody_is_led(lumbar, options, reason):
    code, out, err = lumbar("teach", "deep bow", *options)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert reason in err
