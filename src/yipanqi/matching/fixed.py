"""Placements that are not matching's choice: projects signed, listed or held on sites take these as they are."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from yipanqi.kernel.findings import Finding, Severity
from yipanqi.matching.drafts import Draft, Unit, all_taken, joined, scored
from yipanqi.matching.figures import figures
from yipanqi.matching.ground import Ground
from yipanqi.matching.needs import Need
from yipanqi.matching.setting import Setting
from yipanqi.matching.ways import ways_of


@dataclass(frozen=True, eq=False)
class Fixed:
    """The one draft of each fixed project, and what is wrong with the sites named."""

    drafts: tuple[Draft, ...]
    findings: tuple[Finding, ...]


def fixed_drafts(setting: Setting) -> Fixed:
    """One draft for each project with ``fixed_site_ids``: these sites, whatever the filters say.

    A named site that is not among the allocatable sites is a finding and left out; a project all of whose sites are
    has no draft. An indivisible site named by two projects is a finding; both keep it.
    """
    ground, findings = setting.ground, []
    shares: dict[str, list[tuple[Need, list[Unit]]]] = {}
    for project_id, needs in setting.by_project.items():
        known = [ground.index[site] for site in needs[0].fixed if site in ground.index]
        lost = [site for site in needs[0].fixed if site not in ground.index]
        findings += [_finding("matching.fixed_unknown", project_id, site) for site in lost]
        if known:
            shares[project_id] = _shared(known, needs, ground)
    drafts = tuple(_draft(setting, many) for many in shares.values())
    return Fixed(drafts, (*findings, *_twice(drafts, ground)))


def _shared(sites: Sequence[int], needs: Sequence[Need], ground: Ground) -> list[tuple[Need, list[Unit]]]:
    """The sites handed to the phases: each to the phases of its kind in order until these have what they need.

    What nobody needs any more goes to the last phase of its kind, or the last of all. Phases without one are left out.
    """
    missing = {need.phase: need.need_m2 for need in needs}
    units: dict[int, list[Unit]] = {need.phase: [] for need in needs}
    for site in sites:
        left = float(ground.area[site])
        fitting = [need for need in needs if need.kind == ground.kind[site]] or list(needs)
        for need in [n for n in fitting if missing[n.phase] > 0] or fitting[-1:]:
            part = ground.divisible[site] and missing[need.phase] > 0
            take = min(left, missing[need.phase]) if part else left
            if take > 0:
                units[need.phase].append(Unit(need.phase, site, take))
                missing[need.phase] = max(missing[need.phase] - take, 0.0)
                left -= take
    return [(need, units[need.phase]) for need in needs if units[need.phase]]


def _draft(setting: Setting, many: Sequence[tuple[Need, list[Unit]]]) -> Draft:
    ground = setting.ground
    phases = []
    for need, units in many:
        ways = ways_of(
            np.array([[u.site for u in units]], dtype=np.int32), np.array([[u.take for u in units]]), split=False
        )
        of = figures(ground, need, ways, setting.words.word(need.key, ways.used()), setting.rules).row(0)
        # A fixed placement may be smaller than the need, which is no better fit.
        of = replace(of, fit=min(of.fit, 1.0))
        phases.append(Draft(need.project_id, tuple(units), False, of, need_m2=need.need_m2, wanted=need.wanted))
    moves = setting.relocation.moves(all_taken(phases)) or ()
    draft = joined([d.moving(moves) for d in phases], ground)
    apart = {ground.towns[site] for site in draft.sites}
    missing = {need.phase for need in setting.by_project[draft.project_id]} - {need.phase for need, _ in many}
    # Sites that may be offered to nobody have no neighbours: of them only the town is known.
    known = bool((ground.offerable | ground.reserved)[list(draft.sites)].all())
    split = len(apart) > 1 or (known and setting.near.places(draft.sites) > 1)
    whole = replace(draft, split=split, unplaced=tuple(sorted(missing)))
    return scored([whole], many[0][0], ground, setting.rules)[0]


def _twice(drafts: Sequence[Draft], ground: Ground) -> list[Finding]:
    """A finding for each later project on an indivisible site that an earlier one, by id, is fixed on too."""
    first: dict[int, str] = {}
    found = []
    for draft in sorted(drafts, key=lambda d: d.project_id):
        for site in draft.sites:
            if not ground.divisible[site] and first.setdefault(site, draft.project_id) != draft.project_id:
                found.append(_finding("matching.fixed_twice", draft.project_id, ground.ids[site]))
    return found


def _finding(rule: str, project_id: str, site_id: str) -> Finding:
    params = {"project": project_id, "site": site_id}
    return Finding(rule, Severity.WARN, params, table="projects", column="fixed_site_ids", value=site_id)
