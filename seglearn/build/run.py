"""Run a notebook from top to bottom in a fresh kernel."""

import asyncio
import sys
import tempfile
from pathlib import Path

from nbclient import NotebookClient
from nbformat import NotebookNode

from seglearn.build.kernels import kernel_environment
from seglearn.build.source import solved_notebook

CELL_TIMEOUT_S = 600


def execute(notebook: NotebookNode, *, cwd: Path, progress: Path | None = None) -> NotebookNode:
    """Return the same notebook, executed in `cwd` with outputs as the kernel gave them.

    The exercises record into `progress`, or where that is not given into a file that is gone afterwards.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell raised something, a warning included.
    """
    with tempfile.TemporaryDirectory(prefix="seglearn-", ignore_cleanup_errors=True) as folder:
        environment = kernel_environment(Path(folder))
        if progress is not None:
            environment["SEGLEARN_PROGRESS"] = str(progress)
        if sys.platform == "win32":  # zmq needs an event loop that Windows does not choose by itself
            asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())
        client = NotebookClient(notebook, timeout=CELL_TIMEOUT_S, kernel_name="python3", record_timing=False)
        client.extra_arguments = ["--log-level=ERROR"]  # the kernel's own remarks are not the notebook's
        client.execute(cwd=str(cwd), env=environment)
    return notebook


def solve(source: Path, *, progress: Path) -> NotebookNode:
    """Return the executed notebook of a chapter with the solutions in place; its checks record into `progress`."""
    return execute(solved_notebook(source), cwd=source.parents[1], progress=progress)
