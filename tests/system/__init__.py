"""The guarantee, shown: the whole stack under load while everything is killed, then every content compared."""
