"""Snapshots of the contracts' schemas: a contract that changed without a new version is caught before it is published.

`python -m shared.events.snapshots` checks, `--update` adds what is new, `--rewrite` also overwrites what changed:
only right for contracts that no release has carried. Run it from the root of the repository.
"""

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from shared.events.envelope import Event
from shared.events.registry import default_registry

FOLDER = Path("shared/tests/contracts/snapshots")


class Difference(msgspec.Struct, frozen=True):
    """`is_new`: there is no snapshot yet, which `--update` mends."""

    file: str
    sentence: str
    is_new: bool = False


def schema_text(contract: type[Event]) -> str:
    """What goes over the wire, as JSON Schema; names of classes and docstrings are not part of it."""
    schema = msgspec.json.schema(contract)
    bare = _bare(schema, schema.get("$defs", {}))
    return msgspec.json.format(msgspec.json.encode(bare, order="deterministic"), indent=2).decode() + "\n"


def snapshot_name(contract: type[Event]) -> str:
    return f"{contract.type}.v{contract.schema_version}.json"


def differences(contracts: Iterable[type[Event]], folder: Path) -> Iterator[Difference]:
    """Snapshots of older versions stay: somebody may still have such events."""
    present = list(contracts)
    for contract in present:
        path = folder / snapshot_name(contract)
        if not path.exists():
            yield Difference(path.name, "there is no snapshot of it: run with --update", is_new=True)
        elif path.read_text() != schema_text(contract):
            yield Difference(path.name, f"{contract.__name__} changed: raise its schema_version")
    known = {contract.type for contract in present}
    for path in sorted(folder.glob("*.json")):
        if path.name.rsplit(".v", maxsplit=1)[0] not in known:
            yield Difference(path.name, "the contract is gone: delete the snapshot when no consumer needs it")


def update(contracts: Iterable[type[Event]], folder: Path, *, rewrite: bool = False) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for contract in contracts:
        path = folder / snapshot_name(contract)
        if rewrite or not path.exists():
            path.write_text(schema_text(contract))


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m shared.events.snapshots", description=__doc__)
    parser.add_argument("--update", action="store_true", help="write the snapshots that are missing")
    parser.add_argument("--rewrite", action="store_true", help="write all of them: only before a first release")
    options = parser.parse_args(arguments)
    if options.update or options.rewrite:
        update(default_registry(), FOLDER, rewrite=options.rewrite)
    found = list(differences(default_registry(), FOLDER))
    for difference in found:
        print(f"{difference.file}: {difference.sentence}")
    return 1 if found else 0


def _bare(node: Any, definitions: dict[str, Any]) -> Any:
    """A property may be called `title`: its value is a schema, prose is a string."""
    if isinstance(node, list):
        return [_bare(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _bare(definitions[node["$ref"].removeprefix("#/$defs/")], definitions)
    is_prose = {key for key in ("title", "description") if isinstance(node.get(key), str)}
    return {key: _bare(value, definitions) for key, value in node.items() if key not in is_prose}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
