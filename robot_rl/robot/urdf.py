"""A URDF as MuJoCo can compile it: mesh paths resolved, meshes that are absent left out."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

from robot_rl.core.errors import UsageError

READABLE = (".stl", ".obj", ".msh")
"""Mesh formats of MuJoCo; others (COLLADA) count as absent."""
COMPILER = {"fusestatic": "false", "discardvisual": "true", "strippath": "false", "balanceinertia": "true"}


def urdf_for_mujoco(path: Path, packages: Sequence[str] = ()) -> str:
    """Text of the URDF at `path`: every link kept as a body, only collision geometry, mesh files by absolute path.

    `package://NAME/` is looked for in `packages` (folders NAME, or folders that hold NAME), in share/NAME of
    AMENT_PREFIX_PATH and in the folders above the URDF. One warning names the collision meshes left out because there
    is no such file or MuJoCo cannot read its format. Raises UsageError when the file is no URDF.
    """
    root = _parse(path)
    absent = sorted({name for link in root.iter("link") for name in _tidy(link, path, packages)})
    if absent:
        warnings.warn(
            f"'{path}': left out {len(absent)} collision mesh(es) that are absent or no {'/'.join(READABLE)} "
            f"({', '.join(absent)}): collisions with those links are not seen.",
            stacklevel=2,
        )
    extension = root.find("mujoco")
    extension = ElementTree.SubElement(root, "mujoco") if extension is None else extension
    compiler = extension.find("compiler")
    compiler = ElementTree.SubElement(extension, "compiler") if compiler is None else compiler
    compiler.attrib.update(COMPILER)
    compiler.attrib.pop("meshdir", None)
    return ElementTree.tostring(root, encoding="unicode")


def _parse(path: Path) -> ElementTree.Element:
    try:
        root = ElementTree.parse(path).getroot()
    except ElementTree.ParseError as error:
        raise UsageError(f"'{path}' is no valid XML ({error}): mend the URDF.") from None
    if root.tag != "robot" or root.find("link") is None:
        raise UsageError(f"'{path}' is no URDF (<{root.tag}>, or no link in it): give the output of xacro, a <robot>.")
    return root


def _tidy(link: ElementTree.Element, path: Path, packages: Sequence[str]) -> list[str]:
    """Drop visuals and collision meshes without a file; return the names of the latter."""
    absent = []
    for part in link.findall("visual"):
        link.remove(part)
    for part in link.findall("collision"):
        mesh = part.find("geometry/mesh")
        if mesh is None:
            continue
        name = mesh.get("filename", "")
        file = find_mesh(name, path, packages)
        if file is None or file.suffix.lower() not in READABLE:
            absent.append(name)
            link.remove(part)
        else:
            mesh.set("filename", str(file))
    return absent


def find_mesh(name: str, urdf: Path, packages: Sequence[str] = ()) -> Path | None:
    """Absolute path of the file that a URDF at `urdf` calls `name` (package://, file:// or relative), else None."""
    urdf = urdf.resolve()
    if name.startswith("package://"):
        package, _, rest = name.removeprefix("package://").partition("/")
        candidates = [folder / rest for folder in _package_folders(package, urdf, packages)]
    else:
        candidates = [urdf.parent / name.removeprefix("file://")]
    return next((file.resolve() for file in candidates if file.is_file()), None)


def _package_folders(package: str, urdf: Path, packages: Sequence[str]) -> list[Path]:
    given = [Path(folder) for folder in packages]
    prefixes = [Path(prefix) for prefix in os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep) if prefix]
    return [
        *(folder for folder in given if folder.resolve().name == package),
        *(folder / package for folder in given),
        *(prefix / "share" / package for prefix in prefixes),
        *(folder for folder in urdf.parents if folder.name == package),
    ]
