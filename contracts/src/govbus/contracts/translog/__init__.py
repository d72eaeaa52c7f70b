"""Transparency log formats: RFC 6962 Merkle tree and C2SP notes, checkpoints, tiles, proofs; pure functions of bytes.

The audit log writes these, `govbus verify` and anyone's tools read them.

Source: RFC 9162; c2sp.org/signed-note, tlog-checkpoint, tlog-cosignature, tlog-tiles, tlog-proof.
"""
