"""The cross-entropy method finds the maximum of known functions."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from robot_rl.config.learning import CEMConfig
from robot_rl.learning.cem import Maximum, maximise

GOALS = torch.tensor([[0.3, -0.6, 0.0], [-0.9, 0.8, 0.5], [0.0, 0.0, -0.2]])


def search(score, iterations: int = 6, **options: float) -> Maximum:
    config = CEMConfig(iterations=iterations, min_std=0.0, **options)
    return maximise(score, len(GOALS), 3, config, torch.Generator().manual_seed(0))


def bowl(actions: Tensor) -> Tensor:
    return -(actions - GOALS[:, None]).square().sum(-1)


def test_every_observation_gets_its_own_maximum():
    found = search(bowl)
    torch.testing.assert_close(found.mean, GOALS, atol=0.05, rtol=0.0)
    torch.testing.assert_close(found.best, GOALS, atol=0.1, rtol=0.0)
    assert float(found.std.max()) < 0.1


def test_the_higher_of_two_peaks_wins():
    def two(actions: Tensor) -> Tensor:
        near = 1.0 * torch.exp(-(actions - 0.5).square().sum(-1) / 0.3)
        far = 0.5 * torch.exp(-(actions + 0.5).square().sum(-1) / 0.3)
        return near + far

    torch.testing.assert_close(search(two, samples=256).mean, torch.full((3, 3), 0.5), atol=0.1, rtol=0.0)


def test_a_maximum_outside_is_found_at_the_border():
    best = search(lambda actions: actions.sum(-1)).best
    assert float(best.min()) > 0.9
    assert float(best.max()) <= 1.0


def test_the_best_action_is_one_that_was_scored_and_none_of_the_last_was_better():
    seen: list[Tensor] = []

    def watched(actions: Tensor) -> Tensor:
        seen.append(actions)
        return bowl(actions)

    best = search(watched, iterations=2).best
    last = bowl(seen[-1])
    torch.testing.assert_close(bowl(best[:, None])[:, 0], last.amax(1))
    assert len(seen) == 2


def test_a_smallest_deviation_keeps_searching():
    config = CEMConfig(iterations=8, min_std=0.2)
    assert float(maximise(bowl, 3, 3, config, torch.Generator().manual_seed(0)).std.min()) == pytest.approx(0.2)


def test_more_elites_than_samples_are_all_samples():
    assert search(bowl, samples=4, elites=9).mean.shape == (3, 3)
