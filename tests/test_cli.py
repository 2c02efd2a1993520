"""The door: what is typed, what opens, and what the doctor says about broken machines."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import replace
from pathlib import Path

import pytest

from seglearn import cli
from seglearn.cli import datasets, lab, machine
from seglearn.cli.diagnosis import diagnose, partner
from seglearn.cli.doctor import describe, verdict
from seglearn.cli.probe import PACKAGES, attempt
from seglearn.cli.report import Report, ask_the_probe
from seglearn.data import DATASETS, DownloadError

ROOT = Path(__file__).parents[1]
TINY = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def seglearn(*typed: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "seglearn", *typed]
    told = {**os.environ, "PYTHONIOENCODING": "utf-8", **environment}
    return subprocess.run(command, cwd=cwd, env=told, capture_output=True, text=True, encoding="utf-8", timeout=600)


# The command itself


def test_no_command_is_an_invitation(capsys):
    assert cli.main([]) == 0
    assert "New here? Type: seglearn lab" in capsys.readouterr().out


def test_the_version_is_the_one_of_pyproject(capsys):
    with pytest.raises(SystemExit, match="0"):
        cli.main(["--version"])
    said = capsys.readouterr().out.split()
    assert said[0] == "seglearn" and f'version = "{said[1]}"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_help_comes_without_loading_pytorch(tmp_path):
    command = [sys.executable, "-X", "importtime", "-m", "seglearn", "--help"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    loaded = {line.rsplit("|", 1)[-1].strip() for line in ran.stderr.splitlines()}
    assert "argparse" in loaded and not loaded & {"torch", "numpy", "matplotlib", "jupyterlab", "IPython"}


def test_only_lab_hands_arguments_on(capsys):
    with pytest.raises(SystemExit, match="2"):
        cli.main(["doctor", "--", "--ServerApp.ip=x"])
    assert "only `seglearn lab` hands arguments on" in capsys.readouterr().err


# seglearn lab


@pytest.fixture
def course(tmp_path):
    """A checkout in small: the door, two notebooks, and nothing else."""
    root = tmp_path / "my course"
    shutil.copytree(ROOT / "seglearn" / "cli", root / "seglearn" / "cli", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("__init__.py", "__main__.py"):
        shutil.copy(ROOT / "seglearn" / name, root / "seglearn" / name)
    shutil.copy(ROOT / "pyproject.toml", root)
    (root / "notebooks").mkdir()
    for name in ("00_start_here", "03_convolution"):
        (root / "notebooks" / f"{name}.ipynb").write_text(json.dumps(TINY), encoding="utf-8")
    return root


@pytest.mark.parametrize("wanted", ["3", "03", "03_convolution", "03_convolution.ipynb"])
def test_a_chapter_is_found_by_its_number(course, wanted):
    assert lab.find_notebook(course / "notebooks", wanted).name == "03_convolution.ipynb"


def test_a_chapter_that_is_not_there_is_answered_with_those_that_are(course):
    with pytest.raises(SystemExit, match="no notebook '07' in .*: 00_start_here, 03_convolution"):
        lab.find_notebook(course / "notebooks", "07")


def test_the_checkout_is_found_from_the_package_and_not_from_the_folder(course, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert machine.checkout(course / "seglearn") == course
    assert machine.checkout(tmp_path / "site-packages" / "seglearn") is None


def test_a_bare_package_names_the_way_to_the_notebooks(monkeypatch):
    monkeypatch.setattr(lab, "checkout", lambda: None)
    with pytest.raises(SystemExit, match="notebooks are not part of the installed package.*git clone"):
        lab.lab()


def test_a_port_that_was_asked_for_is_the_only_one_tried(course):
    page = course / "notebooks" / "00_start_here.ipynb"
    free = lab.arguments(course, page, port=None, browser=True, as_root=False)
    strict = lab.arguments(course, page, port=5678, browser=False, as_root=True)
    assert not any(told.startswith(("--ServerApp.port", "--no-browser", "--allow-root")) for told in free)
    assert set(strict) - set(free) == {
        "--ServerApp.port=5678",
        "--ServerApp.port_retries=0",
        "--no-browser",
        "--allow-root",
    }
    assert "--LabApp.default_url=/lab/workspaces/seglearn/tree/notebooks/00_start_here.ipynb" in free


def test_settings_of_the_reader_stay_behind_those_of_the_course(monkeypatch):
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "theirs")
    assert lab.settings_path().split(os.pathsep) == [str(lab.SETTINGS), "theirs"]


def test_jupyterlab_knows_every_setting_of_the_course():
    schemas = Path(sys.prefix, "share", "jupyter", "lab", "schemas")
    overrides = json.loads((lab.SETTINGS / "labconfig" / "default_setting_overrides.json").read_text(encoding="utf-8"))
    assert overrides
    for plugin, settings in overrides.items():
        package, name = plugin.split(":")
        schema = json.loads((schemas / package / f"{name}.json").read_text(encoding="utf-8"))
        assert set(settings) <= set(schema["properties"]), plugin


def free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return door.getsockname()[1]


def ask(url: str, *, patience_s: float = 60) -> str:
    """Return what a server that is just starting answers."""
    end = time.monotonic() + patience_s
    while True:
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return answer.read().decode()
        except urllib.error.HTTPError:
            raise
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


def _hear_ctrl_c() -> None:
    """Let a child hear Ctrl-C even where the tests were started in the background, which ignores it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


