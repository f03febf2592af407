"""Generated requests against the whole documented API, through the gateway: no 5xx, no undocumented answer."""

import asyncio
import sys

import pytest

from deploy.api_client import ApiClient
from deploy.stack_process import StackProcess

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
EXAMPLES = 10
SEED = 20_261_121  # the same requests in every run
SECONDS = 300
# One account plays all requests: what ends its session, whole addresses with all their methods.
ENDS_THE_SESSION = (
    r"^/api/v1/(auth/(logout|sessions.*|switch-tenant)|users/me(/password)?|users/\{user_id\}|tenants/current)$"
)


@pytest.mark.parametrize("stack", ["embedded"], indirect=True)
async def test_no_generated_request_finds_an_undocumented_answer(stack: StackProcess, ada: ApiClient):
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "schemathesis.cli", "run", f"{stack.url}/openapi.json", "--url", stack.url),
        *("--header", f"Authorization: Bearer {ada.access_token}"),
        *("--generation-with-security-parameters", "false"),  # a second credential would be refused every time
        *("--checks", CHECKS, "--max-examples", str(EXAMPLES), "--seed", str(SEED), "--request-timeout", "15"),
        *("--exclude-path-regex", ENDS_THE_SESSION, "--no-color"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(SECONDS):
        said, _ = await process.communicate()

    assert process.returncode == 0, _found(said.decode())
    assert (await ada.call("GET", "/auth/me")).status == 200  # the requests were Ada's to the end


@pytest.mark.parametrize("stack", ["embedded", "distributed"], indirect=True)
async def test_the_document_is_whole_and_made_for_the_public_door(stack: StackProcess, anonymous: ApiClient):
    answer = await anonymous.expect(200, "GET", "//openapi.json")

    assert "x-incomplete" not in answer.body
    assert {"/api/v1/auth/login", "/api/v1/projects", "/api/v1/conversations"} <= answer.body["paths"].keys()
    assert "/ws" in answer.body["x-websocket"]
    assert not [path for path in answer.body["paths"] if path.startswith("/internal")]
    unchanged = await anonymous.call("GET", "//openapi.json", headers={"If-None-Match": answer.headers["ETag"]})
    assert unchanged.status == 304


def _found(said: str) -> str:
    """What the run found; long lists of warnings follow it."""
    return said[said.find("= ERRORS =") if "= ERRORS =" in said else said.find("= FAILURES =") :][:8_000]
