"""What holds for every driver in the catalogue, whatever sensor it is for."""

import contextlib
import json
import math
import random
import re
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.errors import PacketError, SensorError
from firmware_bridge.devices.capture2go_frames import frame_bytes
from firmware_bridge.devices.catalogue import DRIVERS
from firmware_bridge.devices.driver import Packet, Read, Subscribe, Write

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
LONGEST_NOTIFICATION = 512
"""Longest value of an attribute (Bluetooth Core, volume 3, part F, 3.2.9)."""

TAKEN = {"samples", "ticks", "counter", "battery", "reply"}
"""Names that `lumbar sensor decode` gives to what is no field."""

VALID = {
    "witmotion": ("0000ffe4-0000-1000-8000-00805f9a34fb", b"\x55\x61" + bytes(range(18))),
    "movesense": (
        "34800002-7185-4d5d-b431-630e7050e8f0",
        b"\x02\x63" + struct.pack("<I24f", 1000, *[0.0, 0.0, 9.81] * 4, *[1.0, 2.0, 3.0] * 4),
    ),
    "metamotion": ("326a9006-85cb-9195-d9dd-464cfbbae75a", bytes.fromhex("030562b7530de9fd16d04d0e57028affa1050a01")),
    "dot": ("15172003-4947-11e9-8646-d663bd873d93", struct.pack("<I6f", 1, 0, 0, 9.81, 1, 2, 3)),
    "polar": ("fb005c82-02e7-f387-1cad-8acd2d8df0c8", bytes.fromhex("02650000000000000081f1ff1400f00306017b0f08")),
    "capture2go": (
        "80030003-e629-4c98-9324-aa7fc0c66de7",
        b"\xff" + frame_bytes(0x0252, struct.pack("<q6hQhB", 1, 0, 0, 0, 0, 0, 2048, 1 << 59, 0, 0)),
    ),
    "thingy52": ("ef680406-9b35-4933-9b10-52ffa9740042", bytes.fromhex("0000000000042000c0ff0000100000000000")),
    "lsp": (
        "b7c40002-9d2e-4f6a-8a51-3e0c6d1f2b90",
        bytes.fromhex("1002ffff00000807000000000010a4000000000000100000000000005cff0000"),
    ),
}
"""A notification with samples for each driver."""

every_driver = pytest.mark.parametrize("driver", DRIVERS.values(), ids=list(DRIVERS))


def all_settings(driver):
    """Return the defaults, and each setting at each of its values."""
    defaults = driver.settings_with({})
    return [defaults, *[defaults | {s.name: value} for s in driver.settings for value in s.allowed]]


def steps_of(driver):
    steps = [*driver.battery, *(driver.vibrate(0.5, 0.2) if driver.vibrate else ())]
    for chosen in all_settings(driver):
        for make in filter(None, (driver.start, driver.stop, driver.start_log)):
            with contextlib.suppress(SensorError):  # a combination that this sensor does not have
                steps += make(chosen)
        if driver.download:
            steps += driver.download(chosen).begin()
    return steps


def heard_on(driver):
    """Return the characteristics whose bytes go to the decoder."""
    return sorted({step.characteristic for step in steps_of(driver) if isinstance(step, Read | Subscribe)})


def push(decoder, characteristic, data):
    """Return the packets, none where the bytes are refused as they should be."""
    with contextlib.suppress(PacketError):
        return decoder.push(characteristic, data)
    return ()


def check(driver, packet):
    """Hold a packet against the contract."""
    assert isinstance(packet, Packet)
    sensors = [values for values in (packet.acc, packet.gyr) if values is not None]
    for values in sensors:
        assert values.dtype == np.float64
        assert values.ndim == 2
        assert values.shape[1] == 3
        assert np.isfinite(values).all()
    assert len({len(values) for values in sensors}) <= 1
    if packet.ticks is not None and driver.clock:
        assert 0 <= packet.ticks < 2**driver.clock.ticks_bits
    if packet.counter is not None:
        assert 0 <= packet.counter < 2**driver.clock.counter_bits
    assert packet.battery_percent is None or 0 <= packet.battery_percent <= 100
    assert packet.reply is None or packet.reply.ok or packet.reply.reason
    assert not TAKEN & set(packet.fields)
    json.dumps(dict(packet.fields), allow_nan=False)


def bytes_kept(thing, seen=None):
    """Return how many elements a decoder holds on to, through all its attributes."""
    seen = set() if seen is None else seen
    if id(thing) in seen or isinstance(thing, type) or callable(thing):
        return 0
    seen.add(id(thing))
    if isinstance(thing, bytes | bytearray | str):
        return len(thing)
    if isinstance(thing, np.ndarray):
        return thing.nbytes
    if isinstance(thing, dict):
        return len(thing) + sum(bytes_kept(value, seen) for value in thing.values())
    if isinstance(thing, list | tuple | set | frozenset):
        return len(thing) + sum(bytes_kept(value, seen) for value in thing)
    slots = [name for kind in type(thing).__mro__ for name in getattr(kind, "__slots__", ())]
    values = [
        *getattr(thing, "__dict__", {}).values(),
        *[getattr(thing, name) for name in slots if hasattr(thing, name)],
    ]
    return sum(bytes_kept(value, seen) for value in values)


