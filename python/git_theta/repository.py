"""Where the things of one repository are: work tree, git directories, hooks, LFS store."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from git_theta import _core, git
from git_theta.errors import GitError, UsageError


class Repository:
    """The places of one repository, found by one question to git.

    Attributes:
        top: the top of the work tree; None in a bare repository.
        git_dir: this work tree's own git directory.
        common_dir: the git directory that linked work trees share.
        hooks_dir: where git looks for hooks, whatever `core.hooksPath` says.
        algorithm: sha1 or sha256, by which git names objects here.
    """

    __slots__ = ("_lfs_dir", "_store", "algorithm", "common_dir", "git_dir", "hooks_dir", "top")

    def __init__(
        self, *, top: str | None, git_dir: str, common_dir: str, hooks_dir: str, algorithm: str
    ) -> None:
        self.top = top
        self.git_dir = git_dir
        self.common_dir = common_dir
        self.hooks_dir = hooks_dir
        self.algorithm = algorithm
        self._lfs_dir: str | None = None
        self._store: _core.Store | None = None

    @property
    def directory(self) -> str:
        """Where to run git about the whole repository."""
        return self.top or self.git_dir

    @property
    def work_tree(self) -> str:
        """The top of the work tree, for what cannot do without.

        Raises:
            UsageError: the repository is bare.
        """
        if self.top is None:
            raise UsageError("this needs a work tree, and the repository is bare")
        return self.top

    @property
    def theta_dir(self) -> str:
        """What git-theta keeps for all work trees; it may not exist yet."""
        return os.path.join(self.common_dir, "theta")

    @property
    def local_dir(self) -> str:
        """What git-theta keeps for this work tree: notes of its hooks. It may not exist yet."""
        return os.path.join(self.git_dir, "theta")

    @property
    def index(self) -> str:
        """The work tree's own index, which `GIT_INDEX_FILE` may differ from."""
        return os.path.join(self.git_dir, "index")

    @property
    def lfs_dir(self) -> str:
        """Where git-lfs keeps its objects, by its own rule for `lfs.storage`."""
        if self._lfs_dir is None:
            chosen = git.config("lfs.storage", cwd=self.directory) or "lfs"
            self._lfs_dir = os.path.normpath(os.path.join(self.common_dir, chosen))
        return self._lfs_dir

    def store(self) -> _core.Store:
        """The objects of this repository.

        Kept links must be on the store's file system, or they would be copies.
        """
        if self._store is None:
            base = self.store_dir
            self._store = _core.Store(
                os.path.join(self.lfs_dir, "objects"),
                os.path.join(base, "unpushed"),
                os.path.join(base, "tmp"),
            )
        return self._store

    @property
    def store_dir(self) -> str:
        """What git-theta keeps on the store's file system: `.git/lfs` may be a link or a mount."""
        inside = self.lfs_dir.startswith(os.path.join(self.common_dir, ""))
        device = _device(self.lfs_dir)
        if inside and device in {None, _device(self.common_dir)}:
            return self.theta_dir
        return os.path.join(self.lfs_dir, "theta")

    def kept(self) -> dict[str, int]:
        """Oid → size of every object that has a kept link: no server is known to have it."""
        try:
            with os.scandir(os.path.join(self.store_dir, "unpushed")) as found:
                return {item.name: item.stat().st_size for item in found}
        except FileNotFoundError:
            return {}

    def has(self, *names: str) -> bool:
        """Whether any of these files or directories is in this work tree's git directory."""
        return any(os.path.lexists(os.path.join(self.git_dir, name)) for name in names)


def _device(path: str) -> int | None:
    try:
        return os.stat(path).st_dev
    except OSError:
        return None


def find(cwd: str | None = None) -> Repository:
    """The repository that git would use.

    Args:
        cwd: where to look from; here by default.

    Raises:
        UsageError: there is none.
    """
    # `--show-toplevel` fails in a bare repository, after the others have been printed.
    try:
        answer = git.run(
            "rev-parse",
            "--path-format=absolute",
            "--show-object-format",
            "--git-common-dir",
            "--absolute-git-dir",
            "--git-path",
            "hooks",
            "--show-toplevel",
            cwd=cwd,
            check=False,
        )
    except GitError as error:
        raise UsageError(str(error)) from error
    lines = answer.removesuffix("\n").split("\n")
    if len(lines) not in {4, 5}:
        where = "this directory" if cwd is None else f"'{cwd}'"
        raise UsageError(f"{where} is not in a git repository", hint="git init, or cd into one")
    algorithm, common_dir, git_dir, hooks_dir = lines[:4]
    return Repository(
        top=lines[4] if len(lines) == 5 else None,
        git_dir=git_dir,
        common_dir=common_dir,
        hooks_dir=hooks_dir,
        algorithm=algorithm,
    )


def real_index_in_use(repository: Repository) -> bool:
    """Whether `GIT_INDEX_FILE`, as hooks see it, is the work tree's own index."""
    used = os.environ.get("GIT_INDEX_FILE")
    return used is None or os.path.abspath(used) == os.path.abspath(repository.index)


@contextlib.contextmanager
def temporary_index(repository: Repository) -> Iterator[str]:
    """The name of an index that nobody else uses, and that is gone afterwards."""
    os.makedirs(repository.local_dir, exist_ok=True)
    index = os.path.join(repository.local_dir, f"index.{os.getpid()}")
    try:
        yield index
    finally:
        for path in (index, index + ".lock"):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
