"""The batched ensemble computes what separate critics would."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from robot_rl.learning.critic import CriticEnsemble, subset_minimum


def single(ensemble: CriticEnsemble, member: int, x: np.ndarray) -> np.ndarray:
    """One critic in float64 numpy."""
    get = lambda p: p.detach().double().numpy()[member]  # noqa: E731
    for layer, norm in zip(ensemble.layers, ensemble.norms, strict=True):
        x = x @ get(layer.weight) + get(layer.bias)
        x = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5)
        x = np.maximum(x * get(norm.weight) + get(norm.bias), 0.0)
    return (x @ get(ensemble.value.weight) + get(ensemble.value.bias))[:, 0]


def any_ensemble(members: int, hidden: tuple[int, ...] = (16, 8)) -> CriticEnsemble:
    """With parameters of which none is 0 or the same for two members."""
    torch.manual_seed(1)
    ensemble = CriticEnsemble(members, 5, 2, hidden)
    with torch.no_grad():
        for parameter in ensemble.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return ensemble


def test_ensemble_equals_loop_of_single_critics() -> None:
    ensemble = any_ensemble(3)
    features, action = torch.randn(7, 5), torch.rand(7, 2)
    values = ensemble(features, action).detach().numpy()
    x = torch.cat([features, action], -1).double().numpy()
    np.testing.assert_allclose(values, [single(ensemble, i, x) for i in range(3)], atol=1e-5)


@pytest.mark.parametrize(("members", "hidden"), [(1, (16, 8)), (3, (16, 8)), (2, (1, 4)), (2, (6,))])
def test_scores_of_many_actions_are_those_of_single_ones(members: int, hidden: tuple[int, ...]) -> None:
    critic, features, actions = any_ensemble(members, hidden), torch.randn(4, 5), torch.rand(4, 7, 2)
    score = critic.scorer(features)
    together = [score(actions), score(actions.flip(1)).flip(1)]
    single = torch.stack([critic(features, actions[:, k]).mean(0) for k in range(7)], -1)
    torch.testing.assert_close(together, [single, single])


def test_members_start_different_and_learn_apart() -> None:
    ensemble = CriticEnsemble(2, 5, 2, (8,))
    values = ensemble(torch.randn(4, 5), torch.rand(4, 2))
    assert not torch.allclose(values[0], values[1])
    values[0].sum().backward()
    assert all((p.grad[1] == 0).all() for p in ensemble.parameters() if p.grad is not None)


def test_minimum_is_over_a_random_subset() -> None:
    values = torch.arange(4.0)[:, None].expand(4, 3)
    generator = torch.Generator().manual_seed(0)
    drawn = {float(subset_minimum(values, 2, generator)[0]) for _ in range(100)}
    assert drawn == {0.0, 1.0, 2.0}, "the minimum of two of 0, 1, 2, 3 is never 3"
    assert float(subset_minimum(values, 4, generator)[0]) == 0.0
