"""Fine-tuning GeoPixel: what learns and what does not, what is saved, and going on after a stop."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from geopix_model.errors import DataError
from geopix_model.geopixel import keymap, saving
from geopix_model.geopixel.loading import load
from geopix_model.geopixel.model import GeoPixel
from geopix_model.geopixel.tokenizer import Tokenizer
from geopix_model.train import geopixel_data
from geopix_model.train.cli import main
from geopix_model.train.geopixel_loop import Plan, Trainer
from geopix_model.train.geopixel_parts import Lora, merged, prepare, training
from geopix_model.train.geopixel_samples import Samples
from geopix_model.train.geopixel_step import Pass, losses, run
from tests.model import geopixel_samples as data
from tests.model import geopixel_small as small

pytest.importorskip("peft", reason="training GeoPixel needs peft")
WQKV = "model.layers.1.attention.wqkv.weight"
# By the beginning of published names, from the released recipe.
TRAINED = re.compile(
    r"model\.tok_embeddings|output\.|model\.text_hidden_fcs|vision_proj|plora_|model\.visual_model\.sam_mask_decoder"
    r"|model\.layers\.\d+\.\w+\.\w+\.weight"
)
# Of the mask decoder, what a first mask does not go through, and what runs with the frozen encoder.
UNREACHED = re.compile(r"iou_prediction_head|pred_obj_score_head|hypernetworks_mlps\.[123]|conv_s[01]")


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small.write_checkpoint(tmp_path_factory.mktemp("geopixel") / "model", seed=4)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return data.write(tmp_path_factory.mktemp("data"))


@pytest.fixture
def loaded(weights: Path, folder: Path) -> tuple[GeoPixel, Tokenizer, Samples]:
    model, tokenizer = load(weights)
    return model, tokenizer, Samples(geopixel_data.read(folder), tokenizer, model.config, 2, "sane")


def shaken(trained: dict[str, torch.nn.Parameter]) -> None:
    """Gives all that is trained other values, adapters among it, which begin as nothing."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for value in trained.values():
            value += 0.1 * torch.randn(value.shape, generator=generator)


