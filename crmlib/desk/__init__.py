"""Widgets for notebooks: what people decide, enter and look up by hand."""
