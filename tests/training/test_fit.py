"""Training on drawn figures: it learns, it resumes to the same end, it leaves a whole checkpoint."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score

from agestat.errors import AgestatError
from agestat.labelled.dataset import read_labelled
from agestat.labelled.rows import LabelledRow, labelled_frame
from agestat.model.checkpoint import load_model, save_weights
from agestat.model.label_space import SIX, YEARS
from agestat.training.augment import Augmentation, mixup
from agestat.training.crops import load_crops
from agestat.training.export import export
from agestat.training.fit import Options, Trainer
from agestat.training.recipes import RECIPES, find_recipe
from agestat.training.run import train
from agestat.training.targets import age_prior, targets
from agestat.training.validate import validate

SMALL = replace(
    find_recipe("simpsons"),
    stages=((48, 14),),
    freeze=(),
    batch_size=16,
    augmentation=Augmentation(scale=0.1, shift=0.05, brightness=0.2),
)


def options(tmp_path: Path, name: str = "run", **changes: object) -> Options:
    return Options(out=tmp_path / name, cache=tmp_path / "cache", device="cpu", quiet=True, **changes)


def test_six_drawn_classes_are_learned_and_the_checkpoint_predicts_them(figures, tmp_path):
    cache = {"cache": tmp_path / "cache", "keep_cache": True}
    folder = train(figures, SMALL, out=tmp_path / "run", name="drawn", device="cpu", quiet=True, **cache)
    model = load_model(folder, "cpu")
    val = read_labelled([figures]).frame.query("split == 'val'")
    crops = np.array(load_crops(val, tmp_path / "cache", size=48, quiet=True))
    predicted = model.predict(crops).probabilities.argmax(axis=1)
    assert f1_score(val["six"], predicted, average="macro") >= 0.9
    assert model.name == "drawn" and model.info["trained_on"] == 240
    assert sorted(path.name for path in folder.iterdir()) == [
        "README.md", "calibration.npz", "history.csv", "learning_curve.png", "model.json",
        "model.safetensors", "state.pt",
    ]  # fmt: skip
    assert model.calibration["logits"].shape == (90, 6)
    assert np.bincount(model.calibration["gender"]).tolist() == [45, 45]
    assert "perceived" in (folder / "README.md").read_text()


@pytest.fixture
def renames_as_windows(monkeypatch):
    """There a rename onto a file that is there fails; `replace` does not."""

    def rename(source, target):
        assert not Path(target).exists(), f"{target} is there already"
        return os.replace(source, target)  # noqa: PTH105

    monkeypatch.setattr(os, "rename", rename)
    monkeypatch.setattr(Path, "rename", rename)


def test_a_resumed_run_equals_an_unbroken_one(figures, tmp_path, renames_as_windows):
    recipe = replace(SMALL, stages=((32, 2), (48, 1)))
    frame = read_labelled([figures]).frame
    whole = Trainer(frame, recipe, options(tmp_path, "whole"))
    whole.fit()
    broken = Trainer(frame, recipe, options(tmp_path, "broken"))
    broken.advance()
    resumed = Trainer(frame, recipe, options(tmp_path, "broken", seed=0))
    resumed.restore()
    assert resumed.epoch == 1
    resumed.fit()
    for key, value in whole.network.state_dict().items():
        assert torch.equal(value, resumed.network.state_dict()[key]), key
    assert [row["loss"] for row in whole.history] == [row["loss"] for row in resumed.history]
    for _ in range(2):
        export(resumed, tmp_path / "broken", name="small", data=[], terms="", command="")
    assert load_model(tmp_path / "broken", "cpu").name == "small"


def test_the_running_average_is_what_is_kept_and_it_resumes(figures, tmp_path):
    recipe = replace(SMALL, stages=((32, 2),), ema=0.9)
    frame = read_labelled([figures]).frame
    whole = Trainer(frame, recipe, options(tmp_path, "whole"))
    whole.fit()
    Trainer(frame, recipe, options(tmp_path, "broken")).advance()
    resumed = Trainer(frame, recipe, options(tmp_path, "broken"))
    resumed.restore()
    resumed.fit()
    last, kept = whole.network.state_dict(), whole.final_state()
    assert not torch.equal(last["head.weight"], kept["head.weight"])
    assert not torch.equal(last["backbone.bn1.running_var"], kept["backbone.bn1.running_var"])
    assert all(torch.equal(value, resumed.final_state()[key]) for key, value in kept.items())


def test_a_prior_of_ages_is_what_the_age_head_need_not_learn(figures, tmp_path):
    """Menon et al. 2021: logits that lack the prior lose nothing where the loss knows it."""
    frame = read_labelled([figures]).frame
    frame = frame[frame["gender"] == "female"]
    recipe = replace(find_recipe("faces"), stages=((32, 1),), mixup=0.0)
    plain, aware = (Trainer(frame, replace(recipe, age_prior=power), options(tmp_path)) for power in (0, 1))
    index, pixels = torch.arange(8), torch.rand(8, 3, 32, 32)
    blend = mixup(8, 0.0, torch.Generator())
    with torch.no_grad():
        aware.network.load_state_dict(plain.network.state_dict())
        aware.network.head.bias[2:] -= aware.prior[0].log()
        assert aware.loss(index, pixels, blend) == pytest.approx(float(plain.loss(index, pixels, blend)))


def test_a_model_of_the_same_labels_is_begun_from_and_distilled(figures, tmp_path):
    recipe = replace(SMALL, stages=((32, 1),))
    cache = {"cache": tmp_path / "cache", "keep_cache": True}
    teacher = train(figures, recipe, out=tmp_path / "teacher", device="cpu", quiet=True, **cache)
    begun = options(tmp_path, "pupil", init=teacher / "model.safetensors", distil=(teacher,))
    pupil = Trainer(read_labelled([figures]).frame, recipe, begun)
    crops = np.array(load_crops(pupil.train, tmp_path / "cache", size=32, quiet=True))
    model = load_model(teacher, "cpu")
    assert torch.equal(pupil.network.head.weight, model.runtime.network.head.weight)
    labels = targets(pupil.train, SIX, smoothing=recipe.smoothing)
    said = model.predict(crops).probabilities
    assert pupil.targets.numpy() == pytest.approx((labels + said) / 2, abs=1e-3)


def test_several_models_teach_by_their_mean_and_ages_as_common_as_they_are(figures, tmp_path):
    """What a model that expects no age says is weighted by how common ages are among the pictures."""
    recipe = replace(find_recipe("faces"), stages=((32, 1),), mixup=0.0, smoothing=0.0)
    frame = read_labelled([figures]).frame
    runs = [
        train(figures, replace(recipe, age_prior=power), out=tmp_path / str(power), seed=seed, device="cpu",
              quiet=True, cache=tmp_path / "cache", keep_cache=True)
        for power, seed in ((0.0, 1), (1.0, 2))
    ]  # fmt: skip
    pupil = Trainer(frame, recipe, options(tmp_path, "pupil", distil=tuple(runs)))
    crops = np.array(load_crops(pupil.train, tmp_path / "cache", size=32, quiet=True))
    plain, flat = (load_model(run, "cpu").predict(crops).probabilities for run in runs)
    expected = flat[:, 2:] * age_prior(pupil.train)
    flat[:, 2:] = expected / expected.sum(axis=1, keepdims=True)
    labels = targets(pupil.train, YEARS)
    assert pupil.targets.numpy() == pytest.approx(labels / 2 + (plain + flat) / 4, abs=1e-3)


def test_a_finished_folder_is_not_overwritten_without_resume(figures, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "state.pt").write_bytes(b"")
    with pytest.raises(AgestatError, match="--resume"):
        train(figures, "simpsons", out=tmp_path / "run")


def test_threads_change_nothing(figures, tmp_path):
    frame = read_labelled([figures]).frame
    seen = []
    for workers in (1, 4):
        trainer = Trainer(frame, replace(SMALL, batch_size=4), options(tmp_path, workers=workers))
        crops = load_crops(trainer.train, tmp_path / "cache", size=48, quiet=True)
        seen.append([pixels for _, pixels, _ in trainer._batches(crops)])
    assert len(seen[0]) == 60
    assert all(torch.equal(one, other) for one, other in zip(*seen, strict=True))


@pytest.mark.parametrize(
    ("recipe", "changes", "split"),
    [
        ("simpsons", {"gender": None}, "train"),
        ("faces", {"age_min": np.nan, "age_max": np.nan}, "train"),
    ],
)
def test_a_set_without_the_labels_that_a_recipe_needs(figures, tmp_path, recipe, changes, split):
    fields = read_labelled([figures]).frame[list(LabelledRow._fields)].assign(**changes)
    frame = labelled_frame(fields.itertuples(index=False))
    with pytest.raises(AgestatError, match=f"The split {split} has no picture labelled with"):
        Trainer(frame, find_recipe(recipe), options(tmp_path))


def test_held_out_rows_without_a_label_are_not_judged(figures, tmp_path):
    frame = read_labelled([figures]).frame
    held_out = frame.index[frame["split"] == "val"]
    recipe = replace(find_recipe("faces"), stages=((32, 1),), batch_size=16)
    rows = []
    for part in (frame, frame.assign(gender=frame["gender"].where(frame.index != held_out[0], None))):
        trainer = Trainer(part, recipe, options(tmp_path))
        crops = load_crops(trainer.val, tmp_path / "cache", size=32, quiet=True)
        rows.append(validate(trainer.network, crops, trainer.val, trainer.device, False))
    right = [round(row["gender_accuracy"] * count) for row, count in zip(rows, (90, 89), strict=True)]
    assert right[0] - right[1] in (0, 1)
    assert rows[1]["gender_accuracy"] == pytest.approx(right[1] / 89)


def test_frozen_stages_and_their_batch_statistics_stay(figures, tmp_path):
    recipe = replace(SMALL, stages=((32, 1),), freeze=("stem", "layer1"))
    trainer = Trainer(read_labelled([figures]).frame, recipe, options(tmp_path))
    before = {key: value.clone() for key, value in trainer.network.state_dict().items()}
    trainer.advance()
    after = trainer.network.state_dict()
    changed = {
        key.split(".")[1] for key in before if "backbone" in key and not torch.equal(before[key], after[key])
    }
    assert changed == {"layer2", "layer3", "layer4"}


@pytest.mark.parametrize("age_loss", ["l1", "mse"])
def test_plain_regression_learns_ages_with_a_linear_output(age_loss, figures, tmp_path):
    recipe = replace(
        find_recipe("faces-seed"), stages=((32, 8),), freeze=(), head_epochs=0, lr=1e-3, batch_size=16
    )
    trainer = Trainer(read_labelled([figures]).frame, replace(recipe, age_loss=age_loss), options(tmp_path))
    assert trainer.network.head.out_features == 3
    trainer.fit()
    assert trainer.history[-1]["age_distance"] < trainer.history[0]["age_distance"]
    assert trainer.history[-1]["age_distance"] < 12


def test_seed_recipes_are_the_seeds():
    seed = RECIPES["simpsons-seed"]
    assert seed.augmentation == Augmentation(flip=0.5, degrees=45, contrast=0.3, brightness=0.8, noise=0.3)
    assert (seed.optimizer, seed.lr, seed.best_epoch) == ("adam", 1e-3, True)
    assert seed.freeze == ("stem", "layer1")  # the last three stages learn
    assert RECIPES["faces-seed"].age_loss == "mse"


def test_a_share_of_the_weights_that_a_run_began_from_stays(figures, tmp_path):
    frame, cut = read_labelled([figures]).frame, replace(SMALL, stages=((32, 1),))
    begun = Trainer(frame, cut, options(tmp_path, "first"))
    save_weights(tmp_path / "begun", begun.network.state_dict(), {"name": "begun"})
    init = options(tmp_path, "second", init=tmp_path / "begun" / "model.safetensors")
    tuned = Trainer(frame, replace(cut, init_share=0.25), init)
    start = {key: value.clone() for key, value in tuned.network.state_dict().items()}
    tuned.fit()
    end, kept = tuned.network.state_dict()["head.weight"], tuned.final_state()["head.weight"]
    assert torch.allclose(kept, 0.75 * end + 0.25 * start["head.weight"], atol=1e-6)
    assert not torch.allclose(kept, end, atol=1e-6)
