"""Runs the notifier service: `python -m govbus.notifier`."""

from govbus.eventing.serving import serve
from govbus.notifier.app import build_app
from govbus.notifier.settings import Settings

if __name__ == "__main__":
    serve(Settings, build_app)
