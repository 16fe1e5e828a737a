"""`git theta ls`: the parameters of any version, for people and for programs."""

from __future__ import annotations

import json

import pytest

from tests.support import workshop
from tests.support.git import Git
from tests.support.workshop import FIRST, MODEL

NAME = "head.weight"


def test_ls_lists_the_parameters_of_any_version(git: Git) -> None:
    workshop.commit(git, NAME)
    rows = [line.split() for line in git.run("git-theta", "ls", MODEL).splitlines()]
    assert rows[0] == ["NAME", "DTYPE", "SHAPE", "SIZE", "STORED", "BLAKE3", "UPDATE"]
    assert [row[0] for row in rows[1:]] == [*FIRST]
    assert rows[1][1:4] == ["F32", "64x8", "2048"]
    old = {row.split()[0]: row for row in git.lines("theta", "ls", f"v1:{MODEL}")}
    new = {row.split()[0]: row for row in git.lines("theta", "ls", MODEL)}
    assert {name for name in new if new[name] != old[name]} == {NAME}


def test_ls_json_is_one_document(git: Git) -> None:
    found = json.loads(git.run("git-theta", "ls", "--json", f"v1:{MODEL}"))
    assert found["checkpoint"] == MODEL
    assert found["size"] == len(workshop.read(git))
    assert {item["name"]: item["shape"] for item in found["parameters"]} == {
        name: [*value.shape] for name, value in FIRST.items()
    }
    oids = {oid for item in found["parameters"] for oid, _ in item.get("objects", [])}
    assert oids < workshop.objects(git).keys()
    assert found["stored"] == sum(path.stat().st_size for path in workshop.objects(git).values())


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("nothing.safetensors", "is not in the index"),
        ("v1:nothing.safetensors", "is not in 'v1'"),
        ("nowhere:model.safetensors", "is not in 'nowhere'"),
        (".gitattributes", "is stored by git itself"),
    ],
)
def test_ls_says_why_it_cannot(git: Git, name: str, told: str) -> None:
    said = git.run("git-theta", "ls", name, status=2)
    assert told in said
    assert "hint: " in said
