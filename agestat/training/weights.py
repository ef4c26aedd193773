"""Where the weights of a run come from, and which of them are kept."""

from pathlib import Path
from typing import cast

import torch
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from agestat.errors import AgestatError
from agestat.model.network import AgeGenderResNet


def initialise(network: AgeGenderResNet, init: Path | None) -> None:
    """Load a backbone from a safetensors file (torchvision's names or an agestat checkpoint's), and the head
    of a checkpoint of the same label space."""
    if init is None:
        return
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        state = load_file(init)
    except (OSError, SafetensorError) as error:
        raise AgestatError(
            "{init} is not a whole safetensors file ({reason}).", init=init, reason=error
        ) from error
    own = {key.removeprefix("backbone."): value.float() for key, value in state.items()}
    backbone = network.backbone.state_dict()
    taken = {key: own[key] for key in backbone if key in own and own[key].shape == backbone[key].shape}
    if len(taken) < len(backbone):
        raise AgestatError(
            "{init} holds {found} of the {all} tensors of a ResNet-18.",
            init=init,
            found=len(taken),
            all=len(backbone),
        )
    network.backbone.load_state_dict(taken)
    head = {key: own[f"head.{key}"] for key in ("weight", "bias") if f"head.{key}" in own}
    if len(head) == 2 and head["weight"].shape == network.head.weight.shape:
        network.head.load_state_dict(head)


def running_average(network: AgeGenderResNet, decay: float) -> AveragedModel | None:
    """The exponential moving average of the weights and batch statistics, where ``decay`` asks for one."""
    if not decay:
        return None
    averaged = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(decay), use_buffers=True)
    cast(AgeGenderResNet, averaged.module).space = network.space  # the same object, which a deep copy is not
    return averaged


def interpolated(state: dict[str, Tensor], initial: dict[str, Tensor], share: float) -> dict[str, Tensor]:
    """The weights and batch statistics between those of a run and those that it began from (WiSE-FT, Wortsman
    et al. 2022): what tuning gains on its own pictures without what it loses on others."""
    return {
        key: torch.lerp(value, initial[key], share) if value.is_floating_point() else value
        for key, value in state.items()
    }
