"""What auth-service is told at its start."""

from typing import Annotated

from msgspec import Meta

from auth_service.registration.domain import RegistrationMode
from shared.db.bootstrap import SYSTEM, role_url
from shared.db.databases import DatabaseConfig
from shared.db.migrate import model_modules
from shared.settings import Settings

SYSTEM_POOL_SIZE = 11  # signing in and refreshing belong to no tenant: most work is system work; one is the relay's


class AuthSettings(Settings, frozen=True, kw_only=True):
    database_url_auth: Annotated[str, Meta(description="PostgreSQL address of the role auth_app.")]
    database_url_auth_system: Annotated[
        str | None, Meta(description="The same for auth_system; absent means the same password.")
    ] = None
    key_encryption_secret: Annotated[
        str,
        Meta(
            min_length=32,
            description="Seals signing keys, marks refresh tokens: changing it signs everybody out.",
        ),
    ]
    registration_mode: Annotated[
        RegistrationMode, Meta(description="Who may make an account: open, invite or admin.")
    ] = RegistrationMode.OPEN
    access_token_ttl: Annotated[int, Meta(ge=60, le=3600, description="Seconds an access token lives.")] = 900
    refresh_token_ttl: Annotated[
        int, Meta(ge=3600, le=31_536_000, description="Seconds a session lives without being refreshed.")
    ] = 2_592_000
    rate_limit_scale: Annotated[float, Meta(gt=0, le=1_000_000, description="Multiplies the limits on attempts.")] = 1.0
    mail_limit_scale: Annotated[
        float, Meta(gt=0, le=1_000_000, description="Multiplies the limits on mail, which protect its recipients.")
    ] = 1.0
    public_web_url: Annotated[
        str,
        Meta(pattern=r"^https?://[^/?#\s]+[^?#\s]*$", description="Where the web app lives: links in mails go there."),
    ] = "http://127.0.0.1:3000"
    smtp_url: Annotated[
        str | None, Meta(description="Server that takes mail; absent means files in TESSERA_HOME/mail.")
    ] = None
    mail_from: Annotated[str, Meta(description="Sender of mail: `Name <address>`.")] = "Tessera <no-reply@localhost>"
    port: Annotated[int, Meta(ge=0, le=65535, description="Port to listen on.")] = 8001


def database_config(settings: AuthSettings) -> DatabaseConfig:
    system_url = settings.database_url_auth_system or role_url(settings.database_url_auth, SYSTEM)
    return DatabaseConfig(
        "auth", settings.database_url_auth, system_url, model_modules("auth"), system_pool_size=SYSTEM_POOL_SIZE
    )
