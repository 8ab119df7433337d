"""MetaMotion's log: entries to samples, pages confirmed when they are safe, downloads broken off anywhere."""

import struct
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.errors import PacketError
from config.units import GRAVITY_MS2
from firmware_bridge.devices.driver import Subscribe, Write
from firmware_bridge.devices.metamotion import DRIVER

NOTIFY = "326a9006-85cb-9195-d9dd-464cfbbae75a"
CONFIRM_PAGE = "0b0e"

# Entries picked from the start of a recorded download at 8 g (facts from the vendor's test/logdata.py); samples
# between them are left out and the rest put together anew. Trigger 0 holds x and y, trigger 1 holds z, boot 5.
# As recorded, the third sample lies on two pages and the halves of the last are a tick apart.
RECORDED = [
    "0b07a0e6420000f5003d01a1e6420000dd0f0000",
    "0b07a0f44200001f011601a1f4420000fe0f0000",
    "0b07a0374300002a01c9ff",
    "0b0d",
    "0b07a13743000031100000a0454300001201e4fd",
    "0b07a1454300008f110000a05f4300006906e808",
    "0b07a160430000f7280000",
]
RECORDED_COUNTS = [
    [245, 317, 4061],
    [287, 278, 4094],
    [298, -55, 4145],
    [274, -540, 4495],
    [1641, 2280, 10487],
]
RECORDED_TICKS = [0x42E6, 0x42F4, 0x4337, 0x4345, 0x4360]


def entry(trigger, boot, ticks, data):
    return struct.pack("<BI", trigger | boot << 5, ticks) + data


def entries_of(sample, ticks, boot=1, first_trigger=0):
    """The two entries of a sample, as a board writes them."""
    x, y, z = sample
    return [
        entry(first_trigger, boot, ticks, struct.pack("<hh", x, y)),
        entry(first_trigger + 1, boot, ticks, struct.pack("<hxx", z)),
    ]


def frames_of(entries):
    """Two entries a notification, the last one alone where they are odd."""
    return [b"\x0b\x07" + b"".join(entries[start : start + 2]) for start in range(0, len(entries), 2)]


def counts_of(packets, range_g=8):
    return [
        np.rint(packet.acc[0] / GRAVITY_MS2 * 32768 / range_g).astype(int).tolist()
        for packet in packets
        if packet.acc is not None
    ]


def written(steps):
    return [step.data.hex() for step in steps if isinstance(step, Write)]


def new_download(**settings):
    return DRIVER.download(DRIVER.settings_with({"range_g": 8, **settings}))


def fetch(download, frames):
    blocks = [block for frame in frames for block in download.push(NOTIFY, frame)]
    return blocks, [packet for block in blocks for packet in block.packets]


class Board:
    """The log of a board: it sends pages until it is told to stop, and forgets those that were confirmed."""

    def __init__(self, entries, page_entries, first_page_entries):
        cuts = [0, *range(first_page_entries, len(entries), page_entries), len(entries)]
        self.pages = [entries[start:stop] for start, stop in pairwise(cuts) if stop > start]

    def download_into(self, download, store, break_after=None, *, lost_confirmation=False):
        """Run a download of at most `break_after` notifications; return whether it was finished."""
        download.begin()
        length = sum(map(len, self.pages))
        notifications = [b"\x0b\x85" + struct.pack("<I", length)]
        for page in self.pages:
            notifications += [*frames_of(page), b"\x0b\x0d"]
        notifications.append(b"\x0b\x08" + bytes(4))
        for sent, notification in enumerate(notifications):
            if sent == break_after:
                return False
            for block in download.push(NOTIFY, notification):
                for packet in block.packets:
                    store[packet.fields["log_boot"], packet.ticks] = packet
                if CONFIRM_PAGE in written(block.confirm) and not (lost_confirmation and sent + 1 == break_after):
                    self.pages.pop(0)
        return download.done


def test_start_log_sets_the_triggers_of_both_sensors_and_lets_them_measure():
    steps = DRIVER.start_log(DRIVER.settings_with({}))
    assert steps[0] == Subscribe(NOTIFY)
    assert written(steps)[:10] == [
        "0380", "0b0a", "0b020304ff60", "0b020304ff24", "0b021304ff60", "0b021304ff24", "0b0b01", "0a05",
        "0a02110aff0b0101", "0a0301",
    ]  # fmt: skip
    assert written(steps)[-1] == "130101"
    bmi160 = DRIVER.start_log(DRIVER.settings_with({"chip": 160}))
    assert written(bmi160)[4:6] == ["0b021305ff60", "0b021305ff24"]


