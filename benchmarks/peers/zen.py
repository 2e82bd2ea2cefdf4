"""The admission rules as GoRules decision tables in the zen engine, one precompiled decision for each edition.

Every clause, and every row of a clause's table, becomes one row of a ``collect`` table: the industry's prefix is the
condition, outcome (0 met, 1 missed inside the band, 2 missed beyond it, 3 not stated) and points are its outputs; an
expression node adds up score and verdict. zen knows no null that is neither pass nor fail, so a null is asked for by
name and gives outcome 3. Everything else is made ready beforehand and costs it nothing: which edition governs a case,
its indicators, its band, the dictionaries. It is asked by ``evaluate_batch``, its fastest way in from Python.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.peers.python_loop import SLACK, Facts, Governing, Loop, Outcome
from yipanqi.admission.standards import Clause

_PLACE = {"x": 0, "y": 0}
_UNKNOWN = 3


class Zen:
    """The decisions of one rulebook as of a day, compiled for the cases that will be asked."""

    def __init__(self, loop: Loop, cases: Sequence[Facts]) -> None:
        import zen

        self._loop = loop
        governing = [loop.governing(case) for case in cases]
        self.decisions = {g.key: self._decision(g) for g in governing}
        self._standards = [g.standard for g in governing]
        self._requests = [
            {"key": g.key, "context": self._context(case)} for g, case in zip(governing, cases, strict=True)
        ]
        self._engine = zen.ZenEngine({"loader": {"type": "static", "content": self.decisions}})
        for key in self.decisions:
            self._engine.get_decision(key).validate()

    def judged(self) -> list[Mapping[str, Any]]:
        """What zen says of every case, as it says it."""
        return self._engine.evaluate_batch(self._requests)

    def outcomes(self, told: Sequence[Mapping[str, Any]]) -> list[Outcome]:
        """The answers in the words of all judges.

        Raises:
            RuntimeError: zen could not evaluate a case.
        """
        found = []
        for standard, answer in zip(self._standards, told, strict=True):
            if not answer["success"]:
                raise RuntimeError(f"zen: {answer['error']}")
            result = answer["data"]["result"]
            weighed = len(result["rows"]) + (result.get("scored") is not None)
            found.append(Outcome(result["verdict"], standard, int(result["missed"]), result.get("score"), weighed))
        return found

    def _context(self, case: Facts) -> dict[str, Any]:
        words = ("industry_code", "area_class", "functional_type", "capacity_unit")
        return {word: case[word] for word in words} | {"v": self._loop.values(case), "band": self._loop.band(case)}

    def _decision(self, governing: Governing) -> dict[str, Any]:
        """Input → table of clauses → score and verdict → output."""
        rows = [row for name, clause, must in governing.clauses for row in self._rows(name, clause, must)]
        columns = ("clause", "o", "p", "q", "m")
        table = {
            "hitPolicy": "collect",
            "outputPath": "rows",
            "passThrough": True,
            "inputs": [{"id": "industry", "name": "industry", "field": "industry_code"}],
            "outputs": [{"id": c, "name": c, "field": c} for c in columns],
            "rules": [{"_id": f"r{i}", **row} for i, row in enumerate(rows)],
        }
        sums = [{"id": key, "key": key, "value": value} for key, value in _sums(governing).items()]
        nodes = [("in", "inputNode", None), ("table", "decisionTableNode", table),
                 ("sums", "expressionNode", {"expressions": sums}), ("out", "outputNode", None)]  # fmt: skip
        return {
            "nodes": [
                {"id": n, "name": n, "type": kind, "position": _PLACE, **({"content": c} if c else {})}
                for n, kind, c in nodes
            ],
            "edges": [
                {"id": f"{a}-{b}", "sourceId": a, "targetId": b, "type": "edge"}
                for a, b in (("in", "table"), ("table", "sums"), ("sums", "out"))
            ],
        }

    def _rows(self, name: str, clause: Clause, must: bool) -> list[dict[str, str]]:
        """The table's rows of one clause: one, or one for each prefix of its own table."""
        if clause.comparison in ("in", "not_in"):
            return [self._row(name, clause, "", self._word(clause, must))]
        if not clause.table:
            return [self._row(name, clause, "", _number(clause, clause.threshold, must))]
        prefixes = {prefix: row.threshold for row in clause.table for prefix in row.industries}
        return [
            self._row(name, clause, _starts(prefix, prefixes), _number(clause, threshold, must))
            for prefix, threshold in prefixes.items()
        ]

    def _row(self, name: str, clause: Clause, condition: str, told: tuple[str, str, str]) -> dict[str, str]:
        outcome, part, could = told
        points = clause.points or 0
        scored = (f"{points} * ({part})", f"{points} * ({could})") if points else ("0", "0")
        hard = outcome if clause.hard else "0"
        return {
            "industry": condition,
            "clause": f"'{name}'",
            "o": hard,
            "p": scored[0],
            "q": scored[1],
            "m": f"{points}",
        }

    def _word(self, clause: Clause, must: bool) -> tuple[str, str, str]:
        listed = self._loop.document.directory[clause.listed] if clause.listed else clause.values
        if clause.indicator == "industry_code":
            inside = " or ".join(f"startsWith(industry_code, '{prefix}')" for prefix in listed) or "false"
        else:
            inside = f"{clause.indicator} in [{', '.join(repr(str(value)) for value in listed)}]"
        met = f"({inside})" if clause.comparison == "in" else f"not ({inside})"
        missed = 1 if clause.conference and not must else 2
        ask = f"{clause.indicator} == null"
        return (f"{ask} ? {_UNKNOWN} : {met} ? 0 : {missed}", f"{ask} ? 0 : {met} ? 1 : 0", f"{ask} or {met} ? 1 : 0")


