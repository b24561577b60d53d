"""Weights say what they are; damaged, foreign or unfitting ones are refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import save

from robot_rl.config.learning import SACConfig
from robot_rl.core.errors import SchemaError
from robot_rl.core.record import StepSpec
from robot_rl.learning.acting import load_actor
from robot_rl.learning.checkpoint import KIND as CHECKPOINT
from robot_rl.learning.sac import SAC
from robot_rl.learning.tensor_file import dumps
from robot_rl.learning.weights import WeightsMeta, of_file, pack, unpack


@pytest.fixture
def agent(config: SACConfig, spec: StepSpec) -> SAC:
    return SAC(config, spec)


@pytest.fixture
def data(agent: SAC) -> bytes:
    return pack(WeightsMeta(7, "sac", agent.config, agent.spec), agent.actor_tensors())


def test_round_trip_keeps_everything(agent: SAC, data: bytes) -> None:
    meta, tensors = unpack(data)
    assert meta == WeightsMeta(7, "sac", agent.config, agent.spec)
    assert tensors.keys() == agent.actor_tensors().keys()
    assert all(torch.equal(tensors[name], value) for name, value in agent.actor_tensors().items())


def test_every_truncation_is_refused(data: bytes) -> None:
    for length in [0, 1, 7, 8, 9, 100, len(data) // 2, len(data) - 1]:
        with pytest.raises(SchemaError):
            unpack(data[:length], "the file")


def test_every_altered_byte_is_refused(data: bytes) -> None:
    rng = np.random.default_rng(0)
    for place in [*range(12), *rng.integers(0, len(data), 200).tolist()]:
        damaged = bytearray(data)
        damaged[place] ^= 1 << int(rng.integers(8))
        try:
            meta, tensors = unpack(bytes(damaged))
        except SchemaError:
            continue
        # what is left are changes without meaning, such as a space in the header
        original = unpack(data)
        assert meta == original[0]
        assert all(torch.equal(tensors[name], value) for name, value in original[1].items())


def test_foreign_files_are_refused(agent: SAC) -> None:
    with pytest.raises(SchemaError, match="no tensors of robot_rl"):
        unpack(b"PK\x03\x04 a pickle or a zip" * 10)
    with pytest.raises(SchemaError, match="no tensors of robot_rl"):
        unpack(save({"weight": torch.zeros(3)}))
    with pytest.raises(SchemaError, match="of kind 'robot_rl/checkpoint/1'"):
        unpack(dumps(CHECKPOINT, agent.actor_tensors(), {}))


def test_a_file_of_weights_is_taken_as_it_is_and_so_is_what_is_refused_later(data: bytes) -> None:
    assert of_file(data) == data
    assert of_file(b"no tensors") == b"no tensors"


def test_a_checkpoint_that_does_not_say_what_acts_or_is_damaged_is_refused(agent: SAC) -> None:
    old = dumps(CHECKPOINT, agent.state()[0], {})
    with pytest.raises(SchemaError, match="did not say what acts: train again"):
        of_file(old)
    with pytest.raises(SchemaError, match="damaged"):
        of_file(old[:-1])


def test_shapes_that_do_not_fit_the_description_are_refused(agent: SAC) -> None:
    other = replace(agent.config, hidden=(32, 32))
    with pytest.raises(SchemaError, match="do not fit the network they describe"):
        load_actor(pack(WeightsMeta(1, "sac", other, agent.spec), agent.actor_tensors()))
    short = dict(list(agent.actor_tensors().items())[:-1])
    with pytest.raises(SchemaError, match="do not fit"):
        load_actor(pack(WeightsMeta(1, "sac", agent.config, agent.spec), short))


def test_another_graph_is_refused_by_name(agent: SAC, data: bytes, spec: StepSpec) -> None:
    other = replace(spec, observation=replace(spec.observation, cameras=("front", "wrist")))
    with pytest.raises(SchemaError, match=r"trained on wrist\+front .* this graph has front\+wrist"):
        load_actor(data, spec=other)
    assert load_actor(data, spec=spec).version == 7