def test_a_trigger_is_answered_by_its_number():
    (packet,) = DRIVER.decoder(DRIVER.settings_with({})).push(NOTIFY, bytes.fromhex("0b0201"))
    assert packet.reply.to == "start_log"
    assert packet.reply.ok
    assert packet.fields == {"log_trigger": 1}


def test_a_recorded_command_is_answered_by_its_number():
    (packet,) = DRIVER.decoder(DRIVER.settings_with({})).push(NOTIFY, bytes.fromhex("0a0200"))
    assert packet.reply.ok
    assert packet.fields == {"event_command": 0}


def test_begin_flushes_the_last_page_and_asks_for_the_length():
    assert written(new_download().begin()) == [
        "0b0100", "0b1001", "0b8200", "0b8201", "0b8202", "0b8203", "0b84", "0b0801", "0b0701", "0b85",
    ]  # fmt: skip


def test_begin_on_a_bmi160_asks_for_notes_of_complete_pages():
    commands = written(new_download(chip=160).begin())
    assert commands[-4:] == ["0b0801", "0b0d01", "0b0701", "0b85"]
    assert "0b1001" not in commands


def test_the_length_is_answered_by_the_command_to_read_it_out():
    download = new_download()
    download.begin()
    (block,) = download.push(NOTIFY, bytes.fromhex("0b859e010000"))
    assert written(block.confirm) == ["0b069e01000014000000"]
    assert block.packets == ()
    assert download.push(NOTIFY, bytes.fromhex("0b859e010000")) == ()


def test_an_empty_log_is_done_at_once():
    download = new_download()
    download.begin()
    assert not download.done
    assert download.push(NOTIFY, bytes.fromhex("0b8500000000")) == ()
    assert download.done


def test_a_recorded_download_gives_its_samples_and_times():
    download = new_download(chip=160)
    download.begin()
    blocks, packets = fetch(download, map(bytes.fromhex, [*RECORDED, "0b0800000000"]))
    assert counts_of(packets) == RECORDED_COUNTS
    assert [packet.ticks for packet in packets] == RECORDED_TICKS
    assert {packet.fields["log_boot"] for packet in packets} == {5}
    assert [written(block.confirm) for block in blocks] == [[CONFIRM_PAGE], []]
    assert [len(block.packets) for block in blocks] == [2, 3]
    assert download.done


def test_the_decoder_reads_the_same_log():
    decoder = DRIVER.decoder(DRIVER.settings_with({"range_g": 8}))
    packets = [packet for frame in RECORDED for packet in decoder.push(NOTIFY, bytes.fromhex(frame))]
    assert counts_of(packets) == RECORDED_COUNTS
    assert [packet.ticks for packet in packets if packet.acc is not None] == RECORDED_TICKS


def test_an_entry_that_is_half_a_sample_is_told_as_it_is():
    (packet,) = DRIVER.decoder(DRIVER.settings_with({})).push(NOTIFY, bytes.fromhex("0b07a1cc4d00006c010000"))
    assert packet.acc is None
    assert packet.fields["log_entries"] == [{"trigger": 1, "boot": 5, "ticks": 0x4DCC, "data": 0x016C}]


def test_a_tick_is_48_periods_of_the_crystal():
    assert pytest.approx(48 / 32768) == 1 / DRIVER.log_clock.tick_hz
    assert DRIVER.log_clock.ticks_bits == 32
    assert DRIVER.clock is None


def test_the_clock_of_the_board_comes_as_a_packet_without_samples():
    (block,) = new_download().push(NOTIFY, bytes.fromhex("0b84a972040001"))
    (packet,) = block.packets
    assert packet.ticks == 0x000472A9
    assert packet.fields["log_boot"] == 1
    assert packet.acc is None
    assert block.confirm == ()


def test_triggers_are_taken_as_the_board_tells_them():
    download = new_download()
    download.begin()
    # gyroscope first; the third trigger logs something else, the fourth is not set
    for answer in ("0b821304ff60", "0b821304ff24", "0b820307ff00", "0b82"):
        assert download.push(NOTIFY, bytes.fromhex(answer)) == ()
    _, packets = fetch(download, [*frames_of(entries_of((164, -82, 16400), 10)), b"\x0b\x0d"])
    (packet,) = packets
    assert packet.acc is None
    assert np.degrees(packet.gyr) == pytest.approx(np.array([[164, -82, 16400]]) / 32.8)
    _, others = fetch(download, [*frames_of(entries_of((1, 2, 3), 20, first_trigger=2)), b"\x0b\x0d"])
    assert others == []


