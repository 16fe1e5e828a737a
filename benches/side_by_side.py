"""Race git-theta against git-lfs in one run and print the tables of benches/README.md.

Rounds alternate between the tools, so that a slow minute of the machine hits both; the
median of the rounds is what is printed. Every checkout is compared byte for byte.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import platform
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from statistics import median

from benches import arena, models

UNITS = {"KB": 10**3, "MB": 10**6, "GB": 10**9}
KINDS = (("F32", "safetensors"), ("BF16", "safetensors"), ("F32", "pt"))
TARGETS = {
    "add, new file": "≥ 5× git-lfs",
    "add, one layer changed": "≥ 6× git-lfs",
    "status after touch": "≥ 6× git-lfs",
    "checkout": "≥ 1.3× git-lfs, ≤ 1.15 × floor",
}
Times = dict[tuple[str, str], list[float]]


def race(ground: arena.Arena, tool: str, times: Times) -> None:
    """One round of one tool: every step a user takes, in order."""

    def step(name: str, *command: str) -> None:
        times[name, tool].append(ground.timed(*command))

    ground.put("base")
    step("add, new file", "add", ground.model)
    step("commit", "commit", "--quiet", "--message", "base")
    ground.git("tag", "base")
    os.utime(ground.repository / ground.model)
    step("status after touch", "status", "--porcelain")
    ground.put("one_layer")
    step("add, one layer changed", "add", ground.model)
    ground.git("commit", "--quiet", "--message", "one_layer")
    ground.git("tag", "one_layer")
    checkouts(ground, tool, times)


def checkouts(ground: arena.Arena, tool: str, times: Times) -> None:
    """Go back and forth between both versions."""
    for variant in ("base", "one_layer"):
        times["checkout", tool].append(ground.timed("checkout", "--quiet", variant))
        ground.check(variant)


def sha256(path: Path) -> str:
    """The digest that every checkout has to give back."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def rounds(files: dict[str, Path], folder: Path, count: int) -> Times:
    """The times of all tools, in turns."""
    times: Times = defaultdict(list)
    digests = {variant: sha256(path) for variant, path in files.items()}
    for number in range(count):
        for tool, build in (("ours", arena.ours), ("git-lfs", arena.git_lfs)):
            ground = build(folder / tool, files, digests)
            race(ground, tool, times)
            ground.remove()
        ground = arena.floor(folder / "floor", files, digests)
        ground.git("checkout", "--quiet", "one_layer")
        checkouts(ground, "floor", times)
        ground.remove()
        print(f"round {number + 1} of {count} done", file=sys.stderr)
    return times


def table(times: Times, size: int) -> None:
    """Print the medians, ours beside theirs."""
    print("| step | git-theta | git-lfs | ratio | floor | to reach |")
    print("| --- | --: | --: | --: | --: | --- |")
    for name in (
        "add, new file",
        "add, one layer changed",
        "commit",
        "status after touch",
        "checkout",
    ):
        mine, theirs = median(times[name, "ours"]), median(times[name, "git-lfs"])
        copied = f"{median(times[name, 'floor']):.2f} s" if (name, "floor") in times else ""
        rate = f" ({size / mine / 1e6:,.0f} MB/s)" if name != "commit" else ""
        row = f"| {name} | {mine:.2f} s{rate} | {theirs:.2f} s | {theirs / mine:.1f}× | {copied} "
        print(f"{row}| {TARGETS.get(name, '')} |")


def memory(files: dict[str, Path], folder: Path) -> None:
    """Print the most memory that our filter and our hooks take at add and at checkout."""
    digests = {variant: sha256(path) for variant, path in files.items()}
    ground = arena.ours(folder / "memory", files, digests)
    ground.put("base")
    added = arena.peak(ground, "add", ground.model)
    for variant in ("base", "one_layer"):
        ground.put(variant)
        ground.git("add", ground.model)
        ground.git("commit", "--quiet", "--message", variant)
    checked_out = arena.peak(ground, "checkout", "--quiet", "HEAD~1")
    ground.check("base")
    ground.remove()
    print(f"\nOur process, peak: add {added / 1e6:.0f} MB, checkout {checked_out / 1e6:.0f} MB.")


def small_figures(cache: Path, folder: Path) -> None:
    """Print stored bytes of trained weights, and how long the filter process takes to start."""
    print("\n## Stored bytes, trained weights\n\n| dtype | file | stored | share | to reach |")
    print("| --- | --: | --: | --: | --- |")
    starts: list[float] = []
    for dtype, reach in (("F32", "≤ 84 %"), ("BF16", "≤ 67.5 %")):
        path = models.real(cache, dtype)
        ground = arena.ours(folder / "real", {"base": path}, {"base": sha256(path)})
        ground.put("base")
        ground.git("add", ground.model)
        size, stored = path.stat().st_size, ground.stored()
        share = f"{stored / size:.1%}"
        print(f"| {dtype} | {size / 1e6:.1f} MB | {stored / 1e6:.1f} MB | {share} | {reach} |")
        starts += [arena.start_time(ground) for _ in range(10)]
        ground.remove()
    print(f"\nFilter process, start to greeted: {median(starts) * 1e3:.0f} ms (to reach: ≤ 80 ms).")


def versions() -> str:
    """What the figures were taken with."""
    git = subprocess.run(["git", "--version"], capture_output=True, text=True, check=True).stdout
    lfs = subprocess.run(
        ["git", "lfs", "version"], capture_output=True, text=True, check=True
    ).stdout
    python = platform.python_version()
    return f"{os.cpu_count()} cores, {git.strip()}, {lfs.split()[0]}, Python {python}"


def parsed_size(text: str) -> int:
    """`1GB` and the like, in bytes."""
    found = re.fullmatch(r"([\d.]+)([KMG]B)", text.upper())
    if found is None:
        raise argparse.ArgumentTypeError(f"expected a size such as 1GB, found '{text}'")
    return int(float(found[1]) * UNITS[found[2]])


def main() -> None:
    """Make the models, race, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=parsed_size, default=10**9)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cache", type=Path, default=Path("target/models"))
    parser.add_argument("--work", type=Path, default=Path("target/bench"))
    given = parser.parse_args()
    cache, folder = given.cache.resolve(), given.work.resolve()
    print(f"Taken with {versions()}; median of {given.rounds} rounds.")
    for dtype, suffix in KINDS:
        files = models.model(cache, given.size, dtype, suffix)
        size = files["base"].stat().st_size
        print(f"\n## {dtype}, .{suffix}, {size / 1e6:,.0f} MB\n", flush=True)
        table(rounds(files, folder, given.rounds), size)
        memory(files, folder)
    small_figures(cache, folder)


if __name__ == "__main__":
    main()
