"""Wears samples that the test has written down; killed, truly, by SIGKILL, before the step that is asked for.

A line of JSON on standard input is a run, in a process of its own that is forked so that nothing is imported twice.
"""

import asyncio
import itertools
import json
import os
import signal
import sys
from pathlib import Path

import numpy as np

from analytics.exercises.records import ExerciseSet
from config.profile import load_profile
from config.settings import load_settings
from firmware_bridge.devices.driver import Resolution
from firmware_bridge.imu import ImuChunk
from lumbar.analysis import calibration_of
from lumbar.messaging.client import MessageClient
from lumbar.session import Outputs
from lumbar.wear import Wearing
from lumbar.wear_day import DayKeeper
from posture.events import Alert

STEPS = {"open", "write", "fsync", "fdatasync", "execute", "executemany"}
"""What changes a disk, or is on the way there; a kill between two of them is one before the second."""


def say(**facts):
    os.write(1, (json.dumps(facts) + "\n").encode())  # in one piece, whoever else writes


class Steps:
    """Counts the steps of this thread, and kills the process before one of them."""

    def __init__(self, kill_before):
        self.n = 0
        self._kill_before = kill_before

    def watch(self):
        sys.setprofile(self._called)

    def rest(self):
        sys.setprofile(None)

    def _called(self, _frame, event, function):
        if event == "c_call" and function.__name__ in STEPS:
            if self.n == self._kill_before:
                os.kill(os.getpid(), signal.SIGKILL)
            self.n += 1


class Seen:
    def __init__(self):
        self.alerts, self.counts = [], []

    def show(self, event):
        if isinstance(event, Alert):
            self.alerts.append(event.time)
        elif isinstance(event, ExerciseSet):
            self.counts.append(event.count)

    def show_now(self, _now):
        pass

    def show_link(self, _text):
        pass


def chunks_of(path, start_s, chunk_s):
    with np.load(path) as file:
        samples = ImuChunk(file["time"], file["acc"], file["gyr"])
    for chunk in samples.split(chunk_s):
        if chunk.time[0] >= start_s:
            yield chunk


def wear(told):
    settings = load_settings()
    resolution = Resolution(told["acc_ms2"], told["gyr_rad_s"])
    calibration = calibration_of(load_profile(Path(told["profile"])), "me")
    folder = Path(told["folder"])
    keeper = DayKeeper(folder / "days", "belt", 100.0, resolution, settings, calibration)
    mqtt = settings.mqtt.model_copy(update={"host": "127.0.0.1", "port": told["port"]})
    steps, seen, clock = Steps(told["kill_before"]), Seen(), [told["start_s"]]
    with MessageClient(mqtt, told["wearer"], folder / "outbox", "1", time_zone=settings.wearer.zone) as client:
        client.connect(None)
        if told["watch"] == "start":
            steps.watch()
        wearing = Wearing(keeper, Outputs(seen, client), lambda: clock[0])
        steps.rest()
        if told["exercise"]:
            wearing.command("start_set", {"exercise": told["exercise"]})
        for chunk in chunks_of(told["samples"], told["start_s"], told["chunk_s"]):
            clock[0] = float(chunk.time[-1])
            if clock[0] >= told["kill_s"]:
                os.kill(os.getpid(), signal.SIGKILL)
            if told["watch"] == "alert" and chunk.time[0] <= told["alert_s"] <= chunk.time[-1] + told["chunk_s"]:
                steps.watch()
            wearing.samples(chunk)
            steps.rest()
        wearing.close()
        delivered = client.drain(20)
    say(steps=steps.n, alerts=seen.alerts, counts=seen.counts, delivered=delivered)


async def in_a_loop(told):
    wear(told)


for number in itertools.count():
    line = sys.stdin.readline()
    if not line:
        break
    run = os.fork()
    if run == 0:
        asyncio.run(in_a_loop(json.loads(line)))
        os._exit(0)
    _, status = os.waitpid(run, 0)
    say(number=number, killed=os.WIFSIGNALED(status), code=os.waitstatus_to_exitcode(status))
