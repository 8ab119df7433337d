"""Charge of the lithium-polymer cell on the XIAO's pads.

P0.31 reads the cell through 1 Mohm over 510 kohm; P0.14 is the foot of that divider and stays low, since with the foot
high and a full cell P0.31 would see more than 3.6 V (wiki.seeedstudio.com/XIAO_BLE, "the battery voltage"). P0.17 is
low while it charges.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware_bridge.firmware.board_types import AnalogIn, DigitalPin

__all__ = ["Battery"]

_OHM_BELOW = 510
_OHM_ABOVE_AND_BELOW = 1510
_FULL_COUNTS = 65535
_SETTLING_READINGS = 8
"""The nRF's converter samples too briefly for so high a resistance; later readings are right."""
_CURVE_MV = ((3300, 0), (3600, 10), (3700, 30), (3800, 50), (3900, 65), (4000, 80), (4150, 100))
"""Charge by voltage under a light load: a rule of thumb, not measured."""


class Battery:
    """The cell.

    Parameters
    ----------
    divider
        Reads the middle of the divider.
    charging
        Low while it charges.

    """

    def __init__(self, divider: "AnalogIn", charging: "DigitalPin") -> None:
        self._divider = divider
        self._charging = charging

    @property
    def charging(self) -> bool:
        """Whether it charges."""
        return not self._charging.value

    def percent(self) -> int:
        """Return the charge."""
        counts = 0
        for _ in range(_SETTLING_READINGS):
            counts = self._divider.value
        volt = counts * self._divider.reference_voltage / _FULL_COUNTS * _OHM_ABOVE_AND_BELOW / _OHM_BELOW
        return _percent(int(volt * 1000))


def _percent(millivolt: int) -> int:
    low_mv, low = _CURVE_MV[0]
    for high_mv, high in _CURVE_MV:
        if millivolt < high_mv:
            return low + (high - low) * max(millivolt - low_mv, 0) // max(high_mv - low_mv, 1)
        low_mv, low = high_mv, high
    return low
