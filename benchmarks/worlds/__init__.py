"""The worlds the engine is measured in: seeded generators, drawn and committed before tuning."""
