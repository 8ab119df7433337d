"""Posture in, meaning out: steps, walking, daily summaries and trends. Pure: no I/O, no clock."""
