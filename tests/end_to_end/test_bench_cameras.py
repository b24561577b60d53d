"""`robot-rl bench cameras`: real processes, both transport profiles, one JSON object."""

from __future__ import annotations

import json

import pytest

from robot_rl.cli.main import main

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


def test_it_measures_both_cameras_with_and_without_the_profile(
    free_domain: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FASTRTPS_DEFAULT_PROFILES_FILE", "")  # the bench takes it out: put it back afterwards
    monkeypatch.delenv("FASTRTPS_DEFAULT_PROFILES_FILE")
    code = main(["bench", "cameras", "--seconds", "4", "--domain", str(free_domain), "--json"])
    figures = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert list(figures) == ["shipped_profile", "no_profile"]
    for found in figures.values():
        assert all(found[camera]["sent"] > found[camera]["lost"] for camera in ("wrist", "front"))
        assert found["cpu_percent"]["camera_wrist"] > 0.0 and "policy" in found["cpu_percent"]
    lost = [figures["shipped_profile"][camera]["lost"] for camera in ("wrist", "front")]
    assert code == int(any(lost))


@pytest.mark.parametrize(
    ("options", "code", "sentence"),
    [(("--seconds", "0"), 2, "give more than 0"), (("--device", "/nothing.png"), 1, "there is no '/nothing.png'")],
)
def test_what_cannot_be_measured_has_its_sentence(
    free_domain: int, capsys: pytest.CaptureFixture[str], options: tuple[str, str], code: int, sentence: str
) -> None:
    assert main(["bench", "cameras", "--domain", str(free_domain), *options]) == code
    assert sentence in capsys.readouterr().err
