"""Runs the oversight service: `python -m govbus.oversight`."""

from govbus.eventing.serving import serve
from govbus.oversight.app import build_app
from govbus.oversight.settings import Settings

if __name__ == "__main__":
    serve(Settings, build_app)
