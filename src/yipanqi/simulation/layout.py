"""Zones, parcels along streets, river banks and housing: the plan of the synthetic district."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yipanqi.planning.zones import ZoneKind
from yipanqi.simulation.geography import Frame, Points, wkb
from yipanqi.simulation.ground import BUILT, WATER, Ground, grid, turned
from yipanqi.simulation.settings import Settings, ZoneSetting, pick, uniform

_TRIES = 60
_BLOCK_COLUMNS = 4


@dataclass(frozen=True)
class Parcel:
    """A piece of land: its town (by number), its border in metres, and the plan it lies under."""

    town: int
    ring: Points
    area_m2: float
    area_class: str
    functional_type: str
    use_class: str
    directions: list[str] | None
    setting: ZoneSetting

    @property
    def middle(self) -> Points:
        """The middle of the parcel."""
        return np.asarray(self.ring[:-1].mean(axis=0))


@dataclass
class Plan:
    """What has been laid out so far."""

    parcels: list[Parcel] = field(default_factory=list)
    zones: list[dict[str, Any]] = field(default_factory=list)
    fields: list[tuple[int, Points, float]] = field(default_factory=list)


@dataclass(frozen=True)
class _Field:
    """A field of parcels around the origin: lines between columns (with cross streets) and between rows."""

    columns: list[tuple[float, float]]
    rows: list[tuple[float, float, float]]
    length: float
    width: float


def lay_out(ground: Ground, frame: Frame, given: Settings, parcels: int, rng: np.random.Generator) -> Plan:
    """Zones and ``parcels`` parcels on the ground, with river banks and housing.

    Raises:
        ValueError: the ground has no room for that many parcels.
    """
    plan = Plan()
    _rivers(plan, ground, frame, given, rng)
    weights = np.array([p.size_km2 * (0.25 if p.role == "offices" else 1.0) for p in given.towns])
    shrink = _shrink(ground, given, parcels)
    wanted = [round(parcels * z.parcel_share) for z in given.zones]
    wanted[0] += parcels - sum(wanted)
    for setting, many in zip(given.zones, wanted, strict=True):
        left, failures = many, 0
        while left > 0:
            least, most = setting.parcels
            size = min(left, max(1, int(rng.integers(least, most + 1)) // (1 + failures // 8)))
            town = int(rng.choice(len(weights), p=weights / weights.sum()))
            placed = _place(plan, ground, frame, given, (setting, size, town, shrink), rng)
            left -= placed
            failures = 0 if placed else failures + 1
            if failures > 400:
                raise ValueError(f"no room for {parcels} parcels in {given.district}")
    _housing(plan, ground, frame, given, rng)
    return plan


def _shrink(ground: Ground, given: Settings, parcels: int) -> float:
    """How much shorter all sides are made so that the parcels fill at most the built-up share of the ground."""
    depth = sum(given.layout.depth_m) / 2
    frontage = given.layout.frontage_m.median * float(np.exp(given.layout.frontage_m.sigma**2 / 2))
    need = parcels * frontage * (depth + given.layout.street_m)
    room = ground.area_m2 * given.layout.built_up_share
    return float(min(1.0, np.sqrt(room / need)))


def _field(setting: ZoneSetting, size: int, given: Settings, shrink: float, rng: np.random.Generator) -> _Field:
    low, high = setting.row_pairs
    pairs = int(rng.integers(low, high + 1)) if size >= 4 else 1
    lines = pairs * 2 if size > 1 else 1
    street = given.layout.street_m * shrink
    fronts = given.layout.frontage_m.draw(rng, -(-size // lines)) * shrink
    depth = float(uniform(rng, given.layout.depth_m, 1)[0]) * shrink
    columns, at = [], 0.0
    for i, front in enumerate(fronts.tolist()):
        at += street if i and i % _BLOCK_COLUMNS == 0 else 0.0
        columns.append((at, at + front))
        at += front
    width = lines * depth + street * (pairs - 1)
    rows = [(p * (2 * depth + street), depth, depth) for p in range(pairs)]
    middle = at / 2
    return _Field(
        [(a - middle, b - middle) for a, b in columns], [(v - width / 2, d, e) for v, d, e in rows], at, width
    )


def _place(
    plan: Plan,
    ground: Ground,
    frame: Frame,
    given: Settings,
    want: tuple[ZoneSetting, int, int, float],
    rng: np.random.Generator,
) -> int:
    """Lay a zone of parcels somewhere in the town; the number of parcels laid, 0 when there is no room."""
    setting, size, town, shrink = want
    shape = _field(setting, size, given, shrink, rng)
    cover = grid(shape.length, shape.width, given.layout.zone_margin_m)
    room = grid(shape.length, shape.width, given.layout.town_margin_m * shrink)
    for spot in ground.spots(town, _TRIES, rng):
        angle = float(rng.normal(0.35 * np.sin(town * 1.7), 0.12))
        free = ground.free(turned(cover, angle, spot), town, wet=setting.area_class == "198")
        if free and np.all(ground.owner(turned(room, angle, spot)) == town):
            ground.take(turned(cover, angle, spot), BUILT)
            plan.fields.append((town, spot, shape.length / 2))
            return _subdivide(plan, frame, given, (setting, size, town), (shape, angle, spot), rng)
    return 0


def _subdivide(
    plan: Plan,
    frame: Frame,
    given: Settings,
    want: tuple[ZoneSetting, int, int],
    place: tuple[_Field, float, Points],
    rng: np.random.Generator,
) -> int:
    """Zone rows and parcels of a field: segments of whole blocks each have a functional type, a use and directions."""
    setting, size, town = want
    shape, angle, spot = place
    margin = given.layout.zone_margin_m

    def ring(u0: float, u1: float, v: list[float]) -> Points:
        """A rectangle; the middle values of ``v`` are corners on both sides, for neighbours that end there."""
        corners = [(u0, v[0]), (u1, v[0]), *((u1, y) for y in v[1:]), *((u0, y) for y in v[:0:-1]), (u0, v[0])]
        return turned(np.array(corners), angle, spot)

    half = shape.width / 2 + margin
    low, high = shape.columns[0][0] - margin, shape.columns[-1][1] + margin
    _zone(plan, frame, ZoneKind.AREA_CLASS, setting.area_class, ring(low, high, [-half, half]))
    begin, left = low, size
    cells = _cells(shape, given.layout.merged_share, rng)
    blocks = [shape.columns[i : i + _BLOCK_COLUMNS] for i in range(0, len(shape.columns), _BLOCK_COLUMNS)]
    for number, block in enumerate(blocks):
        last = number == len(blocks) - 1
        end = high if last else (block[-1][1] + blocks[number + 1][0][0]) / 2
        kind, use = pick(rng, setting.functional, 1)[0], pick(rng, setting.use, 1)[0]
        aimed = rng.random() < given.directions.share
        directions = given.directions.groups[int(rng.integers(len(given.directions.groups)))] if aimed else None
        outline = ring(begin, end, [-half, half])
        limits = {"far_min_ratio": setting.far[0], "far_max_ratio": setting.far[1], "height_max_m": setting.height_m}
        _zone(plan, frame, ZoneKind.FUNCTIONAL_TYPE, kind, outline, industry_directions=directions)
        _zone(plan, frame, ZoneKind.PLANNED_USE, use, outline, **limits)
        begin = end
        for u0, u1 in block:
            for v in cells[u0]:
                if left:
                    border = ring(u0, u1, v)
                    area = (u1 - u0) * (v[-1] - v[0])
                    plan.parcels.append(Parcel(town, border, area, setting.area_class, kind, use, directions, setting))
                    left -= 1
    return size - left


def _cells(shape: _Field, merged_share: float, rng: np.random.Generator) -> dict[float, list[list[float]]]:
    """The parcels of every column as their lines across: two back to back, or one that spans both."""
    single = shape.width <= shape.rows[0][1] * 1.01
    out: dict[float, list[list[float]]] = {}
    for u0, _ in shape.columns:
        column: list[list[float]] = []
        for v, front, back in shape.rows:
            lines = [v, v + front] if single else [v, v + front, v + front + back]
            merged = not single and rng.random() < merged_share
            column += [lines] if merged or single else [lines[:2], lines[1:]]
        out[u0] = column
    return out


def _zone(plan: Plan, frame: Frame, kind: ZoneKind, value: str, ring: Points, **more: Any) -> None:
    number = len(plan.zones) + 1
    row = {"zone_id": f"Z{number:04d}", "zone_kind": kind.value, "value": value, "name": f"合成{number:04d}号区",
           "issued_by": "合成数据", "geometry_wkb": wkb(frame, [ring])}  # fmt: skip
    plan.zones.append(row | more)


def _rivers(plan: Plan, ground: Ground, frame: Frame, given: Settings, rng: np.random.Generator) -> None:
    """River banks with an ecological red line: a wandering course, cut to its longest stretch in the district."""
    water = given.waters
    span = float(np.hypot(*ground.extent))
    for number in range(water.count):
        heading = np.pi / 2 * (number % 2) + rng.normal(0, 0.3)
        turns = np.cumsum(rng.normal(0, water.wander, int(span / water.step_m)))
        bearing = heading + turns - turns.mean()
        course = np.cumsum(np.stack([np.cos(bearing), np.sin(bearing)], axis=1) * water.step_m, axis=0)
        course += ground.low + ground.extent * rng.uniform(0.3, 0.7, 2) - course[len(course) // 2]
        side = np.stack([-np.sin(bearing), np.cos(bearing)], axis=1) * water.half_width_m
        inside = (ground.owner(course + side) >= 0) & (ground.owner(course - side) >= 0)
        start, stop = _longest(inside)
        if stop - start < 3:
            continue
        left, right = (course + side)[start:stop], (course - side)[start:stop]
        bank = np.concatenate([left, right[::-1], left[:1]])
        _zone(plan, frame, ZoneKind.RED_LINE, "river", bank)
        for share in np.linspace(0, 1, 12):
            line = left * share + right * (1 - share)
            dense = np.concatenate([line[:-1] * (1 - t) + line[1:] * t for t in np.linspace(0, 1, 10)])
            ground.take(dense, WATER)


def _longest(inside: NDArray[np.bool_]) -> tuple[int, int]:
    """The longest run of true values, as start and stop."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], inside, [False]]).astype(int)))
    if not len(edges):
        return 0, 0
    starts, stops = edges[::2], edges[1::2]
    best = int(np.argmax(stops - starts))
    return int(starts[best]), int(stops[best])


