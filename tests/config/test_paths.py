"""Where shipped configuration is found, for each way of installing the package."""

from __future__ import annotations

from pathlib import Path

import pytest

from robot_rl.config.paths import find_share, share_dir
from robot_rl.core.errors import UsageError


def package(root: Path) -> Path:
    root.mkdir(parents=True)
    (root / "__init__.py").touch()
    return root


def test_shipped_robot_is_found() -> None:
    assert (share_dir() / "config" / "robots" / "fr3_sim.yaml").is_file()


def test_checkout_wins_by_lying_beside_the_package(tmp_path: Path) -> None:
    inside = package(tmp_path / "repo" / "robot_rl")
    (tmp_path / "repo" / "config" / "robots").mkdir(parents=True)
    assert find_share(inside) == tmp_path / "repo"


@pytest.mark.parametrize("site", ["lib/python3.12/site-packages", "local/lib/python3.12/dist-packages"])
def test_installed_package_finds_share_of_its_prefix(tmp_path: Path, site: str) -> None:
    inside = package(tmp_path / site / "robot_rl")
    share = tmp_path / "share" / "robot_rl"
    (share / "config" / "robots").mkdir(parents=True)
    assert find_share(inside) == share


def test_config_of_a_stranger_above_the_package_is_not_taken(tmp_path: Path) -> None:
    inside = package(tmp_path / "lib" / "robot_rl")
    (tmp_path / "config" / "robots").mkdir(parents=True)
    with pytest.raises(UsageError, match="install robot_rl again"):
        find_share(inside)
