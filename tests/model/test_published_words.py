"""What goes into the published model as text, and what is read out of its answers."""

from __future__ import annotations

import pytest
import torch

from geopix_model.errors import PromptError
from geopix_model.geopix.published.boxes import PercentBox, parse
from geopix_model.geopix.published.prompts import SYSTEM, Vocabulary, conversation, fitting, question, read_vocabulary
from geopix_model.geopix.published.speech import Said, Speech, Target, Words
from geopix_model.geopix.published.targets import asked, class_of
from tests.model import published as tiny


@pytest.fixture(scope="module")
def vocabulary(tmp_path_factory: pytest.TempPathFactory) -> Vocabulary:
    folder = tmp_path_factory.mktemp("words")
    tiny.write_tokenizer(folder)
    return read_vocabulary(folder, len(tiny.SEG))


def test_a_prompt_is_the_template_with_tag_and_words(vocabulary: Vocabulary) -> None:
    now = question("Can you  segment the\nships?", "segment", vocabulary)
    assert conversation(now, (), vocabulary) == (
        f"{SYSTEM} USER: <image>\n[segment] Can you segment the ships? ASSISTANT:"
    )


def test_a_caption_keeps_the_words_of_the_analyst(vocabulary: Vocabulary) -> None:
    words = "Describe the image in detail, above all the harbour"
    assert question(words, "caption", vocabulary) == f"[caption] {words}"
    assert question("the roof?", "vqa", vocabulary) == "[Visual Question Answering] the roof?"


def test_later_turns_follow_the_template_with_one_picture(vocabulary: Vocabulary) -> None:
    history = [("Where is the ship?", "It is the ship."), ("[caption] describe it", "A harbour.")]
    assert conversation("[segment] the pier", history, vocabulary) == (
        f"{SYSTEM} USER: <image>\n[refer] Where is the ship? ASSISTANT: It is the ship.</s>"
        "USER: [caption] describe it ASSISTANT: A harbour.</s>USER: [segment] the pier ASSISTANT:"
    )


def test_no_prompt_holds_a_special_token(vocabulary: Vocabulary) -> None:
    said = question("</s><image>ships[SEG0][SEG1]<pad>", "segment", vocabulary)
    ids = vocabulary.encode(conversation(said, [("<image>a", "[SEG0]</s>b")], vocabulary), 5)
    assert ids.count(vocabulary.image) == 5
    assert not set(vocabulary.segmentation) & set(ids)
    assert [i for i in ids if i in vocabulary.stops] == [vocabulary.tokenizer.token_to_id("</s>")]  # of the turn


@pytest.mark.parametrize("words", ["", "  \n ", "?!", "<image></s>"])
def test_a_prompt_without_a_word_is_refused(words: str, vocabulary: Vocabulary) -> None:
    with pytest.raises(PromptError, match="holds no word"):
        question(words, "segment", vocabulary)


def test_the_oldest_turns_are_left_out_until_it_fits(vocabulary: Vocabulary) -> None:
    history = [(f"ship {'very ' * 30}{number}", "yes") for number in range(3)]
    lengths = [len(vocabulary.encode(conversation("[vqa] now", history[first:], vocabulary), 4)) for first in range(4)]
    assert len(fitting("[vqa] now", history, vocabulary, 4, lengths[0])) == lengths[0]
    assert len(fitting("[vqa] now", history, vocabulary, 4, lengths[0] - 1)) == lengths[1]
    assert len(fitting("[vqa] now", history, vocabulary, 4, lengths[3])) == lengths[3]
    with pytest.raises(PromptError, match="shorten it"):
        fitting("[vqa] now", history, vocabulary, 4, lengths[3] - 1)


def heard(vocabulary: Vocabulary, text: str) -> tuple[list[Said], list[list[Said]], Speech]:
    """Everything that is said in an answer, also token by token; the state of token i is the number i."""
    speech = Speech(vocabulary)
    ids = vocabulary.tokenizer.encode(text, add_special_tokens=False).ids
    steps = [speech.feed(token, torch.tensor(position)) for position, token in enumerate(ids)]
    steps.append(speech.finish())
    return [item for step in steps for item in step], steps, speech


def text_of(said: list[Said]) -> str:
    marks = {Target: "#", PercentBox: "@"}
    return "".join(item.text if isinstance(item, Words) else marks[type(item)] for item in said)


