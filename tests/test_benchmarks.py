"""The page of measurements says what the results say, and names every command."""

import runpy
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "benchmarks"
PAGE = (FOLDER / "README.md").read_text(encoding="utf-8")


def test_the_page_is_what_the_results_make_it(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))  # as for a command: the folder it stands in
    assert runpy.run_path(str(FOLDER / "tables.py"))["page"]() == PAGE, "run: python benchmarks/tables.py"


def test_the_page_names_every_command_and_no_other():
    named = {line.split("`")[1].removeprefix("python ") for line in PAGE.splitlines() if line.startswith("| `python")}
    commands = {path for path in FOLDER.glob("*.py") if "__main__" in path.read_text(encoding="utf-8")}
    assert named == {f"benchmarks/{path.name}" for path in commands}


def test_every_result_has_its_command():
    assert {path.stem for path in (FOLDER / "results").glob("*.json")} <= {path.stem for path in FOLDER.glob("*.py")}
