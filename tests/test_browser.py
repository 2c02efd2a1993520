"""The course in a real browser: every chapter opens in JupyterLab, runs, and judges what is typed into it."""

from contextlib import closing

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


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_chapter_runs_in_jupyterlab(browser, lab, path):
    with closing(Notebook(browser, lab, path.name)) as notebook:
        notebook.run_all(420)
        for wrong, right in ANSWERS[path.stem]:
            assert_told(notebook, wrong, right)
