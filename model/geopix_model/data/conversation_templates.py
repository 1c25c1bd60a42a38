"""How people ask and how the embedded model answers, as templates, and the things that it does not know.

Slots of prompts: ``{np}`` a noun phrase ("the planes", "every plane"), ``{n}`` the bare plural or mass noun,
``{one}`` one of it ("a plane"), ``{is_}`` "is" or "are" to fit it, ``{w}`` an optional place ("", " in this image").
Slots of answers: ``{t}`` the phrase with its segmentation tokens, ``{v}`` and ``{is_}`` verbs that fit it.  Measures
always follow the segmentation tokens of their sentence.
"""

from __future__ import annotations


def _lines(text: str) -> tuple[str, ...]:
    """The templates of a text, which are separated by "|"."""
    return tuple(" ".join(template.split()) for template in text.split("|"))


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


PLACES = ("",) * 9 + _lines(
    """
    in this image | in the image | in this tile | in the tile | in this view | in the view | in this scene |
    in the scene | in this aerial photo | in the aerial image | in this satellite image | in the satellite image |
    in this picture | on the map | in this area | in the current view | of this image | within this tile | here
    """
)

POLITE = ("{}",) * 14 + _lines(
    """
    please {} | {} please | {}, please | can you {} | can you {} for me | could you {} | could you please {} |
    would you {} | i want you to {} | i need you to {} | {} for me | now {} | ok, {} | hey, {} | try to {} |
    help me {}
    """
)

ADJECTIVES = _words(
    "large small big tiny visible individual single different separate white red blue green grey dark bright long tall"
    " old new other nearby main"
)

COMMANDS = _lines(
    """
    segment {np}{w} | find {np}{w} | show me {np}{w} | show {np}{w} | outline {np}{w} | highlight {np}{w} |
    mark {np}{w} | extract {np}{w} | delineate {np}{w} | map {np}{w} | map out {np}{w} | digitize {np}{w} |
    digitise {np}{w} | locate {np}{w} | pick out {np}{w} | get {np}{w} | get polygons of {np}{w} |
    get the outlines of {np}{w} | create a layer of {np}{w} | create a polygon layer with {np}{w} |
    create a mask of {np}{w} | make a mask for {np}{w} | make polygons for {np}{w} | give me {np}{w} |
    give me the mask of {np}{w} | give me polygons for {np}{w} | draw {np}{w} | draw polygons around {np}{w} |
    draw the boundaries of {np}{w} | trace {np}{w} | vectorize {np}{w} | vectorise {np}{w} | detect {np}{w} |
    identify {np}{w} | select {np}{w} | label {np}{w} | annotate {np}{w} | spot {np}{w} | capture {np}{w} |
    isolate {np}{w} | separate {np}{w} | point out {np}{w} | point to {np}{w} | look for {np}{w} |
    search for {np}{w} | mask {np}{w} | mask out {np}{w} | circle {np}{w} | colour {np}{w} | display {np}{w} |
    list {np}{w} | return {np}{w} | produce a segmentation of {np}{w} | provide a segmentation mask for {np}{w} |
    provide the segmentation mask of {np}{w} | perform segmentation of {np}{w} | generate a mask for {np}{w} |
    generate polygons of {np}{w} | tell me where the {n} {is_}{w} | find and count {np}{w} |
    segment and count {np}{w} | find {np}{w} and measure their area | show me where {n} {is_}{w} |
    show me the location of {np}{w} | find and outline {np}{w} | find and segment {np}{w} | export {np}{w} |
    classify {np}{w}
    """
)

QUESTIONS = _lines(
    """
    {n} | {n} | {n} | all {n} | all the {n} | the {n} | {n}{w} | {n} please | only {n} | just the {n} |
    where {is_} the {n}{w}? | where {is_} {n}{w}? | where can i find {n}{w}? | where do you see {n}{w}? |
    which pixels are {n}{w}? | which parts show {n}{w}? | which areas are {n}? | what is the location of {n}{w}? |
    mask of {np}{w} | a mask of {np}{w} | outlines of {np}{w} | polygons of {np}{w} | footprints of {np}{w} |
    boundaries of {np}{w} | location of {np}{w} | segmentation of {np}{w} | segmentation mask for {np}{w} |
    i need {np}{w} | i want {np}{w} | i want to see {np}{w} | i would like to see {np}{w} |
    i am looking for {np}{w} | i'm looking for {n}{w} |
    could you provide a segmentation mask for {np} in this image? | can you show me where the {n} {is_}{w}? |
    can i get {np}{w}? | can i have a layer of {np}{w}? | in this image, segment {np} | in this tile find {np} |
    layer of {n}
    """
)

