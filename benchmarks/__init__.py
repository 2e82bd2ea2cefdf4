"""The engine's promises, measured: one module a promise, each beside its peers on the same seeded data in one run."""
