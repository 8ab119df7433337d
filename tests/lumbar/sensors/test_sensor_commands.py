"""Looking around, adding, looking at, shaking and trying out sensors, over real bleak in the virtual air."""

import asyncio
import io

import pytest
from rich.console import Console

from config.errors import SensorError
from config.known_sensors import load_known_sensors, save_known_sensors
from lumbar.commands.scan import show_scan
from lumbar.commands.sensor_tables import added_text, details_table, list_table, trial_table
from lumbar.sensors.adding import add_sensor, scan
from lumbar.sensors.chosen import choose_sensor, entry_of
from lumbar.sensors.details import sensor_details, vibrate_sensor
from lumbar.sensors.documents import SensorList
from lumbar.sensors.trial import try_sensor


def shown(what):
    console = Console(file=io.StringIO(), width=160)
    what(console) if callable(what) else console.print(what)
    return console.file.getvalue()


def test_a_scan_shows_the_strongest_first_and_whose_it_is(in_the_air, known, keeps_schema):
    async def work(world):
        world.air.set_rssi(world.lsp.device, -80)
        world.air.set_rssi(world.dot.device, -45)
        return await scan(world.radio, 2.0, (known("dot"),))

    report = in_the_air(work, "lsp", "dot")
    keeps_schema("scan", report)
    assert [(device.driver, device.signal_dbm, device.added_as) for device in report.devices] == [
        ("dot", -45, "back"),
        ("lsp", -80, None),
    ]
    assert [device.name for device in report.devices] == ["Movella DOT", "Lumbar"]
    assert "lumbar sensor add C1:00:00:00:00:01" in shown(lambda console: show_scan(report, console))


def test_a_device_that_no_driver_knows_is_shown_on_request_only(in_the_air):
    async def work(world):
        stranger = world.air.device("Kettle", "C1:00:00:00:00:09")
        await stranger.power_on()
        await stranger.start_advertising()
        return await scan(world.radio, 2.0, ()), await scan(world.radio, 2.0, (), unknown_too=True)

    few, every = in_the_air(work)
    assert few.devices == []
    assert "`lumbar scan --all`" in shown(lambda console: show_scan(few, console)).replace("\n", " ")
    assert [(device.address, device.driver) for device in every.devices] == [("C1:00:00:00:00:09", None)]
    assert "unknown device" in shown(lambda console: show_scan(every, console))


@pytest.mark.parametrize("kind", ["lsp", "thingy52"])
def test_the_only_sensor_in_sight_is_added_with_serial_and_charge(in_the_air, keeps_schema, tmp_path, kind):
    sensors, report = in_the_air(lambda world: add_sensor(world.radio, (), name="back"), kind)
    keeps_schema("sensor_added", report)
    assert (report.sensor.driver, report.battery_percent, report.updated) == (kind, 77, False)
    assert report.sensor.serial.startswith("00A")
    assert "lumbar sensor test back" in added_text(report)
    save_known_sensors(tmp_path / "sensors.toml", sensors)
    assert load_known_sensors(tmp_path / "sensors.toml") == sensors


def test_among_several_sensors_the_wearer_must_say_which(in_the_air):
    with pytest.raises(SensorError, match=r"say which.*C1:00:00:00:00:0[12].*C1:00:00:00:00:0[12]"):
        in_the_air(lambda world: add_sensor(world.radio, ()), "lsp", "dot")


def test_the_same_address_again_updates_what_is_said_and_keeps_the_rest(in_the_air, known):
    before = (known("dot", name="other"), known("lsp", settings={"range_g": 4.0}))
    given = {"rate_hz": 50.0}
    work = lambda world: add_sensor(world.radio, before, "c1:00:00:00:00:01", given=given)  # noqa: E731 - short
    sensors, report = in_the_air(work, "lsp")
    assert report.updated
    assert [sensor.name for sensor in sensors] == ["other", "back"]
    assert sensors[-1].settings == {"range_g": 4.0, "rate_hz": 50.0}


def test_names_are_unique(in_the_air, known):
    taken = (known("dot", name="Lumbar"),)
    with pytest.raises(SensorError, match="lumbar sensor remove Lumbar"):
        in_the_air(lambda world: add_sensor(world.radio, taken, KINDS_LSP, name="Lumbar"), "lsp")
    _, report = in_the_air(lambda world: add_sensor(world.radio, taken, KINDS_LSP), "lsp")
    assert report.sensor.name == "Lumbar-2"


KINDS_LSP = "C1:00:00:00:00:01"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"name": "my back"}, "cannot be a name"),
        ({"driver_id": "toaster"}, "no driver is called"),
        ({"driver_id": "lsp", "given": {"range_g": 5.0}}, "choose one of"),
        ({"address": "C1:00:00:00:00:77"}, "not seen within"),
    ],
)
def test_what_cannot_be_added_is_refused(in_the_air, given, message):
    with pytest.raises(SensorError, match=message):
        in_the_air(lambda world: add_sensor(world.radio, (), **given), "lsp")


