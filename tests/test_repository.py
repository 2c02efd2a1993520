"""What lies in the repository: papers in order, nothing that belongs to one machine, README and CI of one word."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
COMMANDS = {
    "open": "python -m pip install uv && python -m uv run seglearn lab",
    "test": "python -m pip install uv && python -m uv run pytest",
}
FORBIDDEN = {  # written so that this file does not hold what it looks for
    "package index": r"pypi[.]org|pythonhosted[.]|download[.]pytorch[.]org|index-url[ =]|anaconda[.]org|npmjs[.]",
    "machine path": r"(?<![\w.~])/(work|root|tmp/(ipykernel_\d{3}|pytest|seglearn)\w*|home/(?!ada/)\w+|Users/\w+)/|[A-Z]:\\+Users\\+(?!ada)\w",
    "token": r"gh[pousr]_\w{30}|github_pat_\w{20}|hf_\w{30}|AKIA[0-9A-Z]{16}|PRIVATE KEY-{3}|[?&]token=[0-9a-f]{20}",
}


def tracked() -> list[Path]:
    """Return the files that git tracks, or would: what a clone holds."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("this folder is not a git checkout, so nobody knows which files belong to it")
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def strangers(text: str) -> list[str]:
    """Return what in a text belongs to one machine, or to nobody else."""
    found = ((kind, re.search(pattern, text)) for kind, pattern in FORBIDDEN.items())
    return [f"{kind}: {match[0]}" for kind, match in found if match]


def test_no_file_holds_an_index_address_a_path_of_a_machine_or_a_token():
    found = {}
    for path in tracked():
        try:
            found[path.relative_to(ROOT).as_posix()] = strangers(path.read_text(encoding="utf-8"))
        except UnicodeDecodeError:
            continue  # a picture
    assert found and {name: what for name, what in found.items() if what} == {}


@pytest.mark.parametrize(
    ["kind", "planted"],
    [
        ("package index", "https://" + "pypi." + "org/simple/torch"),
        ("package index", "--extra-index" + "-url https://example.com"),
        ("machine path", 'File "/' + 'home/ann/course/a.py"'),
        ("machine path", "C:" + "\\Users\\ann"),
        ("token", "gh" + "p_" + "a1" * 18),
        ("token", "http://localhost:8888/lab?" + "token=" + "0a" * 24),
    ],
)
def test_a_planted_stranger_is_seen(kind, planted):
    assert [found.split(":")[0] for found in strangers(planted)] == [kind]


def test_lock_files_and_caches_stay_out():
    names = {path.relative_to(ROOT).as_posix() for path in tracked()}
    assert not {
        name for name in names if re.search(r"(^|/)(uv\.lock|__pycache__|\.ipynb_checkpoints|\.venv|\.DS_Store)", name)
    }
    assert not {name for name in names if name.startswith("data/cache/")}


def test_text_has_the_same_line_endings_everywhere():
    assert "* text=auto eol=lf" in read(".gitattributes")
    text = {".py", ".ipynb", ".md", ".toml", ".yml", ".json", ".js", ".css", ".cff"}
    assert [path.name for path in tracked() if path.suffix in text and b"\r\n" in path.read_bytes()] == []


def test_the_readme_and_ci_say_the_same_commands():
    readme, ci = read("README.md"), read(".ci/run")
    blocks = re.findall(r"```\w*\n(.*?)```", readme, flags=re.DOTALL)
    assert all(any(command == line for block in blocks for line in block.splitlines()) for command in COMMANDS.values())
    assert ci.splitlines()[-1] == COMMANDS["test"]
    assert "run: bash .ci/run" in read(".github/workflows/test.yml")


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_every_local_link_leads_somewhere(name):
    links = re.findall(r"\]\(([^)#\s]+)|(?:src|href)=\"([^\"#]+)\"", read(name))
    local = [link for pair in links for link in pair if link and "://" not in link]
    assert local and [link for link in local if not (ROOT / link).exists()] == []


def test_pictures_of_the_readme_have_words():
    pictures = re.findall(r"<img [^>]*>", read("README.md"))
    assert pictures and all(len(re.search(r'alt="([^"]*)"', picture)[1]) > 40 for picture in pictures)


def test_the_course_map_has_every_notebook_and_opens_those_that_exist():
    rows = dict(re.findall(r"^\| (?:\[)?(\d\d)\b.*?\|(.*)\|$", read("README.md"), flags=re.MULTILINE))
    linked = set(re.findall(r"\(notebooks/(\d\d)_\w+\.ipynb\)", read("README.md")))
    there = {path.name[:2] for path in (ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb")}
    assert len(rows) >= 16 and linked == there


@pytest.mark.parametrize(
    ["schema", "name"],
    [("vendor.github-workflows", ".github/workflows/test.yml"), ("vendor.citation-file-format", "CITATION.cff")],
)
def test_forms_for_others_fit_their_schemas(schema, name):
    command = ["check-jsonschema", "--builtin-schema", schema, str(ROOT / name)]
    program = shutil.which(command[0])
    assert program, "check-jsonschema belongs to the test dependencies"
    ran = subprocess.run([program, *command[1:]], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout


def test_the_workflow_covers_the_systems_and_the_ends_of_the_range():
    jobs = yaml.safe_load(read(".github/workflows/test.yml"))["jobs"]
    for name in ("oldest", "newest"):
        assert jobs[name]["strategy"]["matrix"]["os"] == ["ubuntu-latest", "macos-latest", "windows-latest"]
    told = {name: yaml.safe_dump(job) for name, job in jobs.items()}
    assert "3.11" in told["oldest"] and "torch==2.6.*" in told["oldest"] and "torchvision==0.21.*" in told["oldest"]
    assert "3.13" in told["newest"] and "gpu" in jobs["cuda"]["runs-on"] and "inputs.cuda" in jobs["cuda"]["if"]


def test_version_and_licenses_agree():
    project = tomllib.loads(read("pyproject.toml"))["project"]
    citation = yaml.safe_load(read("CITATION.cff"))
    assert citation["version"] == project["version"]
    assert citation["license"] == project["license"].split(" AND ")
    assert "MIT License" in read("LICENSE") and "CC-BY-4.0" in read("LICENSE-TEXT")
