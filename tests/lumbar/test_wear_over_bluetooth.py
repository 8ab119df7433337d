"""`lumbar wear` end to end: a slouching wearer, a virtual sensor in the virtual air, the real link, the real broker."""

import asyncio
import json
import signal
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime

import pytest

from config.known_sensors import KnownSensor
from config.settings import load_settings
from firmware_bridge.devices.catalogue import driver_named
from firmware_bridge.link.link import SensorLink
from firmware_bridge.link.radio import Radio
from firmware_bridge.link.scanner import SensorScanner
from firmware_bridge.virtual import SensorModel, SimulatedWearer, Sit, SittingPosture, Stand
from firmware_bridge.virtual.air import (
    Conditions,
    Oscillator,
    PlayedMotion,
    Specimen,
    run_virtually,
    utc_from,
    virtual_world,
)
from lumbar.history.store import History
from lumbar.messaging.client import MessageClient
from lumbar.session import Outputs
from lumbar.wear import Wearing, wear
from lumbar.wear_day import DayKeeper
from posture.events import Alert

EPOCH_S = 1_767_600_000.0
SENSOR = KnownSensor(name="belt", driver="lsp", address="D0:00:00:00:00:02", serial="0001", settings={})
SLOUCHING = (
    Stand(8.0),
    Sit(12.0),
    Sit(40.0, posture=SittingPosture.SLOUCHED, degrees=20.0),
    Sit(20.0),
)


class Seen:
    """Keeps what is shown."""

    def __init__(self):
        self.events = []

    def show(self, event):
        self.events.append(event)

    def show_now(self, _now):
        pass

    def show_link(self, _text):
        pass


@dataclass
class Worn:
    """What came of it."""

    sensor: object
    seen: Seen
    epoch_s: float


@pytest.fixture
def worn(tmp_path, monkeypatch, calibration, broker):
    """Return what wears a sensor for as long as a script of faults lasts."""
    monkeypatch.setenv("LUMBAR_WEARER__TIME_ZONE", "UTC")
    driver = driver_named("lsp")
    values = driver.settings_with({})

    def run(faults, script=SLOUCHING, *, conditions=None, seed=0, phase_s=0.0):
        epoch_s = EPOCH_S + phase_s
        settings = load_settings()
        mqtt_settings = settings.mqtt.model_copy(update={"host": broker.host, "port": broker.port})

        async def go(client, history):
            stop = asyncio.Event()
            wearer = SimulatedWearer(
                script, 3, rate_hz=100, mounting="upside_down", sensor=SensorModel.ideal(), start=epoch_s
            )
            world = await virtual_world(conditions or Conditions(connection_interval_s=0.02), seed=seed)
            specimen = Specimen(oscillator=Oscillator(ppm=25, wander_ppm=3), motion=PlayedMotion(wearer))
            sensor = await world.add("lsp", specimen)
            seen, utc_now = Seen(), utc_from(epoch_s)
            keeper = DayKeeper(tmp_path / "days", "belt", 100.0, driver.resolution(values), settings, calibration)
            outputs = Outputs(seen, client, history)
            wearing = Wearing(keeper, outputs, utc_now)
            radio = Radio(world.scanner_class, world.client_class)
            link = SensorLink(SENSOR, radio, SensorScanner(radio), wearing, utc_now)
            result = Worn(sensor, seen, epoch_s)
            wearing_task = asyncio.ensure_future(wear(wearing, link, outputs, stop))
            await faults(sensor)
            stop.set()
            await wearing_task
            return result

        with (
            MessageClient(mqtt_settings, "me", tmp_path / "outbox", "1", time_zone=settings.wearer.zone) as client,
            History(tmp_path / "history.sqlite") as history,
        ):
            client.connect(10)
            result = run_virtually(go(client, history))
            assert client.drain(20)
        return result

    return run


async def until_the_end(_sensor):
    await asyncio.sleep(82)


@pytest.mark.parametrize("phase_s", [0.0, 0.25, 0.5])
def test_a_slouch_is_one_pulse_within_a_fifth_of_a_second_and_one_alert(worn, listen, monkeypatch, phase_s):
    monkeypatch.setenv("LUMBAR_SLOUCH__NUDGE_AFTER_S", "20")
    listener = listen("lumbar/#")
    result = worn(until_the_end, phase_s=phase_s, conditions=Conditions(0.02, missed_event_share=0.05))
    listener.wait_for("lumbar/me/alert/slouch", b"")
    (alert,) = [event for event in result.seen.events if isinstance(event, Alert)]
    assert alert.time == alert.since + 20
    due_s = alert.time - result.epoch_s
    (pulse,) = result.sensor.pulses
    assert -0.02 < pulse.time_s - due_s <= 0.2, "the last row of a second is whole 10 ms before the second's end"
    (published,) = listener.contents("alert/slouch")
    assert (published.kind, published.since) == ("slouch", alert.since)
    assert moment(published) == alert.time


