"""Augmentations, one named function each, on whole batches ``(N, 3, H, W) float32 in [0, 1]``.

Every picture of a batch draws its own parameters from the given generator, so a run is reproducible and a
resumed one continues it.
"""

import io
import math
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Generator, Tensor
from torch.nn import functional as F

GRAIN = 0.06  # of the range of a channel, the strongest grain of a picture in low light
JPEG_QUALITY = (20.0, 80.0)


def _uniform(n: int, low: float, high: float, generator: Generator) -> Tensor:
    return torch.rand(n, generator=generator) * (high - low) + low


def _chosen(n: int, probability: float, generator: Generator) -> Tensor:
    return torch.rand(n, generator=generator) < probability


def horizontal_flip(pixels: Tensor, generator: Generator, probability: float = 0.5) -> Tensor:
    """Mirror each picture with the given probability."""
    flipped = _chosen(len(pixels), probability, generator)
    return torch.where(flipped[:, None, None, None], pixels.flip(-1), pixels)


def affine_matrices(
    n: int, degrees: float, scale: float, shift: float, generator: Generator, aspect: float = 0.0
) -> Tensor:
    """``(n, 2, 3)`` maps from output to input: rotation to ``degrees`` either way, zoom by up to ``scale``
    and stretch by up to ``aspect`` (fractions), shift to ``shift`` of the width."""
    angle = _uniform(n, -degrees, degrees, generator) * math.pi / 180
    zoom = torch.exp(_uniform(n, -1, 1, generator) * math.log1p(scale))
    stretch = torch.exp(_uniform(n, -1, 1, generator) * math.log1p(aspect) / 2)
    move = _uniform(2 * n, -2 * shift, 2 * shift, generator).view(n, 2)
    cos, sin = torch.cos(angle), torch.sin(angle)
    rows = [cos * zoom * stretch, -sin * zoom, move[:, 0], sin * zoom, cos * zoom / stretch, move[:, 1]]
    return torch.stack(rows, dim=1).view(n, 2, 3)


def affine(pixels: Tensor, matrices: Tensor) -> Tensor:
    """Warp each picture by its matrix; beyond the border the border is repeated."""
    grid = F.affine_grid(matrices, list(pixels.shape), align_corners=False)
    return F.grid_sample(pixels, grid, padding_mode="border", align_corners=False)


def brightness(pixels: Tensor, limit: float, generator: Generator) -> Tensor:
    """Multiply each picture by a factor in ``[1 - limit, 1 + limit]``."""
    factor = _uniform(len(pixels), 1 - limit, 1 + limit, generator).view(-1, 1, 1, 1)
    return (pixels * factor).clamp_(0, 1)


def contrast(pixels: Tensor, limit: float, generator: Generator) -> Tensor:
    """Stretch each picture about its mean by a factor in ``[1 - limit, 1 + limit]``."""
    factor = _uniform(len(pixels), 1 - limit, 1 + limit, generator).view(-1, 1, 1, 1)
    mean = pixels.mean(dim=(1, 2, 3), keepdim=True)
    return ((pixels - mean) * factor + mean).clamp_(0, 1)


def saturation(pixels: Tensor, limit: float, generator: Generator) -> Tensor:
    """Move each picture away from or (to grey) towards its luma by a factor in ``[1 - limit, 1 + limit]``."""
    factor = _uniform(len(pixels), 1 - limit, 1 + limit, generator).view(-1, 1, 1, 1)
    weights = torch.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)
    grey = (pixels * weights).sum(dim=1, keepdim=True)
    return ((pixels - grey) * factor + grey).clamp_(0, 1)


def tint(pixels: Tensor, limit: float, generator: Generator) -> Tensor:
    """Multiply each channel of each picture by its own factor in ``[1 - limit, 1 + limit]``: lamps and white
    balance."""
    factor = _uniform(3 * len(pixels), 1 - limit, 1 + limit, generator).view(-1, 3, 1, 1)
    return (pixels * factor).clamp_(0, 1)


def low_light(pixels: Tensor, probability: float, generator: Generator) -> Tensor:
    """Darken a share of the batch by a gamma in ``[1, 2.5]`` and add the grain of a sensor, normal noise of a
    deviation to `GRAIN`."""
    chosen = _chosen(len(pixels), probability, generator)
    dark = pixels[chosen]
    gamma = _uniform(len(dark), 1, 2.5, generator).view(-1, 1, 1, 1)
    grain = torch.randn(dark.shape, generator=generator)
    grain *= _uniform(len(dark), 0, GRAIN, generator).view(-1, 1, 1, 1)
    out = pixels.clone()
    out[chosen] = (dark**gamma + grain).clamp_(0, 1)
    return out