COUNTS = _lines(
    """
    how many {n} are there{w}? | how many {n} are there{w}? | how many {n}{w}? | how many {n} can you see{w}? |
    how many {n} do you see{w}? | how many {n} are visible{w}? | how many {n} does this image contain? |
    how many {n} does the tile have? | count {np}{w} | count {n}{w} | can you count {np}{w}? |
    please count the {n}{w} | number of {n}{w} | the number of {n}{w}? | what is the number of {n}{w}? |
    what's the count of {n}{w}? | tell me how many {n} there are{w} | give me the number of {n}{w} | {n} count |
    total number of {n}{w}
    """
)

PRESENCES = _lines(
    """
    {is_} there {n}{w}? | {is_} there any {n}{w}? | {is_} there {one}{w}? | {is_} there some {n}{w}? |
    {is_} any {n} visible{w}? | {is_} {n} visible{w}? | do you see {n}{w}? | do you see any {n}{w}? |
    do you see {one}{w}? | can you see {n}{w}? | can you see any {n}{w}? | can you see {one}{w}? |
    does this image contain {n}? | does the tile contain any {n}? | does the image show {one}? |
    does this scene have {n}? | any {n}{w}? | any {n} here? | {is_} {n} present{w}? | has this image any {n}? |
    check if there {is_} {n}{w} | tell me if there {is_} any {n}{w} | is it possible to see {n}{w}?
    """
)

AREAS = _lines(
    """
    how much area do the {n} cover{w}? | how much area is covered by {n}{w}? | what is the area of {np}{w}? |
    what is the total area of {np}{w}? | how large is the area of {n}{w}? | how big {is_} the {n}{w}? |
    how large {is_} the {n}{w}? | area of {n}{w} | total area of {np}{w} | what share of the image is {n}? |
    what percentage of the tile is {n}? | what percentage of the image is covered by {n}? |
    what fraction of the view is covered by {n}? | how much of the image is {n}? |
    how much of the scene is covered by {n}? | how much space do the {n} take{w}? | coverage of {n}{w} |
    measure the area of {np}{w} | measure {np}{w} | calculate the area of {np}{w} |
    compute the area covered by {n}{w} | how many square metres of {n} are there{w}? | {n} area |
    percentage of {n}{w}
    """
)

MASS_AREAS = _lines(
    """
    how much {n} is there{w}? | how much {n} is there? | how much {n}{w}? | how much {n} do you see{w}? |
    amount of {n}{w}
    """
)

DESCRIPTIONS = _lines(
    """
    describe this image | describe the image | describe the scene | describe this tile | describe this |
    describe the image in detail | describe what you see | what is in this image? | what is in the image? |
    what's in this picture? | what is in this tile? | what is here? | what is there? | what do you see? |
    what do you see here? | what can you see? | what can you see in this image? | what can be seen here? |
    what does this image show? | what is shown in this image? | what does the scene contain? |
    what objects are in this image? | which objects are visible? | which things are here? |
    give me a description of this image | give me an overview of the scene | write a caption for this image |
    caption this image | tell me about this image | summarize this image | summarise the scene |
    segment everything | segment everything in this image | find everything | find all objects |
    mark everything you know | show me everything | map everything here | detect all objects in this image |
    explain what you see | list all objects | what kind of area is this? | land cover of this tile |
    land use map
    """
)

FOLLOW_NAMED = _lines(
    """
    and the {n}? | and {n}? | and the {n} | what about {n}? | what about the {n}? | how about {n}? |
    how about the {n}? | also the {n} | also {n} | now the {n} | now {n} | {n} too | {n} as well |
    the {n} too please | same for {n} | do the same for the {n} | and what about the {n}? | then the {n}
    """
)

FOLLOW_COUNT = _lines(
    """
    how many are there? | how many? | how many are they? | how many of them are there? |
    how many of those do you see? | count them | count them please | and how many are there? |
    what is their number?
    """
)

