from pathlib import Path

import pytest

SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data():
    """The folder of labelled recordings beside the project."""
    if not SHARED_DATA.is_dir():
        pytest.skip("there are no labelled recordings beside the project (../shared/data)")
    return SHARED_DATA
