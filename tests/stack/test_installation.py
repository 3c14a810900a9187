"""What the installation promises: nothing beyond the lock file, and a clear word where it can't begin."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from messages.build import ROOT

LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_the_build_needs_nothing_that_is_not_locked() -> None:
    for line in PROJECT["build-system"]["requires"]:
        assert re.search(rf"^{re.split('[<>=]', line)[0]}==", LOCK, flags=re.MULTILINE)


def test_the_installed_folders_are_those_that_exist() -> None:
    packages = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert packages == sorted(packages)
    assert all((ROOT / name / "__init__.py").is_file() for name in packages)


def test_a_start_without_a_fitting_python_says_so(tmp_path: Path) -> None:
    """Only an old Python on PATH, and shims that do not run."""
    for name in ("python3.13", "python3.12", "python3.11", "python3", "python"):
        shim = tmp_path / name
        shim.write_text("#!/bin/sh\nexit 127\n", encoding="utf-8")
        shim.chmod(0o755)
    for name in ("dirname", "sh"):
        (tmp_path / name).symlink_to(f"/usr/bin/{name}")
    done = subprocess.run(
        ["/bin/sh", str(ROOT / "cli" / "bootstrap.sh")],
        env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == "Python 3.11 or newer is needed and was not found on PATH\n"


@pytest.mark.parametrize(
    ("took", "chosen"), [((900, 500), "second"), ((900, 800), "first"), ((500, 900), "first"), ((0, 900), "second")]
)
def test_the_first_python_is_taken_unless_another_is_much_faster(
    tmp_path: Path, took: tuple[int, int], chosen: str
) -> None:
    """Compiled without optimisations, one takes half as long again. What does not run is passed over (0 here)."""
    folders, log = [tmp_path / "first", tmp_path / "second"], tmp_path / "log"
    for folder, microseconds in zip(folders, took, strict=True):
        folder.mkdir()
        measured = f"[ {microseconds} -gt 0 ] && echo {microseconds} $0; exit"
        (folder / "python3").write_text(f'#!/bin/sh\n[ "$1" = -c ] && {{ {measured}; }}\necho $0 >>{log}\nexit 3\n')
        (folder / "python3").chmod(0o755)
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("dirname", "grep", "mkdir", "sed", "sh", "tr"):
        (tools / name).symlink_to(f"/usr/bin/{name}")
    (tmp_path / "cli").mkdir()
    shutil.copy(ROOT / "cli" / "bootstrap.sh", tmp_path / "cli")
    (tmp_path / "requirements.lock").touch()
    path = ":".join(str(folder) for folder in (*folders, tools))
    done = subprocess.run(["/bin/sh", str(tmp_path / "cli" / "bootstrap.sh")], env={"PATH": path}, check=False)
    assert done.returncode == 3
    assert set(log.read_text("utf-8").split()) == {str(tmp_path / chosen / "python3")}
