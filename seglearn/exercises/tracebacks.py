"""An exception as the learner needs it: their own lines and the message, nothing of ours and nothing of torch's."""

import functools
import inspect
import linecache
import re
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

CELL = re.compile(r"ipykernel_\d+|^<ipython-input|^<(?!frozen|__array_function__|string|eval_with)")
COURSE = str(Path(__file__).parents[1])


def home_of(answer: Callable[..., Any]) -> str:
    """Return the name of the file or cell in which a function was written, "" where there is none."""
    function = inspect.unwrap(answer)
    while isinstance(function, functools.partial):
        function = inspect.unwrap(function.func)
    function = getattr(function, "__func__", function)
    code = getattr(function, "__code__", None) or getattr(getattr(type(function), "__call__", None), "__code__", None)
    return code.co_filename if code else ""


def _is_own(frame: traceback.FrameSummary, home: str) -> bool:
    return frame.filename == home or (bool(CELL.search(frame.filename)) and not frame.filename.startswith(COURSE))


def raised_here(error: BaseException, answer: Callable[..., Any]) -> bool:
    """Say whether the learner's own code raised, rather than something that it called."""
    frames = traceback.extract_tb(error.__traceback__)
    return bool(frames) and _is_own(frames[-1], home_of(answer))


def own_lines(error: BaseException, answer: Callable[..., Any]) -> str:
    """Return the learner's lines that led to an exception, outermost first, then its type and message.

    A recursion that never ends is cut to its first lines.
    """
    home = home_of(answer)
    own = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_own(frame, home)]
    lines = []
    for frame in own[:6]:
        code = (frame.line or linecache.getline(frame.filename, frame.lineno)).strip()
        lines.append(f"line {frame.lineno}, in {frame.name}" + (f"\n    {code}" if code else ""))
    if len(own) > 6:
        lines.append(f"... and {len(own) - 6} lines more")
    message = "\n".join(str(error).strip().splitlines()[:5])[:600]
    return "\n".join([*lines, f"{type(error).__name__}: {message}" if message else type(error).__name__])
