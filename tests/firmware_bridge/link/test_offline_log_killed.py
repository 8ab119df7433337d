"""The program that fetches the offline log is killed, truly, by SIGKILL; the sensor lives on in this process."""

import asyncio
import json
import random
import sys
import time
from pathlib import Path

import pytest

from firmware_bridge.virtual.air import Air, Conditions, Oscillator, SharedLoop, Specimen, open_to_hosts
from firmware_bridge.virtual.air.sensors import LspSensor

REPOSITORY = Path(__file__).parents[3]
PROGRAM = Path(__file__).with_name("recording_program.py")
EPOCH_S = 1_800_000_000.0
SPEED = 4.0
DECIMATED = 2
PIECES_A_BLOCK, MOST_PIECES = 17, 80
MOST_ERROR_S = 0.25
"""On the real clock a host that is held up learns the sensor's clock late; test_offline_log.py proves the times."""


class CountingSensor(LspSensor):
    """Counts the pieces of its log that it hands to its radio, and calls somebody at the one that is asked for."""

    pieces = 0
    at_piece = None, None

    def send_chunk(self, data, *travelling):
        taken = super().send_chunk(data, *travelling)
        self.pieces += taken
        if self.at_piece[0] is not None and self.pieces >= self.at_piece[0]:
            self.at_piece, (_, call) = (None, None), self.at_piece
            call()
        return taken

    @property
    def blocks(self):
        return self.log.last + 1 - self.log.first

    async def piece(self, number):
        """Wait until so many pieces more were sent."""
        sent = asyncio.get_running_loop().create_future()
        self.at_piece = self.pieces + number, lambda: sent.set_result(None)
        await asyncio.wait_for(sent, 120)


class Programs:
    """The program at work, and the next one, which takes two seconds to load and waits."""

    def __init__(self, folder, address):
        self._told = {
            "socket": str(folder / "hci"),
            "folder": str(folder),
            "epoch_s": EPOCH_S,
            "speed": SPEED,
            "driver": "lsp",
            "address": address,
            "settings": {"log_record": DECIMATED},
        }

    async def load(self):
        pipe = asyncio.subprocess.PIPE
        self._next = await asyncio.create_subprocess_exec(
            sys.executable, "-W", "error", str(PROGRAM), cwd=REPOSITORY, stdin=pipe, stderr=pipe
        )

    async def start(self):
        self._now = self._next
        zero_s = asyncio.get_running_loop().zero_s
        self._now.stdin.write(f"{json.dumps({**self._told, 'zero_s': zero_s})}\n".encode())
        await self._now.stdin.drain()
        await self.load()

    async def kill(self):
        await end(self._now)

    async def end(self):
        await end(self._now)
        await end(self._next)


async def end(program):
    program.kill()
    _, complaints = await program.communicate()
    assert complaints == b"", complaints.decode()


async def until(condition, seconds=120):
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - the sensor tells nobody
            await asyncio.sleep(0.05)


async def live(folder, kills, seed):
    loop = asyncio.get_running_loop()
    chance = random.Random(seed)  # noqa: S311 - chance, no secret
    air = Air(Conditions(connection_interval_s=0.0375), seed=seed)
    sensor = CountingSensor(air, Specimen(oscillator=Oscillator(ppm=40, wander_ppm=3)))
    await sensor.switch_on()
    server = await open_to_hosts(air, folder / "hci")
    programs = Programs(folder, sensor.specimen.address)
    await programs.load()
    await programs.start()
    await until(lambda: sensor.logging == DECIMATED)
    await asyncio.sleep(3)
    await programs.kill()
    await loop.skip(300)
    await programs.start()
    for _ in range(kills):
        await sensor.piece(chance.randrange(1, min(MOST_PIECES, PIECES_A_BLOCK * (sensor.blocks - 1))))
        await asyncio.sleep(chance.uniform(0, 0.05))
        await programs.kill()
        assert sensor.blocks, "killed in the middle"
        await loop.skip(60)
        await programs.start()
    await until(lambda: sensor.connection and not sensor.blocks)
    await asyncio.sleep(3)
    await programs.end()
    await loop.skip(5)
    server.close()
    await server.wait_closed()
    return sensor


@pytest.mark.parametrize(
    "kills", [3, pytest.param(25, marks=[pytest.mark.slow, pytest.mark.timeout(600)])], ids=["3 kills", "25 kills"]
)
def test_a_program_that_is_killed_in_downloads_loses_and_doubles_nothing(tmp_path, kills, check_lsp_log):
    with asyncio.Runner(loop_factory=lambda: SharedLoop(time.monotonic(), SPEED)) as runner:
        sensor = runner.run(live(tmp_path, kills, seed=kills))
    check_lsp_log(tmp_path / "recording", sensor, MOST_ERROR_S)
    assert not sensor.blocks, "the sensor's log is empty"
