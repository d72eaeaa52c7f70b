"""Evidence reports as HTML, PDF and JSON: the same statements in three forms, the same bytes for the same report."""
