"""The tests with BlueZ itself run only where they are asked for: `pytest -m bluez tests/bluez`."""

import pytest


def pytest_configure(config):
    config.addinivalue_line("markers", "bluez: real BlueZ in a virtual machine; two minutes, Debian 12 on amd64")


def pytest_collection_modifyitems(config, items):
    if "bluez" in config.getoption("markexpr"):
        return
    for item in items:
        if item.get_closest_marker("bluez"):
            item.add_marker(pytest.mark.skip(reason="starts a virtual machine; ask for it with -m bluez"))
