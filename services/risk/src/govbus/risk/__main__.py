"""Runs risk as a process: `python -m govbus.risk`."""

from govbus.eventing.serving import serve
from govbus.risk.app import build_app
from govbus.risk.settings import Settings

if __name__ == "__main__":
    serve(Settings, build_app)
