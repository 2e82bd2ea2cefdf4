"""Which schemes are kept, and which two or three are shown: the best, but not many times the same."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from yipanqi.matching.drafts import Draft
from yipanqi.matching.ground import Ground

#: How often one site may stand in the schemes kept of one project, while others are to be had.
_PER_SITE = 4


@dataclass(frozen=True)
class SchemeOptions:
    """How much work: schemes kept of a project, of which in its own town at least (if there are), and shown."""

    pool_count: int = 40
    own_count: int = 10
    shown_count: int = 3


def diverse(
    sites: Sequence[Sequence[int]], groups: Sequence[tuple[object, object]], own: Sequence[bool], options: SchemeOptions
) -> list[int]:
    """The places of those kept, in the order given, which is that of preference.

    ``groups`` says where each lies and of what sort it is. First the best of the own town; then, in turn, the best of
    each sort, the second best of each, …, and within a turn the places in turn. No site stands in more than
    ``_PER_SITE`` of them as long as others are left.
    """
    of_group: Counter[object] = Counter()
    of_place: Counter[object] = Counter()
    turns = []
    for at, group in enumerate(groups):
        turn = of_group[group]
        turns.append((turn, of_place[turn, group[0]], at))
        of_group[group] += 1
        of_place[turn, group[0]] += 1
    in_turn = [at for _, _, at in sorted(turns)]
    at_home = [at for at in range(len(sites)) if own[at]]
    used: Counter[int] = Counter()
    kept: dict[int, None] = {}
    for order, most in ((at_home, options.own_count), (in_turn, options.pool_count)):
        for at in order:
            if len(kept) >= most:
                break
            if at not in kept and all(used[site] < _PER_SITE for site in sites[at]):
                kept[at] = None
                used.update(sites[at])
    for at in in_turn:
        if len(kept) >= options.pool_count:
            break
        kept.setdefault(at)
    return sorted(kept)


def kept(drafts: Sequence[Draft], ground: Ground, origin: str, options: SchemeOptions) -> list[Draft]:
    """The drafts kept of one project, best first: of every town, kind and site class some."""
    order = sorted(drafts, key=_preference)
    groups = [(_towns(d, ground), (int(ground.class_codes[d.sites[0]]), d.kind(ground))) for d in order]
    own = [all(town == origin for town in group[0]) for group in groups]
    return [order[at] for at in diverse([d.sites for d in order], groups, own, options)]


def _preference(draft: Draft) -> tuple[object, ...]:
    moves = tuple((m.firm.firm_id, -1 if m.to is None else m.to) for m in draft.moves)
    return (-draft.score, tuple((u.phase, u.site) for u in draft.units), moves)


def _towns(draft: Draft, ground: Ground) -> tuple[str, ...]:
    return tuple(sorted({ground.towns[site] for site in draft.sites}))


def shown(drafts: Sequence[Draft], first_class: Callable[[Draft], bool], ground: Ground, most: int) -> list[Draft]:
    """Up to ``most`` drafts to recommend: none dominated by another of them, none mostly on the same sites.

    ``drafts`` come best first. Those of first class (admitted) go before the others. The best is shown; then, each
    time, the best of a kind and of a town not yet shown, before a new kind, a new town, or neither.
    """
    front = undominated([d for d in drafts if first_class(d)]) + undominated([d for d in drafts if not first_class(d)])
    chosen: list[Draft] = []
    while len(chosen) < most:
        fitting = [d for d in front if all(differs(d, c) and not _one_sided(d, c) for c in chosen)]
        if not fitting:
            break
        kinds = {d.kind(ground) for d in chosen}
        towns = {t for d in chosen for t in _towns(d, ground)}

        known = [
            (not first_class(d), (d.kind(ground) in kinds) + bool(towns.intersection(_towns(d, ground))))
            for d in fitting
        ]
        # The first of equals is the best.
        chosen.append(fitting[known.index(min(known))] if chosen else fitting[0])
    return chosen


def undominated(drafts: Sequence[Draft]) -> list[Draft]:
    """The drafts that no other beats: as good in every merit and better in one."""
    if not drafts:
        return []
    merits = np.array([d.merits for d in drafts])
    as_good = (merits[:, None, :] >= merits[None, :, :]).all(axis=2)
    better = (merits[:, None, :] > merits[None, :, :]).any(axis=2)
    beaten = np.asarray((as_good & better).any(axis=0)).tolist()
    return [d for d, lost in zip(drafts, beaten, strict=True) if not lost]


def _one_sided(one: Draft, other: Draft) -> bool:
    return len(undominated([one, other])) < 2


def differs(one: Draft, other: Draft) -> bool:
    """Whether at most half of what either takes is common to both."""
    common = sum(min(one.taken.get(s, 0.0), m2) for s, m2 in other.taken.items())
    return common * 2 <= min(sum(one.taken.values()), sum(other.taken.values()))


def by_project(drafts: Sequence[Draft]) -> dict[str, list[Draft]]:
    """The drafts of each project, in the order given."""
    found: dict[str, list[Draft]] = defaultdict(list)
    for draft in drafts:
        found[draft.project_id].append(draft)
    return dict(found)
