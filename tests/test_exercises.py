"""Every exercise of every chapter: right answers pass, wrong ones are refused, and nothing attempted is no failure."""

import pytest
import torch

from seglearn.exercises import audit
from seglearn.exercises.engine import all_exercises, check, find
from seglearn.exercises.judging import _accepts as accepts
from seglearn.exercises.judging import judge
from seglearn.exercises.kinds import ValueExercise, WidgetExercise
from seglearn.exercises.solved import called_names, solved_answer
from seglearn.exercises.sources import checkout, source_of

EXERCISES = all_exercises()
SOURCES = sorted((checkout() / "notebooks" / "source").glob("[0-9][0-9]_*.py"))
every_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
every_source = pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)


@pytest.fixture(autouse=True)
def at_home_in_notebooks(monkeypatch, tmp_path):
    monkeypatch.setenv("SEGLEARN_PROGRESS", str(tmp_path / "progress.jsonl"))
    monkeypatch.setenv("MPLBACKEND", "agg")
    monkeypatch.chdir(checkout() / "notebooks")


def test_names_are_unique_and_name_their_chapter():
    names = [exercise.name for exercise in EXERCISES]
    assert len(names) == len(set(names))
    for name in names:
        assert find(name).name == name  # found again through the module that its two digits name


@every_exercise
def test_an_exercise_is_complete(exercise):
    assert audit.form_faults(exercise) == []


@every_exercise
def test_right_answers_in_other_styles_pass(exercise):
    assert audit.unfair_to(exercise, {f"rights[{i}]": answer for i, answer in enumerate(exercise.rights)}) == []


@every_exercise
def test_the_notebooks_own_solution_passes(exercise):
    source = source_of(exercise.name[:2])
    assert source, f"notebooks/source/{exercise.name[:2]}_*.py is missing"
    if isinstance(exercise, WidgetExercise) and exercise.name in called_names(source):
        return  # a hand moves it: the states that reach the goal are among exercise.rights
    assert audit.unfair_to(exercise, {"solution": solved_answer(source, exercise.name)}) == []


@every_exercise
def test_each_listed_wrong_answer_gets_its_own_sentence(exercise):
    assert audit.unrecognized(exercise) == []


@every_exercise
def test_a_wrong_value_fits_one_sentence_only(exercise):
    if not isinstance(exercise, ValueExercise):
        return  # a function is recognized by its outputs, and the sentences of a widget stand in order
    for wrong in exercise.wrongs:
        fitting = [other.name for other in exercise.wrongs if other.when and accepts(other.when, wrong.answer)]
        assert fitting in ([], [wrong.name]), f"{wrong.name!r} is also called {fitting}"


def test_a_pair_with_two_faults_is_not_called_good():
    bytes_and_no_void = (torch.zeros(3, 1, 3, dtype=torch.uint8), torch.tensor([[0, 1, 1]]))
    said = repr(judge(find("01.own_image"), bytes_and_no_void))
    assert "float32 from 0 to 1" in said and "A good pair" not in said


@every_exercise
def test_wrong_answers_that_nobody_listed_are_refused(exercise):
    assert audit.fooled_by(exercise) == []


@every_exercise
def test_nothing_attempted_is_told_apart_from_wrong(exercise):
    assert audit.untouched(exercise) == []
    assert not check(exercise.name).passed


@every_source
def test_notebooks_name_only_exercises_that_exist(source):
    assert set(called_names(source)) <= {exercise.name for exercise in EXERCISES}


@every_source
def test_every_exercise_of_a_chapter_is_checked_in_its_notebook(source):
    wanted = {exercise.name for exercise in EXERCISES if exercise.name[:2] == source.stem[:2]}
    assert wanted <= set(called_names(source))
