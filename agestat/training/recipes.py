"""Recipes: everything that decides how a model is trained, as data."""

from dataclasses import dataclass, field, replace

from agestat.errors import UsageError
from agestat.model.checkpoint import LARGEST_INPUT, SMALLEST_INPUT
from agestat.model.label_space import SPACES, LabelSpace
from agestat.training.augment import Augmentation


@dataclass(frozen=True)
class Recipe:
    """``stages`` are (picture size in pixels, epochs), small pictures first: the network learns most of what
    it will know at a fraction of the cost (progressive resizing, Howard 2018)."""

    name: str
    about: str
    space_name: str
    usual_set: str  # what it was made for: the set taken where none is given
    crop: str  # "faces": every face a scan finds; "whole": the whole picture
    stages: tuple[tuple[int, int], ...]
    augmentation: Augmentation = field(default_factory=Augmentation)
    optimizer: str = "adamw"
    schedule: str = "one-cycle"
    lr: float = 1e-3
    weight_decay: float = 0.05
    batch_size: int = 64
    freeze: tuple[str, ...] = ()
    backbone_lr: float = 1.0  # of `lr`, for the pretrained stages
    head_epochs: int = 0  # first phase: only the head learns
    smoothing: float = 0.0
    balance: float = 0.0  # power of the inverse class frequency in the loss; 0 is off
    age_loss: str = "distribution"
    gender_weight: float = 1.0  # of the first head's loss, beside the age head's 1
    teacher_weight: float = 1.0
    mixup: float = 0.0  # of Beta(mixup, mixup), how far two pictures and their targets are blended; 0 is off
    age_prior: float = 0.0  # power of p(age | gender) of the training set that the age head need not learn
    ema: float = 0.0  # decay a step of the running average of the weights that is kept; 0 is off
    init_share: float = 0.0  # of the weights that the run began from in what is kept (`interpolated`)
    mirrored: bool = False  # the finished model judges a crop together with its mirror image
    best_epoch: bool = False  # keep the best epoch by macro F1 instead of the last

    @property
    def space(self) -> LabelSpace:
        """The label space that the recipe's network predicts."""
        return SPACES[self.space_name]

    @property
    def epochs(self) -> int:
        """All epochs of all stages."""
        return sum(epochs for _, epochs in self.stages)

    @property
    def input_size(self) -> int:
        """Side in pixels of the network's input after training."""
        return self.stages[-1][0]


FACES = Recipe(
    name="faces",
    about="people, learned at growing sizes",
    space_name="years",
    usual_set="fairface",
    crop="faces",
    stages=((64, 10), (96, 9), (128, 6)),
    augmentation=Augmentation(
        degrees=12,
        scale=0.18,
        aspect=0.05,
        shift=0.05,
        brightness=0.3,
        contrast=0.3,
        saturation=0.5,
        erase=0.25,
        downscale=0.2,
    ),
    lr=2e-3,
    batch_size=128,
    smoothing=0.05,
    gender_weight=2.0,
    teacher_weight=0.5,
    mixup=0.3,
    mirrored=True,
)
TUNED = replace(
    FACES,
    name="faces-tuned",
    about="people, tuned from earlier weights: no age is expected of a gender, faults of real photos",
    stages=((96, 4), (128, 4)),
    augmentation=replace(FACES.augmentation, degrees=15, tint=0.1, downscale=0.3, low_light=0.15, jpeg=0.3),
    lr=1e-3,
    age_prior=1.0,
    ema=0.998,
    init_share=0.3,
    mirrored=False,  # its teachers look at mirror images, so that it need not
)
RECIPES = {
    recipe.name: recipe
    for recipe in (
        FACES,
        TUNED,
        Recipe(
            name="faces-transfer",
            about="people: head first, then all stages at a smaller rate",
            space_name="years",
            usual_set="utkface",
            crop="faces",
            stages=((128, 12),),
            augmentation=Augmentation(
                degrees=12,
                scale=0.12,
                aspect=0.05,
                shift=0.05,
                brightness=0.3,
                contrast=0.3,
                saturation=0.3,
                erase=0.15,
            ),
            head_epochs=1,
            backbone_lr=0.5,
            smoothing=0.05,
            balance=0.25,
        ),
        Recipe(
            name="faces-seed",
            about="people, the second seed's way: plain regression of the age",
            space_name="years",
            usual_set="utkface",
            crop="faces",
            stages=((128, 10),),
            augmentation=Augmentation(),
            optimizer="adam",
            schedule="constant",
            lr=1e-4,
            weight_decay=0.0,
            freeze=("stem", "layer1"),
            head_epochs=1,
            age_loss="mse",
        ),
        Recipe(
            name="simpsons",
            about="six cartoon classes",
            space_name="six",
            usual_set="simpsons",
            crop="whole",
            stages=((128, 16),),
            augmentation=Augmentation(
                degrees=15,
                scale=0.25,
                aspect=0.15,
                shift=0.1,
                brightness=0.3,
                contrast=0.3,
                saturation=0.3,
                erase=0.25,
            ),
            freeze=("stem",),
            backbone_lr=0.5,
            smoothing=0.05,
            balance=0.35,
        ),
        Recipe(
            name="simpsons-seed",
            about="six cartoon classes, the first seed's way: strong augmentation, Adam at 1e-3, best epoch",
            space_name="six",
            usual_set="simpsons",
            crop="whole",
            stages=((128, 16),),
            augmentation=Augmentation(degrees=45, brightness=0.8, contrast=0.3, noise=0.3),
            optimizer="adam",
            schedule="constant",
            lr=1e-3,
            weight_decay=0.0,
            freeze=("stem", "layer1"),
            best_epoch=True,
        ),
    )
}


def find_recipe(name: str) -> Recipe:
    """The recipe of that name; raises `UsageError` with the names there are."""
    if name not in RECIPES:
        raise UsageError(
            "There is no recipe {name!r}: choose one of {recipes}.", name=name, recipes=", ".join(RECIPES)
        )
    return RECIPES[name]


def parse_stages(text: str) -> tuple[tuple[int, int], ...]:
    """``64x10,128x6`` as picture sizes and epochs; raises `UsageError` for anything else."""
    stages = []
    for part in text.split(","):
        size, _, epochs = part.partition("x")
        if not (size.isdecimal() and epochs.isdecimal() and int(epochs) >= 1):
            raise UsageError("The stage {stage!r} is not SIZExEPOCHS: give them as 64x10,128x6.", stage=part)
        if not SMALLEST_INPUT <= int(size) <= LARGEST_INPUT:
            raise UsageError(
                "The stage {stage!r} is not of {smallest} to {largest} pixels.",
                stage=part,
                smallest=SMALLEST_INPUT,
                largest=LARGEST_INPUT,
            )
        stages.append((int(size), int(epochs)))
    return tuple(stages)
