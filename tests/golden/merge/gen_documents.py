#!/usr/bin/env python3
"""Recipes that use each other by name as mergekit-multi 0.1.5 makes them, of the models in
stack.json: every tensor of the results (float32, little-endian bytes in hex).
usage: gen_documents.py > documents.json   (needs mergekit-multi 0.1.5, numpy, safetensors, yaml)"""
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import safetensors.numpy
import yaml

RECIPES = {
    # weights whose products are exact: the same bits, whatever the order of rounding
    "exact": """
name: half
merge_method: linear
parameters: {normalize: false}
models: [{model: A, parameters: {weight: 0.5}}, {model: B, parameters: {weight: 0.25}}]
---
name: copy
merge_method: passthrough
models: [{model: half, parameters: {scale: [{filter: mlp, value: 2.0}, {value: 1.0}]}}]
---
merge_method: passthrough
models: [{model: copy}]
""",
    "linear": """
merge_method: linear
models: [{model: one, parameters: {weight: [0.3, 0.9]}}, {model: two, parameters: {weight: 0.7}}, {model: A, parameters: {weight: 1.1}}]
---
name: two
merge_method: linear
models: [{model: one, parameters: {weight: 0.3}}, {model: B, parameters: {weight: [{filter: mlp, value: 0.6}, {value: 0.2}]}}]
---
name: one
merge_method: linear
models: [{model: A, parameters: {weight: 0.7}}, {model: B, parameters: {weight: 0.45}}]
""",
    "swaps": """
name: s1
merge_method: nearswap
base_model: A
models: [{model: B}]
parameters: {t: [0.01, 0.05]}
---
name: s2
merge_method: nearswap
base_model: s1
models: [{model: C}]
parameters: {t: 0.02}
---
merge_method: nearswap
base_model: s2
models: [{model: B}]
parameters: {t: 0.03}
""",
    "signs": """
name: kept
merge_method: ties
base_model: A
parameters: {weight: 1.0, density: [{filter: mlp, value: 0.5}, {value: 0.75}]}
models: [{model: B}, {model: C}]
---
name: angle
merge_method: nuslerp
models: [{model: kept, parameters: {weight: 1.0}}, {model: B, parameters: {weight: 0.5}}]
---
merge_method: task_arithmetic
base_model: kept
parameters: {lambda: 0.9}
models: [{model: angle, parameters: {weight: 0.8}}, {model: C, parameters: {weight: 0.3}}]
""",
    "arc": """
name: arc
merge_method: slerp
base_model: A
parameters: {t: [0.2, 0.8]}
models: [{model: B}]
---
name: stock
merge_method: model_stock
base_model: arc
models: [{model: B}, {model: C}]
""",
    "stacked": """
name: tall
merge_method: passthrough
slices:
- sources: [{model: A, layer_range: [0, 2]}]
- sources: [{model: B, layer_range: [1, 3]}]
---
merge_method: linear
slices:
- sources: [{model: tall, layer_range: [0, 3], parameters: {weight: 0.5}}, {model: C, layer_range: [0, 3], parameters: {weight: 0.5}}]
- sources: [{model: tall, layer_range: [2, 4], parameters: {weight: [1.0, 3.0]}}, {model: A, layer_range: [1, 3], parameters: {weight: 2.0}}]
""",
    # rounded on the way as a file would be
    "narrow": """
name: narrow
merge_method: linear
dtype: float32
out_dtype: bfloat16
models: [{model: A, parameters: {weight: 0.5}}, {model: B, parameters: {weight: 0.5}}]
---
merge_method: linear
dtype: float32
parameters: {normalize: false}
models: [{model: narrow, parameters: {weight: 2.0}}, {model: B, parameters: {weight: 0.0}}]
""",
}


def named(node, dir, documents):
    """A, B and C as paths."""
    if isinstance(node, dict):
        return {k: str(dir / v) if k in ("model", "base_model") and isinstance(v, str) and v not in documents
                else named(v, dir, documents) for k, v in node.items()}
    return [named(v, dir, documents) for v in node] if isinstance(node, list) else node


def main():
    golden = json.loads((pathlib.Path(__file__).parent / "stack.json").read_text())
    # three of one depth; the stack has two of them
    golden["layers"]["C"] = 3
    with tempfile.TemporaryDirectory() as tmp:
        dir = pathlib.Path(tmp)
        for name, layers in golden["layers"].items():
            tensors = {k: np.frombuffer(bytes.fromhex(t["hex"]), "<f4").reshape(t["shape"])
                       for k, t in golden["models"][name].items() if not k.startswith("model.layers.3.")}
            (dir / name).mkdir()
            (dir / name / "config.json").write_text(json.dumps({**golden["config"], "num_hidden_layers": layers}))
            safetensors.numpy.save_file(tensors, dir / name / "model.safetensors", {"format": "pt"})
        runs = []
        for name, text in RECIPES.items():
            docs = list(yaml.safe_load_all(text))
            names = [d.get("name") for d in docs]
            recipe, steps, out = dir / "recipe.yml", dir / ("steps-" + name), dir / ("out-" + name)
            recipe.write_text(yaml.safe_dump_all([named(d, dir, names) for d in docs]))
            subprocess.run(["mergekit-multi", str(recipe), "--out-path", str(out), "-I", str(steps),
                            "--no-copy-tokenizer", "--no-write-model-card", "--quiet"], check=True, stdout=sys.stderr)
            final = out if None in names else steps / names[-1]
            made = safetensors.numpy.load_file(final / "model.safetensors")
            runs.append({"name": name, "yaml": text.lstrip(),
                         "layers": json.loads((final / "config.json").read_text())["num_hidden_layers"],
                         "output": {k: {"shape": list(v.shape), "hex": v.astype("<f4").tobytes().hex()}
                                    for k, v in sorted(made.items())}})
        print(json.dumps({"runs": runs}, separators=(",", ":")))


main()
