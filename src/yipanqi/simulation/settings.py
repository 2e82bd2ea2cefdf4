"""The generator's settings: every distribution it draws from, read from the rulebook's ``simulation`` document."""

from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from yipanqi.policy.rulebook import Provision, Rulebook, Strict, read

Range: TypeAlias = tuple[float, float]
Weights: TypeAlias = dict[str, float]
Role: TypeAlias = Literal["fields", "plants", "projects", "balanced", "offices"]


class Spread(Strict):
    """A log-normal amount with a median, cut to a range."""

    median: float
    sigma: float
    low: float
    high: float

    def draw(self, rng: np.random.Generator, count: int, scale: float = 1.0) -> NDArray[np.float64]:
        """``count`` amounts, their median times ``scale``."""
        return np.clip(self.median * scale * np.exp(self.sigma * rng.standard_normal(count)), self.low, self.high)


class Published(Provision):
    """A published total the synthetic district is scaled to."""

    value: float


class RoleWeights(Strict):
    """How much land, plants, offices and projects a town has beside a balanced one."""

    land: float
    plants: float
    offices: float
    projects: float


class TownPlace(Strict):
    """A town: official code and name, and a rough synthetic place and size."""

    code: str
    name: str
    kind: Literal["town", "street", "park"]
    role: Role
    lon_deg: float
    lat_deg: float
    size_km2: float


class Borders(Strict):
    """How the invented borders are drawn."""

    cells: int
    closeness: float
    roughness: float
    jitter: float
    smoothing: float
    displacement: float


class ZoneSetting(Strict):
    """One area class: its part of the parcels, the size of its zones and what may be built."""

    area_class: str
    parcel_share: float
    parcels: tuple[int, int]
    row_pairs: tuple[int, int]
    functional: Weights
    use: Weights
    far: Range
    height_m: float


class Layout(Strict):
    """How parcels lie along streets."""

    frontage_m: Spread
    depth_m: Range
    street_m: float
    merged_share: float
    zone_margin_m: float
    town_margin_m: float
    built_up_share: float
    unstated_class_share: float


class Directions(Strict):
    """Which part of the zones is meant for certain industries, and for which."""

    share: float
    groups: list[list[str]]


class Waters(Strict):
    """Rivers with an ecological red line on both banks."""

    count: int
    half_width_m: float
    step_m: float
    wander: float


class Housing(Strict):
    """Housing beside industry, and the buffer that keeps polluting uses away."""

    count: int
    radius_m: Range
    buffer_m: float
    excluded_uses: list[str]


class Land(Strict):
    """What a parcel offers, per mu."""

    price_wan_per_mu: dict[str, Range]
    power_kva_per_mu: Range
    water_m3d_per_mu: Range
    gas_m3h_per_mu: Range
    energy_headroom_tce_per_mu: Range
    emission_headroom_t_per_mu: Range
    steam_share: float
    divisible_share: float
    collective_share: dict[str, float]
    ready_months: Range


class ByFloor(Strict):
    """A range on the ground floor and one above."""

    first: Range
    upper: Range


class Plants(Strict):
    """Plants as building, floor and unit."""

    vacancy_share: float
    outdated_share: float
    floors: Weights
    units: Weights
    ground_m2: Spread
    clear_height_m: ByFloor
    floor_load_kn_m2: ByFloor
    column_span_m: list[float]
    crane_t: list[float]
    power_kva_per_m2: Range
    rent_yuan_m2_day: Range


class Offices(Strict):
    """Office buildings by floor."""

    vacancy_share: float
    floors: Weights
    ground_m2: Spread
    grades: Weights
    rent_yuan_m2_day: dict[str, Range]


class FactLife(Strict):
    """How far facts have been taken and how old they are."""

    states: Weights
    age_days: Spread


class Occupants(Strict):
    """Firms on low-efficiency land and land being cleared."""

    industries: list[str]
    vacated_share: float
    closing_share: float
    plant_share: float
    chosen_destination_share: float
    need_ratio: Range
    cost_wan_per_mu: Range
    months: Range


class Leases(Strict):
    """Leases of let plants and offices."""

    term_years: Range
    left_years: Range


class Sizes(Strict):
    """How much projects want."""

    land_mu: Spread
    plant_m2: Spread
    office_m2: Spread


class Intensity(Strict):
    """What projects promise per mu; floor is turned into land by ``floor_area_ratio``."""

    quality_sigma: float
    fixed_wan: Spread
    output_wan: Spread
    tax_wan: Spread
    other_investment_share: Range
    jobs_per_mu: Range
    rd_share: Spread
    rd_staff_share: Spread
    floor_area_ratio: float
    unstated_share: float


class Phases(Strict):
    """Second phases."""

    second_share: float
    firm_share: float
    adjacent_share: float
    size_ratio: Range
    lease_first_share: float
    gap_years: tuple[int, int]


class Wishes(Strict):
    """Wishes to be near to something."""

    share: float
    most: int
    kinds: Weights


class Holds(Strict):
    """Internal holds, some of them expired."""

    share: float
    days: tuple[int, int]


class Quotas(Strict):
    """Quotas as a share of what the board's projects want."""

    land_share: float
    energy_share: float
    emission_share: float
    used_share: float
    town_pots: int
    town_pot_share: float


class Limits(Strict):
    """Ceilings of a few towns, as a share of what their projects want."""

    towns: int
    projects_max_ratio: float
    land_max_ratio: float


class Industry(Strict):
    """An industry: what it makes, needs and burdens."""

    code: str
    weight: float
    products: list[str]
    tag: str | None
    use: str
    energy_tce_per_mu: float
    emission_t_per_mu: float
    height_m: float
    load_kn_m2: float
    crane_t: float
    power_kva_per_mu: float


class Names(Strict):
    """Syllables of invented names and the mark every invented name bears."""

    first: list[str]
    second: list[str]
    mark: str


class Settings(Strict):
    """All settings of the synthetic district. Everything but the calibration and the towns' names is assumed."""

    provenance: Provision
    calibration: dict[str, Published]
    roles: dict[Role, RoleWeights]
    borders: Borders
    rows: Weights
    zones: list[ZoneSetting]
    layout: Layout
    directions: Directions
    waters: Waters
    housing: Housing
    land_states: dict[str, Weights]
    land: Land
    plants: Plants
    offices: Offices
    facts: FactLife
    incumbents: Occupants
    leases: Leases
    stages: Weights
    categories: Weights
    sizes: Sizes
    intensity: Intensity
    phases: Phases
    wishes: Wishes
    consents: Weights
    split_share: float
    fixed_share: float
    holds: Holds
    quotas: Quotas
    limits: Limits
    industries: list[Industry]
    names: Names
    district: str
    towns_provenance: Provision
    placement_provenance: Provision
    towns: list[TownPlace]


def settings(rulebook: Rulebook) -> Settings:
    """The settings of a profile's synthetic district.

    Raises:
        RulebookError: the profile's ``simulation`` document breaks the model.
    """
    return read(Settings, rulebook, "simulation")


def uniform(rng: np.random.Generator, bounds: Range, count: int) -> NDArray[np.float64]:
    """``count`` even draws from a range."""
    return rng.uniform(bounds[0], bounds[1], count)


def pick(rng: np.random.Generator, weights: Weights, count: int) -> list[str]:
    """``count`` draws of a key with chances in proportion to its weight."""
    keys = list(weights)
    share = np.array([weights[k] for k in keys], dtype=float)
    return [keys[i] for i in rng.choice(len(keys), size=count, p=share / share.sum())]
