"""The pages in a real browser that can reach this machine only: all is shown, nothing is missing or refused."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deploy.api_client import ApiClient
from deploy.e2e.browser import NoBrowser, Page, installed_browser, open_page
from deploy.stack_process import StackProcess

pytestmark = pytest.mark.parametrize("stack", ["embedded"], indirect=True)
OPERATIONS = "document.querySelectorAll('.opblock').length"
ROWS = "document.querySelectorAll('tbody tr').length"
FOCUSED = "document.activeElement.getAttribute('href')"
ANSWER = "[id$=-getAuthMe] .live-responses-table"
TAB = 9


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[Page]:
    try:
        program = await installed_browser(tmp_path)
    except NoBrowser as reason:
        pytest.skip(str(reason))
    async with open_page(program, tmp_path) as opened:
        yield opened


def assert_quiet(page: Page, stack: StackProcess) -> None:
    assert page.complaints == []
    assert [url for url in page.requests if not url.startswith((f"{stack.url}/", "data:"))] == []


async def test_the_page_shows_every_operation(stack: StackProcess, anonymous: ApiClient, page: Page):
    document = (await anonymous.expect(200, "GET", "//openapi.json")).body
    operations = sum(map(len, (*document["paths"].values(), *document["webhooks"].values())))

    await page.open(f"{stack.url}/docs", until=f"{OPERATIONS} >= {operations}")

    assert await page.evaluate(OPERATIONS) == operations
    assert await page.evaluate("document.title") == "API - Tessera"
    assert_quiet(page, stack)


async def test_somebody_signs_in_with_a_token_and_tries_an_operation(stack: StackProcess, ada: ApiClient, page: Page):
    await page.open(f"{stack.url}/docs", until=f"{OPERATIONS} > 0")
    await page.click(".btn.authorize")
    await page.click("#auth-bearer-value")
    await page.type(ada.access_token)
    await page.click(".auth-btn-wrapper .authorize")
    await page.click(".auth-btn-wrapper .btn-done")

    await page.click("[id$=-getAuthMe] .opblock-summary-control")
    await page.click("[id$=-getAuthMe] .try-out__btn")
    await page.click("[id$=-getAuthMe] .execute")

    await page.wait(f"document.querySelector('{ANSWER}')?.innerText.includes('{ada.user['email']}') ?? false")
    assert_quiet(page, stack)


async def test_the_error_codes_can_be_read_and_reached_by_keyboard(
    stack: StackProcess, anonymous: ApiClient, page: Page
):
    codes = (await anonymous.expect(200, "GET", "//docs/errors.json")).body["items"]

    await page.open(f"{stack.url}/docs/errors#VALIDATION_ERROR", until=f"{ROWS} > 0")

    assert await page.evaluate(ROWS) == len(codes)
    assert await page.evaluate("document.querySelector('tr:target').id") == "VALIDATION_ERROR"
    assert_quiet(page, stack)

    await page.open(f"{stack.url}/docs/errors", until=f"location.hash === '' && {ROWS} > 0")
    reached = []
    for _ in range(5):
        await page.press("Tab", TAB)
        reached.append(await page.evaluate(FOCUSED))
    assert reached == ["#content", "/docs", "/docs/errors", "/openapi.json", "/asyncapi.json"]