hear_ctrl_c = _hear_ctrl_c if os.name == "posix" else None


@pytest.mark.slow
def test_lab_opens_the_course_from_another_folder_and_leaves_the_readers_settings_alone(course, tmp_path):
    home, port, log = tmp_path / "home", free_port(), tmp_path / "lab.log"
    home.mkdir()
    told = {
        **os.environ,
        "HOME": str(home),
        "USERPROFILE": str(home),
        "PYTHONPATH": str(course),
        "JUPYTER_TOKEN": "abc",
    }
    told = {
        name: value for name, value in told.items() if name not in ("JUPYTER_CONFIG_DIR", "JUPYTERLAB_SETTINGS_DIR")
    }
    command = [
        sys.executable,
        "-m",
        "seglearn",
        "lab",
        "--no-browser",
        "--port",
        str(port),
        "--",
        "--ServerApp.ip=127.0.0.1",
    ]
    base = f"http://127.0.0.1:{port}"
    with (
        log.open("w", encoding="utf-8") as out,
        subprocess.Popen(command, cwd=home, env=told, stdout=out, stderr=out, preexec_fn=hear_ctrl_c) as server,
    ):
        try:
            ask(f"{base}/api/status?token=abc")
            page = ask(f"{base}/lab/workspaces/seglearn/tree/notebooks/00_start_here.ipynb?token=abc")
            listed = json.loads(ask(f"{base}/api/contents/notebooks?content=1&token=abc"))["content"]
            notify = json.loads(ask(f"{base}/lab/api/settings/@jupyterlab/apputils-extension:notification?token=abc"))
            second = seglearn(
                "lab", "--no-browser", "--port", str(port), cwd=home, PYTHONPATH=str(course), HOME=str(home)
            )
        finally:
            server.send_signal(signal.SIGINT) if os.name == "posix" else server.terminate()
            try:
                status = server.wait(timeout=30)
            except subprocess.TimeoutExpired:
                server.kill()  # or the test would wait for ever
                raise
    said = log.read_text(encoding="utf-8")
    assert "Opening notebooks/00_start_here.ipynb in JupyterLab." in said
    assert '"treePath": "notebooks/00_start_here.ipynb"' in page and '"news": {"disabled": true' in page
    assert {entry["name"] for entry in listed} == {"00_start_here.ipynb", "03_convolution.ipynb"}
    assert notify["schema"]["properties"]["fetchNews"]["default"] == "false"
    assert second.returncode != 0 and f"port {port} is not available" in second.stderr
    assert not list(home.rglob("*.jupyterlab-settings")) and not list(home.rglob("jupyter_lab_config.*"))
    assert os.name != "posix" or (status == 0 and "Traceback" not in said), said


