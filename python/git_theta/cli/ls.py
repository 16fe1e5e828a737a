"""`git theta ls`."""

from __future__ import annotations

import json
import os

import click

from git_theta import _core, listing, repository
from git_theta.errors import printable


@click.command("ls", short_help="list the parameters of a checkpoint")
@click.option("--json", "as_json", is_flag=True, help="One JSON document, for programs.")
@click.argument("name", metavar="[REV:]CHECKPOINT")
def command(name: str, *, as_json: bool) -> None:
    """List the parameters of a checkpoint in the index, or in REV.

    For each: dtype, shape, size, stored size, digest, and how it is stored.
    """
    checkpoint = listing.one(repository.find(), name, os.getcwd())
    if as_json:
        click.echo(json.dumps(_document(checkpoint), indent=1))
        return
    rows = [_row(entry) for entry in checkpoint.manifest.entries()]
    header = ("NAME", "DTYPE", "SHAPE", "SIZE", "STORED", "BLAKE3", "UPDATE")
    widths = [max(len(row[at]) for row in (header, *rows)) for at in range(len(header))]
    for row in (header, *rows):
        cells = [
            cell.rjust(width) if at in {3, 4} else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        click.echo("  ".join(cells).rstrip())


def _document(checkpoint: listing.Checkpoint) -> dict[str, object]:
    manifest = checkpoint.manifest
    return {
        "checkpoint": checkpoint.path,
        "format": manifest.format,
        "size": manifest.size,
        "blake3": manifest.digest,
        "stored": sum(size for _, size in manifest.objects()),
        "parameters": [_fields(entry) for entry in manifest.entries()],
    }


def _fields(entry: _core.Entry) -> dict[str, object]:
    fields: dict[str, object] = {
        "name": entry.name,
        "dtype": entry.dtype,
        "shape": entry.shape,
        "size": entry.size,
    }
    if entry.view is not None:
        return {**fields, "view": entry.view}
    return {
        **fields,
        "stored": sum(size for _, size in entry.objects),
        "blake3": entry.digest,
        "update": entry.update,
        "objects": entry.objects,
    }


def _row(entry: _core.Entry) -> tuple[str, ...]:
    shape = "x".join(map(str, entry.shape)) or "scalar"
    stored = "-" if entry.view else str(sum(size for _, size in entry.objects))
    update = f"view of {printable(entry.view)}" if entry.view else entry.update
    digest = (entry.digest or "-")[:12]
    return (printable(entry.name), entry.dtype, shape, str(entry.size), stored, digest, update)