def jpeg(pixels: Tensor, probability: float, generator: Generator) -> Tensor:
    """Compress a share of the batch as JPEG of a quality in `JPEG_QUALITY` (of 100)."""
    chosen = _chosen(len(pixels), probability, generator).nonzero().flatten()
    quality = _uniform(len(pixels), *JPEG_QUALITY, generator)
    out = pixels.clone()
    for number in chosen.tolist():
        picture = io.BytesIO()
        rows = (pixels[number] * 255).round().to(torch.uint8).permute(1, 2, 0).numpy()
        Image.fromarray(rows).save(picture, "JPEG", quality=int(quality[number]))
        out[number] = torch.from_numpy(np.array(Image.open(picture))).permute(2, 0, 1) / 255
    return out


def noise(pixels: Tensor, area: float, generator: Generator) -> Tensor:
    """Replace a random share in ``[0, area]`` of each picture's pixels by uniform noise."""
    n, channels, height, width = pixels.shape
    share = _uniform(n, 0, area, generator).view(n, 1, 1, 1)
    hit = torch.rand(n, 1, height, width, generator=generator) < share
    return torch.where(hit, torch.rand(n, channels, height, width, generator=generator), pixels)


def erase(pixels: Tensor, area: float, generator: Generator) -> Tensor:
    """Paint one grey square of up to ``area`` of each picture (Zhong et al. 2020, random erasing)."""
    n, _, height, width = pixels.shape
    side = _uniform(n, 0, area, generator).sqrt() / 2
    centre_y, centre_x = torch.rand(n, generator=generator), torch.rand(n, generator=generator)
    inside_y = ((torch.arange(height) + 0.5) / height - centre_y[:, None]).abs() < side[:, None]
    inside_x = ((torch.arange(width) + 0.5) / width - centre_x[:, None]).abs() < side[:, None]
    return pixels.masked_fill((inside_y[:, :, None] & inside_x[:, None, :])[:, None], 0.5)


def downscale(pixels: Tensor, probability: float, smallest: float, generator: Generator) -> Tensor:
    """Shrink a share of the batch to between ``smallest`` and all of its size and enlarge it again: the
    network then knows small and blurred faces. One factor per batch."""
    chosen = _chosen(len(pixels), probability, generator)
    factor = float(_uniform(1, smallest, 1.0, generator))
    if not chosen.any():
        return pixels
    small = F.interpolate(pixels[chosen], scale_factor=factor, mode="bilinear", antialias=True)
    out = pixels.clone()
    out[chosen] = F.interpolate(small, size=pixels.shape[-2:], mode="bilinear", align_corners=False)
    return out


@dataclass(frozen=True)
class Blend:
    """Mixup (Zhang et al. 2018): the partner ``(N,)`` of each picture of a batch and the picture's own share
    ``(N,) float32`` in ``[0.5, 1]``; what is blended is pixels and targets alike."""

    partner: Tensor
    share: Tensor

    def __call__(self, values: Tensor) -> Tensor:
        """``(N, ...)`` values, each with its partner's."""
        share = self.share.to(values.device).view(-1, *[1] * (values.dim() - 1))
        return share * values + (1 - share) * values[self.partner.to(values.device)]


def mixup(n: int, alpha: float, generator: Generator) -> Blend:
    """A random `Blend` of ``n`` pictures with shares from Beta(alpha, alpha); ``alpha`` 0 blends nothing."""
    partner = torch.randperm(n, generator=generator)
    if not alpha:
        return Blend(partner, torch.ones(n))
    seed = int(torch.randint(2**31, (1,), generator=generator))
    share = np.random.default_rng(seed).beta(alpha, alpha, n)
    return Blend(partner, torch.from_numpy(np.maximum(share, 1 - share).astype(np.float32)))


@dataclass(frozen=True)
class Augmentation:
    """Which transforms a recipe uses and how far; 0 leaves one out."""

    flip: float = 0.5
    degrees: float = 0.0
    scale: float = 0.0
    aspect: float = 0.0
    shift: float = 0.0
    brightness: float = 0.0
    contrast: float = 0.0
    saturation: float = 0.0
    noise: float = 0.0
    erase: float = 0.0
    tint: float = 0.0
    downscale: float = 0.0  # share of pictures
    low_light: float = 0.0  # share of pictures
    jpeg: float = 0.0  # share of pictures
    smallest: float = 0.25  # of the picture's size, for `downscale`

    def __call__(self, pixels: Tensor, generator: Generator) -> Tensor:
        """Augmented ``(N, 3, H, W) float32 in [0, 1]``."""
        if self.flip:
            pixels = horizontal_flip(pixels, generator, self.flip)
        if self.degrees or self.scale or self.shift or self.aspect:
            matrices = affine_matrices(
                len(pixels), self.degrees, self.scale, self.shift, generator, self.aspect
            )
            pixels = affine(pixels, matrices)
        for transform in (brightness, contrast, saturation, tint, noise, erase, low_light):
            limit = getattr(self, transform.__name__)
            if limit:
                pixels = transform(pixels, limit, generator)
        if self.downscale:
            pixels = downscale(pixels, self.downscale, self.smallest, generator)
        if self.jpeg:  # last, as in a picture that was shrunk to be sent
            pixels = jpeg(pixels, self.jpeg, generator)
        return pixels
