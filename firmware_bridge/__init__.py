"""Sensors in, samples out: links, time base and raw recordings."""
