"""Notebooks come from their sources: the same bytes, no solutions, nothing of the machine that built them."""

import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from seglearn.build import chapters, faults
from seglearn.build.__main__ import main
from seglearn.build.kernels import kernel_environment
from seglearn.build.outputs import STATE, VIEW, settle
from seglearn.build.source import blank, learner_notebook, read_source, solved_notebook

ROOT = Path(__file__).parents[1]
SOURCES = chapters.sources(ROOT / "notebooks")

CHAPTER = '''# %% [markdown]
# # A chapter

# %% tags=["setup"]
from math import pi

# %%
pi * 2

# %%
pi * 2

# %% tags=["exercise", "77.double"]
def double(x):
    """Return twice x."""
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION

# %% tags=["check", "77.double", "points-3"]
check = print
check("77.double", double.__name__)
'''


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "notebooks" / "source" / "77_chapter.py"
    path.parent.mkdir(parents=True)
    path.write_text(CHAPTER, encoding="utf-8")
    return path


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


# The committed notebooks ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_a_notebook_is_what_its_source_says(path):
    assert chapters.difference(path) == ""


def test_every_notebook_has_a_source():
    built = {chapters.built_path(path) for path in SOURCES}
    assert set((ROOT / "notebooks").glob("*.ipynb")) == built


# Blanks --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ["solved", "wanted"],
    [
        ("def f(x):\n    @\n    return x\n    %\n", 'def f(x):\n    raise NotImplementedError("your turn")'),
        (
            "class A:\n    def f(self):\n        @\n        return 1\n        %\n\n    b = 2",
            'class A:\n    def f(self):\n        raise NotImplementedError("your turn")\n\n    b = 2',
        ),
        ("@\na, (b, c) = 1, (2, 3)  # secret\n%\nprint(a)", "a = ...\nb = ...\nc = ...\nprint(a)"),
        ("a = 1\n@\nb: int = 2\nb = 3\na.c = b[0] = 4\n%", "a = 1\nb = ..."),
        ("share = ...\n@\nshare = 0.25\n%", "share = ..."),
        ("@\nslider.value = 7\n%\nslider", "slider"),
        ("@\na = 1\n%\nb = 2\n@\nc = 3\n%", "a = ...\nb = 2\nc = ..."),
    ],
    ids=["function", "method", "tuple", "no-repeats", "blank-above", "widget", "two-blocks"],
)
def test_a_solution_becomes_a_blank(solved, wanted):
    assert blank(solved.replace("@", "### BEGIN SOLUTION").replace("%", "### END SOLUTION")) == wanted


@pytest.mark.parametrize(
    ["code", "message"],
    [
        ("if True:\n    ### BEGIN SOLUTION\n    a = 1\n    ### END SOLUTION", "cell 3: a solution must stand in"),
        ("### BEGIN SOLUTION\nslider.value = 7\n### END SOLUTION", "cell 3: something must be left for the learner"),
    ],
)
def test_a_solution_that_leaves_no_blank_is_refused(code, message):
    with pytest.raises(ValueError, match=message):
        blank(code, where="cell 3")


@pytest.mark.parametrize(
    ["old", "new", "message"],
    [
        ("    ### END SOLUTION\n", "", "cell 4: every `### BEGIN SOLUTION` line needs an"),
        ('"exercise", "77.double"', '"data"', "cell 4: a solution must stand in an exercise cell"),
        ("### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION\n", "return 2 * x\n", "must hold a solution"),
        ('"exercise", "77.double"', '"exercise", "double"', 'cell 4: a cell tagged "exercise" must name its exercise'),
        ('"check", "77.double"', '"check", "77.triple"', r"cell 5: a call of check\(\) needs a cell of its own"),
        ('"check", "77.double", ', "", r"cell 5: a call of check\(\) needs a cell of its own"),
    ],
)
def test_tags_and_markers_that_contradict_each_other_are_refused(source, old, new, message):
    edit(source, old, new)
    with pytest.raises(ValueError, match=message):
        read_source(source)


# The learner's notebook and the solved one ---------------------------------------------------------------------------


def test_the_learners_notebook_has_blanks_and_the_solved_one_answers(source):
    learner = "\n".join(cell.source for cell in learner_notebook(source).cells)
    solved = [cell.source for cell in solved_notebook(source).cells]
    assert "return 2 * x" not in learner and "your turn" in learner and "SOLUTION" not in learner
    assert len(solved) == 3  # setup, exercise, check
    assert solved[1] == 'def double(x):\n    """Return twice x."""\n    return 2 * x\n'


def test_an_edited_cell_changes_its_own_id_and_no_other(source):
    before = [cell.id for cell in learner_notebook(source).cells]
    edit(source, "from math import pi", "from math import pi, tau")
    after = [cell.id for cell in learner_notebook(source).cells]
    assert len(set(before)) == len(before), "two equal cells need two ids"
    assert [a == b for a, b in zip(before, after, strict=True)] == [True, False, True, True, True, True]


