"""A small witness: cosigns the newest checkpoint of each log it knows, if it continues the one it cosigned before.

Decides: whether a checkpoint is cosigned. In and out: `POST add-checkpoint`. Owns: one SQLite file with the newest
checkpoint cosigned per log. Knows nothing of the log service it ships with: it belongs on somebody else's machine.

Source: c2sp.org/tlog-witness, c2sp.org/tlog-cosignature.
"""
