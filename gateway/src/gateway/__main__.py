"""Runs the gateway as a process of its own."""

from gateway.app import create_app
from gateway.settings import GatewaySettings
from shared.service import run_service

if __name__ == "__main__":
    run_service("gateway", GatewaySettings, create_app)
