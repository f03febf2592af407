"""System work passes the wall between tenants, so its callers are one list that a reviewer reads."""

import auth_service
from shared.testing.system_callers import callers_of_system_work

REVIEWED = {
    "registration.service.Registrar.register": "makes the tenant that it then belongs to",
    "invitations.service.Invitations.accept": "the token leads to a tenant that they do not belong to yet",
    "members.service.Members._work_to_change": "counts the tenants that a new owner has elsewhere",
    "members.service.Members._is_shared": "looks whether somebody belongs to other tenants too",
    "invitations.new_members.NewMembers.add": "looks whether an address has an account, for the letter to it",
    "tenant_closing.service.TenantClosing.close": "ends what the tenant's own work may not touch",
    "tenant_closing.service.TenantClosing.restore": "a closed tenant is restored from another one",
    "tenant_closing.service.TenantClosing.restore_with_token": "or by a token, from none",
    "tenancy.service.TenantSwitch.switch": "goes from one tenant to another",
    "tenancy.service.Tenants.add": "makes the tenant",
    "tenancy.service.Tenants.find": "lists all tenants of one user",
    "recovery.service.PasswordChange.change": "a password is the same in all tenants",
    "recovery.service.PasswordRecovery.forgot": "an address says nothing about tenants",
    "recovery.service.PasswordRecovery.reset": "neither does a token that was mailed",
    "recovery.verification.EmailVerification.ask_again": "an address is the same in all tenants",
    "recovery.verification.EmailVerification.confirm": "a token that was mailed says nothing about tenants",
    "sessions.sign_in.SignIn.with_password": "an e-mail address says nothing about tenants",
    "sessions.sign_in.SignIn._check": "the same",
    "sessions.sign_in.SignIn.with_code": "nor does the token of a challenge",
    "sessions.sign_in.SignIn._enter": "the tenant that somebody enters is found here",
    "throttling.logins.LoginGate._known_id": "an e-mail address says nothing about tenants",
    "throttling.service.AttemptLimits.take": "attempts are counted whether or not there is an account",
    "throttling.service.AttemptLimits.refund": "the same",
    "mfa.service.SecondFactors.begin": "a second factor guards a person in all of their tenants",
    "mfa.service.SecondFactors.confirm": "the same",
    "mfa.service.SecondFactors.remove": "the same",
    "step_up.service.StepUp._try": "a second factor guards a person in all of their tenants, and so does a password",
    "step_up.service.StepUp._check_password": "the same",
    "step_up.service.StepUp.check": "the same",
    "step_up.service.StepUp._is_proven": "the same",
    "device_sessions.service.DeviceSessions.find": "a person's devices are signed in to all of their tenants",
    "device_sessions.service.DeviceSessions.end": "the same",
    "device_sessions.service.DeviceSessions.end_others": "the same",
    "account_closing.service.AccountClosing.close": "an account is closed in all of its tenants",
    "data_export.service.DataExports.request": "what is held about a person is held in all of their tenants",
    "data_export.service.DataExports.find": "the same",
    "data_export.service.DataExports.read": "the same",
    "members.service.Members.directory": "a service that keeps a copy of all members asks for them all",
    "sessions.service.Sessions.refresh": "neither does a refresh token",
    "sessions.cookie_refresh.CookieRefresh.refresh": "nor a session cookie",
    "handovers.service.Handovers.exchange": "nor the token of a link",
    "introspection.service.Introspection.answer": "nor whatever is shown to the gateway",
    "sessions.service.Revocations.since": "the gateway's deny-list is about all tenants",
    "audit.service.AuditLogs._open_keys": "the keys of people are in no tenant's hands",
    "verify_audit.verify": "every chain of the audit log is looked at",
    "verify_audit._verify_chain": "the same",
    "signing_keys.service.KeyRing.open": "the keys belong to the whole installation",
    "signing_keys.service.KeyRing.rotate": "the same",
}


def test_system_work_is_done_by_the_reviewed_callers_only() -> None:
    assert callers_of_system_work(auth_service) == REVIEWED.keys()
