"""`seglearn data`: what there is to learn on, what of it is on this machine, and how to get the rest."""

import sys

from seglearn.data import DATASETS, DatasetCard, DownloadError, data_root, explain_data_root, fetch, is_present


def list_datasets(root: str | None = None) -> int:
    """Print every data set with its size and whether it is here; return the exit status."""
    where, why = (data_root(root), "you named it") if root else explain_data_root()
    print(f"Real data is looked for in {where}: {why}.\n")
    rows = [("NAME", "HERE", "DOWNLOAD", "WHAT"), *(_row(card, root) for card in DATASETS.values())]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    print("\nSets that are always here need no network. To get a real one, type: seglearn data fetch NAME")
    return 0


def _row(card: DatasetCard, root: str | None) -> tuple[str, ...]:
    if card.is_at_hand:
        return card.name, "always", "-", card.title
    return card.name, "yes" if is_present(card.name, root) else "no", f"{card.size_mb} MB", card.title


def fetch_dataset(name: str, *, root: str | None = None, mirror: str | None = None) -> int:
    """Download one data set unless it is here, say where it is, and return the exit status."""
    if name not in DATASETS:
        return _fail(f"there is no data set named {name!r}. Choose from: {', '.join(DATASETS)}.")
    card = DATASETS[name]
    if card.is_at_hand:
        print(f"{name} is always here: there is nothing to download. {card.credit}")
        return 0
    print(f"{card.title}. License: {card.license}.", flush=True)
    try:
        folder = fetch(name, root=root, mirror=mirror)
    except DownloadError as error:
        return _fail(str(error))
    except KeyboardInterrupt:
        return _fail("you stopped it. Nothing half-written was left behind; the same command starts again.")
    print(f"{name} is in {folder}")
    return 0


def _fail(sentence: str) -> int:
    print(f"seglearn data: {sentence}", file=sys.stderr)
    return 1