def test_halves_of_different_samples_are_never_joined():
    lost = [*entries_of((1, 2, 3), 100)[:1], *entries_of((4, 5, 6), 107)[1:], *entries_of((7, 8, 9), 114)]
    reboot = [entries_of((1, 2, 3), 5, boot=1)[0], entries_of((1, 2, 3), 5, boot=2)[1]]
    _, packets = fetch(new_download(), [*frames_of(lost), *frames_of(reboot), b"\x0b\x0d"])
    assert counts_of(packets) == [[7, 8, 9]]


def test_the_stream_may_go_on_during_a_download():
    download = new_download()
    assert download.push(NOTIFY, bytes.fromhex("030416c494a22ad0")) == ()
    assert download.push("00002a19-0000-1000-8000-00805f9b34fb", b"\x0b\x07") == ()


def test_a_page_that_never_ends_does_not_fill_the_memory():
    samples = [entries_of((0, 0, 4096), 7 * number) for number in range(2000)]
    blocks, packets = fetch(new_download(), [frame for sample in samples for frame in frames_of(sample)])
    assert len(packets) > 1400
    assert max(len(block.packets) for block in blocks) <= 512
    assert all(block.confirm == () for block in blocks)


@pytest.mark.parametrize("frame", ["0b", "0b07", "0b07a0e642000000", "0b85aa", "0b08", "0b82aa", "0b840000"])
def test_malformed_frames_are_refused_and_the_download_goes_on(frame):
    download = new_download()
    download.begin()
    with pytest.raises(PacketError, match="MetaMotion log"):
        download.push(NOTIFY, bytes.fromhex(frame))
    _, packets = fetch(download, map(bytes.fromhex, [RECORDED[0], "0b0d"]))
    assert counts_of(packets) == RECORDED_COUNTS[:1]


logs = st.lists(
    st.tuples(st.tuples(*[st.integers(-32768, 32767)] * 3), st.integers(4, 40), st.sampled_from([0, 2])),
    min_size=1,
    max_size=40,
)


def written_log(samples):
    """Entries and expected packets of a log; accelerometer and gyroscope mixed, boots counted."""
    entries, expected, ticks = [], {}, 2**32 - 100
    for sample, step, first_trigger in samples:
        ticks = (ticks + step) % 2**32
        entries += entries_of(sample, ticks, boot=3, first_trigger=first_trigger)
        expected[3, ticks] = sample
    return entries, expected


@given(
    logs,
    st.integers(1, 15),
    st.integers(1, 15),
    st.lists(st.tuples(st.integers(0, 30), st.booleans()), max_size=6),
)
def test_a_download_broken_off_anywhere_still_brings_every_sample(samples, page_entries, first_page_entries, breaks):
    entries, expected = written_log(samples)
    board, store, download = Board(entries, page_entries, first_page_entries), {}, new_download()
    finished = any(
        board.download_into(download, store, break_after, lost_confirmation=lost_confirmation)
        for break_after, lost_confirmation in breaks
    )
    if not finished:
        assert board.download_into(download, store)
    assert board.pages == []
    resolution = DRIVER.resolution(DRIVER.settings_with({"range_g": 8}))
    got = {
        key: tuple(
            np.rint(packet.acc[0] / resolution.acc_ms2 if packet.acc is not None
                    else packet.gyr[0] / resolution.gyr_rad_s).astype(int).tolist())
        for key, packet in store.items()
    }  # fmt: skip
    assert got == expected


def test_a_page_whose_confirmation_was_lost_comes_again_with_halves_at_both_ends():
    samples = [((number, 2, 3), 7, 0) for number in range(5)]
    entries, expected = written_log(samples)
    board, store, download = Board(entries, 2, 1), {}, new_download()
    # length; page of one entry and its end, confirmed; page of two entries and its end, the confirmation lost
    assert not board.download_into(download, store, break_after=5, lost_confirmation=True)
    store.clear()
    assert board.download_into(download, store)
    assert set(store) == set(expected)


@given(st.lists(st.binary(max_size=24).map(lambda rest: b"\x0b" + rest), max_size=30))
def test_any_bytes_give_blocks_or_a_packet_error(frames):
    download = new_download()
    download.begin()
    for frame in frames:
        try:
            blocks = download.push(NOTIFY, frame)
        except PacketError:
            continue
        assert all(isinstance(step, Write) for block in blocks for step in block.confirm)
