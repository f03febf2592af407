"""Generated requests against what each service documents, through the gateway: no 5xx, no undocumented answer."""

import asyncio
import sys

import pytest

from deploy.api_client import ApiClient
from deploy.stack_process import StackProcess

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
EXAMPLES = 30
SEED = 20_261_121  # the same requests in every run
ENDS_THE_SESSION = "/api/v1/auth/logout"


@pytest.mark.parametrize("stack", ["embedded"], indirect=True)
@pytest.mark.parametrize("service", [0, 1, 2], ids=["auth", "project", "conversation"])
async def test_no_generated_request_finds_an_undocumented_answer(stack: StackProcess, ada: ApiClient, service: int):
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "schemathesis.cli", "run", f"{stack.service_url(service)}/openapi.json"),
        *("--url", stack.url, "--header", f"Authorization: Bearer {ada.access_token}"),
        *("--checks", CHECKS, "--max-examples", str(EXAMPLES), "--seed", str(SEED), "--request-timeout", "15"),
        *("--exclude-path", ENDS_THE_SESSION, "--no-color"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(120):
        said, _ = await process.communicate()

    assert process.returncode == 0, said.decode()[-4000:]
