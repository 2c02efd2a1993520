"""Rows of a table: kept one by one as they are measured, and read back as mean and spread. The commands share this."""

import datetime
import json
import platform
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import mean, stdev

Row = dict
RESULTS = Path(__file__).parent / "results"


def keep(row: Row, out: Path, *, part: str, same: Sequence[str], head: Row) -> None:
    """Write one row into `part` of a results file, in place of an older one that agrees in all of `same`.

    All other rows stay. The file is replaced as a whole, so that a command that is stopped leaves a table that can be
    read. `head` says how the table was made; date, machine and torch's version are added.
    """
    table = json.loads(out.read_text(encoding="utf-8")) if out.exists() else {}
    parts = {name: rows for name, rows in table.items() if isinstance(rows, list)}
    rows = parts.setdefault(part, [])
    places = [place for place, old in enumerate(rows) if all(old[key] == row[key] for key in same)]
    place = places[0] if places else len(rows)
    rows[place : place + 1] = [row]
    lines = [f" {json.dumps(name)}: {json.dumps(value)}" for name, value in {**_when_and_where(), **head}.items()]
    for name, rows in sorted(parts.items()):
        lines.append(f" {json.dumps(name)}: [\n" + ",\n".join("  " + json.dumps(one) for one in rows) + "\n ]")
    out.parent.mkdir(exist_ok=True)
    draft = out.with_suffix(".part")
    draft.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    draft.replace(out)


def _when_and_where() -> Row:
    import torch  # not above: the page of tables is written without it

    return {
        "date": datetime.date.today().isoformat(),
        "machine": f"{platform.system()} {platform.machine()}, {torch.get_num_threads()} thread",
        "torch": torch.__version__.split("+")[0],
    }


def read(name: str) -> dict:
    """Return what a command kept in results/<name>.json."""
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))


def chosen(rows: Iterable[Row], **wanted: object) -> list[Row]:
    """Return the rows that have these values, a row for each seed.

    Example:
        >>> chosen([{"design": "UNet", "seed": 0}, {"design": "FCN-8", "seed": 0}], design="UNet")
        [{'design': 'UNet', 'seed': 0}]
    """
    return [row for row in rows if all(row[key] == value for key, value in wanted.items())]


def told(rows: Sequence[Row], key: str) -> str:
    """Return the mean of a score over the seeds, and its standard deviation from one seed to the next.

    Example:
        >>> told([{"mean_iou": 0.5}, {"mean_iou": 0.6}, {"mean_iou": 0.7}], "mean_iou")
        '0.600 ± 0.100'
    """
    values = [row[key] for row in rows]
    return f"{mean(values):.3f} ± {stdev(values):.3f}" if len(values) > 1 else f"{mean(values):.3f}"
