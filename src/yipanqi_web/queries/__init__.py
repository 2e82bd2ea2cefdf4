"""Reads: rows for pages, frames for the engine."""
