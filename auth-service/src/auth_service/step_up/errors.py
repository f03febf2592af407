"""What can go wrong with step-up."""

from auth_service.step_up.domain import Method
from shared.errors import Unauthorized


class StepUpRequired(Unauthorized):
    """The session is good and stays so. `details.methods`: what `POST /auth/step-up` takes from this account."""

    code = "AUTH_STEP_UP_REQUIRED"
    message = "Confirm with your password or a code that it is you, then send the request again."
    remedy = "Send POST /api/v1/auth/step-up with one of details.methods, then repeat the request."

    def __init__(self, methods: list[Method]) -> None:
        super().__init__(details={"methods": [method.value for method in methods]})
