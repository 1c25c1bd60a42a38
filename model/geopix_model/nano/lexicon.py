"""The classes that the embedded model knows, with the words that people use for them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

Form = tuple[str, str]  # (singular, plural); equal for mass nouns and for words such as "aircraft"

COUNTED_ALIKE = frozenset({"aircraft", "watercraft", "woods", "photovoltaics"})  # equal, yet not mass nouns


@dataclass(frozen=True)
class ClassWords:
    """One class and its words.

    Attributes:
        name: The class name, as in ``ModelInfo.classes``.
        singular, plural: The name as it is written in an answer.
        synonyms: Other (singular, plural) words for it.
        countable: Whether a region of its mask is one object; roads and water come in areas, not in pieces.
    """

    name: str
    singular: str
    plural: str
    synonyms: tuple[Form, ...]
    countable: bool = True

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


def _words(name: str, synonyms: str, *, plural: str = "", countable: bool = True) -> ClassWords:
    return ClassWords(name, name, plural or f"{name}s", _forms(synonyms), countable)


CLASSES: tuple[ClassWords, ...] = (
    _words(
        "airplane",
        "plane, aircraft=, aeroplane, jet, airliner, jetliner, passenger plane, parked plane, jet plane, fighter jet,"
        " passenger jet, cargo plane",
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
    _words("tennis court", "tennis field, tennis ground, tennis playing court, tennis pitch/tennis pitches"),
    _words("basketball court", "basketball field, basketball ground, basketball pitch/basketball pitches"),
    _words(
        "ground track field",
        "running track, athletics track, stadium track, sports track, track field, athletics field,"
        " track and field stadium, athletic track, athletic field, oval track, track and field ground",
    ),
    _words(
        "harbor",
        "harbour, dock, pier, port, marina, wharf/wharves, quay, jetty/jetties, seaport, boat dock, berth, anchorage",
    ),
    _words(
        "bridge",
        "footbridge, overpass/overpasses, viaduct, flyover, road bridge, railway bridge, pedestrian bridge,"
        " highway bridge, river bridge",
    ),
    _words(
        "vehicle",
        "car, truck, bus/buses, van, automobile, lorry/lorries, motor vehicle, pickup, pickup truck, minivan, taxi,"
        " suv, parked car, small vehicle, large vehicle, motor car, traffic=, delivery van, school bus/school buses,"
        " passenger car",
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
    ),
    _words(
        "road",
        "street, highway, path, lane, avenue, motorway, freeway, roadway, alley, dirt road, country road, boulevard,"
        " main road, paved road, asphalt road, road network, footpath, pathway, dirt path, driveway",
        countable=False,
    ),
    _words(
        "vegetation",
        "tree, forest, woods=, woodland, bush/bushes, shrub, greenery=, canopy/canopies, tree canopy/tree canopies,"
        " tree crown, tree cover=, grass=, lawn, meadow, hedge, foliage=, green area, vegetated area, palm tree, plant,"
        " forest area, grassland, crown, tree top, treetop, conifer, pine tree, shrubbery=, green space, plant cover=",
        plural="vegetation",
        countable=False,
    ),
    _words(
        "water",
        "river, lake, sea, pond, canal, stream, creek, ocean, reservoir, water body/water bodies, lagoon, waterway,"
        " body of water/bodies of water, open water=, waterbody/waterbodies, water area, surface water=, water surface",
        plural="water",
        countable=False,
    ),
    _words("swimming pool", "pool, outdoor pool, private pool, backyard pool, garden pool, swim pool, open air pool"),
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


def match(text: str) -> list[int]:
    """Ids of the classes that a text names, each once, in order of mention.

    Case and hyphens do not matter, only whole words count, and the longest word wins: "swimming pool" is one class,
    "car park" none.
    """
    found = (_OWNER[re.sub(r"[\s-]+", " ", hit.group())] for hit in _WORDS.finditer(text.lower()))
    return list(dict.fromkeys(class_id for class_id in found if class_id >= 0))


def named(text: str) -> list[tuple[int, str]]:
    """Ids of the classes that a text names, in order of mention, each with the plural of the word that it uses.

    Two words for one class, as in "cars and trucks", give the name of the class.
    """
    used: dict[int, list[str]] = {class_id: [] for class_id in match(text)}
    for hit in _WORDS.finditer(text.lower()):
        word = re.sub(r"[\s-]+", " ", hit.group())
        if (owner := _OWNER[word]) >= 0:
            used[owner] += [plural for form in CLASSES[owner].forms if word in form for plural in form[1:]]
    return [(c, words[0] if len(set(words)) == 1 else CLASSES[c].plural) for c, words in used.items()]


def corrected(text: str) -> str:
    """The lower-case text with slips in names of classes put right: "bilding" is a building, "airplnae" an airplane.

    Only what cannot easily be another word: two letters swapped inside, one letter left out or doubled inside a long
    word, or one letter replaced in one of eight letters or more ("goats" are no boats).
    """
    return _PLAIN_WORD.sub(lambda hit: _correction(hit.group()), text.lower())


def _correction(word: str) -> str:
    if word in _KNOWN_WORDS or word in _SLIPS or len(word) < REPLACED_CHARS:
        return _SLIPS.get(word, word)
    near = {known for known in _KNOWN_WORDS if len(known) == len(word) and _differ(known, word) == 1}
    return next(iter(near)) if len(near) == 1 else word


def _differ(one: str, other: str) -> int:
    return sum(a != b for a, b in zip(one, other, strict=True))


def _slips_of(word: str) -> Iterator[str]:
    """What becomes of a word by one slip inside, as far as it is hardly another word."""
    for at in range(1, len(word) - 1):
        swapped = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        if len(word) >= SLIP_CHARS or at + 2 < len(word):
            yield swapped
        dropped, doubled = word[:at] + word[at + 1 :], word[: at + 1] + word[at:]
        double = word[at] in (word[at - 1], word[at + 1])  # "tenis" is no word
        if len(dropped) >= SLIP_CHARS - double:
            yield dropped
        if len(doubled) >= SLIP_CHARS:
            yield doubled


def _slips(words: Iterable[str]) -> dict[str, str]:
    """The word that was meant by each slip; slips of two words and those that are words are left out."""
    meant: dict[str, set[str]] = {}
    for word in words:
        for slip in _slips_of(word):
            meant.setdefault(slip, set()).add(word)
    return {slip: sources.pop() for slip, sources in meant.items() if len(sources) == 1 and slip not in _KNOWN_WORDS}


_PLAIN_WORD = re.compile(r"[a-z]+")
SLIP_CHARS, REPLACED_CHARS = 6, 8
_KNOWN_WORDS = frozenset(word for phrase in _OWNER for word in _PLAIN_WORD.findall(phrase))
_SLIPS = _slips(
    word for phrase, owner in _OWNER.items() if owner >= 0 for word in _PLAIN_WORD.findall(phrase) if len(word) > 3
)


def joined(text: str) -> str:
    """The lower-case text with an underscore between the words of one name: "swimming_pool"."""
    return _WORDS.sub(lambda hit: re.sub(r"[\s-]+", "_", hit.group()), text.lower())


def listing(class_ids: Iterable[int] = range(GENERIC)) -> str:
    """The classes as a phrase for a sentence: "airplanes, ships and water"; this fills the token [CLASSES]."""
    names = [CLASSES[class_id].plural for class_id in class_ids]
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1]))) if names else "nothing"
