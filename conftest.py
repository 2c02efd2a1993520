"""How pytest runs the notebooks: nbval, with a clean kernel for each, warnings as errors, and a clock."""

import tempfile
import time
from collections import Counter
from functools import partial
from pathlib import Path
from queue import Empty

import nbval.kernel
import pytest

from seglearn.build.kernels import kernel_environment

collect_ignore = ["notebooks/source"]  # what the notebooks are built from is no module with doctests
BUDGET_S = 90  # what a notebook may take on two CPU cores; more is said, not failed
HEARTBEAT_S = 1
seconds: Counter[str] = Counter()
start_kernel = nbval.kernel.start_new_kernel


def start_clean_kernel(session_folder, *args, stderr, **kwargs):
    """Start nbval's kernel with settings, progress and data of its own, and close the file that nbval leaves open."""
    folder = tempfile.mkdtemp(dir=session_folder)
    with stderr:
        return start_kernel(*args, stderr=stderr, env=kernel_environment(Path(folder)), **kwargs)


def await_reply(self, msg_id, timeout=None):
    """Wait for the end of a cell as nbval does, but listen for the kernel's heart: a dead one is known in seconds."""
    end = time.monotonic() + (float("inf") if timeout is None else timeout)
    while True:
        try:
            message = self.get_message(stream="shell", timeout=HEARTBEAT_S)
        except Empty:
            if not self.is_alive():
                raise RuntimeError("the kernel died while this cell ran: out of memory, or a crash") from None
            if time.monotonic() > end:
                raise
            continue
        if message["parent_header"].get("msg_id") == msg_id:
            if message["content"]["status"] == "aborted":
                raise RuntimeError("the kernel refused to run this cell")
            return


def pytest_configure(config):
    session_folder = tempfile.TemporaryDirectory(prefix="seglearn-", ignore_cleanup_errors=True)
    config.add_cleanup(session_folder.cleanup)
    nbval.kernel.start_new_kernel = partial(start_clean_kernel, session_folder.name)
    nbval.kernel.RunningKernel.await_reply = await_reply


def is_cell(nodeid: str) -> bool:
    return ".ipynb::" in nodeid


@pytest.hookimpl(tryfirst=True)  # before -m chooses
def pytest_collection_modifyitems(items):
    for item in items:
        if is_cell(item.nodeid):
            item.add_marker(pytest.mark.slow)


def pytest_runtest_logreport(report):
    if is_cell(report.nodeid):
        seconds[report.nodeid.split("::")[0]] += report.duration


def pytest_terminal_summary(terminalreporter):
    if not seconds:
        return
    terminalreporter.section("notebooks: seconds")
    for name, spent in seconds.items():
        over = f"   over the budget of {BUDGET_S}" if spent > BUDGET_S else ""
        terminalreporter.line(f"{spent:8.1f}  {name}{over}")
    terminalreporter.line(f"{sum(seconds.values()):8.1f}  in total")
