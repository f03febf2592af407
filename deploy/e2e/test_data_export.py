"""The export of one's own data, through the gateway: what every service holds, in one document."""

from deploy.api_client import ApiClient
from deploy.stack_process import StackProcess


async def test_an_export_has_what_every_service_holds(stack: StackProcess, ada: ApiClient) -> None:
    conversation = (await ada.expect(201, "POST", "/conversations", {"title": "Moon"})).data["id"]
    await ada.expect(201, "POST", f"/conversations/{conversation}/completions", {"content": "How far?"})
    chat = (await ada.expect(201, "POST", "/chats", {"kind": "group", "title": "Crew"})).data["id"]
    await ada.expect(201, "POST", f"/chats/{chat}/messages", {"content": "Ready"})
    await ada.expect(201, "POST", "/persons", {"name": "Grandma"})

    job = (await ada.expect(202, "POST", "/users/me/export")).data["job"]
    document = (await ada.expect(200, "GET", f"/{job['url']}")).body

    [tenant] = document["tenants"]
    assert document["account"][0]["email"] == ada.user["email"]
    assert tenant["tenant_id"] == ada.user["tenant_id"]
    assert [said["role"] for said in tenant["conversation"]["messages"]] == ["user", "assistant"]
    assert [said["content"] for said in tenant["conversation"]["chat_messages"]] == ["Ready"]
    assert [person["name"] for person in tenant["project"]["gift_persons"]] == ["Grandma"]