@every_driver
def test_it_can_be_named_on_the_command_line(driver):
    assert re.fullmatch(r"[a-z][a-z0-9]+", driver.id)
    assert driver.title


@every_driver
def test_its_settings_are_told_and_start_from_a_value_that_is_allowed(driver):
    names = [setting.name for setting in driver.settings]
    assert "rate_hz" in names
    assert len(set(names)) == len(names)
    for setting in driver.settings:
        assert setting.meaning
        assert not setting.allowed or setting.default in setting.allowed
    with pytest.raises(SensorError, match="rate_hz"):
        driver.settings_with({"colour": 1.0})


@every_driver
def test_it_starts_by_listening_and_writing_and_stops_or_says_that_it_cannot(driver):
    defaults = driver.settings_with({})
    assert any(isinstance(step, Subscribe) for step in driver.start(defaults))
    assert any(isinstance(step, Write) for step in driver.start(defaults))
    assert driver.battery or any("charge" in sentence for sentence in driver.cannot)
    assert driver.stop(defaults) or any("cannot be told to stop" in sentence for sentence in driver.cannot)


@every_driver
def test_its_steps_are_ones_the_link_can_take(driver):
    steps = steps_of(driver)
    for step in steps:
        assert UUID.fullmatch(step.characteristic), step
        if isinstance(step, Write):
            assert 0 < len(step.data) <= LONGEST_NOTIFICATION
            assert 0 <= step.pause_s <= 2


@every_driver
def test_where_it_waits_for_an_answer_it_listens_first(driver):
    """The steps of start come first in a connection; nothing is heard before a subscription."""
    listening = False
    for step in driver.start(driver.settings_with({})):
        listening = listening or isinstance(step, Subscribe)
        assert listening or not (isinstance(step, Write) and step.awaits_reply)


@every_driver
def test_its_counts_have_a_size(driver):
    for chosen in all_settings(driver):
        size = driver.resolution(chosen)
        assert 0 < size.acc_ms2 < 0.1
        assert size.gyr_rad_s is None or 0 < size.gyr_rad_s < math.radians(1)


@every_driver
def test_what_it_cannot_is_told_in_sentences(driver):
    assert all(sentence.endswith(".") for sentence in driver.cannot)
    assert (driver.vibrate is None) == any("cannot vibrate" in sentence for sentence in driver.cannot)
    assert driver.download is not None or driver.start_log is None, "what is logged must be fetched"


@every_driver
def test_a_notification_with_samples_gives_samples(driver):
    characteristic, data = VALID[driver.id]
    assert characteristic in heard_on(driver)
    packets = driver.decoder(driver.settings_with({})).push(characteristic, data)
    assert sum(len(packet.acc) for packet in packets if packet.acc is not None) >= 1
    for packet in packets:
        check(driver, packet)


@every_driver
def test_a_characteristic_of_another_sensor_is_refused(driver):
    with pytest.raises(PacketError):
        driver.decoder(driver.settings_with({})).push("00002a6e-0000-1000-8000-00805f9b34fb", b"\x00\x00")


@every_driver
@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_no_bytes_break_its_decoder(driver, data):
    chosen = data.draw(st.sampled_from(all_settings(driver)))
    decoder = driver.decoder(chosen)
    characteristic, valid = VALID[driver.id]
    # Bytes that begin as real ones do get deeper than any others.
    real = st.integers(0, len(valid)).flatmap(lambda n: st.binary(max_size=40).map(lambda tail: valid[:n] + tail))
    sent = st.tuples(
        st.sampled_from([characteristic, *heard_on(driver)]), st.binary(max_size=LONGEST_NOTIFICATION) | real
    )
    for where, what in data.draw(st.lists(sent, max_size=12)):
        for packet in push(decoder, where, what):
            check(driver, packet)


@every_driver
def test_truncated_and_oversized_notifications_are_refused_or_read_and_the_next_one_is_read(driver):
    characteristic, valid = VALID[driver.id]
    for length in (*range(len(valid)), *range(len(valid) + 1, len(valid) + 60)):
        decoder = driver.decoder(driver.settings_with({}))
        for packet in push(decoder, characteristic, (valid + bytes(range(60)))[:length]):
            check(driver, packet)
        read = [packet for _ in range(12) for packet in push(decoder, characteristic, valid)]
        assert any(packet.acc is not None for packet in read), length


@every_driver
def test_its_decoder_does_not_grow_on_garbage(driver):
    noise = random.Random(5)  # noqa: S311 - repeatable noise
    decoder = driver.decoder(driver.settings_with({}))
    places = heard_on(driver)
    _, valid = VALID[driver.id]
    for _ in range(3000):
        garbage = noise.randbytes(noise.randrange(1, 200))
        beginning = valid[: noise.randrange(len(valid))] if noise.random() < 0.5 else b""
        push(decoder, noise.choice(places), beginning + garbage)
    assert bytes_kept(decoder) < 20_000
