"""The life of the embedded stack: it starts again where it was, says why it cannot start, and leaves nothing behind."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import psutil
import pytest

from deploy.api_client import api_client
from deploy.embedded.postgres_home import remove_data
from deploy.stack_process import EMBEDDED, StackProcess, stack_process


async def output_of(environ: dict[str, str]) -> tuple[int | None, str]:
    """Exit status and words of a start that is meant to fail."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", EMBEDDED, env=environ, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    async with asyncio.timeout(60):
        said, _ = await process.communicate()
    return process.returncode, said.decode()


async def test_what_was_acknowledged_is_there_after_kill_9(tmp_path: Path):
    async with stack_process(EMBEDDED, tmp_path) as stack, api_client(stack.url) as ada:
        await ada.register()
        project = (await ada.expect(201, "POST", "/projects", {"name": "Apollo"})).data
        os.kill(stack.process.pid, signal.SIGKILL)
        await stack.process.wait()
        tokens = ada.tokens

    async with stack_process(EMBEDDED, tmp_path) as stack, api_client(stack.url) as ada:
        ada.tokens = tokens
        assert (await ada.expect(200, "GET", f"/projects/{project['id']}")).data == project
    remove_data(tmp_path / "postgres")


async def test_a_second_start_in_the_same_home_says_who_has_it(embedded: StackProcess):
    other_ports = {"TESSERA_GATEWAY_PORT": "0", "TESSERA_SERVICE_PORT_BASE": "23457"}

    status, said = await output_of({**embedded.environ, **other_ports})

    assert status == 1
    assert f"in use by the running process {embedded.process.pid}" in said
    assert "Traceback" not in said


async def test_a_port_in_use_is_said_in_one_sentence(embedded: StackProcess, tmp_path: Path):
    status, said = await output_of({**embedded.environ, "TESSERA_HOME": str(tmp_path)})

    assert status == 1
    assert "is already in use by another program" in said
    assert "Traceback" not in said
    remove_data(tmp_path / "postgres")


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
async def test_nothing_is_left_running(tmp_path: Path, how: signal.Signals):
    async with stack_process(EMBEDDED, tmp_path) as stack:
        children = psutil.Process(stack.process.pid).children(recursive=True)
        assert children

        stack.process.send_signal(how)
        status = await stack.process.wait()

        gone, alive = await asyncio.to_thread(psutil.wait_procs, children, 30)
        assert not alive, f"{len(gone)} ended"
        assert status == (0 if how != signal.SIGKILL else -signal.SIGKILL)
    remove_data(tmp_path / "postgres")
