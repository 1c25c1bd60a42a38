"""Generated conversations: the rules that the engine relies on, their variety, and the vocabulary trained on them."""

from __future__ import annotations

import random
import re
from collections import Counter

import pytest
from tokenizers import Tokenizer

from geopix_model.data.conversation_templates import COMMANDS, QUESTIONS
from geopix_model.data.conversations import Example, generate
from geopix_model.data.vocabulary import decode, train_tokenizer
from geopix_model.nano.lexicon import CLASSES, match
from geopix_model.nano.prompts import EARLIER_CHARS, MODEL_PROMPT_CHARS, SEG_RUN, SPECIAL, normalise, noun_of, question

KNOWN = {c: "present" if c % 3 == 0 else "absent" for c in range(12)}  # 12..16 are unknown for this image
PRESENT = {c for c, state in KNOWN.items() if state == "present"}
GROUNDED = re.compile(r"<p>([^<]+)</p>" + re.escape(SEG_RUN))
MEASURE = re.compile(r"\[(?:COUNT|AREA|SHARE)\]")


def many(count: int, known: dict[int, str] = KNOWN, seed: int = 0) -> list[Example]:
    rng = random.Random(seed)
    return [generate(rng, known) for _ in range(count)]


@pytest.fixture(scope="module")
def examples() -> list[Example]:
    return many(3000)


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    rng = random.Random(5)
    every = {c: rng.choice(("present", "absent")) for c in range(len(CLASSES))}
    return train_tokenizer(many(8000, every))


def sentences(answer: str) -> list[str]:
    return [f"{part}." for part in answer.rstrip(".").split(". ")]


def test_each_run_of_segmentation_tokens_has_one_target_that_its_phrase_names(examples: list[Example]) -> None:
    for example in examples:
        phrases = GROUNDED.findall(example.answer)
        assert [match(phrase) for phrase in phrases] == [[target] for target in example.targets], example
        assert example.answer.count("[SEG") == 6 * len(example.targets)


def test_only_present_classes_are_targets(examples: list[Example]) -> None:
    assert {target for example in examples for target in example.targets} == PRESENT


def test_a_sentence_has_at_most_one_target_and_measures_only_after_it(examples: list[Example]) -> None:
    for sentence in (s for example in examples for s in sentences(example.answer)):
        runs = sentence.count("[SEG0]")
        assert runs <= 1, sentence
        for measure in MEASURE.finditer(sentence):
            assert runs == 1
            assert sentence.index("[SEG5]") < measure.start(), sentence


def test_exactly_the_sentences_about_absent_classes_begin_with_no(examples: list[Example]) -> None:
    negatives = 0
    for sentence in (s for example in examples for s in sentences(example.answer)):
        named = match(sentence)
        absent = bool(named) and not set(named) & PRESENT
        assert sentence.startswith("No ") == absent, sentence
        assert not (absent and "[SEG0]" in sentence)
        negatives += absent
    assert negatives > 500


def test_classes_unknown_for_the_image_are_never_asked_about(examples: list[Example]) -> None:
    for example in examples:
        asked = [example.prompt, *(prompt for prompt, _ in example.history)]
        assert {c for prompt in asked for c in match(normalise(prompt))} <= set(KNOWN), example


def test_about_three_in_ten_asked_classes_are_absent(examples: list[Example]) -> None:
    absent = sum(s.startswith("No ") for example in examples for s in sentences(example.answer))
    asked = absent + sum(len(e.targets) for e in examples if "I see <p>" not in e.answer)  # descriptions ask for none
    assert 0.25 < absent / asked < 0.36


def test_the_answer_repeats_the_word_of_the_prompt(examples: list[Example]) -> None:
    asked = [(e, GROUNDED.findall(e.answer)[0]) for e in examples if len(e.targets) == 1 and "I see" not in e.answer]
    named = [(example, word) for example, word in asked if match(normalise(example.prompt))]
    echoed = [word for example, word in named if word in normalise(example.prompt)]
    assert len(echoed) > 0.8 * len(named)  # the rest were singular, misspelt, or two words for one class


