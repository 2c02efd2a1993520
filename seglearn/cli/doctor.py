"""`seglearn doctor`: look at this machine, say what is wrong, and name a cure for each thing."""

import os
import sys

from seglearn import __version__
from seglearn.cli.diagnosis import Problem, diagnose, dotted
from seglearn.cli.report import Report, examine


def describe(report: Report) -> list[tuple[str, str]]:
    """Return the report as rows of a label and a sentence."""

    def of(*names: str) -> str:
        return " · ".join(f"{name} {report.packages.get(name) or 'missing'}" for name in names)

    def gb(amount: float | None) -> str:
        return "unknown" if amount is None else f"{amount:.1f} GB"

    present = [name for name, is_here in report.present.items() if is_here]
    absent = [name for name, is_here in report.present.items() if not is_here]
    return [
        ("Python", f"{dotted(report.python)} on {report.system} ({report.executable})"),
        ("PyTorch", of("torch", "torchvision")),
        ("Device", report.device),
        ("Threads", f"{report.threads or 'unknown'} of {os.cpu_count()} processors"),
        ("Kernel", of("ipykernel", "jupyterlab")),
        ("Widgets", of("ipywidgets", "anywidget")),
        ("Tests", f"nbval {report.nbval or '- not installed, and only the tests need it'}"),
        ("Disk", f"{gb(report.disk_gb)} free"),
        ("Memory", f"{gb(report.free_memory_gb)} free of {gb(report.memory_gb)}"),
        ("Data", f"{report.data_root} ({report.data_why})" if report.data_why else "unknown"),
        ("  here", ", ".join([*present, "the drawn scenes, which need no files"])),
        ("  optional", f"{', '.join(absent)} (more: seglearn data list)" if absent else "everything is here"),
    ]


def verdict(problems: list[Problem]) -> list[str]:
    """Return the closing lines: all is well, or each problem with its cure."""
    if not problems:
        return ["✓ All is well. To open the course, type: seglearn lab"]
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    lines = [f"✗ {count} found."]
    for problem in problems:
        lines += [f"  ✗ {problem.what}", f"    → {problem.cure}"]
    return lines


def doctor() -> list[Problem]:
    """Print what there is on this machine and what is wrong; return the problems."""
    print(f"seglearn {__version__} looks at this machine; loading PyTorch takes a few seconds.", flush=True)
    report = examine()
    problems = diagnose(report)
    rows = [f"  {label:<11} {text}" for label, text in describe(report)]
    text = "\n".join(["", *rows, "", *verdict(problems)])
    print(speakable(text, getattr(sys.stdout, "encoding", None) or "utf-8"))
    return problems


def speakable(text: str, encoding: str) -> str:
    """Return `text` without the signs that an old terminal cannot show.

    Example:
        >>> speakable("✓ well → done", "ascii")
        'ok: well -> done'
    """
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        for sign, words in {"✓": "ok:", "✗": "problem:", "→": "->", "·": "|"}.items():
            text = text.replace(sign, words)
        text = text.encode(encoding, errors="replace").decode(encoding)
    return text