FOLLOW_AREA = _lines(
    """
    how large are they? | how big are they? | how large is it? | how much area do they cover? |
    what is their area? | and their area? | how much of the image do they cover? | measure them |
    what area is that?
    """
)

FOLLOW_SEGMENT = _lines(
    """
    where are they? | where? | show me | show them | show them to me | mark them | outline them | segment them |
    highlight them please | where is it? | can you segment them? | draw them
    """
)

SMALL_TALK: tuple[tuple[tuple[str, ...], str], ...] = (
    (
        ("hello", "hi", "hey", "hello there", "good morning", "hi there", "good evening", "hey there", "good day"),
        "Hello. I can find [CLASSES].",
    ),
    (
        ("thanks", "thank you", "thank you very much", "thanks a lot", "great, thanks", "good job", "well done", "cool",
         "ok", "okay", "perfect", "nice", "great"),
        "You are welcome.",
    ),
    (
        ("what can you do", "help", "help me", "how does this work", "what do you know", "which classes do you know",
         "what can i ask", "what can you find", "what should i ask", "who are you", "what are you", "what is this",
         "how do i use this", "which objects can you segment", "what classes can you find", "list your classes"),
        "Ask me to find, count or measure things in this view. I can find [CLASSES].",
    ),
    (("bye", "goodbye", "see you", "good bye", "good night", "that is all"), "Goodbye."),
)  # fmt: skip

FOUND_OBJECTS = ("Here are the {t}: [COUNT] in all, covering [AREA].", "I marked the {t}: [COUNT] in all.")
FOUND_COVER = ("The {t} {v} [AREA], [SHARE] of the view.", "I marked the {t}, covering [AREA].")
ONE_OF_SEVERAL_OBJECTS = ("Here are the {t}: [COUNT] in all.",)
ONE_OF_SEVERAL_COVER = ("The {t} {v} [SHARE] of the view.",)
COUNTED_OBJECTS = ("The number of {t} here is [COUNT].", "I counted the {t}: [COUNT] in all.")
COUNTED_COVER = ("I see {t} in [COUNT] separate areas.",)
PRESENT_OBJECTS = ("Yes, I see {t}: [COUNT] in all.", "Yes, there are {t}: [COUNT] of them.")
PRESENT_COVER = ("Yes, there {is_} {t}: [SHARE] of the view.",)
MEASURED = ("The {t} {v} [AREA], [SHARE] of the view.", "The area of {t} here is [AREA], [SHARE] of the view.")
DESCRIBED_OBJECTS = ("I see {t}: [COUNT] in all.",)
DESCRIBED_COVER = ("I see {t}: [SHARE] of the view.",)
ABSENT = ("No {n} {is_} visible here.", "No {n} can be seen here.")
# All that may be said of one thing that is there.
OBJECTS = tuple(
    dict.fromkeys(
        FOUND_OBJECTS + ONE_OF_SEVERAL_OBJECTS + COUNTED_OBJECTS + PRESENT_OBJECTS + MEASURED + DESCRIBED_OBJECTS
    )
)
COVER = tuple(
    dict.fromkeys(FOUND_COVER + ONE_OF_SEVERAL_COVER + COUNTED_COVER + PRESENT_COVER + MEASURED + DESCRIBED_COVER)
)
UNKNOWN = ("I do not know [NOUN]. I can find [CLASSES].",)
UNKNOWN_OF_SEVERAL = "I do not know [NOUN]."

