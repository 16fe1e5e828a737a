"""What goes in comes out, says the filter that git itself would start."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from git_theta import _core
from tests.support.checkpoints import Parameter, safetensors
from tests.support.filter_client import FilterClient
from tests.support.git import Git
from tests.support.strategies import (
    checkpoints,
    named_parameters,
    safetensors_files,
    torch_files,
)

NAME = "model.ckpt"
# Values up to this size stand in the manifest themselves and have no digest.
INLINE = 128


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Git:
    """A repository with git-theta installed in it, and nowhere else."""
    folder = tmp_path_factory.mktemp("properties")
    git = Git(folder, folder.with_name("home-of-properties"))
    git("init", "--quiet")
    git("theta", "install", "--local")
    git("theta", "track", NAME)
    return git


@pytest.fixture(scope="module")
def git(repository: Git) -> Iterator[FilterClient]:
    """The filter process, asked as git asks it."""
    command = repository("config", "filter.theta.process").strip()
    with FilterClient(command, repository.directory, repository.env) as client:
        yield client


def cleaned(git: FilterClient, data: bytes) -> bytes:
    text = git.clean(NAME, data)
    assert text is not None
    return text


@given(data=checkpoints())
def test_smudge_undoes_clean(git: FilterClient, data: bytes) -> None:
    assert git.smudge(NAME, cleaned(git, data)) == data


@given(data=checkpoints())
def test_the_same_bytes_give_the_same_manifest(git: FilterClient, data: bytes) -> None:
    assert cleaned(git, data) == cleaned(git, data)


@given(data=checkpoints())
def test_a_manifest_is_cleaned_to_itself(git: FilterClient, data: bytes) -> None:
    text = cleaned(git, data)
    assert cleaned(git, text) == text


@given(data=checkpoints(), other=checkpoints())
def test_the_pipe_wins_over_the_file(
    git: FilterClient, repository: Git, data: bytes, other: bytes
) -> None:
    try:
        (repository.directory / NAME).write_bytes(other)
        assert git.smudge(NAME, cleaned(git, data)) == data
    finally:
        (repository.directory / NAME).unlink()


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(data=safetensors_files() | torch_files())
def test_a_sound_file_is_never_opaque(git: FilterClient, data: bytes) -> None:
    assert _core.Manifest.parse(cleaned(git, data)).format != "opaque"


@given(content=named_parameters(most=4), which=st.integers(0, 3))
def test_a_changed_bit_changes_its_own_parameter_only(
    git: FilterClient, content: dict[str, Parameter], which: int
) -> None:
    content.pop("__metadata__", None)
    names = [name for name, value in content.items() if len(value.data) > INLINE]
    if not names:
        return
    chosen = names[which % len(names)]
    before = digests(cleaned(git, safetensors(content)))
    after = digests(cleaned(git, safetensors(content | {chosen: content[chosen].flipped()})))
    assert {name for name in before if before[name] != after[name]} == {chosen}


@given(content=named_parameters())
def test_digests_are_blake3_of_the_parameters(
    git: FilterClient, content: dict[str, Parameter]
) -> None:
    from blake3 import blake3

    content.pop("__metadata__", None)
    found = digests(cleaned(git, safetensors(content)))
    large = {name: value for name, value in content.items() if len(value.data) > INLINE}
    assert {name: found[name] for name in large} == {
        name: blake3(value.data).hexdigest() for name, value in large.items()
    }


def digests(text: bytes) -> dict[str, str | None]:
    """Name and digest of each parameter of a manifest."""
    return {entry.name: entry.digest for entry in _core.Manifest.parse(text).entries()}