def test_a_new_cell_leaves_the_ids_of_the_others(source):
    before = [cell.id for cell in learner_notebook(source).cells]
    edit(source, "# %%\npi * 2\n\n# %% tags", "# %%\npi * 3\n\n\n\n# %%\npi * 2\n\n# %% tags")
    after = [cell.id for cell in learner_notebook(source).cells]
    assert [*after[:3], *after[4:]] == before
    assert all(set(cell.metadata) <= {"tags", "nbgrader"} for cell in learner_notebook(source).cells)


def test_classrooms_find_nbgraders_metadata(source):
    notebook = learner_notebook(source)
    nbformat.validate(notebook)
    exercise, check = (cell.metadata["nbgrader"] for cell in notebook.cells if "nbgrader" in cell.metadata)
    assert exercise == {
        "schema_version": 3, "grade_id": "77-double", "solution": True, "grade": False, "locked": False, "task": False,
    }  # fmt: skip
    assert check == {
        "schema_version": 3, "grade_id": "77-double-check", "points": 3,
        "solution": False, "grade": True, "locked": True, "task": False,
    }  # fmt: skip


# Outputs -------------------------------------------------------------------------------------------------------------


def settled(*outputs, widgets=None):
    notebook = new_notebook(cells=[new_code_cell(outputs=[nbformat.from_dict(output) for output in outputs])])
    if widgets:
        notebook.metadata["widgets"] = {STATE: {"state": widgets}}
    notebook.metadata["language_info"] = {"name": "python", "version": "3.11.99"}
    settle(notebook)
    assert notebook.metadata["language_info"] == {"name": "python"} and "widgets" not in notebook.metadata
    return notebook.cells[0].outputs


def test_a_progress_bar_keeps_its_last_state_without_clock():
    first = new_output("stream", name="stderr", text="\rlearn:  50%|██   | 1/2 [00:01<00:01,  1.00it/s]\rlearn: 100")
    second = new_output("stream", name="stderr", text="%|████| 2/2 [00:02<00:00,  1.05it/s, loss=0.3]\nnext\n")
    (only,) = settled(first, second)
    assert only.text == "learn: 100%|████| 2/2 [loss=0.3]\nnext\n"


def test_a_bar_that_leaves_nothing_leaves_no_output():
    assert settled(new_output("stream", name="stderr", text="\r 50%|██  | 1/2 [00:01<00:01]\r" + " " * 30 + "\r")) == []


def test_addresses_and_tracebacks_stay_behind():
    shown = new_output("display_data", {"text/plain": "<thing at 0x7f00deadbeef>"})
    error = new_output("error", ename="ValueError", evalue="too big", traceback=["File /somewhere/x.py", "ValueError"])
    shown, error = settled(shown, error)
    assert shown.data["text/plain"] == "<thing>"
    assert error.traceback == ["ValueError: too big"]


def test_a_widget_becomes_what_it_shows():
    state = {
        "box": {"state": {"_model_name": "VBoxModel", "children": ["IPY_MODEL_label", "IPY_MODEL_area"]}},
        "label": {"state": {"_model_name": "HTMLModel", "value": "<b>3</b> &lt; 5"}},
        "area": {"state": {"_model_name": "OutputModel", "outputs": [new_output("stream", text="drawn\n")]}},
    }
    live = new_output("display_data", {VIEW: {"model_id": "box"}, "text/plain": "VBox(children=...)"})
    words, drawn = settled(live, widgets=state)
    assert words.data == {"text/plain": "3 < 5"}
    assert drawn.text == "drawn\n"


def test_a_widget_with_a_picture_keeps_its_picture_and_words():
    still = {"image/png": "iVBORw0=", "text/plain": "a slider over a street"}
    state = {"label": {"state": {"_model_name": "HTMLModel", "value": "3"}}}
    (only,) = settled(new_output("display_data", {VIEW: {"model_id": "label"}, **still}), widgets=state)
    assert only.data == still


# Faults --------------------------------------------------------------------------------------------------------------


def sound_notebook():
    figure = new_output("display_data", {"image/png": "iVBORw0=", "text/plain": "A street with three cars"})
    opening = new_markdown_cell("# A title\n\n" + "word " * 1500 + "\n\n## A part")
    return new_notebook(cells=[opening, new_code_cell("show()", outputs=[figure])])


def with_output(*outputs, source="show()", tags=()):
    return lambda notebook: notebook.cells.append(new_code_cell(source, outputs=[*outputs], metadata={"tags": [*tags]}))


def result(text):
    return new_output("execute_result", {"text/plain": text})


def test_a_sound_notebook_has_no_faults():
    assert faults.faults(sound_notebook(), "01") == []


