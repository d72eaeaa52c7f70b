"""Known answers of the transparency log formats, and the tree by its plain recursive definition."""
