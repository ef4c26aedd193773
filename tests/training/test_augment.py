"""Each augmentation stays within its bounds and depends on its generator alone."""

import pytest
import torch

from agestat.training import augment
from agestat.training.augment import Augmentation


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def flat(value: float, n: int = 200, size: int = 8) -> torch.Tensor:
    return torch.full((n, 3, size, size), value)


def test_horizontal_flip_mirrors_about_half_and_changes_nothing_else():
    pixels = torch.rand(400, 3, 4, 4, generator=generator(1))
    out = augment.horizontal_flip(pixels, generator())
    mirrored = (out == pixels.flip(-1)).flatten(1).all(1)
    kept = (out == pixels).flatten(1).all(1)
    assert (mirrored | kept).all()
    assert 150 < int(mirrored.sum()) < 250


def test_rotation_reaches_but_never_passes_its_limit():
    matrices = augment.affine_matrices(2000, 45, 0, 0, generator())
    degrees = torch.rad2deg(torch.atan2(matrices[:, 1, 0], matrices[:, 0, 0]))
    assert degrees.abs().max() <= 45
    assert degrees.min() < -44 and degrees.max() > 44


def test_scale_and_shift_stay_within_their_fractions():
    matrices = augment.affine_matrices(2000, 0, 0.25, 0.1, generator())
    zoom = matrices[:, 0, 0]
    assert 1 / 1.25 <= zoom.min() < 0.81 and 1.24 < zoom.max() <= 1.25
    assert matrices[:, :, 2].abs().max() <= 0.2  # the grid is two units wide


def test_identity_matrix_changes_nothing():
    pixels = torch.rand(2, 3, 9, 9)
    same = augment.affine(pixels, torch.eye(2, 3).repeat(2, 1, 1))
    assert torch.allclose(same, pixels, atol=1e-5)


def test_rotated_border_is_repeated_not_black():
    out = augment.affine(flat(0.7), augment.affine_matrices(200, 45, 0, 0, generator()))
    assert torch.allclose(out, flat(0.7), atol=1e-5)


def test_brightness_multiplies_by_at_most_its_limit():
    out = augment.brightness(flat(0.5), 0.8, generator()).flatten(1)[:, 0]
    assert 0.1 - 1e-6 <= out.min() < 0.12 and 0.88 < out.max() <= 0.9 + 1e-6


def test_contrast_keeps_the_mean_and_stretches_to_its_limit():
    pixels = flat(0.4)
    pixels[:, :, ::2] = 0.6
    out = augment.contrast(pixels, 0.3, generator())
    spread = (out.amax(dim=(1, 2, 3)) - out.amin(dim=(1, 2, 3))) / 0.2
    assert torch.allclose(out.mean(dim=(1, 2, 3)), torch.full((200,), 0.5), atol=1e-5)
    assert 0.7 - 1e-5 <= spread.min() < 0.71 and 1.29 < spread.max() <= 1.3 + 1e-5


def test_saturation_of_one_can_reach_grey_and_keeps_luma():
    pixels = torch.tensor([0.9, 0.2, 0.1]).view(1, 3, 1, 1).expand(500, 3, 2, 2).clone()
    out = augment.saturation(pixels, 1.0, generator())
    assert (out.amax(1) - out.amin(1)).min() < 0.01
    luma = 0.299 * 0.9 + 0.587 * 0.2 + 0.114 * 0.1
    unclipped = out[(out > 0).flatten(1).all(1) & (out < 1).flatten(1).all(1)]
    got = 0.299 * unclipped[:, 0] + 0.587 * unclipped[:, 1] + 0.114 * unclipped[:, 2]
    assert torch.allclose(got, torch.full_like(got, luma), atol=1e-5)


def test_noise_touches_up_to_its_share_of_the_pixels():
    pixels = flat(2.0, n=100, size=32)  # 2 is outside [0, 1]: every touched pixel shows
    share = (augment.noise(pixels, 0.3, generator()) != 2.0).any(1).float().mean(dim=(1, 2))
    assert 0 <= share.min() < 0.02 and 0.26 < share.max() < 0.34


def test_erase_paints_one_square_of_at_most_its_area():
    out = augment.erase(flat(0.0, n=300, size=40), 0.25, generator())
    share = (out == 0.5)[:, 0].float().mean(dim=(1, 2))
    assert share.max() <= 0.26 and share.max() > 0.2 and share.min() < 0.02


def test_downscale_blurs_the_chosen_share_and_keeps_the_shape():
    pixels = torch.rand(200, 3, 16, 16)
    out = augment.downscale(pixels, 0.5, 0.25, generator())
    changed = (out != pixels).flatten(1).any(1)
    assert out.shape == pixels.shape
    assert 70 < int(changed.sum()) < 130


def test_tint_scales_each_channel_by_at_most_its_limit():
    out = augment.tint(flat(0.5), 0.1, generator())[:, :, 0, 0]
    assert 0.45 - 1e-6 <= out.min() < 0.46 and 0.54 < out.max() <= 0.55 + 1e-6
    assert (out.amax(dim=1) - out.amin(dim=1)).max() > 0.05


def test_low_light_darkens_and_grains_the_chosen_share():
    out = augment.low_light(flat(0.5, size=32), 0.5, generator())
    dark = (out != 0.5).flatten(1).any(1)
    mean, grain = out[dark].mean(dim=(1, 2, 3)), out[dark].std(dim=(1, 2, 3))
    assert 70 < int(dark.sum()) < 130
    assert 0.5**2.5 - 0.01 < mean.min() < 0.2 and 0.45 < mean.max() < 0.51
    assert grain.min() < 0.005 and 0.055 < grain.max() < 0.065


def test_jpeg_compresses_the_chosen_share_and_keeps_the_picture():
    steps = torch.linspace(0, 1, 16).view(1, 1, 1, 16).expand(200, 3, 16, 16)
    out = augment.jpeg(steps, 0.5, generator())
    changed = (out != steps).flatten(1).any(1)
    assert 70 < int(changed.sum()) < 130
    assert 0.01 < (out[changed] - steps[changed]).abs().max() < 0.2


@pytest.mark.parametrize("seed", [0, 1])
def test_augmentation_depends_on_its_generator_alone(seed):
    everything = Augmentation(0.5, 45, 0.2, 0.1, 0.1, 0.8, 0.3, 0.5, 0.3, 0.2, 0.1, 0.3, 0.3, 0.3)
    pixels = torch.rand(8, 3, 16, 16)
    first, second = everything(pixels, generator(seed)), everything(pixels, generator(seed))
    assert torch.equal(first, second)
    assert not torch.equal(first, everything(pixels, generator(seed + 7)))
    assert first.min() >= 0 and first.max() <= 1


def test_mixup_blends_pictures_and_targets_alike_and_keeps_the_larger_share_own():
    blend = augment.mixup(500, 0.3, generator())
    values = torch.arange(500.0)
    assert sorted(blend.partner.tolist()) == list(range(500))
    assert 0.5 <= blend.share.min() < 0.55 and blend.share.max() == 1
    assert torch.allclose(blend(values), blend.share * values + (1 - blend.share) * values[blend.partner])
    assert torch.equal(blend(values[:, None].expand(500, 3)), blend(values)[:, None].expand(500, 3))


def test_mixup_of_zero_changes_nothing():
    pixels = torch.rand(6, 3, 4, 4)
    assert torch.equal(augment.mixup(6, 0.0, generator())(pixels), pixels)