@pytest.mark.parametrize(
    ["spoil", "complaint"],
    [
        (lambda notebook: notebook.cells[0].update(source="# Few words"), "2 words of prose, wanted 1200 to 2000"),
        (lambda notebook: notebook.cells.extend(new_code_cell("1") for _ in range(89)), "91 cells, at most 90"),
        (with_output(new_output("stream", text="x" * 1_590_000)), "1.60 MB, at most 1.5"),
        (lambda notebook: notebook.cells.append(new_markdown_cell("# Again")), "headings of level 1: 2"),
        (lambda notebook: notebook.cells.append(new_markdown_cell("#### Deep")), "a heading of level 4 skips a level"),
        (with_output(source="\n".join("abcdefghijklmnopqrstuvwxyzabcde")), "31 lines of code, at most 30"),
        (with_output(source="plt.plot(x);"), "ends with `;`"),
        (with_output(source=" "), "an empty cell"),
        (with_output(source="### BEGIN SOLUTION"), "shows a solution"),
        (with_output(new_output("error", ename="KeyError", evalue="x")), "raised KeyError"),
        (with_output(new_output("stream", text="Traceback (most recent call last):\n")), "shows a traceback"),
        (with_output(new_output("stream", text="saved in /home/ada/mask.png\n")), "machine: /home/ada/mask.png"),
        (with_output(result("'C:\\\\Users\\\\ada'")), "path of this machine: C:"),
        (with_output(new_output("display_data", {"text/html": "<b>/Users/ada</b>"})), "machine: /Users/ada"),
        (with_output(result("id 0x7f00deadbeef")), "memory address: 0x7f00deadbeef"),
        (with_output(new_output("display_data", {"image/png": "", "text/plain": "<Figure>"})), "without a text"),
        (with_output(result("[<matplotlib.lines.Line2D>]")), "an object that has no words"),
        (with_output(result("<Axes: title={'center': 'x'}>")), "an object that has no words"),
    ],
)
def test_every_fault_is_found(spoil, complaint):
    notebook = sound_notebook()
    spoil(notebook)
    (only,) = faults.faults(notebook, "01")
    assert complaint in only


@pytest.mark.parametrize("text", ["1/2/3 and/or 4", "tensor([1, 2])", "https://example.org/a/b", "<b>x</b>/<i>y</i>"])
def test_innocent_text_is_no_fault(text):
    notebook = sound_notebook()
    with_output(new_output("stream", text=text + "\n"), result(text))(notebook)
    assert faults.faults(notebook, "01") == []


def test_an_error_on_purpose_is_no_fault():
    notebook = sound_notebook()
    with_output(new_output("error", ename="ValueError", evalue="x"), tags=["raises-exception"])(notebook)
    assert faults.faults(notebook, "01") == []


# On disk -------------------------------------------------------------------------------------------------------------


def test_the_difference_names_the_first_cell_and_the_cure(source):
    assert "77_chapter.ipynb is missing. Run `python -m seglearn.build 77`." in chapters.difference(source)
    chapters.build(source, execute_cells=False)
    assert chapters.difference(source) == ""
    edit(source, "pi * 2", "pi * 3")
    said = chapters.difference(source)
    assert "in the source of cell 2, which should begin with 'pi * 3'" in said
    assert "`python -m seglearn.build 77`" in said


@pytest.mark.parametrize(
    ["spoil", "said"],
    [
        (lambda notebook: notebook.cells[3].update(id="other"), "in the id of cell 3"),
        (lambda notebook: notebook.cells[1].metadata.update(tags=["data"]), "in the metadata of cell 1"),
        (lambda notebook: notebook.cells.append(new_markdown_cell("more")), "has 7 cells and its source 6"),
        (lambda notebook: notebook.cells.pop(), "has 5 cells and its source 6"),
        (lambda notebook: notebook.metadata.update(author="me"), "has other metadata"),
    ],
)
def test_a_notebook_edited_by_hand_is_noticed(source, spoil, said):
    notebook = chapters.build(source, execute_cells=False)
    spoil(notebook)
    nbformat.write(notebook, chapters.built_path(source))
    assert said in chapters.difference(source)


def test_prose_can_change_without_a_run_and_code_cannot(source):
    built = chapters.build(source, execute_cells=False)
    built.cells[2].outputs = [result("6.283")]
    nbformat.write(built, chapters.built_path(source))
    edit(source, "# # A chapter", "# # A better chapter")
    assert chapters.build(source, execute_cells=False).cells[2].outputs == [result("6.283")]
    edit(source, "import pi", "import pi, e")
    assert chapters.build(source, execute_cells=False).cells[2].outputs == []


