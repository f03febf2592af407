"""System work passes the wall between tenants, so its callers are one list that a reviewer reads."""

import conversation_service
from shared.testing.system_callers import callers_of_system_work

REVIEWED = {
    "shares.service.ShareService.read": "a link says nothing about tenants",
    "runs.engine.RunEngine.sweep": "a crashed node wrote answers for any tenant",
    "answers.admission.AnswerAdmission.renew": "a node has answers of any tenant under way",
    "storage.allotments.StorageAllotments.reconcile": "any tenant may have room to give back",
}


def test_system_work_is_done_by_the_reviewed_callers_only() -> None:
    assert callers_of_system_work(conversation_service) == REVIEWED.keys()
