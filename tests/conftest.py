"""What several test files share."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with small copies of the real data sets; tests that need it skip where there is none."""
    folder = os.environ.get("SEGLEARN_TEST_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("real data: set SEGLEARN_TEST_DATA to a folder with camvid/, nuclei/, oxford-iiit-pet/, ...")
    return Path(folder)
