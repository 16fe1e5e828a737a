"""The source keeps its own rules: floors, sizes, names, words, and both languages in step."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest

from tests.support import tree

LINES, FUNCTION_LINES = 400, 35
# A test may hold a table of cases.
CASE_LINES = 60
HAZY = {"utils", "util", "common", "helpers", "helper", "misc", "legacy", "stuff", "types"}
# Spelled so that this file does not hold what it forbids.
UNFINISHED = re.compile(
    r"\b(TO[D]O|FIX[M]E|X[X]X|HA[C]K)\b|to[d]o!\(|unimplemente[d]!\(|NotImplemente[d]Error"
    r"|pytest\.mark\.(ski[p]|xfai[l])\b|#\[ignor[e]"
)
MACHINE = re.compile(r"(?<![\w.])/(wor[k]|roo[t]|hom[e])/")
# Hosts that a page or a test may name; a package registry is none of them.
HOSTS = re.compile(
    r"https?://(?!(www\.)?apache\.org|(git-lfs\\*\.)?github\.com|git-lfs(\.com|\"|\\)|hawser\.github\.com"
    r"|(www\.)?example\.(org|com)|127\.0\.0\.1|localhost|keepachangelog\.com|semver\.org"
    r"|zarr-specs\.readthedocs\.io|git-scm\.com|json-schema\.org|json\.schemastore\.org)[\w-]+\.[a-z]"
)
SOURCES = (".rs", ".py", ".pyi")
TEXTS = (*SOURCES, ".md", ".toml", ".sh", ".awk", ".yml", ".yaml", "")
THIS = Path(__file__)


@pytest.mark.parametrize("path", tree.files(*SOURCES), ids=tree.name)
def test_a_file_is_short_and_says_what_it_is(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    count = len(text.splitlines())
    assert count <= LINES, f"{tree.name(path)}: {count} lines, expected at most {LINES}"
    opening = ("//!",) if path.suffix == ".rs" else ('"""', 'r"""', "#!")
    assert text.startswith(opening), f"{tree.name(path)} does not open with a line on its one job"


@pytest.mark.parametrize("path", tree.files(".rs", ".py"), ids=tree.name)
def test_a_function_fits_one_screen(path: Path) -> None:
    functions = tree.rust_functions if path.suffix == ".rs" else tree.python_functions
    most = CASE_LINES if "tests" in path.parts else FUNCTION_LINES
    long = {name: length for name, length in functions(path) if length > most}
    assert not long, f"{tree.name(path)}: expected at most {most} lines, found {long}"


def test_no_name_is_hazy() -> None:
    hazy = [tree.name(p) for p in tree.files(*SOURCES) if {*p.parts, p.stem} & HAZY]
    assert not hazy, f"a file is named for what it holds: {hazy}"


@pytest.mark.parametrize("rule", [UNFINISHED, MACHINE, HOSTS], ids=["finished", "machine", "hosts"])
def test_no_word_is_out_of_place(rule: re.Pattern[str]) -> None:
    found = []
    for path in tree.files(*TEXTS):
        if "seeds" in path.parts:
            continue  # bytes for the fuzzer
        if path.name not in ("LICENSE", "Cargo.lock", THIS.name):
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
            found += [
                f"{tree.name(path)}:{n}" for n, text in enumerate(lines, 1) if rule.search(text)
            ]
    assert not found, f"'{rule.pattern[:40]}…' is found in {found}"


@pytest.mark.parametrize("path", tree.files(".rs"), ids=tree.name)
def test_rust_imports_go_down(path: Path) -> None:
    if path.is_relative_to(tree.CORE) and path.name != "lib.rs":
        own = tree.module(path, tree.CORE)
        assert_downwards(path, own, tree.rust_imports(path), tree.floors("### rust/core"))


def test_the_crate_declares_its_modules_floor_by_floor() -> None:
    floors = tree.floors("### rust/core")
    declared = re.findall(r"^pub mod (\w+);", (tree.CORE / "lib.rs").read_text(), re.MULTILINE)
    assert declared == sorted(declared, key=lambda name: floors.get(name, -1))


@pytest.mark.parametrize("path", tree.files(".py"), ids=tree.name)
def test_python_imports_go_down(path: Path) -> None:
    if (
        path.is_relative_to(tree.PACKAGE)
        and path.parent / path.name != tree.PACKAGE / "__init__.py"
    ):
        own = tree.module(path, tree.PACKAGE)
        floors = tree.floors("### python/git_theta")
        assert_downwards(path, own, tree.python_imports(path), floors)


def assert_downwards(path: Path, own: str, imports: set[str], floors: dict[str, int]) -> None:
    """Fail unless `own` has a floor, and each module it imports a lower one."""
    assert own in floors, f"ARCHITECTURE.md has no floor for '{own}' ({tree.name(path)})"
    wrong = [f"{m} ({floors[m]})" for m in imports - {own} if floors.get(m, -1) >= floors[own]]
    assert not wrong, f"{tree.name(path)} on floor {floors[own]} imports {wrong}"


def test_every_floor_is_inhabited() -> None:
    rust = {tree.module(path, tree.CORE) for path in tree.CORE.iterdir()} - {"lib"}
    package = [p for p in tree.files(".py", ".pyi") if p.is_relative_to(tree.PACKAGE)]
    python = {tree.module(path, tree.PACKAGE) for path in package} - {"__init__"}
    assert rust == set(tree.floors("### rust/core"))
    assert python == set(tree.floors("### python/git_theta"))


def test_no_public_type_has_a_word_that_the_glossary_rules_out() -> None:
    ruled_out = {word for words in tree.glossary().values() for word in words}
    text = "".join(p.read_text() for p in tree.files(".rs", ".py") if "tests" not in p.parts)
    types = set(re.findall(r"^(?:pub (?:struct|enum|trait)|class) (\w+)", text, re.MULTILINE))
    assert not {name for name in types if name.lower() in ruled_out}


def test_the_glossary_rules_out_none_of_its_own_words() -> None:
    words = tree.glossary()
    both = {word: set(words) & others for word, others in words.items()}
    assert not {word: clash for word, clash in both.items() if clash}


def test_every_word_that_the_front_pages_introduce_is_defined() -> None:
    crate = re.sub(r"(?m)^//! ?", "", (tree.CORE / "lib.rs").read_text())
    pages = crate + (tree.ROOT / "ARCHITECTURE.md").read_text()
    introduced = set(re.findall(r"(?<![\w*])\*([a-z ]+)\*(?![\w*])", pages))
    undefined = {
        w
        for w in introduced
        if not {w, w.removesuffix("s"), w.removesuffix("ed")} & set(tree.glossary())
    }
    assert not undefined, f"docs/glossary.md lacks {undefined}"


def test_both_languages_know_the_same_errors() -> None:
    from git_theta import errors

    rust = (tree.CORE / "error.rs").read_text()
    listed = re.search(r"KINDS: .*?=\s*\[(.*?)\]", rust, re.DOTALL)
    assert listed is not None
    assert tuple(re.findall(r'"(\w+)"', listed[1])) == errors.STORED_KINDS


def test_the_drawn_tree_of_errors_is_the_real_one() -> None:
    parsed = ast.parse((tree.PACKAGE / "errors.py").read_text())
    drawn = set(re.findall(r"\b\w+Error\b", ast.get_docstring(parsed) or "")) - {"CoreError"}
    assert drawn == {node.name for node in parsed.body if isinstance(node, ast.ClassDef)}


def test_every_file_on_the_walks_is_there() -> None:
    text = (tree.ROOT / "ARCHITECTURE.md").read_text()
    rust, python = (set(re.findall(rf"`([\w/]+\.{suffix})`", text)) for suffix in ("rs", "py"))
    assert not {name for name in rust if not (tree.CORE / name).is_file()}
    python = {name for name in python if not name.startswith("tests/")}
    assert not {name for name in python if not (tree.PACKAGE / name).is_file()}


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((tree.ROOT / "pyproject.toml").read_text())["project"]
    found = {re.split(r"\W", each)[0] for each in project["dependencies"]}
    for crate in ("core", "py"):
        manifest = tomllib.loads((tree.ROOT / f"rust/{crate}/Cargo.toml").read_text())
        found |= manifest["dependencies"].keys() - {"theta-core"}
    told = [row[0] for row in tree.rows("ARCHITECTURE.md", "## Dependencies")]
    assert {name for cell in told for name in re.findall(r"`([\w-]+)`", cell)} == found


def test_every_dependency_is_used() -> None:
    for crate in ("core", "py"):
        base = tree.ROOT / "rust" / crate
        source = "".join(p.read_text() for p in tree.files(".rs") if p.is_relative_to(base / "src"))
        listed = tomllib.loads((base / "Cargo.toml").read_text())["dependencies"]
        assert not [n for n in listed if f"{n.replace('-', '_')}::" not in source]


def test_crate_and_package_have_one_version() -> None:
    import git_theta

    cargo = tomllib.loads((tree.ROOT / "Cargo.toml").read_text())
    assert git_theta.__version__ == cargo["workspace"]["package"]["version"]


@pytest.mark.parametrize("page", tree.files(".md"), ids=tree.name)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!\w+:)([^)#]+)", page.read_text(encoding="utf-8"))
    assert not [link for link in links if not (page.parent / link).exists()]