def test_the_command_checks_writes_and_explains(source, capsys):
    folder = source.parents[1]
    assert main(["--check"], folder=folder) == 1
    assert main(["77", "--no-execute"], folder=folder) == 0
    assert main(["77", "--check"], folder=folder) == 0
    assert "the notebook is what its source says" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["78"], folder=folder)
    assert "a chapter must have a source in notebooks/source, got 78. Known: 77." in capsys.readouterr().err


# With a kernel -------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_two_builds_give_the_same_bytes(source):
    edit(source, "from math import pi", "import time\nfrom math import pi\nfrom tqdm.auto import tqdm")
    edit(source, "pi * 2\n\n# %% tags", "for _ in tqdm(range(3)):\n    time.sleep(0.1)\nobject()\n\n# %% tags")
    first = chapters.build(source)
    once = chapters.built_path(source).read_bytes()
    chapters.build(source)
    assert chapters.built_path(source).read_bytes() == once
    assert chapters.difference(source) == ""
    assert [cell.execution_count for cell in first.cells if cell.cell_type == "code"] == [1, 2, 3, 4, 5]
    assert [output.data["text/plain"] for output in first.cells[3].outputs] == ["100% 3/3", "<object>"]
    assert b"\r" not in once


@pytest.mark.slow
@pytest.mark.parametrize("line", ["1 / 0", "import warnings; warnings.warn('planted')"], ids=["error", "warning"])
def test_a_failing_cell_leaves_the_old_notebook(source, line, capsys):
    chapters.build(source, execute_cells=False)
    before = chapters.built_path(source).read_bytes()
    edit(source, "from math import pi", f"from math import pi; {line}")
    with pytest.raises(CellExecutionError):
        chapters.build(source)
    assert main([], folder=source.parents[1]) == 1
    assert "nothing was written" in capsys.readouterr().err
    assert [chapters.built_path(source)] == list(source.parents[1].glob("*.ipynb*"))
    assert chapters.built_path(source).read_bytes() == before


def test_a_kernel_sees_nothing_of_the_machine(tmp_path, monkeypatch):
    monkeypatch.setenv("SEGLEARN_PROGRESS", "mine")
    monkeypatch.setenv("SEGLEARN_DATA", "mine")
    environment = kernel_environment(tmp_path / "a")
    assert all(str(tmp_path) in environment[name] for name in ("SEGLEARN_PROGRESS", "SEGLEARN_DATA", "IPYTHONDIR"))
    assert not any((tmp_path / "a" / "data").iterdir())
    assert os.environ["SEGLEARN_PROGRESS"] == "mine"


# Under nbval ---------------------------------------------------------------------------------------------------------


def run_under_nbval(folder, *cells, options=()):
    nbformat.write(new_notebook(cells=[new_code_cell(text) for text in cells]), folder / "planted.ipynb")
    # The root's conftest.py is a plugin here, because the planted notebook lies outside.
    command = [sys.executable, "-m", "pytest", "planted.ipynb", "-p", "conftest", "--color=no"]
    command += ["-p", "no:cacheprovider", "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(folder), *options]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "SEGLEARN_PROGRESS": "elsewhere"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, encoding="utf-8", check=False)


@pytest.mark.slow
def test_warnings_are_errors_in_notebook_kernels(tmp_path):
    cells = ["import warnings", "warnings.warn('planted', DeprecationWarning)", "1"]
    run = run_under_nbval(tmp_path, *cells)
    assert "DeprecationWarning" in run.stdout and "planted" in run.stdout
    assert "1 failed, 2 passed" in run.stdout


@pytest.mark.slow
def test_a_dead_kernel_is_noticed_in_seconds(tmp_path):
    run = run_under_nbval(tmp_path, "import os; os._exit(1)")
    assert "the kernel died while this cell ran" in run.stdout
    assert float(re.search(r"([\d.]+)  planted.ipynb", run.stdout)[1]) < 60  # nbval alone waits for the cell's timeout


@pytest.mark.slow
def test_a_notebook_runs_in_the_open_with_a_clean_desk(tmp_path):
    desk = "import os; from pathlib import Path; assert Path(os.environ['SEGLEARN_PROGRESS']).is_absolute()"
    run = run_under_nbval(tmp_path, desk, "assert not any(Path(os.environ['SEGLEARN_DATA']).iterdir())")
    assert run.returncode == 0, run.stdout
    assert "notebooks: seconds" in run.stdout and "in total" in run.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["planted.ipynb"]


@pytest.mark.slow
def test_a_quick_run_leaves_notebooks_out(tmp_path):
    run = run_under_nbval(tmp_path, "1", options=["-m", "not slow"])
    assert "1 deselected" in run.stdout


@pytest.mark.slow
def test_an_endless_cell_is_stopped(tmp_path):
    run = run_under_nbval(tmp_path, "while True: pass", options=["--nbval-cell-timeout=2"])
    assert "Timeout of 2 seconds exceeded" in run.stdout
