"""Workbooks, layers, Parquet, reports and documents: the engine's only door to the disk."""
