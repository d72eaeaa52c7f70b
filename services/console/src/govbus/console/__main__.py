"""Runs the console: `python -m govbus.console`."""

from govbus.console.app import build_app
from govbus.console.settings import Settings
from govbus.eventing.serving import serve

if __name__ == "__main__":
    serve(Settings, build_app)
