"""The bare encoder in forms that ought to be faster: compiled, int8, ONNX Runtime.

Tried for prediction (benchmarks/README.md has what they bring); each takes `input_ids`
and `attention_mask` of any shape, and gives the last hidden state.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any


def in_form(name: str, encoder: Any) -> Any:
    """The encoder, eval and without gradients, in one of `FORMS`."""
    return FORMS[name](encoder)


def _plain(encoder: Any) -> Any:
    return encoder


def _compiled(encoder: Any) -> Any:
    """`torch.compile`, one program for all shapes."""
    import torch

    return torch.compile(encoder, dynamic=True)


def _int8(encoder: Any) -> Any:
    """Linear layers with int8 weights, activations quantized as they come."""
    import torch

    return torch.ao.quantization.quantize_dynamic(
        encoder, {torch.nn.Linear}, dtype=torch.qint8
    )


def _onnx(encoder: Any) -> Any:
    """ONNX Runtime on the processor, with all of its graph optimizations."""
    with tempfile.TemporaryDirectory() as folder:
        return _session(_exported(encoder, Path(folder)))


def _onnx_int8(encoder: Any) -> Any:
    """ONNX Runtime after its own dynamic quantization to int8."""
    from onnxruntime.quantization import quantize_dynamic

    with tempfile.TemporaryDirectory() as folder:
        quantized = Path(folder) / "int8.onnx"
        quantize_dynamic(_exported(encoder, Path(folder)), quantized)
        return _session(quantized)


def _exported(encoder: Any, folder: Path) -> Path:
    import torch

    path = folder / "encoder.onnx"
    names = ["input_ids", "attention_mask"]
    axes = {0: "rows", 1: "pieces"}
    ids = torch.ones(2, 8, dtype=torch.long)
    torch.onnx.export(
        encoder,
        (),
        str(path),
        kwargs=dict.fromkeys(names, ids),
        input_names=names,
        output_names=["vectors"],
        dynamic_axes=dict.fromkeys([*names, "vectors"], axes),
        dynamo=False,
    )
    return path


def _session(path: Path) -> Callable[..., Any]:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path))

    def run(**inputs: Any) -> Any:
        return session.run(["vectors"], {k: v.numpy() for k, v in inputs.items()})[0]

    return run


FORMS = {
    "plain": _plain,
    "compiled": _compiled,
    "int8": _int8,
    "onnx": _onnx,
    "onnx int8": _onnx_int8,
}
