"""A wearing session: samples through the pipeline to the terminal, the broker and the history."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self

from lumbar.days import keep_recording, main_day, sum_up
from lumbar.publishing import Publisher
from lumbar.review import review
from posture.events import Alert, AlertResolved

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from analytics.summary_model import DailySummary
    from config.settings import Settings
    from firmware_bridge.imu import ImuChunk
    from lumbar.history.store import History
    from lumbar.messaging.client import MessageClient
    from lumbar.pipeline import LivePipeline, Noticed, Now

__all__ = ["Outputs", "Pace", "View", "chunk_seconds", "play"]

FASTEST_CHUNK_S = 60.0
SLOWEST_CHUNK_S = 0.2
DRAIN_S = 30.0


class View(Protocol):
    """Something that shows what is noticed: the terminal, or JSON lines."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    def show(self, event: Noticed) -> None:
        """Show one event."""

    def show_now(self, now: Now) -> None:
        """Show how things stand."""

    def show_link(self, text: str) -> None:
        """Show how the link to the broker stands."""


@dataclass(frozen=True, slots=True)
class Outputs:
    """Where what is noticed goes; None leaves one out.

    Parameters
    ----------
    view
        Terminal, or JSON lines.
    client
        To the broker.
    history
        Days.
    nudge
        Called with each alert that is played, for a sensor that vibrates. (`lumbar.wear` has its own way.)

    """

    view: View | None = None
    client: MessageClient | None = None
    history: History | None = None
    nudge: Callable[[], None] | None = None


class Pace:
    """Hold samples back until their time has come, at `speed` times real time; None plays as fast as possible."""

    def __init__(self, speed: float | None) -> None:
        self._speed = speed
        self._began: tuple[float, float] | None = None

    def wait_for(self, sample_time: float) -> None:
        """Sleep until the sample is due."""
        if self._speed is None:
            return
        if self._began is None:
            self._began = (time.monotonic(), sample_time)
        clock, first = self._began
        due = clock + (sample_time - first) / self._speed
        time.sleep(max(0.0, due - time.monotonic()))


def chunk_seconds(speed: float | None) -> float:
    """Return how long the chunks are so that the display moves smoothly at a speed."""
    return FASTEST_CHUNK_S if speed is None else min(max(0.2 * speed, SLOWEST_CHUNK_S), FASTEST_CHUNK_S)


def play(
    chunks: Iterable[ImuChunk],
    pipeline: LivePipeline,
    settings: Settings,
    outputs: Outputs,
    source: str,
    pace: Pace,
    link_status: Callable[[], str] | None = None,
) -> DailySummary | None:
    """Run samples through the live pipeline to the outputs, then sum the days up.

    Parameters
    ----------
    chunks
        Samples in order of time.
    pipeline
        Fresh.
    settings
        The wearer and the thresholds.
    outputs
        Where what is noticed goes.
    source
        Name of the recording, for the history.
    pace
        How fast.
    link_status
        Tells the state of the link for the display.

    Returns
    -------
    DailySummary or None
        The summary of the local day that holds most of the samples; None without any.

    """
    publisher = None if outputs.client is None else Publisher(outputs.client)
    if publisher is not None:
        publisher.resolve_left_over()
    alerts: list[Alert | AlertResolved] = []
    with ExitStack() as stack:
        if outputs.view is not None:
            stack.enter_context(outputs.view)
        for chunk in chunks:
            pace.wait_for(float(chunk.time[-1]))
            noticed = pipeline.push(chunk)
            alerts += _tell(noticed, pipeline, publisher, outputs)
            if outputs.view is not None and link_status is not None:
                outputs.view.show_link(link_status())
        alerts += _tell(pipeline.flush(), pipeline, publisher, outputs)
    return _sum_up(pipeline, settings, outputs, source, alerts)


def _tell(
    noticed: list[Noticed], pipeline: LivePipeline, publisher: Publisher | None, outputs: Outputs
) -> list[Alert | AlertResolved]:
    for event in noticed:
        if isinstance(event, Alert) and outputs.nudge is not None:
            outputs.nudge()
        if publisher is not None:
            publisher.publish(event)
        if outputs.view is not None:
            outputs.view.show(event)
    if pipeline.latest is not None:
        if publisher is not None:
            publisher.publish_now(pipeline.latest)
        if outputs.view is not None:
            outputs.view.show_now(pipeline.latest)
    return [event for event in noticed if isinstance(event, Alert | AlertResolved)]


def _sum_up(
    pipeline: LivePipeline, settings: Settings, outputs: Outputs, source: str, alerts: list[Alert | AlertResolved]
) -> DailySummary | None:
    start, end = pipeline.coverage.start, pipeline.coverage.end
    findings = review(pipeline, settings, alerts).findings
    day = main_day(findings, settings)
    if start is None or end is None or day is None:
        return None
    if outputs.history is None:
        summaries = {day.date: sum_up(findings, day, settings)}
    else:
        summaries = keep_recording(outputs.history, findings, (start, end), source, settings)
    if outputs.client is not None:
        for date, summary in summaries.items():
            outputs.client.set_wear_ratio(summary.wear.wear_ratio)
            outputs.client.publish_summary(date, end, summary.document())
        outputs.client.drain(DRAIN_S)
    return summaries[day.date]
