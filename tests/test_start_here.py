"""Chapter 00 runs on other worlds too: what the learner does by changing one line."""

import re
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

from seglearn.build.source import learner_notebook

SOURCE = Path(__file__).parents[1] / "notebooks" / "source" / "00_start_here.py"
WORLDS = {"drawn-nuclei": (64, 64), "camvid": (72, 96), "nuclei": (96, 96)}


def with_constants(code: str, **constants: str) -> str:
    """Return the code with each `name = ...` at the start of a line replaced."""
    for name, value in constants.items():
        name = name.replace("_and_", ", ")
        code, found = re.subn(rf"^{name} = .*$", f"{name} = {value}", code, flags=re.MULTILINE)
        assert found == 1, f"{SOURCE.name}: `{name} = ...` must stand exactly once, found {found}"
    return code


@pytest.mark.slow
@pytest.mark.parametrize("world", WORLDS)
def test_the_same_cells_run_on_another_world(world, request, monkeypatch, tmp_path):
    if world in ("camvid", "nuclei"):
        monkeypatch.setenv("SEGLEARN_DATA", str(request.getfixturevalue("real_data")))
    monkeypatch.setenv("SEGLEARN_PROGRESS", str(tmp_path / "progress.jsonl"))
    monkeypatch.chdir(SOURCE.parents[1])
    monkeypatch.setattr(plt, "show", lambda: plt.close("all"))
    code = "\n\n".join(cell.source for cell in learner_notebook(SOURCE).cells if cell.cell_type == "code")
    code = with_constants(code, WORLD_and_SIZE=f"{world!r}, {WORLDS[world]}", EPOCHS_and_BATCH_and_RATE="1, 8, 5e-3")
    names: dict = {}
    exec(compile(code, SOURCE.name, "exec"), names)
    assert names["confusion"].sum() > 0 and len(names["history"]) == 1
    assert names["preds"].shape[1:] == WORLDS[world]
