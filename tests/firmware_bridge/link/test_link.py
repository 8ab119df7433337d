"""The link keeps to the wearer's own sensor, gives up on silent connections, and comes back."""

import asyncio

import numpy as np
import pytest

from config.errors import RecordingError, SensorError
from config.known_sensors import KnownSensor
from firmware_bridge.link.link import SILENCE_S, SensorLink
from firmware_bridge.link.radio import Radio
from firmware_bridge.link.scanner import SensorScanner
from firmware_bridge.virtual.air import Specimen, run_virtually, virtual_world
from firmware_bridge.virtual.air.clock import utc_from

OWN, OTHER = "D0:00:00:00:00:02", "D0:00:00:00:00:03"


class Listener:
    def __init__(self, *, fails_after=None):
        self.rows, self.states, self.fails_after = 0, [], fails_after

    def samples(self, chunk):
        self.rows += len(chunk)
        if self.fails_after is not None and self.rows >= self.fails_after:
            raise RecordingError("recording", "the disk is full; make room")

    def late_samples(self, chunk, rate_hz):
        """Nothing is kept out of reach here."""

    def state(self, state):
        self.states.append((asyncio.get_running_loop().time(), state))

    @property
    def problems(self):
        return [state.problem for _, state in self.states if state.problem]


def linked(world, listener, *, address=OWN, serial="0001", driver="thingy52"):
    radio = Radio(world.scanner_class, world.client_class)
    known = KnownSensor(name="belt", driver=driver, address=address, serial=serial)
    return SensorLink(known, radio, SensorScanner(radio), listener, utc_from(1_800_000_000.0))


async def let_run(link, seconds):
    running = asyncio.ensure_future(link.run())
    done, _ = await asyncio.wait([running], timeout=seconds)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    for task in done:
        task.result()


def test_only_the_own_sensor_is_connected_although_another_of_the_kind_is_nearer():
    async def go():
        world = await virtual_world()
        other = await world.add("thingy52", Specimen(address=OTHER, serial="0009"))
        world.air.set_rssi(other.device, -20)
        own = await world.add("thingy52", Specimen(address=OWN))
        listener = Listener()
        await let_run(linked(world, listener), 20)
        return own.truths, other.truths, listener.rows

    own, other, rows = run_virtually(go())
    assert own
    assert not other
    assert rows > 500


def test_a_sensor_at_the_own_address_with_another_serial_number_is_refused():
    async def go():
        world = await virtual_world()
        await world.add("thingy52", Specimen(serial="0666"))
        listener = Listener()
        await let_run(linked(world, listener), 20)
        return listener

    listener = run_virtually(go())
    assert listener.rows == 0
    assert any("serial number is 0666 instead of 0001" in problem for problem in listener.problems)


@pytest.mark.parametrize("driver", ["thingy52", "lsp"])
def test_a_link_that_is_connected_but_silent_is_made_anew_within_seconds(driver):
    async def go():
        world = await virtual_world()
        sensor = await world.add(driver)
        listener = Listener()
        link = linked(world, listener, driver=driver)
        running = asyncio.ensure_future(link.run())
        await asyncio.sleep(30)
        sensor.stall(60.0)
        stalled_s = asyncio.get_running_loop().time()
        await asyncio.sleep(90)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        lost = next(at for at, state in listener.states if at > stalled_s and not state.connected)
        back = next(at for at, state in listener.states if at > stalled_s and state.connected)
        return lost - stalled_s, back - stalled_s - 60.0

    lost_after_s, back_after_s = run_virtually(go())
    assert lost_after_s <= SILENCE_S + 1.0
    assert back_after_s <= 5.0


def test_a_disk_that_refuses_ends_the_link_with_its_own_words():
    async def go():
        world = await virtual_world()
        await world.add("thingy52")
        await let_run(linked(world, Listener(fails_after=200)), 30)

    with pytest.raises(RecordingError, match="the disk is full; make room"):
        run_virtually(go())


def test_an_end_of_the_program_stops_the_stream(caplog):
    async def go():
        world = await virtual_world()
        sensor = await world.add("lsp")
        await let_run(linked(world, Listener(), driver="lsp"), 20)
        await asyncio.sleep(1)
        taken = len(sensor.truths["imu"].samples().number)
        await asyncio.sleep(5)
        return len(sensor.truths["imu"].samples().number) - taken

    assert run_virtually(go()) == 0
    assert not caplog.records


def test_bluetooth_that_is_off_is_said_at_once_but_waited_for_later():
    async def go():
        world = await virtual_world()
        sensor = await world.add("thingy52")
        listener = Listener()
        link = linked(world, listener)
        scanner_class = world.scanner_class
        start, works = scanner_class.start, [True]

        class Switched(scanner_class):
            async def start(self):
                if not works[0]:
                    raise OSError("org.bluez.Error.NotReady")
                await start(self)

        radio = Radio(Switched, world.client_class)
        link = SensorLink(link.sensor, radio, SensorScanner(radio), listener, utc_from(1_800_000_000.0))
        works[0] = False
        with pytest.raises(SensorError):
            await link.run()
        works[0] = True
        running = asyncio.ensure_future(link.run())
        await asyncio.sleep(20)
        works[0] = False
        sensor.drop_link()
        await asyncio.sleep(10)
        before = listener.rows
        works[0] = True
        await asyncio.sleep(10)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return before, listener.rows, listener.problems

    before, after, problems = run_virtually(go())
    assert after > before > 0
    assert any("Bluetooth" in problem for problem in problems)


def test_two_waiting_for_sensors_share_one_scan():
    async def go():
        world = await virtual_world()
        await world.add("thingy52", Specimen(address=OWN))
        await world.add("dot", Specimen(address=OTHER))
        scanner = SensorScanner(Radio(world.scanner_class, world.client_class))
        # A second scanner at the same time is refused by the backend, as BlueZ does.
        sightings = await asyncio.gather(scanner.wait_for(OWN), scanner.wait_for(OTHER), scanner.look_around(2.0))
        return [sightings[0].driver.id, sightings[1].driver.id], {sighting.address for sighting in sightings[2]}

    drivers, around = run_virtually(go())
    assert drivers == ["thingy52", "dot"]
    assert around == {OWN, OTHER}


def test_samples_that_come_together_are_handed_on_together(live_through):
    async def minute(_sensor, _lived):
        await asyncio.sleep(60)

    lived = live_through("witmotion", minute)
    assert (np.diff(lived.live.time) > 0).all()
