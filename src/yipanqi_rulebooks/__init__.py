"""Data only: dated, sourced rulebooks in YAML, one folder a district, one file a domain word."""
