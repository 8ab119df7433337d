"""Byte vectors of real sensors, from ../shared/ble where it is there."""

import json
from pathlib import Path

import pytest

VECTORS = Path(__file__).parents[3] / ".." / "shared" / "ble" / "vectors.json"


@pytest.fixture(scope="session")
def vectors():
    """Return the vectors by id."""
    if not VECTORS.exists():
        pytest.skip("../shared/ble/vectors.json is not here")
    return {vector["id"]: vector for vector in json.loads(VECTORS.read_text(encoding="utf-8"))["vectors"]}
