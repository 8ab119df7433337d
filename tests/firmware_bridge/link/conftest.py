"""A link lived through: a virtual sensor, a script of faults, the real link, a real recording, and the truth."""

import asyncio
import shutil
from dataclasses import dataclass, field

import numpy as np
import pytest

from config.known_sensors import KnownSensor
from firmware_bridge.devices.catalogue import DRIVERS
from firmware_bridge.imu import concatenate
from firmware_bridge.link.clock_memory import ClockMemory
from firmware_bridge.link.link import SensorLink
from firmware_bridge.link.radio import Radio
from firmware_bridge.link.scanner import SensorScanner
from firmware_bridge.recordings import Recorder, open_recording
from firmware_bridge.virtual.air import Conditions, Oscillator, Specimen, run_virtually, virtual_world
from firmware_bridge.virtual.air.clock import utc_from

EPOCH_S = 1_800_000_000.0
TICKLESS = ("witmotion", "thingy52", "metamotion")


def numbered(chunk, truth):
    """Return which true sample each row is: of those with its values, the one nearest in time; -1 where none has."""
    has_gyr = truth.gyr is not None and chunk.gyr is not None
    true = np.hstack((truth.acc, truth.gyr)) if has_gyr else truth.acc
    rows = np.hstack((chunk.acc, chunk.gyr)) if has_gyr else chunk.acc
    numbers = {}
    for number, row in enumerate(np.round(true, 3).tolist()):
        numbers.setdefault(tuple(row), []).append(number)
    times_s = (chunk.time - EPOCH_S).tolist()
    return np.array(
        [
            min(numbers.get(tuple(row), [-1]), key=lambda number: abs(truth.time_s[number] - time_s))
            for row, time_s in zip(np.round(rows.astype(np.float64), 3).tolist(), times_s, strict=True)
        ]
    )


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

    def numbers_of(self, truth):
        return numbered(self.live, truth)

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


class LifeListener:
    """Keeps what comes in a recording, until it is killed; may be told of each block before and after it is safe."""

    def __init__(self, folder, driver, settings):
        resolution = driver.resolution(settings)
        self.recorder = Recorder(folder, driver.id, settings["rate_hz"], resolution.acc_ms2, resolution.gyr_rad_s)
        self.folder = folder
        self.killed = False
        self.sizes = {}
        self.on_block = None

    def samples(self, chunk):
        if not self.killed:
            self.recorder.append(chunk)

    def late_samples(self, chunk, rate_hz):
        if self.killed:
            return
        self.sizes = {path.name: path.stat().st_size for path in self.folder.iterdir()}
        self.recorder.insert(chunk, rate_hz)
        if self.on_block is not None:
            self.on_block()

    def state(self, state):
        pass


