"""Slips in the names of classes, put right before the model reads them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from .lexicon import CLASSES, VOCABULARY

LEAST_CHARS = 4  # "cat" is hardly a slip
SHORT = {
    "pls": "please", "plz": "please", "thx": "thanks", "tnx": "thanks", "ty": "thanks", "u": "you", "ur": "your",
    "wat": "what", "wots": "what is", "r": "are", "bldg": "building", "bldgs": "buildings", "veg": "vegetation",
    "hwy": "highway", "hwys": "highways", "rds": "roads", "aircrafts": "aircraft", "no.": "number",
}  # fmt: skip

# English words that are one letter away from a word for a class, made from the dictionaries of `english-words` 2.0.2
# with a frequency of at least 2.4 on the Zipf scale of `wordfreq` 3.1.1: who asks for goats wants no boats.
_REAL = """
    abuses afield aground airline airlines allay alles alloy alloys ally amin anker apace apartments arbor arca
    arena arenas ares argo aria arias arms around arras avenge axis baal babe backward bade badge badges baer bail
    bain bains bake bakes bald bale bali balk balls bally balm banal band bane bank banker bankers banks bans bara
    barb barbs bard bards bared bares barged bari bark barked barks barnes baron barons barred barrel barrens barret
    bars barth baru base baseballs bases bash bashes batch batches bate bath baths bats beat beats bell bells
    berries berry beth bets betty bier bill birth births bitches black blacks blake bland bloat bloc blocky blocs
    blush blushes boar boars boas boast boasts bock bode bodes bodied boil boll bolt bolts bond bonds bony bool boot
    boots bore borges born bosh bots bound bout bouts bower boxy boyd brae bran brass brat brats bree brees bride
    brides bridged bridger bridle broad broads broadway brock brown browns bruise brush brushes bull bure burn burns
    bushel bushels bushy buss bust busts busy buts cabal cabs cain cake cakes call calls calm cals cams cane canes
    cans caps card cards care cares carina carl carnal carp carr cart carts cass catch catches cater cats caved
    cello celts chars cheek cheeks chemicals chip chips cine clock clocks clover clown clowns coat coats coder coil
    coker coll come comer comes cond contained cool cools cops count counts county cove covers covert coves covet
    covey cower crack cracks crass creak cree creed creeds creep creeps crow crowd crowds crows cruised cruiser
    cruises cull cunning curt cuts danes dank dans dare dark darn dart dawn dawns dearth deck decks deliver delivers
    dell derry dessert desserts dier diet dine dint dire dirk dirty dishing ditch ditches diver divers docs dome
    domes dork dorks douse dover dower driver drivers drown drowns duck ducks duel dunning earn earns ears earths
    earthy eater edge edges expose exposes factor factors fain fake fakes fall fans fare fares farina faro fars fawn
    feel fell fells ferried ferrier ferris fiend fiends fighters filed filo fine firm firms fisting fitch fiver
    flake flakes flock flocks foil fond foods fool fools form forms fort forts found frack free frees frown frowns
    fuels full furries furry fuses gain gall galley galleys garbage gardens gare garth gass gets giver givers gland
    glass goad goat goats goods goof grabs grads grams gras grasp grasps grassy grays greed greener greens greer
    greet gross grown gunning gush guts hain hake hall hand hanes hank hanks hans harden hare hark harm harms hatch
    hatches hater hath hats hearth hedged hell hells heme hier hips hitch hitches hits hock hoes hole holes holmes
    homer homers homey homies hone hoods hoof hope hopes hops horse horses hose hoses hots hound housed hove hover
    howe howes hubs hues hugs hums hunts hurts hush itch itches jake jakes jane janes jars jell jerry jess jest jock
    jocks kath kell kerry kilo kilos lace laces ladd laid lain laine laker lakers lame lance lances landes lands
    laney lans lapd lard larger largo lark larks larry lars latch latches late later laud lawes laws laying layne
    ledge ledges lend lets lier lighter like likes lind line lines liver livers load loads lock locks lone lordy
    louse lover lower luke lune lush maid mail maim mains make makes mall mane manes mani mans mare marge maria
    marine marines mark marked marks mars match matches mater math maths mein merry mets mian milla milo milos mine
    moat mock mocks modulus molar mond moods moor mops mort motors mound mouse mover mower muses mush nand nars nets
    nier nighter nine nodules nome nuts oakes oars oath oaths oats officer offices omen opal opens oper oral
    outdoors outs ovals oven over oxen pace paced paces pack packed packs paged pain pale pali pall palma palms pals
    pane panes pans pant pants para paras pare pared pari paris parka parker parkes parr pars part parted parts
    passengers pata patched patchy pate patel pater pathos pats pave paves pawn pawns payed paying peas pedestrians
    peer peers pell perk perks perry pers pert pets petty pied pies piet pike pile pina pinch pinches pines piney
    ping pink pino pins pint pipe piper pipers pires pitched pitcher pitchers pith place places placing plait plan
    planed planet planets planing plank planks plans plat plate plates plating pliers plying pods poet poets poker
    polar poll polls polo pong pons pont pony pooh poon poor pops pore pores pork porta porto poser post posts pots
    potts pound pounds pout powder powers praying presidential primate privates proof proofs psalm push pushes puts
    quad quads quan rack racks railways rain rake rakes rand rank ranks rare rath raved read reads reek reeks rees
    rider riders ridge ridges riser risers rive riven rivet rivets roam roams roan roar roars rock rocks rods rood
    rook rooks room rooms root roots rotor rounds rouse rover rovers rower ruck ruining rush rushes saad saas said
    sail sake sakes sands sandy sane sang sank sans sant sark sars saved sawn scars schools scream screams scrub
    scrubs seal seals seam seams sear sears seat seats secs seed seeds sees sell sells send sens sets shad shall
    shand shea sher shes shied shih shim shin shins shiv shop shops shorts shred shreds shrug shrugs shuts silk
    silks sill sills silt sind sine sips skim skimming skip skips slant slaying sled sleds slim slip slips smalls
    smell snip snorts soar sock socks soils sola soli solo solos some sonar sorry sort sorts soul sound spaced
    spacer spacers spade spades spare spares spark sparked sparks spas spate sped spice spices spine spoil spool
    spools spores sport sporty spots spouts spurts stall stand stank steam stops streak streaks streep strictures
    struck structured subs suds sued sues sums suns surfaced swam swelling swig swims swum syed tack tacks take
    taker takers takes tali talk talker talkers talks tall tana tang tanked tanner tans taps tarn tars task tasker
    tasks tater taxes teas tees tell tells terry thank thanks thee three threes tier tiers tighter tine tink tinker
    tips toad toads tock toes toil tome tomes toms toner tonk tons tool tools topo tort torts toss tots tous towed
    towel towers toys trace traces tract tracts trek treks trey trick tricks tries truce true trunk trunks tuck
    tucks twee urea uses vain valley valleys vane vats venue venues vesicle vesicles vets vila ville vine viola
    wafer wager wain waiter wake wakes wall walter wand wane warden ware warm warms warn warns warren wars watch
    watches waters watery waved waver wedge wedges well welling wells whip whips wield wields wine wishing witch
    witches wood woody woof wool words worries worry worship worships wort wound yank yanks yarn yarns yawn yawns
    yell yells yield yields zain zine
