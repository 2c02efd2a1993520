"""What the learner gets to see: a card with a badge, rendered as text and as HTML.

The HTML styles itself inline and takes its ink and ground from the page, so that it reads in light and dark themes and
in viewers that drop style sheets. Outcomes differ by word and symbol, never by color alone.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from html import escape
from textwrap import indent

INK, FAINT = "var(--jp-content-font-color1, inherit)", "var(--jp-content-font-color2, inherit)"
LINE, WASH = "rgba(128,128,128,.35)", "rgba(128,128,128,.10)"
MONO = "font-family:var(--jp-code-font-family, ui-monospace, monospace);font-size:.93em"


@dataclass(frozen=True)
class Badge:
    """A symbol, a word and a color that carries white letters."""

    symbol: str
    word: str
    color: str


class Outcome(Enum):
    """How a check ends."""

    PASS = Badge("✓", "PASS", "#1a7f37")
    NOT_YET = Badge("↻", "NOT YET", "#9a5700")
    NOT_ATTEMPTED = Badge("○", "NOT ATTEMPTED", "#5b6470")
    ERROR = Badge("✗", "ERROR IN YOUR CODE", "#b3261e")


HINT, SOLUTION = Badge("?", "HINT", "#6639a6"), Badge("⚑", "SOLUTION", "#6639a6")
GUESS, GAP, PROGRESS = (Badge(s, w, "#0b5cad") for s, w in (("✎", "GUESS"), ("⇄", "GAP"), ("☰", "PROGRESS")))


@dataclass(frozen=True)
class Text:
    """One paragraph; `strong` for the sentence that matters."""

    words: str
    strong: bool = False

    def text(self) -> str:
        return self.words

    def html(self) -> str:
        weight = "600" if self.strong else "400"
        return f'<p style="margin:.35em 0;font-weight:{weight}">{_prose(self.words)}</p>'


@dataclass(frozen=True)
class Code:
    """Lines of code or of a traceback, under a label."""

    label: str
    lines: str

    def text(self) -> str:
        return f"{self.label}:\n{indent(self.lines, '    ')}" if self.label else indent(self.lines, "    ")

    def html(self) -> str:
        label = f'<div style="color:{FAINT};margin:.5em 0 .15em">{_prose(self.label)}</div>' if self.label else ""
        box = f"{MONO};color:{INK};background:{WASH};border-radius:4px;padding:.5em .7em;margin:.2em 0;overflow-x:auto"
        return f'{label}<pre style="{box};white-space:pre">{escape(self.lines)}</pre>'


@dataclass(frozen=True)
class Table:
    """Rows of words under a header, which may be empty. The first column names the row; the others hold code, or prose."""

    rows: Sequence[Sequence[str]]
    header: Sequence[str] = ()
    prose: bool = False

    def text(self) -> str:
        rows = [
            [cell.splitlines() or [""] for cell in row] for row in ([self.header] if self.header else []) + [*self.rows]
        ]
        widths = [max(len(line) for row in rows for line in row[column]) for column in range(len(rows[0]))]
        lines = []
        for row in rows:
            for part in range(max(len(cell) for cell in row)):
                cells = [(cell[part] if part < len(cell) else "").ljust(w) for cell, w in zip(row, widths, strict=True)]
                lines.append("  ".join(cells).rstrip())
        return "\n".join(lines)

    def html(self) -> str:
        cell = f"text-align:left;vertical-align:top;padding:.2em 1.2em .2em 0;border-bottom:1px solid {LINE}"
        head = "".join(f'<th scope="col" style="{cell};color:{FAINT}">{escape(name)}</th>' for name in self.header)
        letters = "" if self.prose else f";{MONO};white-space:pre-wrap"
        rows = ""
        for first, *rest in self.rows:
            rows += f'<tr style="background:transparent"><th scope="row" style="{cell};font-weight:600">{_prose(first)}</th>'
            rows += (
                "".join(
                    f'<td style="{cell}{letters}">{_prose(words) if self.prose else escape(words)}</td>'
                    for words in rest
                )
                + "</tr>"
            )
        top = f"<thead><tr>{head}</tr></thead>" if head else ""
        style = f"border-collapse:collapse;margin:.5em 0;color:{INK};font-size:inherit;border:0"
        return f'<table style="{style}">{top}<tbody>{rows}</tbody></table>'


@dataclass(frozen=True)
class Pictures:
    """Small pictures side by side: (caption, PNG, text alternative)."""

    items: Sequence[tuple[str, bytes, str]]

    def text(self) -> str:
        return "\n".join(f"[picture: {caption}] {alternative}" for caption, _, alternative in self.items)

    def html(self) -> str:
        figures = ""
        for caption, png, alternative in self.items:
            source = f"data:image/png;base64,{base64.b64encode(png).decode()}"
            image = f'<img src="{source}" alt="{escape(alternative)}" style="border:1px solid {LINE};display:block">'
            words = f'<figcaption style="color:{FAINT};margin-top:.2em">{escape(caption)}</figcaption>'
            figures += f'<figure style="margin:0">{image}{words}</figure>'
        return f'<div style="display:flex;flex-wrap:wrap;gap:1.2em;margin:.6em 0">{figures}</div>'


@dataclass(frozen=True)
class Card:
    """A badge, a name with a title, and blocks below them."""

    badge: Badge
    name: str
    title: str
    blocks: tuple[Text | Code | Table | Pictures, ...] = ()

    def __repr__(self) -> str:
        head = "  ".join(part for part in (f"{self.badge.symbol} {self.badge.word}", self.name, self.title) if part)
        return "\n".join([head, *(indent(block.text(), "  ") for block in self.blocks)])

    def _repr_html_(self) -> str:
        badge = f"background:{self.badge.color};color:#fff;border-radius:4px;padding:.15em .6em;font-weight:700;font-size:.9em"
        card = f"border:1px solid {LINE};border-left:5px solid {self.badge.color};border-radius:6px;padding:.6em 1em;margin:.3em 0"
        title = f' <span style="font-weight:600">{_prose(self.title)}</span>' if self.title else ""
        name = f'<code style="background:transparent;color:{FAINT}">{escape(self.name)}</code>' if self.name else ""
        head = f'<span style="{badge};white-space:nowrap">{self.badge.symbol} {self.badge.word}</span>{title} {name}'
        body = "".join(block.html() for block in self.blocks)
        label = escape(f"{self.badge.word}: {self.name} {self.title}".strip())
        shape = f"{card};color:{INK};line-height:1.45;max-width:54em;overflow-x:auto"
        return f'<section aria-label="{label}" style="{shape}"><div style="margin-bottom:.3em">{head}</div>{body}</section>'


@dataclass(frozen=True, repr=False)
class Verdict(Card):
    """The card of a check. `outcome` is one of the four; `recognized` is the name of the wrong answer it was taken for."""

    outcome: Outcome = Outcome.NOT_ATTEMPTED
    recognized: str = ""

    @property
    def passed(self) -> bool:
        return self.outcome is Outcome.PASS


def verdict(outcome: Outcome, name: str, title: str, *blocks, recognized: str = "") -> Verdict:
    """Return the card of a check that ended in `outcome`."""
    return Verdict(outcome.value, name, title, tuple(block for block in blocks if block), outcome, recognized)


def _prose(words: str) -> str:
    """Return HTML in which `quoted code` is code."""
    parts = escape(words).split("`")
    style = f"{MONO};background:{WASH};border-radius:3px;padding:0 .25em;color:{INK}"
    return "".join(
        f'<code style="{style}">{p}</code>' if i % 2 and i < len(parts) - 1 else p for i, p in enumerate(parts)
    )
