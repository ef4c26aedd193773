"""Ways in which a classifier may judge faces differently elsewhere, as moves of its probabilities."""

from collections.abc import Callable

import numpy as np

from agestat.model.label_space import LabelSpace

TINY = 1e-12
UNSURE = 15.0  # years: how unsure a model of broad cells is of an age


def older(cells: np.ndarray, space: LabelSpace, years: float) -> np.ndarray:
    """Probabilities ``(N, C)`` of faces judged so many years older."""
    age = np.unique(space.mid_age)
    if np.any(np.diff(age) != 1):  # broad cells: tilted to the older ones
        return _normal(cells * np.exp(years * (space.mid_age - 35) / UNSURE**2))
    by_age = cells.reshape(len(cells), -1, len(age)).transpose(2, 0, 1)
    whole = int(np.floor(years))
    part = years - whole

    def moved(steps: int) -> np.ndarray:
        out = np.zeros_like(by_age)
        to = np.clip(np.arange(len(age)) + steps, 0, len(age) - 1)
        np.add.at(out, to, by_age)
        return out

    both = (1 - part) * moved(whole) + part * moved(whole + 1)
    return np.asarray(both.transpose(1, 2, 0).reshape(cells.shape))


def more_female(cells: np.ndarray, space: LabelSpace, logits: float) -> np.ndarray:
    """Probabilities ``(N, C)`` with the logit of female raised."""
    return _normal(cells * np.exp(np.where(space.is_female, logits, 0)))


def surer_of_gender(cells: np.ndarray, space: LabelSpace, by: float) -> np.ndarray:
    """Probabilities ``(N, C)`` with the logit of female multiplied by ``exp(by)``."""
    female = (cells @ space.is_female)[:, None]
    logit = np.log(female + TINY) - np.log(1 - female + TINY)
    return _normal(cells * np.exp(np.where(space.is_female, np.expm1(by) * logit, 0).clip(-50, 50)))


def surer_of_age(cells: np.ndarray, space: LabelSpace, by: float) -> np.ndarray:
    """Probabilities ``(N, C)`` with the logarithms of ages' own, given gender, multiplied by ``exp(by)``."""
    out = np.empty_like(cells)
    for female in (True, False):
        mine = space.is_female == female
        whole = cells[:, mine].sum(axis=1, keepdims=True)
        out[:, mine] = whole * _normal((cells[:, mine] / (whole + TINY) + 1e-9) ** np.exp(by))
    return out


def _normal(values: np.ndarray) -> np.ndarray:
    return np.asarray(values / (values.sum(axis=1, keepdims=True) + TINY))


Move = Callable[[np.ndarray, LabelSpace, float], np.ndarray]
MOVES: dict[str, tuple[Move, float]] = {  # and the steps that slopes are taken over
    "age": (older, 2.0),
    "gender": (more_female, 0.3),
    "gender sure": (surer_of_gender, 0.2),
    "age sure": (surer_of_age, 0.2),
}
