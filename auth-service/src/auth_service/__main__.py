"""`python -m auth_service`: the service as a process of its own."""

from auth_service.app import SERVICE, create_app
from auth_service.settings import AuthSettings, database_config
from shared.service import run_service

if __name__ == "__main__":
    run_service(SERVICE, AuthSettings, create_app, database=database_config)
