"""The door: `seglearn lab`, `seglearn doctor`, `seglearn data`. Each command is imported when it is asked for."""

import argparse
import sys

from seglearn import __version__


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit status; `argv` is what was typed after `seglearn`.

    Example:
        >>> main(["--version"])
        Traceback (most recent call last):
        SystemExit: 0
    """
    typed = sys.argv[1:] if argv is None else list(argv)
    own, for_jupyter = _split(typed)
    parser = _parser()
    options = parser.parse_args(own)
    if for_jupyter and options.command != "lab":
        parser.error(f"only `seglearn lab` hands arguments on, got {' '.join(for_jupyter)} after --.")
    if options.command == "lab":
        from seglearn.cli.lab import lab

        return lab(port=options.port, browser=options.browser, notebook=options.notebook, extra=for_jupyter)
    if options.command == "doctor":
        from seglearn.cli.doctor import doctor

        return 1 if doctor() else 0
    if options.command == "data":
        from seglearn.cli.datasets import fetch_dataset, list_datasets

        if options.act == "list":
            return list_datasets(options.root)
        return fetch_dataset(options.name, root=options.root, mirror=options.mirror)
    parser.print_help()
    return 0


def _split(typed: list[str]) -> tuple[list[str], list[str]]:
    """Return what stands before and after a lone `--`."""
    cut = typed.index("--") if "--" in typed else len(typed)
    return typed[:cut], typed[cut + 1 :]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="seglearn",
        description="An executable course on deep-learning image segmentation.",
        epilog="New here? Type: seglearn lab",
    )
    parser.add_argument("--version", action="version", version=f"seglearn {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")

    lab = commands.add_parser(
        "lab",
        help="open the course in JupyterLab",
        description="Open the course in JupyterLab. Ctrl-C in the terminal ends it.",
        epilog="Arguments after -- go to JupyterLab: seglearn lab -- --ServerApp.ip=0.0.0.0",
    )
    lab.add_argument("--port", type=int, metavar="N", help="exactly this port (otherwise the first free one from 8888)")
    lab.add_argument("--no-browser", dest="browser", action="store_false", help="print the address, open no browser")
    lab.add_argument("--notebook", default="00", metavar="03", help="the chapter to open (default: 00)")

    commands.add_parser(
        "doctor",
        help="check this machine and say how to cure what is wrong",
        description="Check this machine. The exit status is 1 when something is wrong.",
    )

    data = commands.add_parser("data", help="list the data sets, or fetch a real one", description="The data sets.")
    acts = data.add_subparsers(dest="act", metavar="ACTION", required=True, title="actions")
    shown = acts.add_parser("list", help="what there is, and what is on this machine")
    fetched = acts.add_parser("fetch", help="download a real data set (needs a network)")
    fetched.add_argument("name", metavar="NAME", help="a name that `seglearn data list` shows")
    fetched.add_argument(
        "--mirror", metavar="URL", help="take the same files from another address (slow official hosts)"
    )
    for act in (shown, fetched):
        act.add_argument(
            "--root", metavar="DIR", help="the folder of the data (default: SEGLEARN_DATA, else the course's)"
        )
    return parser
