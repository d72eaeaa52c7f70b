"""The stranger's side of the audit log: folders, exports, packs and streams are verified here, by keys alone.

Nothing in here believes a file, a server or a topic: what holds is what a signed checkpoint and hashes show.
"""