class Life:
    """A sensor, and a program that may be killed and started again from what it left on the disk."""

    def __init__(self, folder, driver_id, **given):
        self.folder = folder / "0"
        self.driver = DRIVERS[driver_id]
        self.given = given
        self._base = folder
        self._starts = 0

    async def begin(self, seed, oscillator):
        self.world = await virtual_world(Conditions(connection_interval_s=0.0375), seed=seed)
        self.sensor = await self.world.add(self.driver.id, Specimen(oscillator=oscillator))
        self.start()

    def start(self):
        known = KnownSensor(
            name="belt",
            driver=self.driver.id,
            address=self.sensor.specimen.address,
            serial="0001",
            settings=self.given,
        )
        radio = Radio(self.world.scanner_class, self.world.client_class)
        self.listener = LifeListener(self.folder, self.driver, self.driver.settings_with(self.given))
        memory = ClockMemory(self._base / "clock.json")
        self.link = SensorLink(known, radio, SensorScanner(radio), self.listener, utc_from(EPOCH_S), memory)
        self._running = asyncio.ensure_future(self.link.run())

    def kill(self):
        """Let no more reach the disk or the sensor: what is there now is all that the next start finds."""
        self._starts += 1
        self.folder = self._base / str(self._starts)
        shutil.copytree(self.listener.folder, self.folder)
        self.listener.killed = True
        self.sensor.set_in_range(in_range=False)

    async def bury(self):
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)
        self.listener.recorder.close()

    async def away(self, seconds):
        self.sensor.set_in_range(in_range=False)
        await asyncio.sleep(seconds)
        self.sensor.set_in_range(in_range=True)

    async def block(self):
        """Wait until the next block is safe and not yet confirmed; returns at once then."""
        saved = asyncio.get_running_loop().create_future()
        self.listener.on_block = lambda: saved.done() or saved.set_result(None)
        await asyncio.wait_for(saved, 60)
        self.listener.on_block = None

    async def live_on(self, seconds):
        """Let it come to rest, then end the program in order."""
        await asyncio.sleep(seconds)
        await self.bury()

    async def be_cut(self, chance, times, longest_s):
        """Break the link in downloads: at most so long after they begin, or between a block and its confirmation."""
        for number in range(times):
            await self.download_begun()
            if number % 3 == 0:
                await self.block()
            else:
                await asyncio.sleep(chance.uniform(0, longest_s))
            await self.cut(chance)
            await asyncio.sleep(0.1)

    async def be_killed(self, chance, times, longest_s):
        """Kill the program in downloads, some with a torn file, and start it anew each time."""
        for number in range(times):
            await self.download_begun()
            if number % 4 == 0:
                await asyncio.sleep(chance.uniform(0, longest_s))
                self.kill()
            else:
                killed = asyncio.get_running_loop().create_future()
                self.listener.on_block = lambda killed=killed: (self.kill(), killed.set_result(None))
                await asyncio.wait_for(killed, 60)
                if number % 4 == 1:
                    self.tear(chance)
            await asyncio.sleep(10)
            await self.bury()
            self.sensor.set_in_range(in_range=True)
            self.start()

    @property
    def log_is_empty(self):
        log = self.sensor.log
        return log.stored == 0 if self.driver.id == "metamotion" else log.first == log.last + 1

    async def download_begun(self):
        """Wait for a download that has something to fetch; where the log is empty, go away first."""
        while not self.link._log.fetching or self.log_is_empty:  # noqa: SLF001 - nobody else is told
            if self.log_is_empty:
                await self.away(30)
            await asyncio.sleep(0.02)

    async def cut(self, chance):
        """Break the link in one of three ways."""
        way = chance.choice(["drop", "stall", "away"])
        if way == "drop":
            self.sensor.drop_link()
        elif way == "stall":
            self.sensor.stall(chance.uniform(0.5, 5))
        else:
            await self.away(chance.uniform(5, 15))

    def tear(self, chance):
        """Cut what the last block added to the files off at random, as a killed program may leave it."""
        for path in self.folder.iterdir():
            before = self.listener.sizes.get(path.name, 0)
            size = path.stat().st_size
            if path.name.startswith("late") and size > before:
                with path.open("r+b") as file:
                    file.truncate(before + chance.randrange(size - before))


@pytest.fixture
def life_in():
    """Return what begins a life in a folder, with a driver's id and settings."""
    return Life


@pytest.fixture
def numbers_of():
    return numbered


@pytest.fixture
def check_lsp_log():
    """Return what checks that each sample that an LSP sensor logged is recorded once, and when it was taken."""

    def check(folder, sensor, most_error_s):
        recorded = concatenate(list(open_recording(folder).chunks()))
        assert (np.diff(recorded.time) > 0).all(), "in order of time"
        live, log = (sensor.truths[name].samples() for name in ("imu", "log"))
        from_log, from_live = (numbered(recorded, truth) for truth in (log, live))
        time_s = recorded.time - EPOCH_S
        nearer = np.abs(time_s - log.time_s[from_log]) < np.abs(time_s - live.time_s[from_live])
        is_late = (from_log >= 0) & ((from_live < 0) | nearer)
        assert ((from_live >= 0) | is_late).all(), "nothing invented"
        np.testing.assert_array_equal(np.bincount(from_log[is_late], minlength=len(log.number)), 1)
        assert np.bincount(from_live[~is_late]).max() == 1, "no live sample twice"
        assert np.abs(time_s[is_late] - log.time_s[from_log[is_late]]).max() < most_error_s
        assert sensor.log.overwritten == 0

    return check


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
