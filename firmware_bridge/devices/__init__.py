"""Sensor drivers: one module for each family, pure codecs and lists of steps, no Bluetooth in them."""
