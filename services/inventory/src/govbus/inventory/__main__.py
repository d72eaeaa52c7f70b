"""Runs the inventory service: `python -m govbus.inventory`."""

from govbus.eventing.serving import serve
from govbus.inventory.app import build_app
from govbus.inventory.settings import Settings

if __name__ == "__main__":
    serve(Settings, build_app)
