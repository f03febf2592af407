"""Roles in projects: who reads, who writes, who owns."""

import pytest
from project_builders import person

from project_service.projects.access import reach, require_creator, require_role, role_in
from project_service.projects.errors import ProjectNotFound
from shared.errors import Forbidden
from shared.events.projects import ProjectRole, Visibility
from shared.principal import Role

OWNER, EDITOR, VIEWER = ProjectRole.OWNER, ProjectRole.EDITOR, ProjectRole.VIEWER
PRIVATE, TENANT = Visibility.PRIVATE, Visibility.TENANT


@pytest.mark.parametrize("role", [Role.OWNER, Role.ADMIN])
def test_owners_and_admins_of_the_tenant_own_every_project(role: Role) -> None:
    assert role_in(person(role), PRIVATE, None) is OWNER


@pytest.mark.parametrize("role", [Role.MANAGER, Role.DEVELOPER])
@pytest.mark.parametrize("given", [OWNER, EDITOR, VIEWER])
def test_members_have_the_role_they_were_given(role: Role, given: ProjectRole) -> None:
    assert role_in(person(role), PRIVATE, given) is given


@pytest.mark.parametrize("role", [Role.MANAGER, Role.DEVELOPER, Role.VIEWER])
def test_a_private_project_is_invisible_to_others(role: Role) -> None:
    assert role_in(person(role), PRIVATE, None) is None


@pytest.mark.parametrize("role", [Role.MANAGER, Role.DEVELOPER])
def test_developers_and_above_edit_what_is_visible_to_the_tenant(role: Role) -> None:
    assert role_in(person(role), TENANT, None) is EDITOR


@pytest.mark.parametrize("given", [OWNER, EDITOR, VIEWER, None])
def test_a_viewer_of_the_tenant_only_ever_reads(given: ProjectRole | None) -> None:
    assert role_in(person(Role.VIEWER), TENANT, given) is VIEWER


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("visibility", list(Visibility))
@pytest.mark.parametrize("given", [*ProjectRole, None])
def test_whoever_has_a_role_has_the_weaker_ones_too(
    role: Role, visibility: Visibility, given: ProjectRole | None
) -> None:
    who = person(role)
    strongest_first = [reach(who, needed).covers(visibility, given) for needed in ProjectRole]

    assert strongest_first == sorted(strongest_first)


def test_without_a_role_the_project_is_not_there() -> None:
    with pytest.raises(ProjectNotFound):
        require_role(None, VIEWER)


def test_a_weaker_role_is_told_that_it_may_not() -> None:
    with pytest.raises(Forbidden):
        require_role(VIEWER, EDITOR)

    require_role(OWNER, EDITOR)
    require_role(EDITOR, EDITOR)


@pytest.mark.parametrize("role", [Role.DEVELOPER, Role.VIEWER])
def test_managers_and_above_create_projects(role: Role) -> None:
    require_creator(person(Role.MANAGER))

    with pytest.raises(Forbidden):
        require_creator(person(role))
