"""Which geoms of a model must keep apart."""

from __future__ import annotations

import itertools

import mujoco

from robot_rl.core.errors import unknown_name

Pair = tuple[int, int]


def geom_pairs(model: mujoco.MjModel) -> list[Pair]:
    """Pairs of geoms that collide with anything and can move against each other.

    Geoms of one rigid body, of neighbouring bodies and of the fixed surroundings among themselves are left out.
    """
    solid = [geom for geom in range(model.ngeom) if model.geom_contype[geom] or model.geom_conaffinity[geom]]
    return [pair for pair in itertools.combinations(solid, 2) if not _neighbours(model, *pair)]


def touching_pairs(model: mujoco.MjModel, may_touch: tuple[tuple[str, str], ...]) -> set[Pair]:
    """Pairs of geoms, the lower id first, that the names in `may_touch` stand for.

    A name stands for a geom, or for all geoms of a body; UsageError names one that the model lacks.
    """
    return {
        (min(pair), max(pair))
        for one, other in may_touch
        for pair in itertools.product(_geoms(model, one), _geoms(model, other))
    }


def geom_label(model: mujoco.MjModel, geom: int) -> str:
    """Name of a geom, or that of its body where it has none."""
    return str(model.geom(geom).name or model.body(model.geom_bodyid[geom]).name)


def _geoms(model: mujoco.MjModel, name: str) -> list[int]:
    geoms = [geom for geom in range(model.ngeom) if model.geom(geom).name == name]
    geoms = geoms or [g for g in range(model.ngeom) if model.body(model.geom_bodyid[g]).name == name]
    if not geoms:
        known = {geom_label(model, geom) for geom in range(model.ngeom)}
        raise unknown_name("geom or body", name, known, "limits: collision: may_touch")
    return geoms


def _neighbours(model: mujoco.MjModel, one: int, other: int) -> bool:
    first, second = (_rigid(model, model.geom_bodyid[geom]) for geom in (one, other))
    if first == second or (first <= 0 and second <= 0):
        return True
    above_first, above_second = (_rigid(model, model.body_parentid[abs(body)]) for body in (first, second))
    return bool((first > 0 and above_first == second) or (second > 0 and above_second == first))


def _rigid(model: mujoco.MjModel, body: int) -> int:
    """The moving body that `body` is fixed to; of the fixed ones, itself, negative: a table is nobody's neighbour."""
    return int(model.body_weldid[body]) or -int(body)
