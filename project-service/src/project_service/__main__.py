"""`python -m project_service`: the service as a process of its own."""

from project_service.app import create_app
from project_service.settings import ProjectSettings, database_config
from shared.service import run_service

if __name__ == "__main__":
    run_service("project", ProjectSettings, create_app, database=database_config)