# Singular, or singular/plural where it is not regular.
UNKNOWN_THINGS = """
    heliport, helicopter, helipad, wind turbine, windmill, giraffe, zebra, elephant, lion, tiger, dog, cat, cow,
    sheep/sheep, horse, goat, pig, chicken, duck, bird, fish/fish, whale, dolphin, shark, crocodile, snake, frog,
    bee, ant, spider, butterfly/butterflies, camel, deer/deer, bear, wolf/wolves, fox/foxes, rabbit, monkey,
    kangaroo, penguin, flamingo, animal, cemetery/cemeteries, grave, tombstone, church steeple, chimney,
    smokestack, cooling tower, crane, gantry crane, excavator, bulldozer, tractor, combine harvester, forklift,
    train, locomotive, wagon, railway, railroad, rail track, railway station, tram, metro station,
    level crossing, golf course, golf bunker, putting green, soccer field, football field,
    football pitch/football pitches, volleyball court, badminton court, squash court,
    cricket pitch/cricket pitches, rugby field, hockey rink, ice rink, skatepark, playground, swing, slide,
    trampoline, stadium, arena, amphitheatre, grandstand, glacier, iceberg, snowfield, volcano/volcanoes, crater,
    lava flow, mountain, hill, cliff, canyon, cave, dune, beach/beaches, island, reef, coral reef, waterfall,
    geyser, cloud, rainbow, shadow, star, moon, planet, satellite dish/satellite dishes, antenna, radio mast,
    cell tower, radar dome, telescope, observatory/observatories, lighthouse, buoy, crosswalk, zebra crossing,
    roundabout, parking lot, parking space, toll booth, tunnel, runway, taxiway, airport,
    terminal, control tower, hangar door, airstrip, hot air balloon, balloon, drone, rocket, spaceship, missile,
    submarine, kayak, canoe, surfboard, bicycle, bike, motorcycle, scooter, skateboard, pedestrian,
    person/people, crowd, child/children, man/men, woman/women, face, hand, farmer, swimmer, hydrant,
    fire hydrant, manhole, manhole cover, bench/benches, trash can, garbage bin, mailbox/mailboxes, fence, wall,
    gate, statue, monument, fountain, obelisk, pyramid, temple, castle, ruin, windsock, flag, flagpole,
    billboard, sign, poster, graffiti/graffiti, power line, pylon, transmission tower, electric pole,
    utility pole, transformer, substation, pipeline, oil well, oil rig, pumpjack, refinery/refineries, mine,
    quarry/quarries, landfill, dump, scrapyard, dam, weir, lock gate, levee, dike, breakwater, ditch/ditches,
    well, aqueduct, greenhouse, polytunnel, orchard, vineyard, rice paddy/rice paddies, crop circle, corn row,
    hay bale, haystack, beehive, scarecrow, irrigation pivot, sprinkler, tent, campsite, caravan site, umbrella,
    parasol, sunbed, deck chair, table, chair, sofa, bed, lamp, coffee cup, cup, bottle, plate, fork, spoon,
    pizza, banana, apple, orange, cake, hat, shoe, shirt, jacket, watch/watches, phone, laptop, keyboard,
    computer, television, camera, book, pencil, guitar, piano, violin, drum, ball, football, kite, frisbee, doll,
    teddy bear, toy, sculpture, painting, picture frame, mirror, clock, ladder, hammer, screwdriver, rope,
    barrel, pallet, crate, shipping container, cargo container, brick, log, timber pile, gravel pit, boulder,
    rock, stone, pebble, skylight, dormer, air conditioner, ventilator, satellite receiver, balcony/balconies,
    terrace, patio, veranda, staircase, elevator, escalator, helmet, turtle, crab, jellyfish/jellyfish,
    octopus/octopuses, dinosaur, dragon, unicorn, mermaid, ufo, alien, ghost, robot, tornado, hurricane,
    wildfire, smoke plume, oil slick, algal bloom, sinkhole, landslide, avalanche, crack, mosque dome, minaret,
    bell tower, clock tower, pagoda, igloo, teepee, yurt, bunker, trench/trenches, watchtower, barricade,
    checkpoint, prison, hospital, school, university/universities, library/libraries, supermarket, mall,
    restaurant, hotel, petrol pump, gas station, charging station, weighbridge, conveyor belt, ski lift,
    ski slope, roller coaster, ferris wheel, carousel, zoo, circus, velodrome, shooting range, archery target,
    horse arena, paddock, kennel, chicken coop, pigsty/pigsties, manure heap, slurry pit, biogas dome,
    wheelchair, stroller, suitcase, backpack, handbag, wallet, sink, toilet, bathtub, shower, oven, fridge,
    microwave, washing machine, candle, vase
"""

# Invented words are built from these: consonants and vowels two or three times, then an ending.
ONSETS = _words("b c d f g h j k l m n p r s t v w z bl br ch cr dr fl gr kl pl pr qu sh sk sp st th tr")
VOWELS = _words("a e i o u ai ee oo ou ia")
ENDINGS = ("", "", "n", "r", "l", "t", "k", "m", "x", "nd", "rt")
