"""The classes that the embedded model knows, with the words that people use for them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

FINEST_M, LARGE_M, LAND_M = 0.2, 0.3, 0.4  # of most things, of larger ones, of the ground; see docs/log.md
Form = tuple[str, str]  # (singular, plural); equal for mass nouns and for words such as "aircraft"

COUNTED_ALIKE = frozenset(
    {"aircraft", "passenger aircraft", "watercraft", "woods", "photovoltaics"}
)  # equal, yet not mass nouns


@dataclass(frozen=True)
class ClassWords:
    """One class and its words.

    Attributes:
        name: The class name, as in ``ModelInfo.classes``.
        singular, plural: The name as it is written in an answer.
        synonyms: Other (singular, plural) words for it.
        countable: Whether a region of its mask is one object; roads and water come in areas, not in pieces.
        finest_m: Metres per pixel below which it is found less well: it was learnt from coarser imagery.
    """

    name: str
    singular: str
    plural: str
    synonyms: tuple[Form, ...]
    countable: bool = True
    finest_m: float = FINEST_M

    @property
    def forms(self) -> tuple[Form, ...]:
        """The name and all synonyms as (singular, plural)."""
        return ((self.singular, self.plural), *self.synonyms)


def is_mass(form: Form) -> bool:
    """Whether the word takes "is" and no number, as "water" does."""
    return form[0] == form[1] and form[0] not in COUNTED_ALIKE


def _forms(words: str) -> tuple[Form, ...]:
    """Comma-separated words: "car" is (car, cars), "bus/buses" gives both, "dirt=" has one form."""
    forms = []
    for word in (w.strip() for w in words.split(",")):
        if word.endswith("="):
            forms.append((word[:-1], word[:-1]))
        else:
            singular, _, plural = word.partition("/")
            forms.append((singular, plural or f"{singular}s"))
    return tuple(forms)


def _words(
    name: str, synonyms: str, *, plural: str = "", countable: bool = True, finest_m: float = FINEST_M
) -> ClassWords:
    return ClassWords(name, name, plural or f"{name}s", _forms(synonyms), countable, finest_m)


CLASSES: tuple[ClassWords, ...] = (
    _words(
        "airplane",
        "plane, aircraft=, aeroplane, jet, airliner, jetliner, passenger plane, parked plane, jet plane, fighter jet,"
        " passenger jet, cargo plane, air plane, passenger aircraft=",
        finest_m=LARGE_M,
    ),
    _words(
        "ship",
        "boat, vessel, ferry/ferries, yacht, barge, cargo ship, container ship, sailboat, tanker, fishing boat,"
        " motorboat, speedboat, cruise ship, warship, watercraft=",
    ),
    _words(
        "storage tank",
        "tank, oil tank, fuel tank, silo, gas tank, oil storage tank, petroleum tank, storage silo, cistern,"
        " round tank, chemical tank, storage container",
    ),
    _words(
        "baseball diamond",
        "baseball field, ballpark, baseball pitch/baseball pitches, baseball court, baseball ground, softball field,"
        " ball diamond, softball diamond, baseball park",
    ),
    _words(
        "tennis court",
        "tennis field, tennis ground, tennis playing court, tennis pitch/tennis pitches, tennis area,"
        " public tennis court,"
        " outdoor tennis court, tennis hard court, tennis clay court, tennis facility/tennis facilities",
    ),
    _words(
        "basketball court",
        "basketball field, basketball ground, basketball pitch/basketball pitches, basketball area,"
        " outdoor basketball court, basketball playing court, basketball hard court, basketball playground,"
        " basketball facility/basketball facilities",
    ),
    _words(
        "ground track field",
        "running track, athletics track, stadium track, sports track, track field, athletics field,"
        " track and field stadium, athletic track, athletic field, oval track, track and field ground",
        finest_m=LARGE_M,
    ),
    _words(
        "harbor",
        "harbour, dock, pier, port, marina, wharf/wharves, quay, jetty/jetties, seaport, boat dock, berth, anchorage",
        finest_m=LARGE_M,
    ),
    _words(
        "bridge",
        "footbridge, overpass/overpasses, viaduct, flyover, road bridge, railway bridge, pedestrian bridge,"
        " highway bridge, river bridge",
        finest_m=LARGE_M,
    ),
    _words(
        "vehicle",
        "car, truck, bus/buses, van, automobile, lorry/lorries, motor vehicle, pickup, pickup truck, minivan, taxi,"
        " suv, parked car, small vehicle, large vehicle, motor car, traffic=, delivery van, school bus/school buses,"
        " passenger car, parked vehicle, parked truck, sedan",
    ),
    _words(
        "building",
        "house, roof, rooftop, structure, shed, warehouse, barn, home, hut, cabin, building footprint, apartment block,"
        " skyscraper, garage, residential building, office building, factory/factories, dwelling, villa, roof top,"
        " apartment building, tower block, industrial building",
    ),
    _words(
        "bare land",
        "bare soil=, bare ground=, dirt=, sand=, desert ground=, barren land=, bare earth=, barren ground=, desert,"
        " soil=, bare area, exposed soil=, bare field, open soil=, wasteland, barren area, bare patch/bare patches,"
        " barren=, desert land=, exposed ground=",
        plural="bare land",
        countable=False,
        finest_m=LAND_M,
    ),
    _words(
        "road",
        "street, highway, path, lane, avenue, motorway, freeway, roadway, alley, dirt road, country road, boulevard,"
        " main road, paved road, asphalt road, road network, footpath, pathway, dirt path, driveway",
        countable=False,
        finest_m=LAND_M,
    ),
    _words(
        "vegetation",
        "tree, forest, woods=, woodland, bush/bushes, shrub, greenery=, canopy/canopies, tree canopy/tree canopies,"
        " tree crown, tree cover=, grass=, lawn, meadow, hedge, foliage=, green area, vegetated area, palm tree, plant,"
        " forest area, grassland, crown, tree top, treetop, conifer, pine tree, shrubbery=, green space, plant cover=",
        plural="vegetation",
        countable=False,
        finest_m=LARGE_M,
    ),
    _words(
        "water",
        "river, lake, sea, pond, canal, stream, creek, ocean, reservoir, water body/water bodies, lagoon, waterway,"
        " body of water/bodies of water, open water=, waterbody/waterbodies, water area, surface water=, water surface",
        plural="water",
        countable=False,
        finest_m=LAND_M,
    ),
    _words(
        "swimming pool",
        "pool, outdoor pool, private pool, backyard pool, garden pool, swim pool, open air pool, lap pool, plunge pool",
    ),
    _words(
        "solar panel",
        "photovoltaic panel, pv module, solar array, pv panel, photovoltaic module, photovoltaic array, solar module,"
        " solar cell, solar installation, pv system, photovoltaics=, solar farm, pv array, rooftop solar panel,"
        " photovoltaic system, solar plant, solar collector, solar power plant, photovoltaic plant",
    ),
)
GENERIC = len(CLASSES)  # the memory slot of a target that is none of the classes

# Things whose name holds a word of a class but that are not of that class: who asks for car parks wants no cars.
OTHER_THINGS: tuple[str, ...] = (
    "water tower", "car park", "bus stop", "bus station", "street lamp", "street light", "tree house", "road sign",
    "roof window", "sea wall", "boat ramp", "pool table", "tank trap", "road marking", "lane marking", "water tank",
    "traffic light", "traffic sign", "traffic cone", "power plant", "treatment plant", "sand castle", "house number",
    "truck stop", "water slide", "water wheel", "water pipe", "septic tank", "car wash", "plane ticket", "bus lane",
    "river delta", "sea lion", "grass snake", "port hole", "house cat", "desert fox", "sea bird", "ship wreck",
    "tree trunk", "tree stump", "tree shadow", "building site", "building shadow", "bridge pillar", "jet ski",
    "dirt bike", "plant pot", "forest fire", "stream gauge", "water meter", "garage door", "home plate", "sea ice",
    "cable car",
)  # fmt: skip


def _pattern(phrase: str) -> str:
    return r"[\s-]+".join(map(re.escape, phrase.split()))


def _compile() -> tuple[re.Pattern[str], dict[str, int]]:
    """One alternation of all words, longest first, and the class of each (-1: another thing)."""
    owner = {f"{thing}{ending}": -1 for thing in OTHER_THINGS for ending in ("", "s", "es")}
    for class_id, words in enumerate(CLASSES):
        owner.update({word: class_id for form in words.forms for word in form})
    longest_first = sorted(owner, key=lambda word: (-len(word), word))
    return re.compile(rf"(?<![^\W_])(?:{'|'.join(map(_pattern, longest_first))})(?![^\W_])"), owner


_WORDS, _OWNER = _compile()
VOCABULARY = frozenset(word for phrase in _OWNER for word in re.findall("[a-z]+", phrase))
"""Every single word in the name of a class or of another thing."""


@dataclass(frozen=True)
class Mention:
    """A class where a text names it: characters ``start`` to ``end``, with the word for it as (singular, plural)."""

    class_id: int
    start: int
    end: int
    form: Form


def mentions(text: str) -> Iterator[Mention]:
    """Every word for a class in a text, in order.

    Case and hyphens do not matter, only whole words count, and the longest word wins: "swimming pool" is one class,
    "car park" none.
    """
    for hit in _WORDS.finditer(text.lower()):
        word = re.sub(r"[\s-]+", " ", hit.group())
        owner = _OWNER[word]
        if owner >= 0:
            form = next(form for form in CLASSES[owner].forms if word in form)
            yield Mention(owner, hit.start(), hit.end(), form)


def match(text: str) -> list[int]:
    """Ids of the classes that a text names, each once, in order of mention."""
    return list(dict.fromkeys(mention.class_id for mention in mentions(text)))


def named(text: str) -> list[tuple[int, str]]:
    """Ids of the classes that a text names, in order of mention, each with the plural of the word that it uses.

    Two words for one class, as in "cars and trucks", give the name of the class.
    """
    used: dict[int, set[str]] = {}
    for mention in mentions(text):
        used.setdefault(mention.class_id, set()).add(mention.form[1])
    return [(c, words.pop() if len(words) == 1 else CLASSES[c].plural) for c, words in used.items()]


def joined(text: str) -> str:
    """The lower-case text with an underscore between the words of one name: "swimming_pool"."""
    return _WORDS.sub(lambda hit: re.sub(r"[\s-]+", "_", hit.group()), text.lower())


def listing(class_ids: Iterable[int] = range(GENERIC)) -> str:
    """The classes as a phrase for a sentence: "airplanes, ships and water"; this fills the token [CLASSES]."""
    names = [CLASSES[class_id].plural for class_id in class_ids]
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1]))) if names else "nothing"
