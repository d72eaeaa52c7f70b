"""Decoders: bytes of a known format in, plain values out. Each is one pure function; mappings name them."""
