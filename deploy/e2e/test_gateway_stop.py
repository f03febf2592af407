"""A gateway that is stopped sends its live clients away with a reason to come back."""

from pathlib import Path

from websockets.asyncio.client import connect

from deploy.api_client import api_client
from deploy.embedded.postgres_home import remove_data
from deploy.stack_process import EMBEDDED, stack_process


async def test_live_clients_are_closed_with_1012(tmp_path: Path):
    async with stack_process(EMBEDDED, tmp_path) as stack, api_client(stack.url) as ada:
        await ada.register()
        headers = {"Authorization": f"Bearer {ada.access_token}"}
        sockets = [await connect(stack.live_url, additional_headers=headers) for _ in range(5)]

        stack.process.terminate()

        for socket in sockets:
            await socket.wait_closed()
            assert socket.close_code == 1012
    remove_data(tmp_path / "postgres")
