"""Arguments: key:=value words, types, choices and errors that say what to do."""

from __future__ import annotations

import pytest

from robot_rl.core.errors import UsageError
from robot_rl.graph.arguments import Argument, boolean, convert, defaults, names, parse_assignments

ARGUMENTS = (
    Argument(name="sim", description="simulate", default="true", choices=("true", "false"), kind=boolean),
    Argument(name="seed", description="the seed", default="0", kind=int),
    Argument(name="demos", description="stores", kind=names),
)


def test_words_become_a_mapping_and_the_last_of_a_key_wins():
    assert parse_assignments(["a:=1", "b:=x:=y", "a:=2", "c:="]) == {"a": "2", "b": "x:=y", "c": ""}


@pytest.mark.parametrize("word", ["seed=3", "seed", ":=3", "--seed", "a b:=3"])
def test_other_words_are_refused(word):
    with pytest.raises(UsageError, match="key:=value"):
        parse_assignments([word])


def test_equals_sign_is_answered_with_the_right_form():
    with pytest.raises(UsageError, match="write seed:=3"):
        parse_assignments(["seed=3"])


def test_values_are_typed_and_empty_ones_are_not_given():
    given = {"sim": "False", "seed": "7", "demos": "a, b,"}
    assert convert(ARGUMENTS, given, "g") == {"sim": False, "seed": 7, "demos": ["a", "b"]}
    assert convert(ARGUMENTS, {"seed": ""}, "g") == {}


def test_what_is_not_given_is_spelt_too_where_there_are_choices():
    review = Argument(name="review", description="review", choices=("true", "false"), kind=boolean)
    assert review.spellings == ("true", "false", "True", "False", "")
    assert [argument.spellings for argument in ARGUMENTS] == [("true", "false", "True", "False"), (), ()]


def test_defaults_are_typed():
    assert defaults(ARGUMENTS) == {"sim": True, "seed": 0}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"sed": "1"}, "did you mean 'seed'"),
        ({"sim": "maybe"}, "sim:=maybe is not one of true, false"),
        ({"seed": "x"}, "seed:=x is not a valid int: the seed"),
    ],
)
def test_bad_arguments_are_named(given, message):
    with pytest.raises(UsageError, match=message):
        convert(ARGUMENTS, given, "g")
