"""What the learner has done, in a small file of JSON lines that is only ever appended to.

One line is one event, written at once, so that a crash costs at most its own line and two notebooks do not overwrite
each other. Where nothing can be written, events are kept for as long as the kernel lives.
"""

import json
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from seglearn.exercises.kinds import Exercise
from seglearn.exercises.sources import checkout
from seglearn.exercises.verdicts import PROGRESS, Card, Outcome, Table, Text

Event = dict[str, Any]
_unwritten: list[Event] = []
_warned: set[Path] = set()


def progress_file() -> Path:
    """Return where progress is kept: SEGLEARN_PROGRESS, else .seglearn in the checkout, else in the home folder."""
    if named := os.environ.get("SEGLEARN_PROGRESS"):
        return Path(named)
    return (checkout() or Path.home()) / ".seglearn" / "progress.jsonl"


def record(event: str, name: str, **facts: Any) -> str:
    """Append an event. Return "", or a sentence to the learner the first time that a file cannot be written."""
    line = {"event": event, "name": name, "time": time.strftime("%Y-%m-%dT%H:%M:%S"), **facts}
    path = progress_file()
    try:
        _append(path, json.dumps(line).encode("utf-8"))
    except OSError as error:
        _unwritten.append(line)
        if path in _warned:
            return ""
        _warned.add(path)
        return f"Progress is not saved: {path} cannot be written ({error.strerror or error}). Set SEGLEARN_PROGRESS to another file."
    return ""


def _append(path: Path, line: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab+", buffering=0) as file:
        torn = file.seek(0, os.SEEK_END) > 0 and file.seek(-1, os.SEEK_END) >= 0 and file.read(1) != b"\n"
        file.write(b"\n" * torn + line + b"\n")  # one write: whole lines, also from two notebooks at once


def events(path: Path | None = None) -> list[Event]:
    """Return every event in order; lines that are torn or not ours are skipped."""
    try:
        lines = (path or progress_file()).read_bytes().splitlines()
    except OSError:
        lines = []
    return [event for line in lines if (event := _parsed(line))] + _unwritten


def _parsed(line: bytes) -> Event | None:
    try:
        event = json.loads(line)
    except ValueError:
        return None
    known = isinstance(event, dict) and all(isinstance(event.get(key), str) for key in ("event", "name", "time"))
    return event if known else None


@dataclass
class Standing:
    """How far a learner is with one exercise. A PASS stays."""

    outcome: str = Outcome.NOT_ATTEMPTED.value.word
    attempts: int = 0
    hints: int = 0
    solution: bool = False
    last: str = ""
    guesses: list[Any] = field(default_factory=list)


def standings(found: Iterable[Event] | None = None) -> dict[str, Standing]:
    """Return the standing of every exercise that something has happened to.

    Example:
        >>> happened = [{"event": "check", "name": "01.a", "time": "noon", "outcome": "PASS"}]
        >>> standings(happened)["01.a"].attempts
        1
    """
    table: dict[str, Standing] = {}
    for event in events() if found is None else found:
        standing = table.setdefault(event["name"], Standing())
        if event["event"] == "check":
            standing.attempts += 1
            if standing.outcome != Outcome.PASS.value.word:
                standing.outcome = str(event.get("outcome", ""))
        standing.hints = max(standing.hints, event.get("step", 0) if event["event"] == "hint" else 0)
        standing.solution |= event["event"] == "solution"
        standing.last = event["time"]
    return table


def overview(exercises: Iterable[Exercise]) -> Card:
    """Return the table of all exercises with what has happened to each."""
    symbols = {outcome.value.word: outcome.value.symbol for outcome in Outcome}
    known, rows, passed = standings(), [], 0
    for exercise in exercises:
        now = known.get(exercise.name, Standing())
        passed += now.outcome == Outcome.PASS.value.word
        help_used = f"{now.hints} of {len(exercise.hints)}" + (", solution" if now.solution else "")
        state = f"{symbols.get(now.outcome, '')} {now.outcome}"
        rows.append((exercise.name, exercise.title, state, str(now.attempts), help_used, now.last.replace("T", " ")))
    if not rows:
        return Card(PROGRESS, "", "No exercises are installed.")
    header = ("exercise", "title", "outcome", "attempts", "hints", "last time")
    return Card(
        PROGRESS,
        "",
        f"{passed} of {len(rows)} exercises passed",
        (Table(rows, header, prose=True), Text("A pass stays.")),
    )
