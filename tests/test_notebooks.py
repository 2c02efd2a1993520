"""Every notebook of the course, as a strict stranger, a hurried learner and a teacher meet it."""

from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from seglearn.build import chapters
from seglearn.build.faults import faults
from seglearn.build.run import execute, solve
from seglearn.build.source import SOLVING, exercise_name, learner_notebook, tags
from seglearn.exercises.engine import find
from seglearn.exercises.kinds import WidgetExercise
from seglearn.exercises.records import events, standings

ROOT = Path(__file__).parents[1]
SOURCES = chapters.sources(ROOT / "notebooks")
each_chapter = pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)


def names(source: Path, tag: str) -> list[str]:
    """Return the exercises of the cells with a tag, in order."""
    return [exercise_name(cell) for cell in learner_notebook(source).cells if tag in tags(cell)]


def answers(source: Path, function: str, value: str) -> NotebookNode:
    """Return the cells of a solved run with every blank filled alike: a statement in functions, elsewhere a value."""
    notebook = learner_notebook(source)
    notebook.cells = [cell for cell in notebook.cells if SOLVING & set(tags(cell))]
    for cell in notebook.cells:
        if "exercise" in tags(cell):
            cell.source = cell.source.replace('raise NotImplementedError("your turn")', function)
            cell.source = cell.source.replace("= ...", f"= {value}")
    return notebook


def outcomes(progress: Path) -> dict[str, str]:
    return {name: standing.outcome for name, standing in standings(events(progress)).items() if standing.attempts}


@each_chapter
def test_a_notebook_keeps_the_rules_of_the_course(source):
    assert faults(nbformat.read(chapters.built_path(source), as_version=4), source.name[:2]) == []


@each_chapter
def test_a_stored_notebook_was_run_from_top_to_bottom(source):
    cells = nbformat.read(chapters.built_path(source), as_version=4).cells
    counts = [cell.execution_count for cell in cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))


@each_chapter
def test_every_exercise_has_one_check_and_it_comes_after(source):
    checked, order = names(source, "check"), [tags(cell) for cell in learner_notebook(source).cells]
    assert len(set(checked)) == len(checked)
    assert set(checked) == set(names(source, "exercise"))
    for name in checked:
        kinds = [kind for found in order if name in found for kind in found if kind in ("exercise", "check")]
        assert kinds[-1] == "check", f"{name}: the check comes before the exercise"


@pytest.mark.slow
@each_chapter
def test_the_solutions_pass_every_check(source, tmp_path):
    solve(source, progress=tmp_path / "progress.jsonl")
    assert outcomes(tmp_path / "progress.jsonl") == dict.fromkeys(names(source, "check"), "PASS")


@pytest.mark.slow
@each_chapter
def test_a_planted_wrong_solution_turns_its_check_red(source, tmp_path):
    wrong = answers(source, function="return None", value="'a wrong answer'")
    execute(wrong, cwd=source.parents[1], progress=tmp_path / "progress.jsonl")
    found = outcomes(tmp_path / "progress.jsonl")
    by_hand = {name for name in names(source, "check") if isinstance(find(name), WidgetExercise)}  # nobody moved it
    assert set(found) == set(names(source, "check")) - by_hand
    assert "PASS" not in found.values()


@pytest.mark.slow
@each_chapter
def test_with_nothing_attempted_every_check_says_so(source, tmp_path):
    blank = answers(source, function='raise NotImplementedError("your turn")', value="...")
    execute(blank, cwd=source.parents[1], progress=tmp_path / "progress.jsonl")
    assert set(outcomes(tmp_path / "progress.jsonl").values()) <= {"NOT ATTEMPTED"}
