"""What a service's models look like, as aerich compares them: kept in the newest migration, so that drift is noticed.

`python -m shared.db.models_state auth project conversation` names the services whose migrations lag behind their
models; with `--update` it records the models as they are, after their tables were written into the migration by hand.
"""

import asyncio
import re
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from aerich.models import Aerich
from aerich.utils import decompress_dict, get_formatted_compressed_data, get_models_describe
from tortoise.context import TortoiseContext

from shared.db.migrate import migrations_folder, orm_config

_NOWHERE = "postgresql://nobody@127.0.0.1/nothing"  # models are described without a connection
_RECORDED = re.compile(r'^MODELS_STATE = \(\n.*?^\)\n|^MODELS_STATE = "[^"]*"\n', re.MULTILINE | re.DOTALL)

State = dict[str, Any]


async def current_state(service: str) -> State:
    async with TortoiseContext() as context:
        Aerich._meta.app = None
        await context.init(orm_config(service, _NOWHERE))
        state: State = _in_order(get_models_describe(service))
        return state


def recorded_state(service: str) -> State:
    file = newest_migration(service)
    spec = spec_from_file_location(file.stem, file)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    recorded = getattr(module, "MODELS_STATE", None)
    state: State = _in_order(decompress_dict(recorded)) if recorded else {}
    return state


def newest_migration(service: str) -> Path:
    files = migrations_folder(service).glob("[0-9]*_*.py")
    return max(files, key=lambda file: int(file.name.partition("_")[0]))


async def record(service: str) -> None:
    """Writes nothing where nothing has changed: the same state may be compressed into other bytes."""
    state = await current_state(service)
    if state == recorded_state(service):
        return
    file = newest_migration(service)
    others = _RECORDED.sub("", file.read_text()).rstrip("\n")
    file.write_text(f"{others}\n\n\nMODELS_STATE = (\n    {get_formatted_compressed_data(state)}\n)\n")


def _in_order(node: Any) -> Any:
    """Tortoise describes sets as lists in any order."""
    if isinstance(node, dict):
        return {key: _in_order(node[key]) for key in sorted(node)}
    if isinstance(node, (list, tuple)):
        return sorted(map(_in_order, node), key=repr)
    return node


def main() -> None:
    services = [argument for argument in sys.argv[1:] if argument != "--update"]
    if "--update" in sys.argv:
        for service in services:
            asyncio.run(record(service))
        return
    stale = [service for service in services if asyncio.run(current_state(service)) != recorded_state(service)]
    if stale:
        sys.exit(f"the newest migration does not describe the models of: {', '.join(stale)}")


if __name__ == "__main__":
    main()
