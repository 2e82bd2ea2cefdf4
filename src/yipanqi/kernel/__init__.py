"""The ground floor, a closed list: units, calendar, findings, tables, geometry, solver, executor."""