def _housing(plan: Plan, ground: Ground, frame: Frame, given: Settings, rng: np.random.Generator) -> None:
    """Housing close to industry: a buffer around it keeps the excluded uses out."""
    setting = given.housing
    round_about = np.linspace(0, 2 * np.pi, 25)
    unit = np.stack([np.cos(round_about), np.sin(round_about)], axis=1)
    unit[-1] = unit[0]
    left = setting.count
    for index in rng.permutation(len(plan.fields)).tolist():
        if not left:
            return
        town, middle, half = plan.fields[index]
        radius = float(uniform(rng, setting.radius_m, 1)[0])
        angle = float(rng.uniform(0, 2 * np.pi))
        centre = middle + (half + radius + 60) * np.array([np.cos(angle), np.sin(angle)])
        wobble = 1 + 0.08 * np.sin(3 * round_about + angle)
        outer = centre + unit * (radius + setting.buffer_m) * wobble[:, None]
        estate = np.concatenate([centre + unit * radius * share for share in np.linspace(0.05, 1.0, 8)])
        if np.all(ground.owner(outer) == town) and ground.free(estate, town):
            outer[-1] = outer[0]
            ground.take(estate, BUILT)
            _zone(plan, frame, ZoneKind.BUFFER, "housing", outer, excluded_uses=setting.excluded_uses)
            left -= 1
