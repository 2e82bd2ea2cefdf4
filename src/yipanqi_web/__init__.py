"""The shell: one Django project around the engine. Queries read, actions write, engines decide."""
