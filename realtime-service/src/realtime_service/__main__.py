"""`python -m realtime_service`: the service as a process of its own."""

from realtime_service.app import create_app
from realtime_service.settings import RealtimeSettings
from shared.service import run_service

if __name__ == "__main__":
    run_service("realtime", RealtimeSettings, create_app)
