"""HTTP edge: pages, forms and the live stream."""
