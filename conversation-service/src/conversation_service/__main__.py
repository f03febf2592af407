"""`python -m conversation_service`: the service as a process of its own."""

from conversation_service.app import create_app
from conversation_service.settings import ConversationSettings, database_config
from shared.service import run_service

if __name__ == "__main__":
    run_service("conversation", ConversationSettings, create_app, database=database_config)
