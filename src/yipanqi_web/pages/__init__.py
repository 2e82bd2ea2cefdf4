"""Pages: short functions that call a query or one action, and render."""
