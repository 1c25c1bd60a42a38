"""The labelled image sets of the embedded model: where they lie, what they label, what they cannot contain.

A set labels only some classes.  Everything else is unknown in it, except the classes listed as ``excluded``: things
that do not occur at such places (there is no ship in a Nepali hill village).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from ..nano.lexicon import CLASSES

NAMES = tuple(words.name for words in CLASSES)
ID = {name: index for index, name in enumerate(NAMES)}
COVER = {
    1: ID["building"],
    2: ID["bare land"],
    3: ID["road"],
    4: ID["vegetation"],
    5: ID["water"],
    7: ID["solar panel"],
}
NWPU = NAMES[:10]
SPORTS = ("baseball diamond", "tennis court", "basketball court", "ground track field")
COAST = ("ship", "harbor")
UNKNOWN = 255


@dataclass(frozen=True)
class LabelSet:
    """One data set.

    Attributes:
        folder: Below the data root, with ``train`` and ``val``.
        kind: ``masks`` (PNG of codes), ``instances`` (COCO polygons) or ``boxes`` (weak: relative boxes).
        codes: Mask code -> class id, for ``masks``.
        boxed: Class of the boxes, for ``boxes``.
        core: Share of a box, as an ellipse about its centre, that surely is the object.
        excluded: Classes that such places do not have.
        scale: Factor applied on reading, to bring the set near the model's working resolution.
        weight: How often the set is drawn in training, relative to the others.
    """

    folder: str
    kind: Literal["masks", "instances", "boxes"]
    codes: dict[int, int] = field(default_factory=dict)
    boxed: str = ""
    core: float = 0.0
    excluded: tuple[str, ...] = ()
    scale: float = 1.0
    weight: float = 1.0

    @property
    def labelled(self) -> tuple[int, ...]:
        """Class ids that this set labels."""
        if self.kind == "instances":
            return tuple(ID[name] for name in NWPU)
        return (ID[self.boxed],) if self.kind == "boxes" else tuple(dict.fromkeys(self.codes.values()))


def _only(code: int) -> dict[int, int]:
    return {code: COVER[code]}


SETS = (
    LabelSet("nwpu", "instances", excluded=("solar panel",), weight=9.0),
    LabelSet(
        "dubai",
        "masks",
        {c: COVER[c] for c in range(1, 6)},
        excluded=("airplane", "storage tank", "baseball diamond"),
        weight=5.0,
    ),
    LabelSet(
        "bld_jkpg", "masks", _only(1), excluded=("airplane", "harbor", "baseball diamond", "storage tank"), weight=2.0
    ),
    LabelSet(
        "bld_hot", "masks", _only(1), excluded=("airplane", "storage tank", *COAST, *SPORTS), scale=0.6, weight=1.6
    ),
    LabelSet("roads_epfl", "masks", {1: ID["road"]}, excluded=("airplane", *COAST), weight=1.8),
    LabelSet("roads_mass", "masks", {1: ID["road"]}, excluded=("airplane",), weight=1.2),
    LabelSet(
        "roads_japan",
        "masks",
        _only(3),
        excluded=("airplane", "storage tank", "baseball diamond", "ship"),
        scale=0.6,
        weight=1.0,
    ),
    LabelSet("roads_vegas", "masks", _only(3), excluded=("airplane", *COAST, "storage tank"), weight=0.5),
    LabelSet("naip_trees", "masks", {1: ID["vegetation"]}, excluded=("airplane", *COAST), weight=1.2),
    LabelSet("naip_water", "masks", {2: ID["water"]}, excluded=("airplane", "storage tank", *SPORTS), weight=1.0),
    LabelSet(
        "trees_seattle", "masks", {4: ID["vegetation"]}, excluded=("airplane", *COAST, "storage tank"), weight=0.3
    ),
    LabelSet("solar_mask", "masks", _only(7), excluded=("airplane", "baseball diamond", *COAST), weight=1.6),
    LabelSet(
        "solar", "boxes", boxed="solar panel", core=0.85, excluded=("airplane", "baseball diamond", *COAST), weight=0.8
    ),
    LabelSet(
        "pools", "boxes", boxed="swimming pool", core=0.75, excluded=("airplane", *COAST, "storage tank"), weight=1.6
    ),
    LabelSet(
        "cars",
        "boxes",
        boxed="vehicle",
        core=0.85,
        excluded=("airplane", *COAST, "storage tank", *SPORTS),
        weight=1.6,
    ),
    LabelSet(
        "aircraft_mil",
        "boxes",
        boxed="airplane",
        core=0.3,
        excluded=(*COAST, *SPORTS, "swimming pool", "bridge"),
        weight=0.3,
    ),
)
