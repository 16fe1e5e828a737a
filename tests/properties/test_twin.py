"""The core against its naive twin: what one writes the other restores, and they agree on every name."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import filtered, twin
from tests.support.checkpoints import Parameter, parameter, safetensors
from tests.support.git import Git
from tests.support.strategies import checkpoints, named_parameters

# Every example starts some processes.
FEW = settings(max_examples=25)


@pytest.fixture(scope="module")
def git(tmp_path_factory: pytest.TempPathFactory) -> Git:
    return filtered.ground(tmp_path_factory.mktemp("twin"))


def restore(git: Git, text: bytes) -> bytes:
    return twin.restore(text, lambda oid: filtered.stored(git, oid).read_bytes())


@FEW
@given(data=checkpoints())
def test_what_the_core_cleans_its_twin_restores(git: Git, data: bytes) -> None:
    text = filtered.run(git, "clean", data)
    assert filtered.run(git, "smudge", text) == data
    assert filtered.run(git, "clean", text) == text
    if data:
        assert restore(git, text) == data


@FEW
@given(content=named_parameters(most=4), which=st.integers(0, 3))
def test_a_changed_value_changes_its_own_line_only(
    git: Git, content: dict[str, Parameter], which: int
) -> None:
    content.pop("__metadata__", None)
    names = [name for name, value in content.items() if value.data]
    if not names:
        return
    chosen = names[which % len(names)]
    before = filtered.run(git, "clean", safetensors(content))
    after = filtered.run(git, "clean", safetensors(content | {chosen: content[chosen].flipped()}))
    changed = zip(before.splitlines(), after.splitlines(), strict=True)
    lines = [new for old, new in changed if old != new]
    assert [json.loads(line.rstrip(b","))["name"] for line in lines[1:]] == [chosen]
    assert lines[0].startswith(b'"blake3"')


@pytest.mark.parametrize("shape", [(1200, 700), (3, 400_000), (2, 2, 200_000)], ids=str)
def test_large_values_of_several_chunks(git: Git, shape: tuple[int, ...]) -> None:
    content = {
        "a": parameter("BF16", *shape),
        "b": parameter("F32", *shape),
        "c": parameter("U8", 9),
    }
    data = safetensors(content)
    text = filtered.run(git, "clean", data)
    assert restore(git, text) == data
    assert filtered.run(git, "smudge", text) == data


def test_golden_manifests_are_restored_by_the_twin(request: pytest.FixtureRequest) -> None:
    golden = request.config.rootpath / "tests/golden/manifest-1"
    for path in sorted(golden.glob("*.manifest")):
        checkpoint = golden / path.stem
        if not checkpoint.exists():
            checkpoint = golden.parent / "torch" / path.stem
        found = twin.restore(
            path.read_bytes(), lambda oid: (golden / f"objects/{oid}.object").read_bytes()
        )
        assert found == checkpoint.read_bytes(), path.name
