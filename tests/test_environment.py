"""Three roads, one environment: pyproject.toml for pip and uv, its constraints, and environment.yml for conda agree."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from seglearn.cli.diagnosis import PYTHONS, partner
from seglearn.cli.probe import PACKAGES

ROOT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CONDA = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
CONDA_NAMES = {"torch": "pytorch", "matplotlib": "matplotlib-base", "playwright": "playwright-python"}


def group(name: str) -> list[Requirement]:
    """Return the requirements of a dependency group, with those of the groups that it includes."""
    found = []
    for entry in PYPROJECT["dependency-groups"][name]:
        found += group(entry["include-group"]) if isinstance(entry, dict) else [Requirement(entry)]
    return found


RUN = [Requirement(text) for text in PYPROJECT["project"]["dependencies"]]
PINS = {pin.name: pin.specifier for pin in map(Requirement, PYPROJECT["tool"]["uv"]["constraint-dependencies"])}


def pinned(name: str) -> str:
    (exactly,) = PINS[name]
    return exactly.version


def conda_bounds() -> dict[str, SpecifierSet]:
    """Return the bounds of every line of environment.yml that names a conda package."""
    lines = [re.fullmatch(r"([a-z0-9-]+) (\S+)", line) for line in CONDA["dependencies"] if isinstance(line, str)]
    assert all(lines), "a conda line is a name, a space, and bounds without spaces"
    return {line[1]: SpecifierSet(line[2]) for line in lines}


def test_conda_installs_what_pip_installs_within_the_same_bounds():
    wanted = {CONDA_NAMES.get(need.name, need.name): need.specifier for need in [*RUN, *group("test")]}
    wanted["python"] = SpecifierSet(PYPROJECT["project"]["requires-python"])
    found = conda_bounds()
    found.pop("pip")
    assert found == wanted


def test_conda_takes_conda_forge_alone_and_the_course_last():
    assert CONDA["channels"] == ["conda-forge", "nodefaults"]
    assert CONDA["dependencies"][-1] == {"pip": ["-e ."]}
    assert str(conda_bounds()["pip"]) == ">=25.1", "the first pip that knows dependency groups"


@pytest.mark.parametrize("need", [*RUN, *group("test")], ids=lambda need: need.name)
def test_every_direct_dependency_is_pinned_once_within_its_range(need):
    pin = PINS[need.name]
    assert [specifier.operator for specifier in pin] == ["=="]
    assert need.specifier.contains(pinned(need.name))


def test_nothing_else_is_pinned_and_each_list_is_in_order():
    assert set(PINS) == {need.name for need in [*RUN, *group("test")] if need.name in PINS}
    assert list(PINS) == sorted(PINS) and [need.name for need in RUN] == sorted(need.name for need in RUN)


def test_the_pinned_and_the_oldest_torch_have_their_torchvision():
    oldest = {need.name: min(bound.version for bound in need.specifier) for need in RUN}
    assert PINS["torchvision"].contains(f"{partner(pinned('torch'))}.{pinned('torch').split('.')[2]}")
    assert oldest["torchvision"] == partner(oldest["torch"])


def test_uv_run_brings_the_tests_without_a_flag():
    assert {"test", "build"} <= set(PYPROJECT["tool"]["uv"]["default-groups"])
    assert {need.name for need in group("test")} >= {need.name for need in group("build")} | {"pytest", "nbval"}


def test_the_doctor_asks_for_the_pythons_that_the_package_allows():
    (oldest, newest), allowed = PYTHONS, SpecifierSet(PYPROJECT["project"]["requires-python"])
    assert [minor for minor in range(30) if allowed.contains(f"3.{minor}.0")] == list(range(oldest[1], newest[1] + 1))


def test_the_doctor_looks_at_every_package_that_the_course_runs_on():
    assert set(PACKAGES.values()) == {need.name for need in RUN}


def test_the_distribution_and_the_import_have_their_names():
    assert PYPROJECT["project"]["name"] == "seglearn-course"
    assert PYPROJECT["project"]["scripts"] == {"seglearn": "seglearn.cli:main"}
