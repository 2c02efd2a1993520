"""The house keeps its floors: a room may import only from floors below its own."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[1] / "seglearn"
FLOORS = [  # ground floor first; rooms on one floor are neighbors and meet by argument
    {"checks", "labels", "windows"},
    {"data", "convolution", "pooling", "upsampling", "regions", "roi", "graphs", "losses", "metrics"},
    {"models", "training", "tracking", "plots"},
    {"widgets", "exercises"},
    {"cli", "build", "__main__"},
]
GUESTS = {  # who may call whom in from outside
    "matplotlib": {"plots", "widgets", "exercises"},
    "ipywidgets": {"widgets", "exercises"},
    "anywidget": {"widgets"},
    "jupytext": {"build"},
    "nbclient": {"build"},
}
NEIGHBORS = {  # agreed exceptions, each with its reason
    ("checks", "labels"): "the words for a wrong label name IGNORE",
    ("__main__", "cli"): "`python -m seglearn` is the same command",
}


def room_of(path: Path, house: Path = HOUSE) -> str:
    return path.relative_to(house).parts[0].removesuffix(".py")


def floor(room: str) -> int:
    return next(level for level, rooms in enumerate(FLOORS) if room in rooms)


def imported(path: Path) -> list[str]:
    """Return the dotted names of everything a file imports, wherever in the file the import stands."""
    names = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: write the full name of what is imported"
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return names


def trespasses(path: Path, house: Path = HOUSE) -> list[str]:
    """Return a sentence for every import that climbs, crosses or calls in a guest of another room."""
    room, found = room_of(path, house), []
    for name in imported(path):
        package, *rest = name.split(".")
        if package == "seglearn" and rest and rest[0] != "__version__":
            guest = rest[0]
            below = guest == room or floor(guest) < floor(room)
            if not below and (room, guest) not in NEIGHBORS:
                found.append(f"{room} (floor {floor(room)}) may not import {name} (floor {floor(guest)})")
        if room not in GUESTS.get(package, {room}):
            found.append(f"{room} may not import {name}")
    return found


ROOMS = sorted(path for path in HOUSE.rglob("*.py") if path != HOUSE / "__init__.py")


@pytest.mark.parametrize("path", ROOMS, ids=lambda path: path.relative_to(HOUSE).as_posix())
def test_rooms_import_only_from_below(path):
    assert trespasses(path) == []


@pytest.mark.parametrize("path", ROOMS, ids=lambda path: path.relative_to(HOUSE).as_posix())
def test_rooms_stay_small(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 300, f"{path.name}: does it hold two ideas?"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            spoken = len((ast.get_docstring(node, clean=False) or "").splitlines())
            length = node.end_lineno - node.lineno + 1 - spoken
            assert length <= 45, f"{path.name}: {node.name} has {length} lines of code"


@pytest.mark.parametrize(
    ["room", "line"],
    [
        ("losses", "from seglearn.training import fit"),
        ("losses", "import seglearn.models.unet"),
        ("losses", "from seglearn.metrics import iou"),
        ("labels", "def late():\n    from seglearn import plots"),
        ("metrics", "import matplotlib.pyplot as plt"),
    ],
    ids=["upward", "upward-dotted", "sideways", "hidden-in-a-function", "guest"],
)
def test_a_planted_trespass_is_seen(tmp_path, room, line):
    house = tmp_path / "seglearn"
    house.mkdir()
    (house / f"{room}.py").write_text(line, encoding="utf-8")
    assert len(trespasses(house / f"{room}.py", house)) == 1


def test_the_front_door_is_light():
    code = "import sys, seglearn; sys.exit(any(m in sys.modules for m in ('torch', 'numpy', 'matplotlib')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
