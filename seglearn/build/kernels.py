"""The clean place where notebooks run: nothing of the learner's machine leaks in, nothing is left behind."""

import os
from pathlib import Path

# Runs in the kernel once it is up: from here on a warning in a cell, or in what it calls, is an error.
# The kernel's own machinery may go on warning: a learner can do nothing about it.
STARTUP = """
import warnings

warnings.filterwarnings("error")
for _machinery in ("asyncio", "ipykernel", "IPython", "jupyter_client", "tornado", "traitlets", "zmq"):
    warnings.filterwarnings("ignore", module=rf"{_machinery}(\\.|$)")
del warnings, _machinery
"""


def kernel_environment(folder: Path) -> dict[str, str]:
    """Return the environment variables of a kernel whose settings, progress file and data live in an empty `folder`.

    Real data sets are out of sight, so that every machine builds and tests the same notebook from the drawn worlds.
    """
    startup = folder / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "00-warnings.py").write_text(STARTUP, encoding="utf-8")
    (folder / "data").mkdir()
    return {
        **os.environ,
        "IPYTHONDIR": str(folder / "ipython"),
        "SEGLEARN_PROGRESS": str(folder / "progress.jsonl"),
        "SEGLEARN_DATA": str(folder / "data"),
    }
