"""What `seglearn doctor` runs in a process of its own: a library that is broken then breaks only this process.

Prints one JSON object per line: `{"begins": name}` before each import, so that a crash leaves the name of its cause.
"""

import json
from importlib import import_module, metadata

PACKAGES = {  # what is imported -> what is installed
    "numpy": "numpy",
    "torch": "torch",
    "torchvision": "torchvision",
    "scipy": "scipy",
    "PIL": "pillow",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "matplotlib": "matplotlib",
    "tqdm": "tqdm",
    "ipykernel": "ipykernel",
    "jupyterlab": "jupyterlab",
    "ipywidgets": "ipywidgets",
    "anywidget": "anywidget",
}


def say(**facts: object) -> None:
    print(json.dumps(facts), flush=True)


def attempt(name: str, *, distribution: str | None = None) -> bool:
    """Import `name` and report its version, or the last line of what went wrong."""
    say(begins=name)
    try:
        module = import_module(name)
    except ModuleNotFoundError as error:
        missing = error.name == name
        say(package=name, version=None, error=None if missing else str(error))
        return False
    except Exception as error:  # whatever a broken package throws is the finding
        say(package=name, version=None, error=f"{type(error).__name__}: {error}".splitlines()[0])
        return False
    say(package=name, version=version(module, distribution), error=None)
    return True


def version(module: object, distribution: str | None) -> str:
    """Return what the module says of itself, else what the installer wrote down."""
    said = getattr(module, "__version__", None)
    if said is None and distribution is not None:
        try:
            return metadata.version(distribution)
        except metadata.PackageNotFoundError:
            pass
    return str(said or "unknown")


def device() -> None:
    import torch

    from seglearn.training import best_device, describe_device

    say(device=describe_device(best_device()), threads=torch.get_num_threads())


def kernel() -> None:
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        say(kernel=KernelSpecManager().get_kernel_spec("python3").argv[0])
    except NoSuchKernel:
        say(kernel=None)


def nbval() -> None:
    try:
        say(nbval=metadata.version("nbval"))
    except metadata.PackageNotFoundError:
        say(nbval=None)


def data() -> None:
    from seglearn.data import DATASETS, explain_data_root, is_present

    root, why = explain_data_root()
    say(data_root=str(root), data_why=why)
    say(present={name: is_present(name) for name, card in DATASETS.items() if not card.is_at_hand})


def main() -> None:
    loads = {name: attempt(name, distribution=distribution) for name, distribution in PACKAGES.items()}
    nbval()
    for room, look in (("jupyter_client", kernel), ("seglearn.training", device), ("seglearn.data", data)):
        needed = room == "jupyter_client" or (loads["torch"] and loads["torchvision"])
        if needed and attempt(room):
            look()


if __name__ == "__main__":
    main()
