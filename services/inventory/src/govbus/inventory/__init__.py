"""Decides what exists, who answers for it, and what is in use that nobody registered.

Topics: `govbus.facts` → `govbus.inventory`. State: records of models and their versions with every past state and the
fact that caused it, and where which version was deployed when.
"""
