"""Samples in, posture out: orientation, calibration, activity, slouch, sitting and bends. Pure: no I/O, no clock."""