def test_unknown_things_are_owned_up_to_and_their_noun_is_found(examples: list[Example]) -> None:
    unknown = [example for example in examples if "[NOUN]" in example.answer]
    assert 0.08 < len(unknown) / len(examples) < 0.16
    for example in unknown:
        assert example.answer.count("I do not know [NOUN].") == 1
        assert ("[CLASSES]" in example.answer) == (not match(normalise(example.prompt)))
    nouns = [noun_of(example.prompt) for example in unknown]
    assert [noun for noun in nouns if match(noun)] == []
    assert nouns.count("that") < 0.02 * len(nouns)


def test_prompts_vary_and_fit_the_model(examples: list[Example]) -> None:
    assert len({example.prompt for example in examples[:2000]}) > 1500
    assert len(set(COMMANDS) | set(QUESTIONS)) >= 60
    assert max(len(normalise(example.prompt)) for example in examples) < MODEL_PROMPT_CHARS
    assert EARLIER_CHARS < MODEL_PROMPT_CHARS
    assert not any("{" in e.prompt + e.answer or "  " in e.prompt + e.answer for e in examples)


def test_every_class_is_asked_for_by_every_name() -> None:
    everything = dict.fromkeys(range(len(CLASSES)), "present")
    said = Counter(phrase for e in many(20000, everything) for phrase in GROUNDED.findall(e.answer))
    assert {form[1] for words in CLASSES for form in words.forms} == set(said)


def test_descriptions_begin_with_the_largest_class() -> None:
    rng = random.Random(2)
    sizes = {0: 5, 3: 500, 13: 50}
    drawn = [generate(rng, dict.fromkeys(sizes, "present"), count=sizes) for _ in range(500)]
    described = [e for e in drawn if e.answer.startswith("I see <p>") and len(e.targets) == 3]
    assert described
    assert {e.targets for e in described} == {(3, 13, 0)}


@pytest.mark.parametrize("known", [{}, {4: "absent"}, {13: "present"}])
def test_images_with_few_labels_still_give_examples(known: dict[int, str]) -> None:
    for example in many(300, known):
        assert set(example.targets) <= {c for c, state in known.items() if state == "present"}
        assert example.answer.endswith(".")


def test_the_same_seed_gives_the_same_conversation() -> None:
    assert many(50, seed=7) == many(50, seed=7) != many(50, seed=8)


def test_special_tokens_are_single_and_keep_their_ids(tokenizer: Tokenizer) -> None:
    assert [tokenizer.token_to_id(token) for token in SPECIAL] == list(range(len(SPECIAL)))
    for i, token in enumerate(SPECIAL):
        assert tokenizer.encode(f"ships {token} ships").ids.count(i) == 1
    assert tokenizer.get_vocab_size() <= 2048


def test_a_noun_is_the_same_tokens_in_prompt_and_answer(tokenizer: Tokenizer) -> None:
    for form in (form for words in CLASSES for form in words.forms):
        for prompt in (form[1], f"find all {form[1]}.", f"cars,{form[1]}&roads"):
            alone = tokenizer.encode(form[1]).ids
            asked = tokenizer.encode(question(prompt)).ids
            answered = tokenizer.encode(f"Here are the <p>{form[1]}</p>{SEG_RUN}: [COUNT] in all.").ids
            start, end = (tokenizer.token_to_id(token) for token in ("<p>", "</p>"))
            assert answered[answered.index(start) + 1 : answered.index(end)] == alone
            assert any(asked[i : i + len(alone)] == alone for i in range(len(asked))), prompt


def test_answers_survive_encoding(tokenizer: Tokenizer, examples: list[Example]) -> None:
    for example in examples[:1000]:
        encoded = tokenizer.encode(f"<s>{example.answer}</s><pad>").ids
        assert decode(tokenizer, encoded) == example.answer


def test_any_script_survives_encoding(tokenizer: Tokenizer) -> None:
    assert decode(tokenizer, tokenizer.encode("find 船 and дома, 12.5 %!").ids) == "find 船 and дома, 12.5 %!"
