"""Agreement with QuaPy 0.2.3, whose numbers are frozen here together with the inputs.

They were computed outside this project by ``ACC.solve_adjustment(getPteCondEstim(...), ..., "minimize",
"inversion")`` for ACC and PACC and by ``EMQ.EM(prior, test, epsilon=1e-9)`` for EMQ.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agestat.stats.quantify import adjusted_count, expectation_maximisation, project_to_simplex, reweight

TRUTH = np.repeat([0, 1, 2], [14, 14, 12])
KNOWN = np.array(
    [[0.57, 0.095, 0.335], [0.904096, 0.054945, 0.040959], [0.673, 0.032, 0.295], [0.552, 0.054, 0.394],
     [0.604396, 0.281718, 0.113886], [0.751, 0.095, 0.154], [0.827, 0.173, 0.0], [0.709, 0.123, 0.168],
     [0.70971, 0.145145, 0.145145], [0.64036, 0.004995, 0.354645], [0.764, 0.009, 0.227],
     [0.891, 0.023, 0.086], [0.564, 0.159, 0.277], [0.665, 0.181, 0.154], [0.118, 0.823, 0.059],
     [0.14, 0.846, 0.014], [0.3, 0.636, 0.064], [0.027, 0.955, 0.018], [0.145, 0.605, 0.25],
     [0.095, 0.887, 0.018], [0.036, 0.882, 0.082], [0.283, 0.662, 0.055], [0.336, 0.555, 0.109],
     [0.353, 0.579, 0.068], [0.076923, 0.737263, 0.185814], [0.141, 0.777, 0.082], [0.214, 0.636, 0.15],
     [0.3, 0.559, 0.141], [0.1, 0.005, 0.895], [0.014, 0.1, 0.886], [0.077077, 0.095095, 0.827828],
     [0.055, 0.236, 0.709], [0.195, 0.15, 0.655], [0.145145, 0.009009, 0.845846], [0.059, 0.282, 0.659],
     [0.168, 0.205, 0.627], [0.145, 0.132, 0.723], [0.009, 0.146, 0.845], [0.009, 0.355, 0.636],
     [0.063936, 0.113886, 0.822178]]
)  # fmt: skip
TEST = np.array(
    [[0.236, 0.051, 0.713], [0.189, 0.591, 0.22], [0.023976, 0.172827, 0.803197], [0.4, 0.561, 0.039],
     [0.151848, 0.735265, 0.112887], [0.158, 0.242, 0.6], [0.214, 0.609, 0.177], [0.22, 0.15, 0.63],
     [0.128, 0.016, 0.856], [0.763, 0.084, 0.153], [0.0, 0.076, 0.924], [0.099, 0.648, 0.253],
     [0.228, 0.147, 0.625], [0.616, 0.262, 0.122], [0.243756, 0.606394, 0.14985], [0.195, 0.01, 0.795],
     [0.152, 0.196, 0.652], [0.259, 0.107, 0.634], [0.016, 0.729, 0.255], [0.378378, 0.606607, 0.015015],
     [0.268, 0.092, 0.64], [0.236763, 0.74026, 0.022977], [0.647353, 0.077922, 0.274725],
     [0.003, 0.929, 0.068], [0.143, 0.735, 0.122], [0.232, 0.652, 0.116], [0.022, 0.089, 0.889],
     [0.338, 0.036, 0.626], [0.869, 0.051, 0.08], [0.212, 0.154, 0.634]]
)  # fmt: skip


def columns(features):
    return np.stack([features[k == TRUTH].mean(axis=0) for k in range(3)])


def test_pacc_agrees_with_quapy():
    shares = adjusted_count(TEST.mean(axis=0), columns(KNOWN))
    assert shares == pytest.approx([0.2191247, 0.3447426, 0.4361327], abs=1e-3)


def test_acc_agrees_with_quapy():
    votes = np.eye(3)[TEST.argmax(axis=1)].mean(axis=0)
    shares = adjusted_count(votes, columns(np.eye(3)[KNOWN.argmax(axis=1)]))
    assert shares == pytest.approx([0.1333339, 0.3999997, 0.4666664], abs=1e-3)


def test_emq_agrees_with_quapy():
    shares = expectation_maximisation(TEST, np.array([0.35, 0.35, 0.3]))
    assert shares == pytest.approx([0.0477341, 0.3499132, 0.6023527], abs=1e-3)


def test_many_problems_at_once_are_solved_as_one_by_one():
    rng = np.random.default_rng(0)
    observed, many = rng.dirichlet(np.ones(4), 5), rng.dirichlet(np.ones(4) + 3 * np.eye(4)[0], (5, 4))
    together = adjusted_count(observed, many)
    alone = [adjusted_count(observed[i], many[i]) for i in range(5)]
    assert together == pytest.approx(np.array(alone), abs=1e-9)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-10, 10), min_size=2, max_size=8))
def test_the_projection_lies_on_the_simplex_and_keeps_points_of_it(values):
    point = project_to_simplex(np.array(values))
    assert point.sum() == pytest.approx(1)
    assert (point >= 0).all()
    assert project_to_simplex(point) == pytest.approx(point, abs=1e-9)


def test_reweighting_to_the_same_shares_changes_nothing():
    prior = np.array([0.2, 0.3, 0.5])
    assert reweight(TEST, prior, prior) == pytest.approx(TEST, abs=1e-5)
    flipped = reweight(np.array([[0.5, 0.5]]), np.array([0.5, 0.5]), np.array([0.9, 0.1]))
    assert flipped.tolist() == [pytest.approx([0.9, 0.1])]