# seglearn doctor

GOOD = Report(
    python=(3, 12, 5),
    executable=str(Path(sys.prefix, "bin", "python")),
    system="Linux x86_64",
    installer="python -m pip install",
    checkout="course",
    packages={
        **dict.fromkeys(PACKAGES, "1.0"),
        "torch": "2.14.1+cpu",
        "torchvision": "0.29.1",
        "jupyter_client": "8.0",
    },
    kernel=str(Path(sys.prefix, "bin", "python")),
    nbval="0.11.0",
    device="cpu",
    threads=2,
    data_root="data",
    data_why="named",
    present={"camvid": True, "nuclei": False},
    disk_gb=50,
    memory_gb=8,
    free_memory_gb=5,
)
NMS = "RuntimeError: operator torchvision::nms does not exist"


def without(name: str) -> dict[str, str | None]:
    return {**GOOD.packages, name: None}


BROKEN = {
    "python-old": (replace(GOOD, python=(3, 10, 1)), "Python 3.10.1; the course runs on 3.11 to 3.13", "--python 3.13"),
    "python-new": (replace(GOOD, python=(3, 14, 0)), "Python 3.14.0", "python -m uv run"),
    "shadow": (
        replace(GOOD, shadows=["here/torch.py"], errors={"torch": "?"}),
        "here/torch.py hides",
        "Rename the file",
    ),
    "missing": (
        replace(GOOD, packages=without("skimage")),
        "Not installed in this Python: scikit-image",
        "pip install -e course",
    ),
    "nms": (
        replace(GOOD, packages=without("torchvision"), errors={"torchvision": NMS}),
        "operator torchvision::nms does not exist. The two come from different places",
        '--torch-backend=cpu --reinstall "torch==2.14.*" "torchvision==0.29.*"',
    ),
    "pair": (
        replace(GOOD, packages={**GOOD.packages, "torchvision": "0.28.0"}),
        "torchvision 0.28.0 is made for another torch: torch 2.14.1+cpu goes with torchvision 0.29",
        '"torchvision==0.29.*"',
    ),
    "torch": (
        replace(
            GOOD, packages={**without("torch"), "torchvision": None}, errors={"torch": "OSError: x", "torchvision": "y"}
        ),
        "torch is here but does not load: OSError: x",
        "--torch-backend=auto --reinstall torch torchvision",
    ),
    "numpy": (
        replace(GOOD, packages=without("numpy"), errors={"numpy": "ImportError: x"}),
        "numpy is here but does not load: ImportError: x",
        "--force-reinstall --no-deps numpy",
    ),
    "course": (replace(GOOD, errors={"seglearn.data": "SyntaxError: x"}), "seglearn.data is here but", "folder anew"),
    "no-kernel": (replace(GOOD, kernel=None), "no kernel named python3", "-m ipykernel install --sys-prefix"),
    "other-kernel": (
        replace(GOOD, kernel=str(Path(sys.prefix, "other", "python"))),
        "in another Python",
        "ipykernel install",
    ),
    "disk": (replace(GOOD, disk_gb=1.9), "Only 1.9 GB of disk are free", "SEGLEARN_DATA"),
    "memory": (replace(GOOD, memory_gb=2.9), "has 2.9 GB of memory", "more memory"),
    "full": (replace(GOOD, free_memory_gb=0.4), "Only 0.4 GB of memory are free", "Shut down kernels"),
    "read-only": (replace(GOOD, is_writable=False), "Nothing can be saved in the data folder data", "SEGLEARN_DATA"),
}


