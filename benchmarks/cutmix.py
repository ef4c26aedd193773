"""CutMix (Yun et al. 2019) as a trial: no recipe uses it, see docs/training.md for what it gained."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from agestat.training.augment import Blend
from agestat.training.fit import Trainer


class CutMix(Trainer):
    """A trainer that pastes a rectangle of another picture of the batch into each, of any class or of the
    picture's own; targets are blended by the areas. For recipes without mixup."""

    within_class = False

    def _batches(self, crops: np.ndarray) -> Iterator[tuple[Tensor, Tensor, Blend]]:
        rng = np.random.default_rng([self.options.seed, self.epoch, 1])
        for index, pixels, blend in super()._batches(crops):
            partner = blend.partner
            if self.within_class:
                classes = self.targets[index].argmax(dim=1).numpy()
                partner = torch.from_numpy(
                    np.array([rng.choice(np.flatnonzero(classes == one)) for one in classes])
                )
            share, pasted = torch.ones(len(index)), pixels.clone()
            height, width = pixels.shape[-2:]
            for row in range(len(index)):
                side = np.sqrt(1 - rng.beta(1, 1))
                top, left = (int(rng.integers(size)) for size in (height, width))
                box = (slice(max(0, int(top - side * height / 2)), int(top + side * height / 2)),
                       slice(max(0, int(left - side * width / 2)), int(left + side * width / 2)))  # fmt: skip
                pasted[(row, slice(None), *box)] = pixels[(int(partner[row]), slice(None), *box)]
                share[row] = 1 - pixels[0, 0][box].numel() / (height * width)
            yield index, pasted, Blend(partner, share)
