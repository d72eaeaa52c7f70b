"""Policy bundles: rules in CEL over a typed input document, checked when loaded, bounded when run."""
