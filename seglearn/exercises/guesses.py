"""Predictions: guess first, look afterwards, then explain the gap.

A guess may be changed until its gap has been shown; then it stays, because a guess that knows the answer is none
(`again=True` starts over). Guesses are kept in the progress file: plain values as they are, others by their repr.
"""

from numbers import Number
from typing import Any

from seglearn.exercises.compare import difference, spell_number
from seglearn.exercises.judging import holds_blank
from seglearn.exercises.pictures import spell
from seglearn.exercises.records import events, record
from seglearn.exercises.verdicts import GAP, GUESS, Card, Code, Text

_made: dict[str, Any] = {}  # this kernel's guesses as objects
NOTHING = object()


def guess(name: str, value: Any = ..., *, again: bool = False) -> Card:
    """Store a prediction and show it. `...` means not yet; an ordinary number, text or tensor is fine."""
    value = _plain(value)
    if holds_blank(value):
        return Card(GUESS, name, "What do you think will come out?", (Text("Put your guess in place of `...`."),))
    kept, seen = _stored(name)
    if seen and not again and kept is not NOTHING and not _agree(value, kept):
        said = f"Your first guess stays: {spell(kept)}. The answer has been shown since (`again=True` starts over)."
        return Card(GUESS, name, "", (Text(said),))
    _made[name] = value
    warning = "" if kept is not NOTHING and _agree(value, kept) else record("guess", name, **_portable(value))
    return Card(GUESS, name, f"noted: {spell(value)}", (Text(warning),) if warning else ())


def gap(name: str, actual: Any) -> Card:
    """Show the guess beside what came out, and their difference in one line."""
    actual = _plain(actual)
    kept, seen = _stored(name)
    if kept is NOTHING:
        return Card(GAP, name, f"It is {spell(actual)}.", (Text("You have not guessed: next time, guess first."),))
    warning = "" if seen else record("gap", name)
    if isinstance(kept, Number) and isinstance(actual, Number) and not isinstance(actual, bool):
        told = Text(_distance(kept, actual), strong=True)
    else:
        told = Text("You guessed it." if _agree(kept, actual) else "The two differ. Why?", strong=True)
    return Card(
        GAP, name, "", (Code("", f"your guess  {spell(kept)}\nit is       {spell(actual)}"), told, *_texts(warning))
    )


def _texts(warning: str) -> tuple[Text, ...]:
    return (Text(warning),) if warning else ()


def _distance(kept: Any, actual: Any) -> str:
    """Return how far a guess was off, absolutely and relatively.

    Example:
        >>> _distance(30, 40)
        '10 too low (25 % of what it is)'
    """
    off = kept - actual
    if off == 0:
        return "You guessed it."
    if isinstance(off, complex) or off != off:
        return "The two differ. Why?"
    relative = f" ({abs(off / actual):.0%} of what it is)".replace("%", " %") if actual else ""
    return f"{spell_number(abs(off))} too {'low' if off < 0 else 'high'}{relative}"


def _plain(value: Any) -> Any:
    """Return the number in a tensor or array without axes, a torch.Size or list as a tuple, all else as it is."""
    if getattr(value, "ndim", None) == 0 and hasattr(value, "item"):
        return value.item()
    return tuple(value) if isinstance(value, list | tuple) else value


def _agree(a: Any, b: Any) -> bool:
    """Say whether a guess is what came out; of texts, capitals and spaces around them do not count."""
    if isinstance(a, str) and isinstance(b, str):
        return a.strip().lower() == b.strip().lower()
    try:
        return difference(a, b) is None
    except Exception:
        return False


def _portable(value: Any) -> dict[str, Any]:
    plain = isinstance(value, bool | int | float | str) or (
        isinstance(value, tuple) and all(map(_portable_part, value))
    )
    return {"value": value} if plain else {"words": spell(value)}


def _portable_part(value: Any) -> bool:
    return isinstance(value, bool | int | float | str)


def _stored(name: str) -> tuple[Any, bool]:
    """Return the last guess under a name (NOTHING where there is none) and whether its gap has been shown."""
    kept, seen = NOTHING, False
    for event in events():
        if event["name"] == name and event["event"] == "guess":
            kept, seen = _plain(event.get("value", event.get("words"))), False
        elif event["name"] == name and event["event"] == "gap":
            seen = True
    return (_made.get(name, kept) if kept is not NOTHING else kept), seen