"""


def corrected(text: str) -> str:
    """The lower-case text with abbreviations written out and slips in names of classes put right.

    A slip is one letter too many, too few, another one, or two swapped: "bilding" is a building, "lkaes" are lakes.
    Words that mean something else stay, but for one inside a name of several words: "swimming poll".
    """
    text = _PLAIN_WORD.sub(lambda hit: SHORT.get(hit.group(), hit.group()), text.lower())
    text = _PLAIN_WORD.sub(lambda hit: _meant(hit.group()), text)
    return _PLAIN_WORDS.sub(lambda hit: _meant_together(hit.group()), text)


@lru_cache(maxsize=4096)
def _meant(word: str) -> str:
    if len(word) < LEAST_CHARS or word in VOCABULARY or word in REAL_WORDS:
        return word
    near = {other: class_id for other, class_id in _SINGLE.items() if _one_apart(word, other)}
    return _best(word, near) or word


def _meant_together(words: str) -> str:
    """Neighbouring words that together are one letter away from a name of several words."""
    parts, done = words.split(" "), []
    while parts:
        for count in range(min(_LONGEST, len(parts)), 1, -1):
            found = _name_of(tuple(parts[:count]))
            if found:
                done.append(found)
                del parts[:count]
                break
        else:
            done.append(parts.pop(0))
    return " ".join(done)


@lru_cache(maxsize=4096)
def _name_of(words: tuple[str, ...]) -> str:
    """The name of several words that was meant, if exactly one word has a slip and the others stand for it alone."""
    phrase = " ".join(words)
    if phrase in _PHRASES or all(word in VOCABULARY for word in words):
        return ""
    near: dict[str, int] = {}
    for at, word in enumerate(words):
        if len(word) >= LEAST_CHARS:
            others = [other for other in _PHRASES if _without(other.split(), at) == _without(words, at)]
            near.update({other: _PHRASES[other] for other in others if _one_apart(word, other.split()[at])})
    return _best(phrase, near)


def _without(words: list[str] | tuple[str, ...], at: int) -> tuple[object, ...]:
    return (len(words), *words[:at], *words[at + 1 :])


def _best(typed: str, near: dict[str, int]) -> str:
    """Of several names for one class the one with the same ending; nothing where they name several classes."""
    if len(set(near.values())) != 1:
        return ""
    return min(near, key=lambda other: (other[-1] != typed[-1], -len(other), other))


def _one_apart(one: str, other: str) -> bool:
    """Whether one letter was added, left out or replaced, or two neighbours were swapped."""
    if one == other or abs(len(one) - len(other)) > 1:
        return False
    start = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    one, other = one[start:], other[start:]
    swapped = one[1:2] + one[:1] + one[2:]
    return other in (one[1:], swapped) or one == other[1:] or one[1:] == other[1:]


def _single_words() -> Iterator[tuple[str, int]]:
    """Each word in a name of a class, with the class; those of several classes ("court") with none."""
    owners: dict[str, set[int]] = {}
    for class_id, entry in enumerate(CLASSES):
        for phrase in (word for form in entry.forms for word in form):
            for word in _PLAIN_WORD.findall(phrase):
                owners.setdefault(word, set()).add(class_id)
    for word, classes in owners.items():
        if len(word) >= LEAST_CHARS:
            yield word, classes.pop() if len(classes) == 1 else -1


_PLAIN_WORD = re.compile(r"(?<![^\W_])[a-z]+(?![^\W_])")
_PLAIN_WORDS = re.compile(r"[a-z]+(?: [a-z]+)+")
_SINGLE = dict(_single_words())
REAL_WORDS = frozenset(_REAL.split()) | {"fridge", "fridges"}
_PHRASES = {
    word: class_id for class_id, entry in enumerate(CLASSES) for form in entry.forms for word in form if " " in word
}
_LONGEST = max(len(phrase.split()) for phrase in _PHRASES)
