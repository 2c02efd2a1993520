"""What several test files share."""

import os
from pathlib import Path

import pytest

pytest.register_assert_rewrite("browsing")

import browsing  # noqa: E402  its assertions speak as the tests' own do


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with small copies of the real data sets; tests that need it skip where there is none."""
    folder = os.environ.get("SEGLEARN_TEST_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("real data: set SEGLEARN_TEST_DATA to a folder with camvid/, nuclei/, oxford-iiit-pet/, ...")
    return Path(folder)


@pytest.fixture(scope="session")
def browser():
    """One headless Chromium for all browser tests."""
    with browsing.headless_chromium() as chromium:
        yield chromium


@pytest.fixture(scope="session")
def lab(browser, tmp_path_factory):
    """One JupyterLab for all browser tests: the folder of its notebooks and its address."""
    with browsing.jupyterlab(tmp_path_factory.mktemp("lab")) as folder_and_address:
        yield folder_and_address
