"""A link lived through: a virtual sensor, a script of faults, the real link, a real recording, and the truth."""

import asyncio
from dataclasses import dataclass, field

import numpy as np
import pytest

from config.known_sensors import KnownSensor
from firmware_bridge.devices.catalogue import DRIVERS
from firmware_bridge.imu import concatenate
from firmware_bridge.link.link import SensorLink
from firmware_bridge.link.radio import Radio
from firmware_bridge.link.scanner import SensorScanner
from firmware_bridge.recordings import Recorder, open_recording
from firmware_bridge.virtual.air import Conditions, Oscillator, Specimen, run_virtually, virtual_world
from firmware_bridge.virtual.air.clock import utc_from

EPOCH_S = 1_800_000_000.0
TICKLESS = ("witmotion", "thingy52", "metamotion")


class Recording:
    """Keeps what the link brings, in a recording and in memory."""

    def __init__(self, folder, driver, settings):
        resolution = driver.resolution(settings)
        rate_hz = settings["rate_hz"]
        self.recorder = Recorder(folder, driver.id, rate_hz, resolution.acc_ms2, resolution.gyr_rad_s)
        self.chunks, self.states, self.late = [], [], 0

    def samples(self, chunk):
        self.recorder.append(chunk)
        self.chunks.append(chunk)

    def late_samples(self, chunk, rate_hz):
        self.late += self.recorder.insert(chunk, rate_hz)

    def state(self, state):
        self.states.append((asyncio.get_running_loop().time(), state))


@dataclass
class Lived:
    """What came of it."""

    sensor: object
    link: SensorLink
    live: object
    """All live samples, as one chunk."""
    recorded: object
    """What the recording holds."""
    states: list
    late: int
    returned_s: list = field(default_factory=list)
    """When the sensor came back into reach."""

    def connected_after(self, time_s):
        return next(at for at, state in self.states if at > time_s and state.connected)


async def no_faults(_sensor, _lived):
    await asyncio.sleep(600)


@pytest.fixture
def live_through(tmp_path):
    """Return what runs a link for as long as a script of faults lasts."""

    def run(kind, faults=no_faults, *, conditions=None, oscillator=None, seed=0, sensor_id=None, **given):
        async def go():
            driver = DRIVERS[sensor_id or kind]
            settings = driver.settings_with(given)
            world = await virtual_world(conditions or Conditions(connection_interval_s=0.0375), seed=seed)
            sensor = await world.add(kind, Specimen(oscillator=oscillator or Oscillator(ppm=25, wander_ppm=3)))
            known = KnownSensor(
                name="belt", driver=driver.id, address=sensor.specimen.address, serial="0001", settings=given
            )
            radio = Radio(world.scanner_class, world.client_class)
            folder = tmp_path / f"{kind}-{seed}"
            listener = Recording(folder, driver, settings)
            link = SensorLink(known, radio, SensorScanner(radio), listener, utc_from(EPOCH_S))
            lived = Lived(sensor, link, None, None, listener.states, 0)
            running = asyncio.ensure_future(link.run())
            await faults(sensor, lived)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            listener.recorder.close()
            lived.live = concatenate(listener.chunks)
            lived.recorded = concatenate(list(open_recording(folder).chunks()))
            lived.late = listener.late
            return lived

        return run_virtually(go())

    return run


@pytest.fixture
def time_errors_s():
    """Return how far the times of live samples are from the truth."""

    def errors(chunk, true_time_s):
        return chunk.time - EPOCH_S - true_time_s

    return errors


@pytest.fixture
def lossy():
    return Conditions(connection_interval_s=0.0375, missed_event_share=0.05)


@pytest.fixture
def crystal():
    return Oscillator(ppm=25, wander_ppm=3)


@pytest.fixture
def resistor():
    return Oscillator(ppm=7000, wander_ppm=200)


def pytest_generate_tests(metafunc):
    if "kind" in metafunc.fixturenames:
        metafunc.parametrize("kind", list(DRIVERS))


@pytest.fixture
def is_ticked():
    return lambda kind: kind not in TICKLESS


@pytest.fixture
def rms():
    return lambda values: float(np.sqrt(np.mean(np.square(values))))