def test_a_good_machine_has_no_problem():
    assert diagnose(GOOD) == []
    assert diagnose(replace(GOOD, disk_gb=None, memory_gb=None, free_memory_gb=None, kernel="python")) == []
    assert verdict([]) == ["✓ All is well. To open the course, type: seglearn lab"]


@pytest.mark.parametrize(["report", "what", "cure"], BROKEN.values(), ids=BROKEN)
def test_each_fault_is_named_once_with_its_cure(report, what, cure):
    (problem,) = diagnose(report)
    assert what in problem.what and cure in problem.cure
    assert verdict([problem]) == ["✗ 1 problem found.", f"  ✗ {problem.what}", f"    → {problem.cure}"]


@pytest.mark.parametrize(["report", "what", "cure"], BROKEN.values(), ids=BROKEN)
def test_every_report_can_be_described(report, what, cure):
    rows = dict(describe(report))
    assert {"Python", "PyTorch", "Device", "Threads", "Kernel", "Widgets", "Tests", "Disk", "Memory", "Data"} <= set(
        rows
    )
    assert "camvid" in rows["  here"] and "nuclei" in rows["  optional"]


@pytest.mark.parametrize(
    ["torch", "torchvision"],
    [("2.6.0", "0.21"), ("2.7.1+cu128", "0.22"), ("2.8.0", "0.23"), ("2.9.1+cpu", "0.24"), ("2.14.1", "0.29")],
)
def test_torch_and_torchvision_come_in_pairs(torch, torchvision):
    assert partner(torch) == torchvision


@pytest.fixture
def ask_doctor(tmp_path):
    """Run the doctor where every package is a fake that loads at once, but for those whose text is given."""

    def ask(cwd: Path, **texts: str) -> subprocess.CompletedProcess:
        fakes = tmp_path / "fakes"
        for name in PACKAGES:
            (fakes / name).mkdir(parents=True)
            (fakes / name / "__init__.py").write_text(texts.get(name, "__version__ = '1.0'"), encoding="utf-8")
        return seglearn("doctor", cwd=cwd, PYTHONPATH=f"{fakes}{os.pathsep}{ROOT}")

    return ask


def test_the_doctor_names_the_torchvision_of_another_torch(ask_doctor, tmp_path):
    vision = "raise RuntimeError('operator torchvision::nms does not exist')"
    ran = ask_doctor(tmp_path, torch="__version__ = '2.14.1+cpu'", torchvision=vision)
    assert ran.returncode == 1
    assert f"does not load beside torch 2.14.1+cpu: {NMS}. The two come from different places" in ran.stdout
    assert '--torch-backend=cpu --reinstall "torch==2.14.*" "torchvision==0.29.*"' in ran.stdout
    assert "1 problem found" in ran.stdout


def test_the_doctor_survives_a_package_that_kills_python(ask_doctor, tmp_path):
    ran = ask_doctor(tmp_path, scipy="import os\nos._exit(3)")
    assert ran.returncode == 1
    assert "scipy is here but does not load: the process ended with status 3" in ran.stdout


