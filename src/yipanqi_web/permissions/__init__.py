"""Who may do what, and who sees what: one policy for pages, exports, commands and jobs."""
