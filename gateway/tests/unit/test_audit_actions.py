"""What happened is read from method and path by one rule."""

import pytest
from hypothesis import given, strategies as st

from gateway.audit.actions import COLLECTIONS, SINGLES, VERBS, action_of

ID = "0198c7f0-0000-7000-8000-000000000001"


@pytest.mark.parametrize(
    ("method", "path", "action"),
    [
        ("POST", "/auth/login", "auth.login"),
        ("POST", "/auth/login/mfa", "auth.login_mfa"),
        ("POST", "/auth/step-up", "auth.step_up"),
        ("POST", "/auth/register", "auth.register"),
        ("DELETE", f"/auth/sessions/{ID}", "session.delete"),
        ("GET", "/projects", "project.list"),
        ("HEAD", "/projects", "project.list"),
        ("POST", "/projects", "project.create"),
        ("GET", f"/projects/{ID}", "project.read"),
        ("POST", f"/projects/{ID}/restore", "project.restore"),
        ("POST", f"/projects/{ID}/tasks", "task.create"),
        ("PATCH", f"/projects/{ID}/tasks/{ID}", "task.update"),
        ("PUT", f"/projects/{ID}/tasks/{ID}", "task.update"),
        ("DELETE", f"/projects/{ID}/tasks/{ID}", "task.delete"),
        ("POST", f"/projects/{ID}/tasks/bulk", "task.bulk"),
        ("POST", f"/projects/{ID}/tasks/{ID}/depends-on/{ID}", "task_dependency.create"),
        ("DELETE", f"/projects/{ID}/favorite", "project.remove_favorite"),
        ("GET", f"/projects/{ID}/versions/3/diff", "version.read_diff"),
        ("PATCH", "/users/me", "user.update"),
        ("PATCH", "/profile", "user.update"),
        ("PUT", "/users/me/password", "user.update_password"),
        ("POST", "/users/me/mfa/confirm", "mfa.confirm"),
        ("GET", "/tenants/current", "tenant.read"),
        ("DELETE", "/tenants/current", "tenant.delete"),
        ("POST", "/tenants/0189aaaa-0000-7000-8000-000000000001/restore", "tenant.restore"),
        ("POST", "/auth/restore-tenant", "auth.restore_tenant"),
        ("PUT", "/settings/editor/font_size", "setting.update"),
        ("PATCH", "/notifications/settings", "notification_settings.update"),
        ("GET", "/sessions", "workspace_session.list"),
        ("POST", f"/webhooks/{ID}/rotate-secret", "webhook.rotate_secret"),
        ("POST", "/billing/webhook", "billing.webhook"),
        ("GET", f"/conversations/{ID}/runs/{ID}/stream", "run.read_stream"),
        ("GET", "/admin/logs/audit", "audit_log.read"),
        ("DELETE", "/something/new", "unknown.delete"),
    ],
)
def test_an_action_names_the_thing_and_what_was_done_to_it(method: str, path: str, action: str) -> None:
    assert action_of(method, f"/api/v1{path}".encode()) == action


@given(st.lists(st.from_regex(r"[A-Za-z0-9._~%-]{1,40}", fullmatch=True), max_size=8))
def test_nothing_that_a_client_makes_up_becomes_part_of_an_action(segments: list[str]) -> None:
    words = {word.rpartition("/")[2] for word in (*COLLECTIONS, *SINGLES, *VERBS)}
    made_up = [segment for segment in segments if segment not in words]

    action = action_of("PATCH", "/".join(("/api/v1/tasks", *made_up)).encode())

    assert action in {"task.update"}