def test_the_doctor_does_not_wait_for_ever(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{ROOT}")
    (tmp_path / "numpy.py").write_text("import time\ntime.sleep(60)", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    found = ask_the_probe(timeout_s=15)
    assert found["errors"] == {"numpy": "not within 15 seconds. Is this machine very busy? Then first try again"}


def test_the_doctor_finds_the_file_that_hides_pytorch(ask_doctor, tmp_path):
    (tmp_path / "torch.py").write_text("raise ImportError('I am not PyTorch')", encoding="utf-8")
    ran = ask_doctor(tmp_path)
    assert ran.returncode == 1
    assert f"{tmp_path / 'torch.py'} hides the package of that name" in ran.stdout
    assert "1 problem found" in ran.stdout


@pytest.mark.slow
def test_the_doctor_is_content_where_these_tests_run(tmp_path):
    ran = seglearn("doctor", cwd=tmp_path, SEGLEARN_DATA=str(tmp_path / "data"))
    assert ran.returncode == 0, ran.stdout
    assert "✓ All is well" in ran.stdout and f"{tmp_path / 'data'} (the environment variable" in ran.stdout


def test_the_probe_tells_absent_from_broken(capsys, tmp_path, monkeypatch):
    (tmp_path / "half_there.py").write_text("import nothing_of_that_name", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    assert not attempt("nothing_of_that_name") and not attempt("half_there") and attempt("json")
    facts = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    errors = {fact["package"]: fact["error"] for fact in facts if "package" in fact}
    assert errors == {
        "nothing_of_that_name": None,
        "half_there": "No module named 'nothing_of_that_name'",
        "json": None,
    }


def test_memory_is_what_the_container_may_use(tmp_path):
    proc, limit = tmp_path / "meminfo", tmp_path / "memory.max"
    proc.write_text("MemTotal: 8000000 kB\nMemFree: 1 kB\nMemAvailable: 5000000 kB\n", encoding="utf-8")
    assert machine._linux_memory(proc, limit) == (8.192, 5.12)
    limit.write_text("max\n", encoding="utf-8")
    assert machine._linux_memory(proc, limit) == (8.192, 5.12)
    limit.write_text("4000000000\n", encoding="utf-8")
    assert machine._linux_memory(proc, limit) == (4.0, 4.0)
    assert machine._linux_memory(tmp_path / "no such file", limit) == (None, None)


def test_this_machine_has_memory_and_disk(tmp_path):
    total, free = machine.memory_gb()
    assert total > 1 and (free is None or 0 < free <= total)
    assert machine.free_disk_gb(tmp_path / "not" / "yet") == pytest.approx(machine.free_disk_gb(tmp_path), rel=0.1)


def test_a_data_root_below_a_file_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert machine.is_writable(tmp_path / "not" / "yet") and not machine.is_writable(tmp_path / "file")
    assert not list(tmp_path.glob("not*"))


# seglearn data


def test_data_list_names_every_set_and_the_folder(capsys, tmp_path):
    assert cli.main(["data", "list", "--root", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert str(tmp_path) in said
    rows = {
        line.split()[0]: line.split()[1] for line in said.splitlines() if line.split() and line.split()[0] in DATASETS
    }
    assert rows == {name: "always" if card.is_at_hand else "no" for name, card in DATASETS.items()}


def test_data_fetch_gets_the_set_and_says_where_it_is(capsys, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(datasets, "fetch", lambda name, **options: asked.append((name, options)) or tmp_path / "nuclei")
    assert cli.main(["data", "fetch", "nuclei", "--root", "r", "--mirror", "m"]) == 0
    assert asked == [("nuclei", {"root": "r", "mirror": "m"})]
    said = capsys.readouterr().out
    assert f"nuclei is in {tmp_path / 'nuclei'}" in said and "License: CC0" in said


@pytest.mark.parametrize(
    ["error", "sentence"], [(DownloadError("no connection"), "no connection"), (KeyboardInterrupt(), "you stopped it")]
)
def test_data_fetch_fails_in_one_sentence(capsys, monkeypatch, error, sentence):
    def fetch(name, **options):
        raise error

    monkeypatch.setattr(datasets, "fetch", fetch)
    assert cli.main(["data", "fetch", "camvid"]) == 1
    assert capsys.readouterr().err.startswith(f"seglearn data: {sentence}")


def test_data_fetch_knows_its_names(capsys):
    assert cli.main(["data", "fetch", "cats"]) == 1
    assert "no data set named 'cats'. Choose from: drawn-streets" in capsys.readouterr().err
    assert cli.main(["data", "fetch", "drawn-streets"]) == 0
    assert "nothing to download" in capsys.readouterr().out