def test_a_short_run_lowers_the_loss_and_leaves_frozen_weights_alone(
    weights: Path, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    command = f"--model geopixel --weights {weights} --data {folder} --out {out} --steps 20 --lr 0.003 --accumulate 1"
    assert main([*command.split(), "--hd-num", "2", "--dropout", "0"]) == 0
    lines = re.findall(r"step \d+/20  loss ([\d.]+)  ce ([\d.]+)  bce ([\d.]+)  dice ([\d.]+)", capsys.readouterr().out)
    first, last = ([float(value) for value in line] for line in (lines[0], lines[-1]))
    assert len(lines) == 20 and last[0] < 0.7 * first[0]
    assert last[1] < first[1] and last[2] + last[3] < first[2] + first[3]
    before, after = load_file(weights / "model.safetensors"), load_file(out / "model" / "model.safetensors")
    assert after.keys() == {name for name in before if not keymap.is_dead(name)}
    moved = {name for name, value in after.items() if not torch.equal(value, before[name])}
    expected = {name for name in after if TRAINED.match(name)}
    assert moved <= expected
    assert [name for name in expected - moved if not UNREACHED.search(name)] == []
    config = json.loads((out / "model" / "config.json").read_text())
    assert config["round_features"] is False and config["vocab_size"] == before["output.weight"].shape[0]
    assert (out / "model" / "clip_config.json").is_file() and (out / "model" / "sam2_config.json").is_file()
    load(out / "model")


def gradients(weights: Path, folder: Path, *, checkpointing: bool) -> dict[str, Tensor]:
    model, tokenizer = load(weights)
    samples = Samples(geopixel_data.read(folder), tokenizer, model.config, 2, "sane")
    torch.manual_seed(3)
    trained = prepare(model, Lora(), checkpointing=checkpointing)
    shaken(trained)
    training(model)
    batch = [samples[0], samples[1]]
    losses(model, batch, run(model, batch, tokenizer.seg)).total.backward()
    return {name: value.grad for name, value in trained.items() if value.grad is not None}


def test_checkpointing_gives_the_same_gradients(weights: Path, folder: Path) -> None:
    kept, again = (gradients(weights, folder, checkpointing=on) for on in (False, True))
    assert kept.keys() == again.keys() and len(kept) > 50
    assert max(float((kept[name] - again[name]).abs().max()) for name in kept) < 1e-6


def answer(model: GeoPixel, samples: Samples, seg: int) -> Pass:
    model.eval()
    with torch.inference_mode():
        return run(model, [samples[0], samples[1]], seg)


def test_what_is_saved_computes_what_was_trained(
    loaded: tuple[GeoPixel, Tokenizer, Samples], weights: Path, tmp_path: Path
) -> None:
    model, tokenizer, samples = loaded
    untrained = answer(model, samples, tokenizer.seg)
    trained = prepare(model, Lora())
    assert torch.equal(answer(model, samples, tokenizer.seg).states, untrained.states), "new adapters do nothing"
    shaken(trained)
    ours = answer(model, samples, tokenizer.seg)
    saving.save(tmp_path / "model", model, weights, lambda name: merged(model, name, torch.float32), 200_000)
    assert len(list((tmp_path / "model").glob("model-*-of-*.safetensors"))) > 3
    theirs = answer(load(tmp_path / "model")[0], samples, tokenizer.seg)
    assert float((ours.states - untrained.states).abs().max()) > 0.1
    assert torch.allclose(theirs.states, ours.states, atol=2e-5)
    for mine, other in zip(ours.masks, theirs.masks, strict=True):
        assert torch.allclose(mine, other, atol=1e-4)


def test_a_model_that_was_not_trained_is_saved_as_it_was(
    loaded: tuple[GeoPixel, Tokenizer, Samples], weights: Path, tmp_path: Path
) -> None:
    model, _, _ = loaded
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "old").write_text("")
    saving.save(tmp_path / "model", model, weights, lambda name: merged(model, name, torch.float32))
    before, after = load_file(weights / "model.safetensors"), load_file(tmp_path / "model" / "model.safetensors")
    assert [name for name in after if not torch.equal(after[name], before[name])] == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model"] and not (tmp_path / "model" / "old").exists()


