"""Settings files and layers."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from robot_rl.core.errors import UsageError
from robot_rl.graph.settings import assign, merge, read_settings, resolve


def write(tmp_path, data):
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(data))
    return path


def test_plain_and_ros_parameter_files_read_the_same(tmp_path):
    plain = read_settings(write(tmp_path, {"policy": {"episode_steps": 7}, "/**": {"image_size": 32}}))
    ros = {name: {"ros__parameters": section} for name, section in (("/policy", {"episode_steps": 7}),)}
    assert read_settings(write(tmp_path, {**ros, "/**": {"ros__parameters": {"image_size": 32}}})) == plain


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"polcy": {}}, "unknown section 'polcy'.*mine.yaml.*did you mean 'policy'"),
        (
            {"policy": {"episod_steps": 3}},
            "unknown key 'episod_steps'.*mine.yaml.*policy.*did you mean 'episode_steps'",
        ),
        ({"policy": {"episode_steps": "x"}}, "mine.yaml.*episode_steps is 'x'"),
        ({"policy": {"episode_steps": 0}}, "mine.yaml.*episode_steps is 0, outside"),
        ({"policy": 3}, "section 'policy' is 3"),
        ({"/**": {"seed": 3}}, "unknown key 'seed'"),
    ],
)
def test_unknown_keys_and_bad_values_name_the_file(tmp_path, data, message):
    with pytest.raises(UsageError, match=message):
        read_settings(write(tmp_path, data))


def test_precedence_is_default_shared_section_fixed():
    settings = {"/**": {"image_size": 32, "task": "lift"}, "policy": {"image_size": 48, "act": "mean"}}
    resolved = resolve("policy", settings, {"act": "teleop"})
    assert (resolved["image_size"], resolved["task"], resolved["act"]) == (48, "lift", "teleop")
    assert resolved["episode_steps"] == 50


def test_shared_keys_reach_only_nodes_that_have_them():
    assert "task" not in resolve("monitor", {"/**": {"task": "lift"}}, {})


def test_assign_makes_nested_sections():
    assert assign(("a.b.c", "a.d"), 1) == {"a": {"b": {"c": 1}, "d": 1}}


trees = st.recursive(
    st.integers(), lambda below: st.dictionaries(st.sampled_from("abc"), below, max_size=3), max_leaves=8
)
mappings = st.dictionaries(st.sampled_from("abc"), trees, max_size=3)


@given(mappings, mappings, mappings)
def test_merge_is_associative_and_leaves_its_inputs_alone(a, b, c):
    before = repr((a, b, c))
    assert merge([merge([a, b]), c]) == merge([a, b, c])
    assert repr((a, b, c)) == before


@given(mappings)
def test_merge_keeps_a_single_layer_and_the_later_of_two(a):
    assert merge([a]) == a
    assert merge([{"a": 1, "b": 2}, a]).get("a", 1) == a.get("a", 1)
