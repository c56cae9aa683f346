"""Versions are taken from git into temporary folders, which are removed in the end; no git worktree is left."""

import subprocess
from pathlib import Path

import pytest

from gate.versions import NoVersionError, root_of, taken

pytestmark = pytest.mark.source


def git(folder: Path, *words: str) -> str:
    named = ["-c", "user.email=a@b.c", "-c", "user.name=n", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", "-C", str(folder), *named, *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "--quiet")
    (tmp_path / "rule.py").write_text("one\n")
    (tmp_path / "gate").mkdir()
    (tmp_path / "gate" / "mine.py").write_text("this judge is not judged by itself\n")
    (tmp_path / ".gitignore").write_text("ignored.py\n")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "--quiet", "--message", "one")
    (tmp_path / "rule.py").write_text("two\n")
    (tmp_path / "new.py").write_text("new\n")
    (tmp_path / "ignored.py").write_text("ignored\n")
    return tmp_path


def test_a_commit_and_the_working_tree_are_taken_and_gone_in_the_end(repository: Path) -> None:
    with taken(root_of(repository / "gate"), "HEAD", ".") as (base, head):
        folder = base.folder.parent
        assert (base.commit, base.shown) == (git(repository, "rev-parse", "HEAD"), f"HEAD ({base.commit[:12]})")
        assert (head.commit, head.shown) == ("", "working tree")
        assert (base.folder / "rule.py").read_text() == "one\n"
        assert sorted(path.name for path in base.folder.iterdir()) == [".gitignore", "rule.py"]
        assert (head.folder / "rule.py").read_text() == "two\n"
        assert sorted(path.name for path in head.folder.iterdir()) == [".gitignore", "new.py", "rule.py"]
    assert not folder.exists()
    assert git(repository, "worktree", "list").count("\n") == 0


def test_folders_are_gone_after_an_exception(repository: Path) -> None:
    folders: list[Path] = []

    def interrupted() -> None:
        with taken(repository, "HEAD") as (base,):
            folders.append(base.folder.parent)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not folders[0].exists()


def test_a_revision_without_files_is_refused(tmp_path: Path) -> None:
    """Regression: a revision without files ended in a traceback, reported as a mistake of restake."""
    git(tmp_path, "init", "-q")
    git(tmp_path, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "empty", "--allow-empty")
    with pytest.raises(NoVersionError, match="HEAD: there is no file in it"), taken(tmp_path, "HEAD"):
        pass


@pytest.mark.parametrize("name", ["nothing", "--output=x", "HEAD~9"])
def test_a_revision_that_is_none_is_refused(repository: Path, name: str) -> None:
    with pytest.raises(NoVersionError, match=name), taken(repository, name):
        pass


def test_a_folder_that_is_in_no_repository_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(NoVersionError, match="git rev-parse: fatal: not a git repository"):
        root_of(tmp_path)


def test_a_link_is_the_file_that_it_leads_to(repository: Path) -> None:
    (repository / "linked.py").symlink_to("rule.py")
    git(repository, "add", "linked.py")
    git(repository, "commit", "--quiet", "--message", "link")
    with taken(repository, "HEAD", ".") as (base, head):
        found = [(version.folder / "linked.py").read_text() for version in (base, head)]
        assert found == ["one\n", "two\n"]
        assert [sorted(version.digests()) for version in (base, head)] == [
            ["linked.py", "rule.py"],
            ["linked.py", "new.py", "rule.py"],
        ]


@pytest.mark.parametrize("target", ["/etc/hostname", "../outside.py", "gone.py", "linked.py"])
def test_a_link_that_leads_out_of_the_version_is_refused(repository: Path, target: str) -> None:
    (repository / "linked.py").symlink_to(target)
    git(repository, "add", "linked.py")
    git(repository, "commit", "--quiet", "--message", "link")
    for name in ("HEAD", "."):
        with pytest.raises(NoVersionError, match=r"linked\.py: a symbolic link"), taken(repository, name):
            pass
