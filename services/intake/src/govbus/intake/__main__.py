"""Starts intake: `python -m govbus.intake`."""

from govbus.eventing.serving import serve
from govbus.intake.app import build_app
from govbus.intake.settings import Settings

serve(Settings, build_app)
