"""Open the course in JupyterLab, with the course's settings and without touching the reader's own."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

from seglearn.cli.machine import checkout

SETTINGS = Path(__file__).parent / "jupyter"


def find_notebook(folder: Path, wanted: str) -> Path:
    """Return the notebook whose number is `wanted`: "3", "03" and "03_convolution" are one chapter.

    Raises:
        SystemExit: there is none; the message lists what there is.
    """
    number = wanted.split("_")[0].zfill(2)
    there = sorted(folder.glob("[0-9][0-9]_*.ipynb"))
    for path in there:
        if path.name.startswith(f"{number}_"):
            return path
    names = ", ".join(path.stem for path in there) or "none"
    sys.exit(f"seglearn lab: there is no notebook {wanted!r} in {folder}. The notebooks there: {names}.")


def arguments(root: Path, notebook: Path, *, port: int | None, browser: bool, as_root: bool) -> list[str]:
    """Return what JupyterLab must be told; its own workspace keeps the reader's other tabs where they are."""
    page = notebook.relative_to(root).as_posix()
    told = [f"--ServerApp.root_dir={root}", f"--LabApp.default_url=/lab/workspaces/seglearn/tree/{page}"]
    if port is not None:
        told += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    if not browser:
        told += ["--no-browser"]
    if as_root:
        told += ["--allow-root"]
    return told


def settings_path(settings: Path = SETTINGS) -> str:
    """Return the JUPYTER_CONFIG_PATH that puts the course's settings before what is there already."""
    return os.pathsep.join(filter(None, [str(settings), os.environ.get("JUPYTER_CONFIG_PATH")]))


def lab(*, port: int | None = None, browser: bool = True, notebook: str = "00", extra: list[str] | None = None) -> int:
    """Run JupyterLab on one notebook until Ctrl-C; `extra` goes to JupyterLab as it stands."""
    root = checkout()
    if root is None:
        sys.exit(
            "seglearn lab: the notebooks are not part of the installed package. Get the course's folder (git clone, or the"
            " ZIP file of the repository), go there, and type: python -m pip install -e ."
        )
    page = find_notebook(root / "notebooks", notebook)
    if find_spec("jupyterlab") is None:
        sys.exit("seglearn lab: JupyterLab is not installed. Type `seglearn doctor`: it names the cure.")
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    if as_root:
        print("You are root (a container?), so JupyterLab is started with --allow-root.")
    print(f"Opening {page.relative_to(root).as_posix()} in JupyterLab. Ctrl-C in this terminal ends it.", flush=True)
    os.environ["JUPYTER_CONFIG_PATH"] = settings_path()
    from jupyterlab.labapp import main as jupyterlab

    told = arguments(root, page, port=port, browser=browser, as_root=as_root)
    return jupyterlab(told + (extra or [])) or 0
