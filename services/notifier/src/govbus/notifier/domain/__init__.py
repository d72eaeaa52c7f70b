"""Decisions of the notifier: who is told, in which words, how often, and when to try again. Pure."""
