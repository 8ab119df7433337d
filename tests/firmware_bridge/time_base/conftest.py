"""Packets of sensors and links that lose, repeat and delay them."""

import numpy as np
import pytest

from firmware_bridge.devices.driver import Packet, SensorClock, TicksOf

RATE_HZ = 100.0


class Sensor:
    """Sends samples numbered 0, 1, 2 ... with a clock that may be off; acc x is the sample's number."""

    def __init__(self, clock, rate_hz=RATE_HZ, ppm=0.0, first_ticks=0):
        self.clock, self.rate_hz, self.ppm, self.first_ticks = clock, rate_hz, ppm, first_ticks

    def time_s(self, number):
        return np.asarray(number) / self.rate_hz * (1 + self.ppm * 1e-6)

    def packet(self, first, n=10, *, acc=True, gyr=True):
        numbers = np.arange(first, first + n)
        values = np.column_stack([numbers, numbers * 0.5, np.ones(n)]).astype(float)
        ticks = counter = None
        if self.clock is not None:
            stamped = first if self.clock.ticks_of is TicksOf.FIRST else first + n - 1
            elapsed = int(stamped / self.rate_hz * self.clock.tick_hz)
            ticks = (self.first_ticks + elapsed) % 2**self.clock.ticks_bits
            if self.clock.counter_bits is not None:
                counter = first % 2**self.clock.counter_bits
        return Packet(acc=values if acc else None, gyr=values / 100 if gyr else None, ticks=ticks, counter=counter)


CLOCKS = {
    "lsp": SensorClock(32768, 32, TicksOf.FIRST, 16),
    "movesense": SensorClock(1000, 32, TicksOf.FIRST),
    "dot": SensorClock(1e6, 32, TicksOf.FIRST),
    "polar": SensorClock(1e9, 64, TicksOf.LAST),
    "capture2go": SensorClock(1e9, 64, TicksOf.FIRST),
}


@pytest.fixture(scope="session")
def clocks():
    return CLOCKS


@pytest.fixture(scope="session")
def make_sensor():
    return Sensor
