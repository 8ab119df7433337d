"""A virtual XIAO nRF52840 Sense: the firmware's own code.py, run under CPython in the virtual air."""

from firmware_bridge.virtual.circuitpython.inertial_chip import InertialChip
from firmware_bridge.virtual.circuitpython.xiao import Flash, Xiao

__all__ = ["Flash", "InertialChip", "Xiao"]
