"""Who the link talks to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from firmware_bridge.imu import ImuChunk

__all__ = ["LinkListener", "SensorState"]


@dataclass(frozen=True, slots=True)
class SensorState:
    """How the link to a sensor stands.

    Parameters
    ----------
    connected
        Whether samples come.
    charging
        Whether the sensor says that it is being charged.
    battery_percent
        Charge, as last heard; None where it was never told.
    signal_dbm
        Signal strength when it was last seen.
    problem
        Why it is not connected, in the wearer's words; empty while it is.

    """

    connected: bool = False
    charging: bool = False
    battery_percent: int | None = None
    signal_dbm: int | None = None
    problem: str = ""


class LinkListener(Protocol):
    """Takes what comes from a sensor. Called from the event loop; what takes long delays all that follows."""

    def samples(self, chunk: ImuChunk) -> None:
        """Take live samples, in order of time."""

    def late_samples(self, chunk: ImuChunk, rate_hz: float) -> None:
        """Take samples from the sensor's offline log, which may be coarser than what it sends live.

        On return they are safe, and the sensor may forget them.
        """

    def state(self, state: SensorState) -> None:
        """Take a change of the link's state."""
