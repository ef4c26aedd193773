"""Hamiltonian Monte Carlo with many short chains that start at a Laplace approximation.

Duane et al., Physics Letters B 195 (1987); Neal, "MCMC using Hamiltonian dynamics" (2011). All chains move at
once in coordinates in which the approximation is a standard normal, so that few steps forget the start.
"""

from collections.abc import Callable

import numpy as np

# Points ``(S, D)`` to log densities ``(S,)`` and their gradients ``(S, D)``.
Density = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
# Points ``(S, D)`` to others that are as likely.
Move = Callable[[np.ndarray, np.random.Generator], np.ndarray]

WARM_UP = 16  # trajectories that tune the step and forget the start
# Of the approximation's deviation, where chains start. From its tails, which are not those of the density,
# some do not come back in a hundred trajectories: intervals were half as wide again, and hung on the seed.
START = 0.3
THIN = 2  # trajectories between draws of a chain
LEAPS = 6  # steps of a trajectory, give or take one
ACCEPTANCE = 0.8  # aim of the tuning (Betancourt, Byrne and Girolami 2014)
FLATTEST = 0.3  # least curvature of the approximation; the priors' own is 1
HALVINGS = 12
FAR = 1.5  # log density below the mode, per dimension, at which a chain may not start


@np.errstate(over="ignore", invalid="ignore")  # of trajectories that went astray, which are not accepted
def sample(
    density: Density, around: Density, size: int, chains: int, keep: int, rng: np.random.Generator,
    between: Move | None = None, warm_up: int = WARM_UP,
) -> np.ndarray:  # fmt: skip
    """``(keep * chains, size)`` draws of ``density``; ``around`` is a density of single points like it, which
    the chains start from (``density`` itself, unless its chains differ). ``between`` trajectories points are
    moved by what leaves the density as it is."""
    mode, scale = laplace(around, size)
    top, unscale = around(mode[None])[0][0], np.linalg.inv(scale)

    def at(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        value, gradient = density(mode + y @ scale.T)
        return np.nan_to_num(value, nan=-np.inf), np.nan_to_num(gradient @ scale)

    place = START * rng.standard_normal((chains, size))
    value, slope = at(place)
    for _ in range(HALVINGS):
        far = value < top - FAR * size
        if not far.any():
            break
        place[far] *= 0.6
        value, slope = at(place)
    step, kept = 0.45, []
    for turn in range(warm_up + keep * THIN):
        momentum = rng.standard_normal(place.shape)
        energy = value - (momentum**2).sum(axis=1) / 2
        pace = step * rng.uniform(0.7, 1.1, (chains, 1))
        new, gradient = place, slope
        momentum = momentum + pace / 2 * gradient
        leaps = LEAPS + int(rng.integers(-1, 2))
        for leap in range(leaps):
            new = new + pace * momentum
            at_new, gradient = at(new)
            momentum = momentum + (pace if leap < leaps - 1 else pace / 2) * gradient
        chance = np.exp(np.minimum(0, at_new - (momentum**2).sum(axis=1) / 2 - energy))
        accepted = rng.random(chains) < chance
        place = np.where(accepted[:, None], new, place)
        slope = np.where(accepted[:, None], gradient, slope)
        value = np.where(accepted, at_new, value)
        if between is not None:
            place = (between(mode + place @ scale.T, rng) - mode) @ unscale.T
            value, slope = at(place)
        if turn < warm_up:
            step *= float(np.exp(0.3 * (chance.mean() - ACCEPTANCE)))
        elif (turn - warm_up) % THIN == THIN - 1:
            kept.append(mode + place @ scale.T)
    return np.concatenate(kept)


def laplace(density: Density, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Mode ``(D,)`` and a factor ``(D, D)`` of the inverse curvature there."""

    def loss(z: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = density(z[None])
        return -float(value[0]), -gradient[0]

    from scipy.optimize import minimize  # slow to import

    mode = minimize(loss, np.zeros(size), jac=True, method="L-BFGS-B", options={"maxiter": 200}).x
    nearby = 1e-3 * np.eye(size)
    _, gradient = density(np.concatenate([mode + nearby, mode - nearby]))
    curvature = (gradient[size:] - gradient[:size]) / 2e-3
    values, vectors = np.linalg.eigh((curvature + curvature.T) / 2)
    # The symmetric root: of like curvatures the eigenvectors hang on the last digits.
    return mode, (vectors / np.sqrt(np.maximum(values, FLATTEST))) @ vectors.T
