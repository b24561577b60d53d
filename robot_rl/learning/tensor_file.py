"""Named tensors and a JSON document as safetensors bytes with kind and checksum; nothing that is read runs code."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Mapping
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from robot_rl.core.errors import SchemaError

_LENGTH = struct.Struct("<Q")
_KEY = "robot_rl"


def dumps(kind: str, tensors: Mapping[str, Tensor], document: Mapping[str, Any]) -> bytes:
    """Bytes of `tensors` and of `document` (what JSON can hold), marked as `kind`."""
    # The memory layout (channels last) is the reader's own: the file holds every tensor in C order.
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    text = json.dumps(document, sort_keys=True)
    header = {"kind": kind, "document": text, "sha256": _digest(kind, text, plain)}
    # One metadata key: safetensors writes several in random order, and equal contents shall be equal bytes.
    return save(plain, {_KEY: json.dumps(header)})


def kind_of(data: bytes) -> str:
    """The kind that `data` is marked as, '' where it is nothing that `dumps` wrote."""
    try:
        return str(_metadata(data)["kind"])
    except (struct.error, ValueError, KeyError, TypeError):
        return ""


def loads(kind: str, data: bytes, where: str) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Tensors and document in `data`; SchemaError if it is truncated, altered, or not of `kind`.

    `where` names the data in errors.
    """
    try:
        header = _metadata(data)
        found, text, sha256 = header["kind"], header["document"], header["sha256"]
    except (struct.error, ValueError, KeyError, TypeError):
        raise SchemaError(
            f"{where} ({len(data)} bytes) hold no tensors of robot_rl: use a file that it wrote."
        ) from None
    if found != kind:
        raise SchemaError(f"{where} is of kind '{found}', this version reads '{kind}': use a file that it wrote.")
    try:
        tensors = load(data)
    except SafetensorError as error:
        raise SchemaError(f"{where} ({len(data)} bytes) is damaged ({error}): use another copy.") from None
    if sha256 != _digest(kind, text, tensors):
        raise SchemaError(f"{where} does not match its checksum: it is damaged, use another copy.")
    document: dict[str, Any] = json.loads(text)
    return tensors, document


def _metadata(data: bytes) -> dict[str, str]:
    (length,) = _LENGTH.unpack_from(data)
    header = json.loads(data[_LENGTH.size : _LENGTH.size + length].decode())
    metadata: dict[str, str] = json.loads(header["__metadata__"][_KEY])
    return metadata


def _digest(kind: str, text: str, tensors: Mapping[str, Tensor]) -> str:
    digest = hashlib.sha256(f"{kind}\n{text}\n".encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        if tensor.numel():
            digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()
