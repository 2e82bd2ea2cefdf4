"""Which sites a need could use at all: the hard technical filters, one named test each.

What a demand does not say asks for nothing. What a site does not say passes its test: the fact is unknown, lowers the
fit and is named in the scheme's notes.

One need against all sites is one pass over a few arrays: a district of some thousand sites needs no index. Where only
the best few single sites are asked for, ``shortlist`` gives the same answer out of a million without the pass.
"""

from collections.abc import Mapping

import numpy as np

from yipanqi.matching.ground import Flags, Floats, Ground, Ints
from yipanqi.matching.needs import Need
from yipanqi.matching.rules import Rules

#: Slack for sums of floating-point numbers.
EXACT = 1 - 1e-9


def tests(ground: Ground, need: Need) -> Mapping[str, Flags]:
    """Every test a single site must pass to be a part of a scheme: name → which sites pass it."""
    declined = np.zeros(len(ground), dtype=np.bool_)
    declined[[ground.index[site_id] for site_id in need.declined if site_id in ground.index]] = True
    passed = {
        "kind": ground.kind == need.kind,
        "state": ground.offerable | ground.reserved,
        "held": ~ground.held_from(need.project_id),
        "declined": ~declined,
    }
    for name, least in need.building.items():
        passed[name] = at_least(ground.numbers[name], least)
    if need.rent_max is not None:
        rent = ground.numbers["rent_yuan_m2_day"]
        passed["rent_yuan_m2_day"] = np.isnan(rent) | (rent * EXACT <= need.rent_max)
    return passed


def usable(ground: Ground, need: Need) -> Flags:
    """The sites that pass every test."""
    passed = np.ones(len(ground), dtype=np.bool_)
    for flags in tests(ground, need).values():
        passed &= flags
    return passed


def at_least(values: Floats, least: float) -> Flags:
    """Which values reach the least; an unknown one passes."""
    return np.isnan(values) | (values >= least * EXACT)


def together(values: Floats, units: Ints) -> Floats:
    """The sum over the units of each row; unknown where a unit's value is."""
    return np.asarray(np.where(units >= 0, values[units], 0.0).sum(axis=1))


def supplied(ground: Ground, need: Need, units: Ints) -> Flags:
    """Which rows of units have, together, the power, gas, water, steam and sewage the need asks for."""
    enough = np.ones(len(units), dtype=np.bool_)
    for name, least in need.utilities.items():
        enough &= at_least(together(ground.numbers[name], units), least)
    return enough


def known_share(ground: Ground, need: Need, units: Ints, rules: Rules) -> Floats:
    """How much of what the need asks for is known to be there, 0–1; an unknown fact counts ``unknown_share``."""
    marks = [
        np.where(np.isnan(together(ground.numbers[name], units)), rules.unknown_share, 1.0)
        for name in (*need.building, *need.utilities)
    ]
    return np.mean(marks, axis=0) if marks else np.ones(len(units))


def unknown_facts(ground: Ground, need: Need, site: int) -> list[str]:
    """The facts the need asks for and the site does not state."""
    return [n for n in (*need.building, *need.utilities) if np.isnan(ground.numbers[n][site])]
