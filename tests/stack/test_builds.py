"""Build ids and the source copies of builds."""

import os
import shutil
from pathlib import Path

import pytest

from cli import builds
from messages.build import ROOT, build_id, build_id_of, sources

DAY = 86_400


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A small tree with every kept folder."""
    root = tmp_path / "tree"
    for name in builds.KEPT_FOLDERS:
        (root / name).mkdir(parents=True)
        (root / name / "story.py").write_text(f"NAME = {name!r}\n", encoding="utf-8")
    (root / "requirements.lock").write_text("tzdata==2026.1\n", encoding="utf-8")
    return root


def test_this_build_has_an_id_of_twelve_characters() -> None:
    assert build_id() == build_id_of(ROOT)
    assert len(build_id()) == 12
    assert set(build_id()) <= set("0123456789abcdef")


@pytest.mark.parametrize("name", ["workflows/story.py", "messages/story.py", "domain/story.py", "requirements.lock"])
def test_whatever_alters_a_replay_makes_another_build(tree: Path, name: str) -> None:
    before = build_id_of(tree)
    (tree / name).write_text("changed\n", encoding="utf-8")
    assert build_id_of(tree) != before


def test_a_rule_that_moves_to_another_file_makes_another_build(tree: Path) -> None:
    before = build_id_of(tree)
    (tree / "domain" / "story.py").rename(tree / "domain" / "tale.py")
    assert build_id_of(tree) != before


def test_what_a_replay_never_sees_makes_no_other_build(tree: Path) -> None:
    before = build_id_of(tree)
    (tree / "store" / "story.py").write_text("changed\n", encoding="utf-8")
    (tree / "domain" / "__pycache__").mkdir()
    (tree / "domain" / "__pycache__" / "story.cpython-311.pyc").write_bytes(b"compiled")
    assert build_id_of(tree) == before
    assert all("__pycache__" not in path.parts for path in sources(tree))


def test_a_copy_keeps_the_id_of_the_build_that_it_was_made_from(tree: Path, tmp_path: Path) -> None:
    build = build_id_of(tree)
    copy = builds.keep(tmp_path, build, root=tree)
    assert build_id_of(copy) == build
    assert builds.has_copy(tmp_path, build)
    assert {path.name for path in copy.iterdir()} == {*builds.KEPT_FOLDERS, "requirements.lock", "BUILD_ID"}
    # The tree moves on; the copy does not.
    (tree / "workflows" / "story.py").write_text("changed\n", encoding="utf-8")
    builds.keep(tmp_path, build, root=tree)
    assert "changed" not in (copy / "workflows" / "story.py").read_text(encoding="utf-8")


def test_half_a_copy_does_not_count_and_is_made_anew(tree: Path, tmp_path: Path) -> None:
    build = build_id_of(tree)
    copy = builds.keep(tmp_path, build, root=tree)
    (copy / "BUILD_ID").unlink()
    shutil.rmtree(copy / "worker")
    assert not builds.has_copy(tmp_path, build)
    assert (builds.keep(tmp_path, build, root=tree) / "worker" / "story.py").is_file()


def test_an_older_build_with_other_packages_gets_them_in_a_folder_of_their_own(tree: Path, tmp_path: Path) -> None:
    builds.keep(tmp_path, "same", root=tree)
    assert builds.environment_folder(tmp_path, "same", root=tree) is None
    (tree / "requirements.lock").write_text("tzdata==2026.2\n", encoding="utf-8")
    folder = builds.environment_folder(tmp_path, "same", root=tree)
    assert folder is not None
    assert folder.parent == tmp_path / "venvs"
    assert not builds.is_complete(folder)
    unwanted = tmp_path / "venvs" / "of-nobody"
    for kept in (folder, unwanted):
        kept.mkdir(parents=True)
    builds.prune(tmp_path, [])
    assert folder.is_dir()
    assert not unwanted.exists()


def test_copies_go_after_a_week_but_never_the_last_three_nor_one_in_use(tree: Path, tmp_path: Path) -> None:
    for age, build in enumerate(["aaa", "bbb", "ccc", "ddd", "eee", "fff"]):
        mark = builds.keep(tmp_path, build, root=tree) / "BUILD_ID"
        written = mark.stat().st_mtime - age * 3 * DAY
        os.utime(mark, (written, written))
    # Ages in days: aaa 0, bbb 3, ccc 6, ddd 9, eee 12, fff 15; fff still has open bookings and so counts as new.
    assert sorted(builds.prune(tmp_path, ["aaa", "fff"])) == ["ddd", "eee"]
    assert sorted(path.name for path in (tmp_path / "builds").iterdir()) == ["aaa", "bbb", "ccc", "fff"]
