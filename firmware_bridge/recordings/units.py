"""The units a recording's columns are in."""

from __future__ import annotations

from dataclasses import dataclass

from config.errors import SettingsError
from config.units import ACCELERATION_UNITS, ANGULAR_RATE_UNITS

__all__ = ["SI_UNITS", "Units", "parse_units"]


@dataclass(frozen=True, slots=True)
class Units:
    """Units of the acceleration and angular rate columns, by the names of `config.units`.

    Parameters
    ----------
    acceleration
        Such as ``"g"``.
    angular_rate
        Such as ``"deg/s"``.

    """

    acceleration: str = "m/s2"
    angular_rate: str = "rad/s"

    @property
    def acc_factor(self) -> float:
        """What to multiply the acceleration columns with to have m/s^2."""
        return ACCELERATION_UNITS[self.acceleration]

    @property
    def gyr_factor(self) -> float:
        """What to multiply the angular rate columns with to have rad/s."""
        return ANGULAR_RATE_UNITS[self.angular_rate]


SI_UNITS = Units()


def parse_units(text: str) -> Units:
    """Return the units named by a text such as ``"g,deg/s"`` or, without a gyroscope, ``"g"``.

    Raises
    ------
    SettingsError
        A unit is unknown, or there are not one or two of them.

    """
    names = [name.strip() for name in text.split(",")]
    if len(names) not in (1, 2):
        raise SettingsError(f"units {text!r}: name one or two units, as in 'g,deg/s'")
    for name, known, what in zip(
        names, (ACCELERATION_UNITS, ANGULAR_RATE_UNITS), ("acceleration", "angular rate"), strict=False
    ):
        if name not in known:
            raise SettingsError(f"units {text!r}: no unit of {what} is called {name!r}; use one of {', '.join(known)}")
    return Units(*names)
