"""The ResNet-18 and its heads."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.models import resnet18

from agestat.model.label_space import AGES, LabelSpace
from agestat.model.predict import FEATURES

STAGES = ("stem", "layer1", "layer2", "layer3", "layer4")
# Channel means and deviations of ImageNet: what the initial weights were trained with.
MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)


class AgeGenderResNet(nn.Module):
    """ResNet-18 (He et al. 2016) ending in the softmax heads of a label space.

    ``regression=True`` replaces the age head by one linear output in years (the second seed's way); its
    age logits are then those of a discretised Laplace distribution around it, of scale ``age_scale``
    years, so that everything after the network still sees a distribution.
    """

    mean: Tensor
    std: Tensor
    age_scale: Tensor

    def __init__(self, space: LabelSpace, *, regression: bool = False) -> None:
        super().__init__()
        self.space = space
        self.regression = regression
        self.backbone = resnet18(weights=None)
        self.backbone.fc = nn.Identity()
        self.head = nn.Linear(FEATURES, space.heads[0] + 1 if regression else space.width)
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(STD).view(1, 3, 1, 1))
        self.register_buffer("age_scale", torch.tensor(6.0))

    def features(self, pixels: Tensor) -> Tensor:
        """``(N, 3, H, W) float32 in [0, 1]`` to ``(N, 512)``."""
        features: Tensor = self.backbone((pixels - self.mean) / self.std)
        return features

    def years(self, head: Tensor) -> Tensor:
        """The linear age output of a regression network, ``(N,)`` years (its unit is decades about 30)."""
        return 30 + 10 * head[:, -1].float()

    def logits(self, features: Tensor) -> Tensor:
        """``(N, 512)`` features to ``(N, L) float32`` logits, head beside head."""
        head: Tensor = self.head(features).float()
        if not self.regression:
            return head
        bins = torch.arange(AGES, device=head.device)
        age = -(bins - self.years(head)[:, None]).abs() / self.age_scale
        return torch.cat([head[:, :-1], age], dim=1)

    def forward(self, pixels: Tensor) -> Tensor:
        """``(N, 3, H, W) float32 in [0, 1]`` to ``(N, L) float32`` logits."""
        return self.logits(self.features(pixels))

    def stage(self, name: str) -> list[nn.Module]:
        """The modules of one of `STAGES`."""
        if name == "stem":
            return [self.backbone.conv1, self.backbone.bn1]
        return [getattr(self.backbone, name)]


def to_pixels(crops: Tensor) -> Tensor:
    """``(N, H, W, 3) uint8`` to ``(N, 3, H, W) float32 in [0, 1]``, channels last in memory."""
    return crops.permute(0, 3, 1, 2).float().div_(255).contiguous(memory_format=torch.channels_last)


def resize(pixels: Tensor, size: int) -> Tensor:
    """``(N, 3, H, W)`` to ``(N, 3, size, size)``, antialiased."""
    if pixels.shape[-2:] == (size, size):
        return pixels
    return F.interpolate(pixels, size=(size, size), mode="bilinear", antialias=True, align_corners=False)
