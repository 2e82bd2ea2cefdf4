"""Seeded synthetic districts, labelled as such."""
