"""Conversations about one image, generated from its labels: all that the embedded model learns to say.

Rules that the engine and the predictor rely on: one target a sentence; a sentence with a target never begins "No ", a
negative one always does; numbers are [COUNT], [AREA] or [SHARE], after the segmentation tokens of their sentence.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from geopix_model.data import conversation_templates as words
from geopix_model.nano.lexicon import CLASSES, OTHER_THINGS, Form, is_mass, match
from geopix_model.nano.prompts import SEG_RUN

ABSENT_SHARE = 0.3
TYPO_SHARE = 0.06
UNRELATED_HISTORY_SHARE = 0.25
MOST_DESCRIBED = 5
ADJECTIVE_SHARE = 0.05
UNKNOWN = -1


@dataclass(frozen=True)
class Example:
    """One question with its answer.

    Attributes:
        prompt: As typed; ``prompts.render`` makes it what the model reads.
        history: Earlier (prompt, answer) turns, oldest first.
        answer: Text with markup ``<p>planes</p>[SEG0]..[SEG5]`` and the tokens for measures.
        targets: Class ids, one for each run of segmentation tokens, in order.
    """

    prompt: str
    history: tuple[tuple[str, str], ...]
    answer: str
    targets: tuple[int, ...]


@dataclass(frozen=True)
class Thing:
    """A thing as it is named in one prompt; ``class_id`` UNKNOWN is something that the model does not know."""

    class_id: int
    form: Form
    present: bool = False

    @property
    def mass(self) -> bool:
        return is_mass(self.form)

    @property
    def countable(self) -> bool:
        return self.class_id != UNKNOWN and CLASSES[self.class_id].countable

    @property
    def verb(self) -> str:
        return "is" if self.mass else "are"


@dataclass(frozen=True)
class Scene:
    """What is known of one image: ids of present and of absent classes; ``sizes`` orders descriptions."""

    present: tuple[int, ...]
    absent: tuple[int, ...]
    sizes: Mapping[int, int] = field(default_factory=dict)


def generate(rng: random.Random, known: Mapping[int, str], *, count: Mapping[int, int] | None = None) -> Example:
    """One random example about one image.

    Args:
        rng: The only source of chance.
        known: Class id -> "present" or "absent"; classes that are not in it are never asked about.
        count: Class id -> how much of it there is (objects or pixels); descriptions begin with the largest.
    """
    scene = Scene(
        tuple(c for c in sorted(known) if known[c] == "present"),
        tuple(c for c in sorted(known) if known[c] == "absent"),
        count or {},
    )
    makers = [m for m in _MAKERS if (scene.present or not m.needs_present) and (known or not m.needs_class)]
    maker = rng.choices(makers, [m.weight for m in makers])[0]
    example = maker.make(rng, scene)
    if not example.history and maker.may_have_history and rng.random() < UNRELATED_HISTORY_SHARE:
        earlier = rng.choices(makers, [m.weight for m in makers])[0].make(rng, scene)
        example = replace(example, history=((earlier.prompt, earlier.answer),))
    return example


def thing_of(rng: random.Random, scene: Scene, exclude: Sequence[int] = ()) -> Thing:
    """A class of the scene under one of its names, absent in ``ABSENT_SHARE`` of cases where there is a choice."""
    present = [c for c in scene.present if c not in exclude]
    absent = [c for c in scene.absent if c not in exclude]
    is_present = bool(present) and not (absent and rng.random() < ABSENT_SHARE)
    class_id = rng.choice(present if is_present else absent)
    forms = CLASSES[class_id].forms
    form = forms[0] if rng.random() < 0.4 else rng.choice(forms)
    return Thing(class_id, form, is_present)


def unknown_of(rng: random.Random) -> Thing:
    """Something that is none of the classes; one in three is an invented word."""
    if rng.random() < 0.67:
        return Thing(UNKNOWN, rng.choice(UNKNOWN_FORMS))
    while True:
        word = "".join(rng.choice(words.ONSETS) + rng.choice(words.VOWELS) for _ in range(rng.randint(2, 3)))
        word += rng.choice(words.ENDINGS)
        if not match(word) and not match(f"{word}s"):
            return Thing(UNKNOWN, (word, f"{word}s"))


def _unknown_forms() -> tuple[Form, ...]:
    named = (name.strip().partition("/") for name in words.UNKNOWN_THINGS.split(","))
    forms = [(singular, plural or f"{singular}s") for singular, _, plural in named]
    forms += [(t, f"{t}es" if t.endswith(("s", "sh", "x")) else f"{t}s") for t in OTHER_THINGS]
    forms = [(s, f"{s[:-1]}ies") if p.endswith("ys") and p[-3] not in "aeiou" else (s, p) for s, p in forms]
    return tuple(forms)


UNKNOWN_FORMS = _unknown_forms()


def noun_phrase(rng: random.Random, thing: Thing) -> str:
    """The thing with an article or none: "the planes", "every plane", "water"."""
    singular, plural = thing.form
    if rng.random() < ADJECTIVE_SHARE and thing.class_id != UNKNOWN:
        adjective = rng.choice(words.ADJECTIVES)
        singular, plural = f"{adjective} {singular}", f"{adjective} {plural}"
    if thing.mass or not thing.form[0] or rng.random() < 0.8:
        return rng.choice(("{}", "{}", "the {}", "the {}", "all {}", "all the {}", "any {}")).format(plural)
    return rng.choice(("the {}", "every {}", "each {}", "{a}")).format(singular, a=_one(thing.mass, singular, plural))


def _one(mass: bool, singular: str, plural: str) -> str:
    return plural if mass else f"{'an' if singular[:1] in tuple('aeiou') else 'a'} {singular}"


def _fill(rng: random.Random, template: str, thing: Thing) -> str:
    place = rng.choice(words.PLACES) if "{w}" in template else ""
    verb = "is" if "there {one}" in template else thing.verb
    return template.format(
        np=noun_phrase(rng, thing) if "{np}" in template else "",
        n=thing.form[1],
        one=_one(thing.mass, *thing.form),
        is_=verb,
        w=place and f" {place}",
    )


def finish(rng: random.Random, prompt: str, protected: str = "") -> str:
    """The prompt as people type: capitals, missing marks and, outside of ``protected`` words, a typo now and then."""
    if rng.random() < TYPO_SHARE:
        prompt = _with_typo(rng, prompt, protected.split())
    if prompt[-1] == "?" and rng.random() < 0.4:
        prompt = prompt[:-1]
    elif prompt[-1].isalnum() and rng.random() < 0.12:
        prompt += rng.choice("..?!")
    pick = rng.random()
    return prompt[0].upper() + prompt[1:] if pick < 0.25 else prompt.upper() if pick < 0.28 else prompt


def _with_typo(rng: random.Random, prompt: str, protected: Sequence[str]) -> str:
    """One word with two letters swapped, one dropped or one doubled; never into a word for another class."""
    parts = prompt.split(" ")
    longer = [i for i, part in enumerate(parts) if len(part) > 3 and part.isalpha() and part not in protected]
    if not longer:
        return prompt
    where = rng.choice(longer)
    word, at = parts[where], rng.randrange(1, len(parts[where]) - 1)
    swapped = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    typo = rng.choice((swapped, word[:at] + word[at + 1 :], word[:at] + word[at] + word[at:]))
    parts[where] = word if match(typo) else typo
    return " ".join(parts)


def grounded(rng: random.Random, thing: Thing, objects: Sequence[str], cover: Sequence[str]) -> str:
    """One sentence about a class: with its segmentation tokens where it is present, else starting with "No "."""
    if not thing.present:
        return rng.choice(words.ABSENT).format(n=thing.form[1], is_=thing.verb)
    template = rng.choice(objects if thing.countable else cover)
    verb = "covers" if thing.mass else "cover"
    return template.format(t=f"<p>{thing.form[1]}</p>{SEG_RUN}", v=verb, is_=thing.verb)


def _targets(*things: Thing) -> tuple[int, ...]:
    return tuple(t.class_id for t in things if t.present)


def _single(rng: random.Random, prompt: str, thing: Thing, answers: tuple[Sequence[str], Sequence[str]]) -> Example:
    return Example(finish(rng, prompt), (), grounded(rng, thing, *answers), _targets(thing))


def _command(rng: random.Random, thing: Thing) -> str:
    if rng.random() < 0.4:
        return _fill(rng, rng.choice(words.QUESTIONS), thing)
    return rng.choice(words.POLITE).format(_fill(rng, rng.choice(words.COMMANDS), thing))


def _segment(rng: random.Random, scene: Scene) -> Example:
    thing = thing_of(rng, scene)
    return _single(rng, _command(rng, thing), thing, _FOUND)


def _several(rng: random.Random, scene: Scene) -> Example:
    """Two to four classes; sometimes two words for one class, sometimes one unknown thing among them."""
    first = thing_of(rng, scene)
    if rng.random() < 0.08:
        return _two_words(rng, first)
    things = [first]
    while len(things) < min(rng.choice((2, 2, 2, 3, 3, 4)), len(scene.present) + len(scene.absent)):
        things.append(thing_of(rng, scene, [t.class_id for t in things]))
    stranger = unknown_of(rng) if len(things) == 1 or rng.random() < 0.12 else None
    named = [*things, stranger] if stranger else things
    if stranger and rng.random() < 0.4:
        named = [stranger, *things]
    prompt = finish(rng, _command(rng, _list(rng, named)), stranger.form[1] if stranger else "")
    sentences = [grounded(rng, t, words.ONE_OF_SEVERAL_OBJECTS, words.ONE_OF_SEVERAL_COVER) for t in things]
    return Example(prompt, (), " ".join(sentences + [words.UNKNOWN_OF_SEVERAL] * bool(stranger)), _targets(*things))


def _two_words(rng: random.Random, thing: Thing) -> Example:
    """ "cars and trucks" are one target, named by the class."""
    forms = rng.sample(CLASSES[thing.class_id].forms, 2)
    prompt = _command(rng, _list(rng, [Thing(thing.class_id, form) for form in forms]))
    return _single(rng, prompt, replace(thing, form=CLASSES[thing.class_id].forms[0]), _FOUND)


def _list(rng: random.Random, things: Sequence[Thing]) -> Thing:
    """Several things under one name, as a template takes them: "ships, planes and the cars"."""
    article = rng.choice(("", "", "the ", "all "))
    names = [things[0].form[1]] + [f"{article}{thing.form[1]}" for thing in things[1:]]
    last = rng.choice((" and ", " and ", " and ", " & ", " + ", ", ", ", and ", " and also ", " as well as ", " plus "))
    between = last if last in (" & ", " + ") else ", "
    return Thing(UNKNOWN, ("", between.join(names[:-1]) + last + names[-1]))


def _count(rng: random.Random, scene: Scene) -> Example:
    thing = thing_of(rng, scene)
    if thing.mass:
        return _measure(rng, scene, thing)
    return _single(rng, _fill(rng, rng.choice(words.COUNTS), thing), thing, _COUNTED)


def _presence(rng: random.Random, scene: Scene) -> Example:
    thing = thing_of(rng, scene)
    return _single(rng, _fill(rng, rng.choice(words.PRESENCES), thing), thing, _PRESENT)


def _measure(rng: random.Random, scene: Scene, thing: Thing | None = None) -> Example:
    thing = thing or thing_of(rng, scene)
    templates = words.MASS_AREAS if thing.mass and rng.random() < 0.5 else words.AREAS
    return _single(rng, _fill(rng, rng.choice(templates), thing), thing, _MEASURED)


def _describe(rng: random.Random, scene: Scene) -> Example:
    ids = sorted(scene.present, key=lambda c: -scene.sizes.get(c, 0))[:MOST_DESCRIBED]
    things = [Thing(c, CLASSES[c].forms[0], True) for c in ids]
    sentences = [grounded(rng, t, words.DESCRIBED_OBJECTS, words.DESCRIBED_COVER) for t in things]
    return Example(finish(rng, rng.choice(words.DESCRIPTIONS)), (), " ".join(sentences), _targets(*things))


def _unknown(rng: random.Random, scene: Scene) -> Example:
    thing = unknown_of(rng)
    pick = rng.random()
    templates = words.COUNTS if pick < 0.15 else words.PRESENCES if pick < 0.35 else words.AREAS if pick < 0.45 else ()
    if pick > 0.9:
        templates = words.FOLLOW_NAMED
    prompt = _fill(rng, rng.choice(templates), thing) if templates else _command(rng, thing)
    return Example(finish(rng, prompt, " ".join(thing.form)), (), rng.choice(words.UNKNOWN), ())


def _follow_up(rng: random.Random, scene: Scene) -> Example:
    """A question that only makes sense after the one before: "and the ships?", "how many are there?"."""
    earlier = rng.choice((_segment, _segment, _count, _presence, _measure))
    thing = thing_of(rng, scene)
    if rng.random() < 0.5:
        before = earlier(rng, scene)
        after = _single(rng, _fill(rng, rng.choice(words.FOLLOW_NAMED), thing), thing, _FOUND)
    else:
        before = _single(rng, _command(rng, thing), thing, _FOUND)
        if rng.random() < 0.3:
            before = _single(rng, _fill(rng, rng.choice(words.PRESENCES), thing), thing, _PRESENT)
        kinds = ((words.FOLLOW_COUNT, _COUNTED), (words.FOLLOW_AREA, _MEASURED), (words.FOLLOW_SEGMENT, _FOUND))
        templates, answers = rng.choice(kinds[1:] if thing.mass else kinds)
        after = _single(rng, rng.choice(templates), thing, answers)
    return replace(after, history=((before.prompt, before.answer),))


def _small_talk(rng: random.Random, scene: Scene) -> Example:
    prompts, answer = rng.choice(words.SMALL_TALK)
    return Example(finish(rng, rng.choice(prompts)), (), answer, ())


_FOUND = (words.FOUND_OBJECTS, words.FOUND_COVER)
_COUNTED = (words.COUNTED_OBJECTS, words.COUNTED_COVER)
_PRESENT = (words.PRESENT_OBJECTS, words.PRESENT_COVER)
_MEASURED = (words.MEASURED, words.MEASURED)


@dataclass(frozen=True)
class _Maker:
    """One kind of question, how often it comes, and what it needs of the scene."""

    make: Callable[[random.Random, Scene], Example]
    weight: float
    needs_class: bool = True
    needs_present: bool = False
    may_have_history: bool = True


_MAKERS = (
    _Maker(_segment, 35),
    _Maker(_several, 15),
    _Maker(_count, 10),
    _Maker(_presence, 10),
    _Maker(_measure, 6),
    _Maker(_describe, 8, needs_present=True),
    _Maker(_unknown, 10, needs_class=False),
    _Maker(_follow_up, 6),
    _Maker(_small_talk, 3, needs_class=False),
)
