"""A new exercise shown to a live sensor: rest, the repetitions, rest; then it is learnt, or refused with the reason."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from analytics.exercises.teach import Demonstration, teach
from config.errors import TeachingError
from firmware_bridge.imu import concatenate
from lumbar.analysis import oriented
from lumbar.exercise_session_live import run_live
from lumbar.stopping import until_first
from lumbar.teaching import frames_shown
from posture.accelerometer_offset import RestSurvey

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import ExitStack
    from pathlib import Path

    from numpy.typing import NDArray

    from config.exercise import Exercise, Position
    from config.known_sensors import KnownSensor
    from firmware_bridge.imu import ImuChunk
    from firmware_bridge.link.radio import Radio
    from posture.calibration import Calibration

__all__ = ["LessonPlan", "LiveLesson", "show_live"]

REST_S = 4.0
"""Rest so long before and after: `teach` looks at three seconds of it."""

OVER_S, HOME_MS2 = 12.0, 1.0
"""Who keeps still for so long has shown all there was, unless far from the starting position: 6 deg of tilt."""

REMIND_S = 20.0
LONGEST_S = 180.0
GAP_S = 1.0
LOOK_EVERY_S = 0.2

BLOCK_S = 0.5
STILL_MS2, STILL_RAD_S, SAME_MS2 = 0.3, 0.12, 0.35
"""Within a block at rest acceleration and rotation rate scatter by less, with breathing and sway; and from one to the
next the mean of the acceleration changes by less: 2 deg of tilt."""


class LessonStage(StrEnum):
    """Where a lesson stands."""

    REST = "rest"
    SHOW = "show"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class LessonPlan:
    """What is to be learnt.

    Parameters
    ----------
    identifier, title
        What the exercise is to be called.
    repetitions
        How many are shown.
    position
        The starting position; None where gravity is to tell it.
    calibration
        The wearer's; None where the mounting is unknown.
    rate_hz
        Of the sensor.

    """

    identifier: str
    title: str
    repetitions: int
    position: Position | None
    calibration: Calibration | None
    rate_hz: float


class LiveLesson:
    """Leads a wearer through showing an exercise, hands-free; time is that of the samples.

    Whenever the wearer keeps still after having moved, what was shown so far is tried; the lesson is over when it can
    be learnt. A long rest, or a word of the wearer, ends it with the reason why it cannot.

    Parameters
    ----------
    plan
        What is to be learnt.
    tell
        Says a sentence.
    show_link
        Shows how the link to the sensor stands.

    """

    def __init__(self, plan: LessonPlan, tell: Callable[[str], None], show_link: Callable[[str], None]) -> None:
        self.show_link = show_link
        self._plan = plan
        self._tell = tell
        self._stage = LessonStage.REST
        self._chunks: list[ImuChunk] = []
        self._block: list[ImuChunk] = []
        self._before: NDArray[np.float32] | None = None
        self._home: NDArray[np.float32] | None = None
        self._still_since: float | None = None
        self._begun = self._told = self._shown_from = 0.0
        self._moved = self._tried = self._is_all = False
        self._learnt: Exercise | None = None
        self._refusal = TeachingError("the lesson was stopped, so nothing was learnt")

    @property
    def done(self) -> bool:
        """Whether it is over."""
        return self._stage is LessonStage.OVER

    def samples(self, chunk: ImuChunk) -> None:
        """Take samples, in order of time."""
        if self.done or len(chunk) == 0:
            return
        if not self._chunks or chunk.time[0] - self._chunks[-1].time[-1] > GAP_S:
            self._begin(float(chunk.time[0]))
        self._chunks.append(chunk)
        self._block.append(chunk)
        if chunk.time[-1] - self._block[0].time[0] >= BLOCK_S:
            self._look(concatenate(self._block))
            self._block = []

    def finish(self) -> None:
        """Take what was shown so far as all there is."""
        self._is_all = True

    def result(self) -> Exercise:
        """Return what was learnt.

        Raises
        ------
        TeachingError
            Nothing; the message says why, and what to do.

        """
        if self._learnt is None:
            raise self._refusal
        return self._learnt

    async def learn(self) -> None:
        """Try what was shown, beside the link, until the lesson is over."""
        while not self.done:
            await asyncio.sleep(LOOK_EVERY_S)
            if self._is_all or self._is_due():
                await self._try()

    def _begin(self, at: float) -> None:
        again = "The sensor was away: from the beginning, please. " if self._chunks else ""
        self._chunks, self._block, self._before, self._still_since = [], [], None, None
        self._stage, self._begun, self._moved, self._tried = LessonStage.REST, at, False, False
        self._say(at, f"{again}Take the starting position, and keep still.")

    def _say(self, at: float, text: str) -> None:
        self._told = at
        self._tell(text)

    def _look(self, block: ImuChunk) -> None:
        now = float(block.time[-1])
        if not self._is_still(block):
            self._still_since, self._tried = None, False
            self._moved |= self._stage is LessonStage.SHOW
        elif self._still_since is None:
            self._still_since = float(block.time[0])
        if self._stage is LessonStage.REST and self._still_s(now) >= REST_S:
            self._stage, self._shown_from, self._home = LessonStage.SHOW, now, self._before
            n = self._plan.repetitions
            times = "once" if n == 1 else f"{n} times, with a second of rest before each"
            self._say(now, f"Now show it {times}; then keep still.")
        elif not self._moved and now - self._told >= REMIND_S:
            waiting = "Keep still for a moment." if self._stage is LessonStage.REST else "Begin when you are ready."
            self._say(now, waiting)

    def _is_still(self, block: ImuChunk) -> bool:
        mean, before = block.acc.mean(axis=0), self._before
        self._before = mean
        scatter = float(np.linalg.norm(block.acc.std(axis=0)))
        rate = 0.0 if block.gyr is None else float(np.linalg.norm(block.gyr.std(axis=0)))
        moved = 0.0 if before is None else float(np.linalg.norm(mean - before))
        return scatter < STILL_MS2 and rate < STILL_RAD_S and moved < SAME_MS2

    def _still_s(self, now: float) -> float:
        return 0.0 if self._still_since is None else now - self._still_since

    def _is_due(self) -> bool:
        if not self._chunks:
            return False
        now = float(self._chunks[-1].time[-1])
        still_s = self._still_s(now) if self._stage is LessonStage.SHOW and self._moved else 0.0
        self._is_all = (still_s >= OVER_S and self._is_home()) or now - self._begun >= LONGEST_S
        return self._is_all or (still_s >= REST_S and not self._tried)

    def _is_home(self) -> bool:
        """Whether the wearer is in the starting position, and does not hold another one."""
        if self._home is None or self._before is None:
            return True
        return float(np.linalg.norm(self._before - self._home)) < HOME_MS2

    async def _try(self) -> None:
        self._tried = True
        is_all = self._is_all
        if self._stage is LessonStage.REST:
            self._refusal = TeachingError("you were never still long enough to begin; rest for a few seconds first")
        else:
            try:
                self._learnt = await asyncio.to_thread(_learnt_from, list(self._chunks), self._shown_from, self._plan)
            except TeachingError as error:
                self._refusal = error
        if is_all or self._learnt is not None:
            self._stage = LessonStage.OVER


async def show_live(
    lesson: LiveLesson,
    sensor: KnownSensor,
    radio: Radio,
    folder: Path,
    stack: ExitStack,
    stop: asyncio.Event,
    utc_now: Callable[[], float] = time.time,
) -> None:
    """Lead through a lesson until it is over or `stop` is set; parameters and errors as of `run_live`."""
    await until_first(run_live(sensor, radio, lesson, folder, stack, stop, utc_now), lesson.learn())


def _learnt_from(chunks: list[ImuChunk], start: float, plan: LessonPlan) -> Exercise:
    """Return the exercise that samples from some time on show."""
    calibration = plan.calibration
    offset = _offset(chunks) if calibration is None else calibration.acc_offset_ms2
    bias = None if calibration is None else calibration.gyr_bias_rad_s
    frames = oriented(chunks, plan.rate_hz, offset, bias)
    end = float(chunks[-1].time[-1])
    demonstration = Demonstration(
        frames=frames_shown(frames, start, end),
        start=start,
        end=end,
        repetitions=plan.repetitions,
        sensor_to_body=None if calibration is None else calibration.sensor_to_body,
        position=plan.position,
        exact=False,
    )
    return teach(plan.identifier, plan.title, demonstration)


def _offset(chunks: list[ImuChunk]) -> NDArray[np.float64]:
    survey = RestSurvey()
    for chunk in chunks:
        survey.push(chunk)
    return survey.offset()