def test_queries_keys_and_values_are_adapted_as_one_matrix(loaded: tuple[GeoPixel, Tokenizer, Samples]) -> None:
    model, _, _ = loaded
    config = model.config
    before = {name: merged(model, name, torch.float32).clone() for name in dict(model.named_parameters())}
    trained = prepare(model, Lora(rank=3))
    shaken(trained)
    ours = [name for name in before if ".layers.1.self_attn." in name]
    sources = keymap.sources(ours, config)[WQKV]
    shape = ((small.HEADS + 2 * small.KV_HEADS) * small.HIDDEN // small.HEADS, small.HIDDEN)
    change = saving.assemble(sources, shape, lambda name: merged(model, name, torch.float32) - before[name])
    assert int(torch.linalg.matrix_rank(change, atol=1e-4)) == 3


def test_a_run_that_was_stopped_ends_as_one_that_was_not(weights: Path, folder: Path, tmp_path: Path) -> None:
    plan = Plan(tmp_path, steps=4, learning_rate=1e-2, batch=1, accumulate=2)

    def trainer() -> Trainer:
        model, tokenizer = load(weights)
        samples = Samples(geopixel_data.read(folder), tokenizer, model.config, 2, "sane")
        return Trainer(model, samples, tokenizer.seg, weights, plan)

    whole, stopped, resumed = trainer(), trainer(), trainer()
    for each, steps in ((whole, 4), (stopped, 2)):
        training(each.model)
        for _ in range(steps):
            each.train_step()
    stopped.save()
    resumed.resume()
    resumed.run(lambda line: None)
    assert resumed.step == 4
    different = [name for name, value in whole.trained.items() if not torch.equal(value, resumed.trained[name])]
    assert different == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model", "resume.pt"]


def test_bfloat16_trains_in_float32_and_saves_what_it_was_loaded_in(
    weights: Path, folder: Path, tmp_path: Path
) -> None:
    model, tokenizer = load(weights, dtype=torch.bfloat16)
    samples = Samples(geopixel_data.read(folder), tokenizer, model.config, 2, "sane")
    trainer = Trainer(model, samples, tokenizer.seg, weights, Plan(tmp_path, 2, accumulate=1, half=True))
    assert {value.dtype for value in trainer.trained.values()} == {torch.float32}
    trainer.run(lambda line: None)
    saved = load_file(trainer.result / "model.safetensors")
    assert {value.dtype for value in saved.values()} == {torch.bfloat16}
    assert json.loads((trainer.result / "config.json").read_text())["torch_dtype"] == "bfloat16"
    load(trainer.result)


def test_a_batch_gives_each_sample_what_it_gets_alone(loaded: tuple[GeoPixel, Tokenizer, Samples]) -> None:
    model, tokenizer, samples = loaded
    pair = [samples[0], samples[1]]
    assert len(pair[0].ids) != len(pair[1].ids)
    with torch.inference_mode():
        both = run(model, pair, tokenizer.seg)
        for index, sample in enumerate(pair):
            alone = run(model, [sample], tokenizer.seg)
            own = both.states[index, : len(sample.ids)]
            assert torch.allclose(own, alone.states[0], atol=1e-5)
            assert torch.allclose(both.masks[index], alone.masks[0], atol=1e-4)


def test_a_sample_without_masks_has_a_loss_of_text_only(weights: Path, tmp_path: Path) -> None:
    plain = {"conversations": [{"from": "user", "value": "Hello"}, {"from": "assistant", "value": "a boat"}]}
    model, tokenizer = load(weights)
    entries = geopixel_data.read(data.write(tmp_path, [plain, {**plain, "image": "first.png"}]))
    samples = Samples(entries, tokenizer, model.config, 2, "sane")
    trained = prepare(model, Lora())
    parts = losses(model, [samples[1], samples[0]], run(model, [samples[1], samples[0]], tokenizer.seg))
    assert parts.bce.item() == parts.dice.item() == 0 and parts.ce.item() > 1
    parts.total.backward()
    assert trained["lm_head.weight"].grad is not None


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda path: path.unlink(), "cannot be read"),
        (lambda path: path.write_bytes(path.read_bytes()[:1000]), "cannot be read"),
        (lambda path: torch.save({"step": 1}, path), "no resume file of GeoPixel"),
        (lambda path: torch.save({**torch.load(path), "weights": "0"}, path), "with other --weights"),
        (lambda path: torch.save({**torch.load(path), "trained": {}}, path), "with other adapters"),
    ],
)
def test_a_resume_file_that_cannot_be_used_is_refused(
    loaded: tuple[GeoPixel, Tokenizer, Samples],
    weights: Path,
    tmp_path: Path,
    spoil: Callable[[Path], None],
    words: str,
) -> None:
    model, tokenizer, samples = loaded
    trainer = Trainer(model, samples, tokenizer.seg, weights, Plan(tmp_path, 1))
    trainer.save()
    spoil(trainer.resume_file)
    with pytest.raises(DataError, match=words):
        trainer.resume()


def test_a_folder_that_holds_something_is_not_written_over(weights: Path, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("mine")
    with pytest.raises(DataError, match="is not empty; add --resume"):
        main(["--model", "geopixel", "--weights", str(weights), "--data", str(folder), "--out", str(tmp_path)])
    with pytest.raises(DataError, match="is the folder of --weights"):
        main(["--model", "geopixel", "--weights", str(weights), "--data", str(folder), "--out", str(weights)])
    assert (tmp_path / "notes").read_text() == "mine"
