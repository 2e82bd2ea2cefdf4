"""Writes: one function per use case, atomic, with its audit row and outbox row in the same transaction."""
