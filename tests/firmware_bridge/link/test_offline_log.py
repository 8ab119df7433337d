"""The offline log comes whole, once, in order and at the right times, however often its download is cut or killed."""

import asyncio
import random
import shutil

import numpy as np
import pytest

from config.known_sensors import KnownSensor
from firmware_bridge.devices.lsp import DRIVER
from firmware_bridge.imu import concatenate
from firmware_bridge.link.clock_memory import ClockMemory
from firmware_bridge.link.link import SensorLink
from firmware_bridge.link.radio import Radio
from firmware_bridge.link.scanner import SensorScanner
from firmware_bridge.recordings import Recorder, open_recording
from firmware_bridge.virtual.air import Conditions, Oscillator, Specimen, run_virtually, virtual_world
from firmware_bridge.virtual.air.clock import utc_from

EPOCH_S = 1_800_000_000.0
RAW, DECIMATED = 1, 2
LOG_HZ = {RAW: 100.0, DECIMATED: 25.0}


class Listener:
    """Keeps what comes in a recording, until it is killed; may be told of each block before and after it is safe."""

    def __init__(self, folder, settings):
        resolution = DRIVER.resolution(settings)
        self.recorder = Recorder(folder, "lsp", settings["rate_hz"], resolution.acc_ms2, resolution.gyr_rad_s)
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

    def __init__(self, folder, record):
        self.folder = folder / "0"
        self.record = record
        self._base = folder
        self._starts = 0

    async def begin(self, seed, oscillator):
        self.world = await virtual_world(Conditions(connection_interval_s=0.0375), seed=seed)
        self.sensor = await self.world.add("lsp", Specimen(oscillator=oscillator))
        self.start()

    def start(self):
        settings = {"log_record": self.record}
        known = KnownSensor(
            name="belt", driver="lsp", address=self.sensor.specimen.address, serial="0001", settings=settings
        )
        radio = Radio(self.world.scanner_class, self.world.client_class)
        self.listener = Listener(self.folder, DRIVER.settings_with(settings))
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

    @property
    def log_is_empty(self):
        return self.sensor.log.first == self.sensor.log.last + 1


def numbers_of(chunk, truth):
    """Return which true sample each row is, by its six values and, of those with the same, the nearest in time."""
    true = np.round(np.hstack((truth.acc, truth.gyr)), 3).tolist()
    numbers = {}
    for number, row in enumerate(true):
        numbers.setdefault(tuple(row), []).append(number)
    rows = np.round(np.hstack((chunk.acc, chunk.gyr)).astype(np.float64), 3).tolist()
    times = (chunk.time - EPOCH_S).tolist()
    return np.array(
        [
            min(numbers.get(tuple(row), [-1]), key=lambda number: abs(truth.time_s[number] - time))
            for row, time in zip(rows, times, strict=True)
        ]
    )


def check_log(life):
    """Each sample that was logged is recorded once, within half a sample of when it was taken; the log is empty."""
    recorded = concatenate(list(open_recording(life.folder).chunks()))
    assert (np.diff(recorded.time) > 0).all(), "in order of time"
    live, log = (life.sensor.truths[name].samples() for name in ("imu", "log"))
    from_log, from_live = (numbers_of(recorded, truth) for truth in (log, live))
    time_s = recorded.time - EPOCH_S
    nearer = np.abs(time_s - log.time_s[from_log]) < np.abs(time_s - live.time_s[from_live])
    is_late = (from_log >= 0) & ((from_live < 0) | nearer)
    assert ((from_live >= 0) | is_late).all(), "nothing invented"
    np.testing.assert_array_equal(np.bincount(from_log[is_late], minlength=len(log.number)), 1)
    assert np.bincount(from_live[~is_late]).max() == 1, "no live sample twice"
    error_s = time_s[is_late] - log.time_s[from_log[is_late]]
    assert np.abs(error_s).max() < 0.5 / LOG_HZ[life.record]
    assert life.log_is_empty
    assert life.sensor.log.overwritten == 0


async def cut(life, chance):
    """Break the link in one of three ways."""
    way = chance.choice(["drop", "stall", "away"])
    if way == "drop":
        life.sensor.drop_link()
    elif way == "stall":
        life.sensor.stall(chance.uniform(0.5, 5))
    else:
        await life.away(chance.uniform(5, 15))


async def download_begun(life):
    """Wait for a download that has something to fetch; where the log is empty, go away first."""
    while life.link._backfill is None or life.log_is_empty:  # noqa: SLF001 - nobody else is told
        if life.log_is_empty:
            await life.away(30)
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("record", [RAW, pytest.param(DECIMATED, marks=pytest.mark.slow)])
def test_a_download_cut_fifty_times_gives_each_logged_sample_once(tmp_path, record):
    async def live():
        chance = random.Random(record)  # noqa: S311 - chance, no secret
        life = Life(tmp_path, record)
        await life.begin(record, Oscillator(ppm=25, wander_ppm=3))
        await asyncio.sleep(60)
        await life.away(120)
        for number in range(50):
            await download_begun(life)
            if number % 3 == 0:
                await life.block()
            else:
                await asyncio.sleep(chance.uniform(0, 0.6))
            await cut(life, chance)
            await asyncio.sleep(0.1)
        await asyncio.sleep(30)
        await life.bury()
        check_log(life)

    run_virtually(live())


def test_a_log_of_a_quarter_of_an_hour_lies_right_in_time_after_a_short_acquaintance(tmp_path):
    # The sensor's clock is 40 ppm off: drawn back over the outage from what little is known, 36 ms wrong.
    async def live():
        life = Life(tmp_path, DECIMATED)
        await life.begin(0, Oscillator(ppm=40, wander_ppm=3))
        await asyncio.sleep(20)
        await life.away(900)
        await asyncio.sleep(20)
        await life.bury()
        check_log(life)

    run_virtually(live())


def tear(life, chance):
    """Cut what the last block added to the files off at random, as a killed program may leave it."""
    for path in life.folder.iterdir():
        before = life.listener.sizes.get(path.name, 0)
        size = path.stat().st_size
        if path.name.startswith("late") and size > before:
            with path.open("r+b") as file:
                file.truncate(before + chance.randrange(size - before))


@pytest.mark.parametrize("record", [pytest.param(RAW, marks=pytest.mark.slow), DECIMATED])
def test_a_program_killed_twenty_times_in_downloads_loses_and_doubles_nothing(tmp_path, record):
    async def live():
        chance = random.Random(record)  # noqa: S311 - chance, no secret
        life = Life(tmp_path, record)
        await life.begin(record, Oscillator(ppm=40, wander_ppm=3))
        await asyncio.sleep(60)
        await life.away(300)
        for number in range(20):
            await download_begun(life)
            if number % 4 == 0:
                await asyncio.sleep(chance.uniform(0, 0.6))
                life.kill()
            else:
                killed = asyncio.get_running_loop().create_future()
                life.listener.on_block = lambda life=life, killed=killed: (life.kill(), killed.set_result(None))
                await asyncio.wait_for(killed, 60)
                if number % 4 == 1:
                    tear(life, chance)
            await asyncio.sleep(10)
            await life.bury()
            life.sensor.set_in_range(in_range=True)
            life.start()
        await asyncio.sleep(30)
        await life.bury()
        check_log(life)

    run_virtually(live())
