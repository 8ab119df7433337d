"""Physical constants and unit conversions shared by all rooms."""

import math

__all__ = ["ACCELERATION_UNITS", "ANGULAR_RATE_UNITS", "GRAVITY_MS2"]

GRAVITY_MS2 = 9.80665
"""Standard gravity (CGPM 1901), m/s^2."""

ACCELERATION_UNITS = {"m/s2": 1.0, "m/s^2": 1.0, "g": GRAVITY_MS2, "mg": GRAVITY_MS2 / 1000}
"""Factor from the named unit to m/s^2."""

ANGULAR_RATE_UNITS = {"rad/s": 1.0, "deg/s": math.pi / 180, "dps": math.pi / 180, "mdps": math.pi / 180_000}
"""Factor from the named unit to rad/s."""