def moment(message):
    return datetime.fromisoformat(message.time).timestamp()


async def out_of_range(sensor):
    sensor.set_in_range(in_range=False)
    yield
    sensor.set_in_range(in_range=True)


async def stalled(sensor):
    sensor.stall(30.0)
    yield


async def battery_dead(sensor):
    task = asyncio.ensure_future(sensor.reboot(off_s=30.0))
    yield
    await task


@pytest.mark.parametrize("fault", [out_of_range, stalled, battery_dead])
def test_a_silent_sensor_is_lost_within_ten_seconds_and_connected_when_it_is_back(worn, listen, fault):
    times = {}

    async def silence(sensor):
        await asyncio.sleep(20)
        times["silent"] = asyncio.get_running_loop().time()
        happening = fault(sensor)
        await anext(happening)
        await asyncio.sleep(30)
        await anext(happening, None)
        times["back"] = asyncio.get_running_loop().time()
        await asyncio.sleep(10)

    listener = listen("lumbar/me/sensor/state")
    result = worn(silence)
    states = [(moment(message) - result.epoch_s, message.state) for message in listener.contents("sensor/state")]
    lost_s = next(at for at, state in states if at >= times["silent"] and state == "lost")
    assert lost_s - times["silent"] <= 10
    assert all(state == "lost" for at, state in states if lost_s <= at < times["back"] - 0.1)
    back_s = next(at for at, state in states if at >= times["back"] - 0.1 and state == "connected")
    assert back_s - times["back"] <= 5
    late = listen("lumbar/me/sensor/state")
    late.wait_for("lumbar/me/sensor/state", b"connected")


CHILD = """
import asyncio, sys
from config.known_sensors import KnownSensor
from config.settings import load_settings
from firmware_bridge.devices.catalogue import driver_named
from firmware_bridge.link.radio import Radio
from firmware_bridge.virtual import SensorModel, SimulatedWearer, Sit, Stand, Walk
from firmware_bridge.virtual.air import PlayedMotion, Specimen, run_virtually, utc_from, virtual_world
from lumbar.commands.storage import data_folder, open_history
from lumbar.commands.wear import follow
from lumbar.json_lines import JsonLines
from lumbar.session import Outputs
from lumbar.wear_day import DayKeeper

async def go(settings, history):
    wearer = SimulatedWearer((Stand(10.0), Walk(40.0), Stand(600.0)), sensor=SensorModel.ideal())
    world = await virtual_world()
    await world.add("lsp", Specimen(motion=PlayedMotion(wearer)))
    sensor = KnownSensor(name="belt", driver="lsp", address="D0:00:00:00:00:02", serial="0001")
    driver = driver_named("lsp")
    size = driver.resolution(driver.settings_with({}))
    keeper = DayKeeper(data_folder(settings) / "recordings", "belt", 100.0, size, settings, None)
    outputs = Outputs(JsonLines(sys.stdout), None, history)
    radio = Radio(world.scanner_class, world.client_class)
    await follow(sensor, keeper, outputs, radio, utc_from(1767600000.0))

settings = load_settings()
with open_history(settings) as history:
    run_virtually(go(settings, history))
print("ended in order", flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends processes without a word")
def test_sigterm_ends_it_in_order_with_the_day_summed_up(tmp_path, lumbar_json, monkeypatch):
    monkeypatch.setenv("LUMBAR_STORAGE__FOLDER", str(tmp_path / "data"))
    with subprocess.Popen([sys.executable, "-c", CHILD], stdout=subprocess.PIPE, text=True) as child:
        walked = next(line for line in child.stdout if "WalkingBout" in line)
        child.send_signal(signal.SIGTERM)
        *_, last = child.stdout
        assert (child.wait(30), last) == (0, "ended in order\n")
    bout = json.loads(walked)
    summary = lumbar_json("summary", "2026-01-05", "--format", "json")
    assert summary["wear"]["wear_s"] > 50
    assert summary["walking"]["bouts_n"] == 1, bout
