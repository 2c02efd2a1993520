"""The course in a real browser: every chapter opens in JupyterLab, runs, and judges what is typed into it."""

from contextlib import closing
from pathlib import Path

import pytest
from browsing import NOTEBOOKS, Notebook, assert_told, skip
from typed_answers import ANSWERS

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_missing_browser_is_a_failure_where_one_is_required(monkeypatch):
    monkeypatch.delenv("SEGLEARN_REQUIRE_BROWSER", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no browser"):
        skip("there is no browser")
    monkeypatch.setenv("SEGLEARN_REQUIRE_BROWSER", "1")
    with pytest.raises(pytest.fail.Exception, match="SEGLEARN_REQUIRE_BROWSER=1, but there is no browser"):
        skip("there is no browser")


def test_every_chapter_with_exercises_has_typed_answers():
    assert set(ANSWERS) == {path.stem for path in NOTEBOOKS}


def files_beside(folder: Path) -> dict[Path, int]:
    """Return when each file changed that a notebook of the course might touch by accident."""
    looked_at = [path for name in ("notebooks", "data", "benchmarks") for path in (folder.parent / name).rglob("*")]
    notebooks = {path for path in looked_at if path.suffix == ".ipynb"}  # JupyterLab saves these by itself
    return {path: path.stat().st_mtime_ns for path in looked_at if path.is_file() and path not in notebooks}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_chapter_runs_twice_judges_answers_and_leaves_nothing_behind(browser, lab, path):
    before = files_beside(lab[0])
    with closing(Notebook(browser, lab, path.name)) as notebook:
        notebook.run_all(420)
        for wrong, right in ANSWERS[path.stem]:
            assert_told(notebook, wrong, right)
        notebook.run_all(420)  # every cell survives a second run in the same kernel
    assert files_beside(lab[0]) == before