RUN = "".join(tiny.SEG)


@pytest.mark.parametrize(
    ("answer", "text", "broken"),
    [
        (f"Sure, {RUN} and {RUN}.", "Sure, # and #.", False),
        (RUN, "#", False),
        (f"{RUN}{RUN}", "##", False),
        ("It is [SEG0][SEG1].", "It is .", True),
        (f"[SEG0]{RUN}", "#", True),
        ("[SEG1][SEG0][SEG2][SEG3]", "", True),
        ("The tank {<12><34><56><78>} and {<-1><0><100><99>}", "The tank @ and @", False),
        ("{<1><2><3>} {a} {<", "{<1><2><3>} {a} {<", False),
        ("木 and ü", "木 and ü", False),
        ("a<pad> b<image>", "a b", False),
    ],
)
def test_an_answer_is_words_targets_and_boxes(vocabulary: Vocabulary, answer: str, text: str, broken: bool) -> None:
    said, _, speech = heard(vocabulary, answer)
    assert text_of(said) == text
    assert speech.broken == broken


def test_a_target_has_the_states_that_predicted_its_tokens(vocabulary: Vocabulary) -> None:
    said, _, _ = heard(vocabulary, f"{RUN} or {RUN}")
    first, second = (item for item in said if isinstance(item, Target))
    assert [int(state) for state in first.states] == [0, 1, 2, 3]
    assert int(second.states[0]) > 3


def test_words_come_at_once_and_what_follows_a_target_with_its_sentence(vocabulary: Vocabulary) -> None:
    _, steps, _ = heard(vocabulary, f"Well now, {RUN} and {RUN}. Then more. {RUN}")
    full = [i for i, step in enumerate(steps) if step]
    together = [i for i in full if any(isinstance(item, Target) for item in steps[i])]
    assert len(together) == 2 and text_of(steps[together[0]]).startswith("# and #. ")
    assert full[0] < together[0], "the first words were handed out before the sentence was complete"
    assert text_of([item for i in full if i < together[0] for item in steps[i]]) == "Well now, "


def test_boxes_are_read_clamped_and_ordered() -> None:
    first, second = parse("a {<12><34><56><78>} b {<-7><120><30><90>} {<1><2><3>}")
    assert first.released == first.clamped == (12, 34, 56, 78)
    assert second.released == (0, 120, 30, 90) and second.clamped == (0, 90, 30, 100)
    assert first.released_pixels(320, 200) == (38, 68, 179, 156)
    assert PercentBox(80, 60, 20, 10).clamped == (20, 10, 80, 60)


@pytest.mark.parametrize(
    ("words", "whole", "parts"),
    [
        (
            "Can you segment the storage tank in the top and the storage tank in the bottom?",
            "storage tank in the top and the storage tank in the bottom",
            ("storage tank in the top", "storage tank in the bottom"),
        ),
        ("Segment buildings, roads and all the trees in this image, please.", None, ("buildings", "roads", "trees")),
        ("Where is the ship at the pier?", "ship at the pier", ("ship at the pier",)),
        ("Please give me the bounding boxes of the cars.", "cars", ("cars",)),
        ("ships", "ships", ("ships",)),
        ("Segment", "Segment", ("Segment",)),
        ("segment the", "target", ("target",)),
    ],
)
def test_things_are_called_as_the_question_calls_them(words: str, whole: str | None, parts: tuple[str, ...]) -> None:
    named = asked(words)
    assert named.parts == parts
    assert whole is None or named.whole == whole


def test_one_mask_for_several_things_is_called_by_all_of_them() -> None:
    named = asked("segment the green and blue cars")
    assert named.of(0, 1) == "green and blue cars"
    assert [named.of(i, 2) for i in range(2)] == ["green", "blue cars"]
    assert named.of(2, 3) == "green and blue cars"
    assert [asked("the cars").of(i, 3) for i in range(3)] == ["cars"] * 3


def test_a_class_is_found_by_its_name_in_the_phrase() -> None:
    names = ("tank", "storage tank", "harbor", "ground track field")
    assert class_of("storage tanks in the top", names) == "storage tank"
    assert class_of("the Harbors", names) == "harbor"
    assert class_of("ground-track field", names) == "ground track field"
    assert class_of("tanker", names) == ""
