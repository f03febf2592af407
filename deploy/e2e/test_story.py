"""The story of the demo, on both stacks."""

from deploy.api_client import api_client
from deploy.demo import Story
from deploy.mail_folder import mail_folder
from deploy.stack_process import StackProcess


async def test_the_whole_story_happens(stack: StackProcess):
    async with api_client(stack.url) as ada, api_client(stack.url) as stranger:
        await Story(stack.url, ada, stranger, mail_folder(stack.environ)).play()


async def test_health_is_the_sum_of_the_parts(stack: StackProcess):
    async with api_client(stack.url) as anyone:
        for path in ("//health", "/health"):
            answer = await anyone.expect(200, "GET", path)
            assert answer.body["status"] == "healthy"
            assert (answer.body["db"], answer.body["broker"]) == ("connected", "connected")
        await anyone.expect(200, "GET", "//ready")