def test_info_tells_what_a_sensor_is_and_cannot_do(in_the_air, known, keeps_schema):
    report = in_the_air(lambda world: sensor_details(world.radio, known("thingy52")), "thingy52")
    keeps_schema("sensor_info", report)
    assert (report.clock_hz, report.counts_samples, report.vibrates, report.battery_percent) == (None, False, False, 77)
    assert report.information.serial == "00A3"
    table = shown(details_table(report))
    assert "It has no motor: it cannot vibrate." in table
    assert "told from the time that passed" in table


def test_another_sensor_at_the_address_is_not_taken_for_ones_own(in_the_air, known):
    with pytest.raises(SensorError, match="serial number is 00A1 instead of 9999"):
        in_the_air(lambda world: sensor_details(world.radio, known("lsp", serial="9999")), "lsp")


def test_vibrate_reaches_the_motor(in_the_air, known):
    async def work(world):
        await vibrate_sensor(world.radio, known("lsp"), 0.7, 0.4)
        return world.lsp.pulses

    (pulse,) = in_the_air(work, "lsp")
    assert pulse.strength == pytest.approx(0.7, abs=0.01)
    assert pulse.duration_s == pytest.approx(0.4)


def test_a_sensor_without_a_motor_says_so(in_the_air, known):
    with pytest.raises(SensorError, match="no motor"):
        in_the_air(lambda world: vibrate_sensor(world.radio, known("thingy52"), 0.7, 0.4), "thingy52")


@pytest.mark.parametrize("kind", ["lsp", "dot", "thingy52"])
def test_a_good_link_loses_nothing(in_the_air, known, keeps_schema, kind):
    seen = []
    work = lambda world: try_sensor(world.radio, known(kind), 20.0, seen.append, world.utc_now)  # noqa: E731 - short
    report = in_the_air(work, kind)
    keeps_schema("sensor_test", report)
    assert report.duration_s == pytest.approx(20, abs=0.1)
    assert report.samples_a_second == pytest.approx(report.nominal_rate_hz, rel=0.03)
    assert (report.lost_samples, report.unreadable, report.broken_after_s) == (0, 0, None)
    assert report.lost_is_estimate == (kind == "thingy52")
    assert 0 <= report.latency.median_ms <= report.latency.p95_ms <= report.latency.worst_ms < 70
    assert len(seen) >= 19
    assert f"{report.samples_a_second:.1f} /s" in shown(trial_table(report))


def test_what_a_sensor_could_not_send_is_counted(in_the_air, known):
    async def work(world):
        asyncio.get_running_loop().call_later(8.0, world.lsp.stall, 1.0)
        return await try_sensor(world.radio, known("lsp"), 20.0, utc_now=world.utc_now)

    report = in_the_air(work, "lsp")
    assert report.lost_samples == pytest.approx(100, abs=10)
    assert report.samples + report.lost_samples == pytest.approx(2000, abs=30)
    assert report.interval.worst_ms >= 1000


def test_a_broken_connection_ends_the_test_and_is_told(in_the_air, known):
    async def work(world):
        asyncio.get_running_loop().call_later(8.0, world.lsp.drop_link)
        return await try_sensor(world.radio, known("lsp"), 60.0, utc_now=world.utc_now)

    report = in_the_air(work, "lsp")
    assert 4 < report.broken_after_s < 9
    assert "broke after" in shown(trial_table(report))


def test_a_connected_but_silent_sensor_is_told(in_the_air, known):
    async def work(world):
        world.thingy52.stall(600.0)
        return await try_sensor(world.radio, known("thingy52"), 10.0)

    with pytest.raises(SensorError, match="sent no sample within 10 s"):
        in_the_air(work, "thingy52")


def test_the_list_shows_each_sensor(known, keeps_schema):
    report = SensorList(sensors=[entry_of(known("lsp", settings={"range_g": 4.0}))])
    keeps_schema("sensor_list", report)
    assert "range_g=4" in shown(list_table(report))


def test_the_only_sensor_needs_no_name(known):
    one, two = known("lsp"), known("dot", name="belt")
    assert choose_sensor((one,), None) is one
    assert choose_sensor((one, two), "belt") is two
    with pytest.raises(SensorError, match=r"say which \(back, belt\)"):
        choose_sensor((one, two), None)
    with pytest.raises(SensorError, match="no sensor is called foot; there are back, belt"):
        choose_sensor((one, two), "foot")
    with pytest.raises(SensorError, match="lumbar sensor add"):
        choose_sensor((), None)
