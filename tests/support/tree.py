"""The repository as text: its files, its floors, its functions, its words."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CORE = ROOT / "rust/core/src"
PACKAGE = ROOT / "python/git_theta"


def files(*suffixes: str) -> list[Path]:
    """Every file that git tracks, or would after `git add .`, with one of the suffixes."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout
    paths = (ROOT / name for name in sorted(set(listed.decode().split("\0"))) if name)
    return [path for path in paths if path.suffix in suffixes and path.is_file()]


def name(path: Path) -> str:
    """The path as a message shows it."""
    return path.relative_to(ROOT).as_posix()


def rows(page: str, heading: str) -> Iterator[list[str]]:
    """The cells of each row of the tables below a heading of a page."""
    text = (ROOT / page).read_text(encoding="utf-8")
    _, _, below = text.partition(f"{heading}\n")
    assert below, f"{page} has no heading '{heading}'"
    level = heading.split(maxsplit=1)[0]
    for line in below.partition(f"\n{level} ")[0].splitlines():
        if line.startswith("|"):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def floors(heading: str) -> dict[str, int]:
    """Module and number of its floor, from ARCHITECTURE.md: the one table there is."""
    found: dict[str, int] = {}
    for row in rows("ARCHITECTURE.md", heading):
        if mark := re.fullmatch(r"[FP](\d+)", row[0]):
            for module in re.findall(r"`([a-z_]+)(?:/…)?`", row[1]):
                assert module not in found, f"'{module}' stands on two floors"
                found[module] = int(mark[1])
    return found


def module(path: Path, base: Path) -> str:
    """The top-level module that a file belongs to."""
    return path.relative_to(base).parts[0].removesuffix(path.suffix)


def rust_imports(path: Path) -> set[str]:
    """The modules of its own crate that a Rust file names."""
    text = re.sub(r"//.*", "", path.read_text(encoding="utf-8"))
    root = r"\b(?:crate|super)" if path.parent == CORE else r"\bcrate"
    found = set(re.findall(root + r"::(\w+)", text))
    for group in re.findall(root + r"::\{(.*?)\};", text, re.DOTALL):
        flat = re.sub(r"\{[^{}]*\}", "", group)
        found |= {part.strip().split("::")[0] for part in flat.split(",") if part.strip()}
    return found


def python_imports(path: Path) -> set[str]:
    """The modules of `git_theta` that a Python file names, wherever in the file."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Import():
                found |= {alias.name.removeprefix("git_theta.") for alias in node.names}
            case ast.ImportFrom(module="git_theta"):
                found |= {alias.name for alias in node.names}
            case ast.ImportFrom(module=str(source)) if source.startswith("git_theta."):
                found.add(source.removeprefix("git_theta."))
    return {dotted.split(".")[0] for dotted in found}


def python_functions(path: Path) -> Iterator[tuple[str, int]]:
    """Name and length of each function, its docstring not counted."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            told = node.body[0] if ast.get_docstring(node) else None
            lines = (told.end_lineno or told.lineno) - told.lineno + 1 if told else 0
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1 - lines


def rust_functions(path: Path) -> Iterator[tuple[str, int]]:
    """Name and length of each function, found by the indentation that rustfmt gives."""
    lines = path.read_text(encoding="utf-8").splitlines()
    head = re.compile(r"( *)(?:pub(?:\([^)]*\))? )?(?:const |async |unsafe |extern \S+ )*fn (\w+)")
    for start, line in enumerate(lines):
        if found := head.match(line):
            close = re.compile(found[1] + r"(}|\).*;)$")
            body = range(start, len(lines))
            one_line = line.endswith(("}", ";"))
            end = start if one_line else next((n for n in body if close.match(lines[n])), start)
            yield found[2], end - start + 1


def glossary() -> dict[str, set[str]]:
    """Each word of docs/glossary.md and the words that are not used for it."""
    found: dict[str, set[str]] = {}
    for row in rows("docs/glossary.md", "# Glossary"):
        if row[0] != "word" and not row[0].startswith("-"):
            for word in row[0].split(", "):
                assert word not in found, f"'{word}' is defined twice"
                found[word] = {other.strip() for other in row[2].split(",")}
    return found
