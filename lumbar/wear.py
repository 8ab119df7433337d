"""The live main job: what the sensor sends, recorded, followed, told and summed up, day after day."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Literal

from analytics.exercises.records import ExerciseSet
from analytics.local_day import LocalDay, local_time
from config.errors import LumbarError, SensorError
from config.exercise_library import load_exercises, own_exercises_path
from lumbar.exercises_sought import told_exercise
from lumbar.publishing import Publisher
from lumbar.stopping import until_first
from lumbar.wear_day import WearDay, findings_anew, keep_day
from posture.events import Alert

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping
    from concurrent.futures import Future
    from datetime import date

    from pydantic import JsonValue

    from analytics.findings import Findings
    from firmware_bridge.imu import ImuChunk
    from firmware_bridge.link.link import SensorLink
    from firmware_bridge.link.listener import SensorState
    from lumbar.exercises_sought import ExercisesSought
    from lumbar.pipeline import Noticed
    from lumbar.session import Outputs
    from lumbar.wear_day import DayKeeper

__all__ = ["Wearing", "wear"]

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 10.0
SUMMARY_EVERY_S = 900.0
COMMAND_S = 15.0


class Wearing:
    """Takes what the link brings, and looks after the day.

    Parameters
    ----------
    keeper
        Makes the days.
    outputs
        Terminal, broker and history.
    utc_now
        The computer's clock.

    Attributes
    ----------
    vibrate
        Lets the sensor vibrate, for strength and seconds; set once there is a link.

    """

    def __init__(self, keeper: DayKeeper, outputs: Outputs, utc_now: Callable[[], float]) -> None:
        self.vibrate: Callable[[float, float], Coroutine[None, None, bool]] | None = None
        self._keeper = keeper
        self._settings = keeper.settings
        self._outputs = outputs
        self._utc_now = utc_now
        self._publisher = None if outputs.client is None else Publisher(outputs.client)
        self._snoozed_until = 0.0
        self._summed_up_at = utc_now()
        self._changed_days: set[date] = set()
        self._late_at = 0.0
        self._pulses: set[asyncio.Task[bool]] = set()
        self._tell_left_over()
        self._finish_sets_left_over()
        self._day: WearDay | None = WearDay(self._today(), keeper)
        self._tell([*self._day.left_over], self._day)
        if self._day.counted is not None:
            logger.info("%s is still counted, until the command stop_set", self._day.counted)

    def samples(self, chunk: ImuChunk) -> None:
        """Take live samples."""
        for part in self._by_day(chunk):
            date = local_time(float(part.time[0]), self._settings.wearer.zone).date()
            if self._day is not None and date > self._day.day:
                self._end_day()
            if self._day is None:
                self._day = WearDay(date, self._keeper)
            self._tell(self._day.push(part), self._day)
            if self._day.pipeline.latest is not None:
                if self._publisher is not None:
                    self._publisher.publish_now(self._day.pipeline.latest)
                if self._outputs.view is not None:
                    self._outputs.view.show_now(self._day.pipeline.latest)

    def late_samples(self, chunk: ImuChunk, rate_hz: float) -> None:
        """Take samples of the offline log: on the disk when this returns."""
        for part in self._by_day(chunk):
            date = local_time(float(part.time[0]), self._settings.wearer.zone).date()
            if self._day is not None and date == self._day.day:
                n_new = self._day.insert(part, rate_hz)
            else:
                with self._keeper.recorder(date) as recorder:
                    n_new = recorder.insert(part, rate_hz)
            self._late_at = self._utc_now()
            if n_new:
                self._changed_days.add(date)

    def state(self, state: SensorState) -> None:
        """Take a change of the link."""
        logger.info(
            "sensor %s: %s%s",
            self._keeper.sensor,
            "connected" if state.connected else state.problem,
            "" if state.battery_percent is None else f", battery {state.battery_percent} %",
        )
        if self._outputs.view is not None:
            self._outputs.view.show_link("sensor connected" if state.connected else state.problem)
        if self._outputs.client is not None:
            self._outputs.client.publish_sensor_state(
                _word(state), self._utc_now(), battery_percent=state.battery_percent, signal_dbm=state.signal_dbm
            )

    async def look_after(self) -> None:
        """Sum up from time to time, end days at midnight, and work in samples that came late; for ever."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            if self._day is not None and self._today() > self._day.day and self._day.end_s < self._midnight():
                self._end_day()
            if self._changed_days and self._utc_now() - self._late_at >= LOOK_EVERY_S:
                await self._work_in_late()
            if self._utc_now() - self._summed_up_at >= SUMMARY_EVERY_S:
                await self._sum_up()

    def close(self) -> None:
        """End the day so far; it goes on when the program is started again."""
        if self._day is not None:
            self._end_day(goes_on=True)

    def command(self, verb: str, arguments: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
        """Carry out a command of others, in the event loop.

        Raises
        ------
        SensorError
            It cannot be done.

        """
        match verb:
            case "snooze":
                minutes = arguments.get("minutes")
                self._snoozed_until = self._utc_now() + 60 * (minutes if isinstance(minutes, int | float) else 0)
                return {"until": self._snoozed_until}
            case "resume":
                self._snoozed_until = 0.0
                return {}
            case "vibrate":
                seconds = arguments.get("seconds")
                self._nudge(float(seconds) if isinstance(seconds, int | float) else self._settings.haptics.duration_s)
                return {}
            case "start_set":
                library = load_exercises(own_exercises_path(self._settings))
                self._seek(told_exercise(library, str(arguments.get("exercise"))))
                return {}
            case "stop_set":
                self._seek(None)
                return {}
            case _:
                raise SensorError(f"{verb}: this version cannot do that while it is worn")

    def _seek(self, exercises: ExercisesSought | None) -> None:
        """Count an exercise from now on, or none any more."""
        if self._day is None:
            raise SensorError("nothing has come from the sensor yet: wait until it is connected")
        self._tell(self._day.seek(exercises), self._day)

    def _tell_left_over(self) -> None:
        """Publish the alerts that the program was killed with; those that were active have ended with it."""
        given = self._keeper.newest_given()
        untold = [] if given is None else given.untold()
        if self._publisher is not None:
            self._publisher.publish_untold(untold)
        if given is not None and untold:
            given.told(len(untold))
        if self._publisher is not None:
            self._publisher.resolve_left_over()

    def _finish_sets_left_over(self) -> None:
        """Tell and keep the set that was open when the program ended on an earlier day: nobody goes on with it."""
        day = self._keeper.left_open(self._today())
        if day is None:
            return
        ended = [event for event in day.end(goes_on=False) if isinstance(event, ExerciseSet)]
        self._tell([*day.left_over, *ended], day)
        self._keep(day.findings())

    def _tell(self, noticed: list[Noticed], day: WearDay) -> None:
        for event in noticed:
            snoozed = isinstance(event, Alert) and self._utc_now() < self._snoozed_until
            if isinstance(event, Alert) and not snoozed and self._settings.haptics.enabled:
                self._nudge(self._settings.haptics.duration_s)
            if self._publisher is not None and not snoozed:
                self._publisher.publish(event)
            day.told(event)
            if self._outputs.view is not None:
                self._outputs.view.show(event)

    def _nudge(self, duration_s: float) -> None:
        if self.vibrate is not None:
            pulse = asyncio.get_running_loop().create_task(self.vibrate(self._settings.haptics.strength, duration_s))
            self._pulses.add(pulse)
            pulse.add_done_callback(self._pulses.discard)

    def _end_day(self, *, goes_on: bool = False) -> None:
        day, self._day = self._day, None
        if day is None:
            return
        self._tell(day.end(goes_on=goes_on), day)
        self._keep(day.findings())
        if day.end_s >= 0:
            logger.info("the day %s is summed up", day.day)

    async def _sum_up(self) -> None:
        self._summed_up_at = self._utc_now()
        if self._day is not None:
            self._keep(await _findings_of(self._day))

    async def _work_in_late(self) -> None:
        """Go over the recordings anew that samples came late to, beside the live work."""
        changed, self._changed_days = self._changed_days, set()
        for date in sorted(changed):
            try:
                if self._day is not None and date == self._day.day:
                    findings = await _findings_of(self._day)
                else:
                    findings = await asyncio.to_thread(findings_anew, self._keeper, date)
            except LumbarError as error:
                logger.warning("the day %s cannot be gone over anew (%s)", date, error)
                continue
            self._keep(findings, historical=True)

    def _keep(self, findings: Findings, *, historical: bool = False) -> None:
        self._summed_up_at = self._utc_now()
        if self._outputs.history is None or not findings.wear:
            return
        source = f"{self._keeper.sensor}, worn"
        summaries = keep_day(self._outputs.history, findings, self._settings, source)
        if self._outputs.client is None:
            return
        for date, summary in summaries.items():
            self._outputs.client.set_wear_ratio(summary.wear.wear_ratio)
            self._outputs.client.publish_summary(date, self._utc_now(), summary.document(), historical=historical)

    def _by_day(self, chunk: ImuChunk) -> list[ImuChunk]:
        zone = self._settings.wearer.zone
        first = LocalDay(local_time(float(chunk.time[0]), zone).date(), zone)
        inside = int((chunk.time < first.span.end).sum())
        if inside == len(chunk):
            return [chunk]
        return [chunk.rows(0, inside), *self._by_day(chunk.rows(inside, len(chunk)))]

    def _today(self) -> date:
        return local_time(self._utc_now(), self._settings.wearer.zone).date()

    def _midnight(self) -> float:
        return LocalDay(self._today(), self._settings.wearer.zone).span.start


def _word(state: SensorState) -> Literal["connected", "lost", "charging"]:
    if state.charging:
        return "charging"
    return "connected" if state.connected else "lost"


async def _findings_of(day: WearDay) -> Findings:
    """Return the findings of a day; where that takes seconds, beside the live work."""
    return await asyncio.to_thread(day.findings) if day.has_late else day.findings()


async def wear(wearing: Wearing, link: SensorLink, outputs: Outputs, stop: asyncio.Event) -> None:
    """Run until `stop` is set; then the day so far is summed up.

    Parameters
    ----------
    wearing
        The day.
    link
        The link to the sensor, with `wearing` as its listener.
    outputs
        As `wearing` has them.
    stop
        Set from outside, by a signal for one.

    Raises
    ------
    LumbarError
        Bluetooth, the disk or the outbox cannot be used.

    """
    wearing.vibrate = link.vibrate
    loop = asyncio.get_running_loop()
    if outputs.client is not None:
        outputs.client.on_command(lambda verb, arguments: _in_loop(loop, wearing, verb, arguments))
    try:
        await until_first(link.run(), wearing.look_after(), stop.wait())
    finally:
        wearing.close()


def _in_loop(
    loop: asyncio.AbstractEventLoop, wearing: Wearing, verb: str, arguments: Mapping[str, JsonValue]
) -> dict[str, JsonValue]:
    """Carry out a command that came in another thread."""

    async def carry_out() -> dict[str, JsonValue]:
        return wearing.command(verb, arguments)

    answer: Future[dict[str, JsonValue]] = asyncio.run_coroutine_threadsafe(carry_out(), loop)
    return answer.result(COMMAND_S)