def _number(clause: Clause, threshold: float, must: bool) -> tuple[str, str, str]:
    """Outcome, part of the points, and what they could be, as expressions over one indicator."""
    value = f"v.{clause.indicator}"
    ask = f"{value} == null"
    if clause.capacity_unit:
        ask = f"({ask} or capacity_unit != '{clause.capacity_unit}')"
    sign, above = clause.comparison, clause.comparison == ">="
    slack = abs(threshold) * SLACK
    met = f"{value} {sign} {threshold - slack if above else threshold + slack!r}"
    width = "band" if clause.band_share is None else repr(clause.band_share)
    reach = f"{abs(threshold)!r} * {width} * {1 + SLACK!r}"
    near = f"{value} {sign} {threshold!r} {'-' if above else '+'} {reach}"
    missed = "2" if must else "1" if clause.conference else f"{near} ? 1 : 2"
    ratio = f"{value} / {threshold!r}" if above else f"{threshold!r} / {value}"
    part = f"{met} ? 1 : {value} <= 0 ? 0 : {ratio}"
    return f"{ask} ? {_UNKNOWN} : {met} ? 0 : {missed}", f"{ask} ? 0 : {part}", f"{ask} ? 1 : {part}"


def _starts(prefix: str, others: Mapping[str, float]) -> str:
    """The condition that this prefix is the longest of the table that fits."""
    longer = [other for other in others if other != prefix and other.startswith(prefix)]
    return " and ".join([f"startsWith($, '{prefix}')", *(f"not startsWith($, '{other}')" for other in longer)])


def _sums(governing: Governing) -> dict[str, str]:
    """The expressions that make score and verdict of the collected rows."""
    mark = governing.pass_points
    scored = "null"
    if mark is not None:
        least = f"{mark * (1 - SLACK)!r}"
        short = f"$.score >= {least} ? 0 : 100 * sum(map(rows, #.q)) / $.whole >= {least} ? {_UNKNOWN} : "
        beyond = f"{mark!r} - $.score > {mark!r} * band * {1 + SLACK!r} ? 2 : 1"
        scored = f"$.whole > 0 ? ({short}{beyond}) : null"
    open_ = "true" if governing.standard is None else "some(rows, #.o > 0) or ($.scored != null and $.scored > 0)"
    return {
        "rows": "rows",
        "whole": "sum(map(rows, #.m))",
        "score": "$.whole > 0 ? 100 * sum(map(rows, #.p)) / $.whole : null",
        "scored": scored,
        "missed": "count(rows, #.o == 1 or #.o == 2) + ($.scored == 1 or $.scored == 2 ? 1 : 0)",
        "verdict": f"some(rows, #.o == 2) or $.scored == 2 ? 'refused' : {open_} ? 'conference' : 'admitted'",
    }
