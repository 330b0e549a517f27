#!/usr/bin/env python3
"""Bytes of all arrays that mlx_lm writes of a model, preset by preset: the figures of mlx_sizes in
tests/unit/test_quant_plan.c. Usage: gen_mlx_sizes.py MODEL   (mlx_lm 0.32.2, mlx 0.32.4 on a CPU)
With a second argument, the output of `cupel --json plan MODEL --plan PRESET --sizes` on stdin is
compared module by module: gen_mlx_sizes.py MODEL PRESET < plan.json"""
import glob, json, sys, tempfile
import mlx.core as mx
from mlx_lm import convert

PRESETS = {
    "q4": dict(q_bits=4), "q4-hi": dict(q_bits=4, q_group_size=32),
    "q8-hi": dict(q_bits=8, q_group_size=32), "mxfp4": dict(q_mode="mxfp4"),
    "mxfp8": dict(q_mode="mxfp8"), "nvfp4": dict(q_mode="nvfp4"),
    **{m: dict(quant_predicate=m, q_group_size=64)
       for m in ("mixed_2_6", "mixed_3_4", "mixed_3_6", "mixed_4_6")},
    "mixed_3_6-hi": dict(quant_predicate="mixed_3_6", q_group_size=32),
}


def modules(model, preset):
    out, found = tempfile.mkdtemp() + "/out", {}
    convert(model, out, quantize=True, **PRESETS[preset])
    config = json.load(open(out + "/config.json"))["quantization"]
    for f in glob.glob(out + "/*.safetensors"):
        for name, v in mx.load(f).items():
            path, _, end = name.rpartition(".")
            path = path if end in ("weight", "scales", "biases") else name
            m = found.setdefault(path, {"bytes": 0, "type": None})
            m["bytes"] += v.nbytes
            if end == "scales":
                q = config.get(path) or config
                m["type"] = (f"affine{q['bits']}g{q['group_size']}"
                             if (q.get("mode") or "affine") == "affine" else q["mode"])
    return found


if len(sys.argv) == 2:
    for preset in PRESETS:
        print(preset, sum(m["bytes"] for m in modules(sys.argv[1], preset).values()))
else:
    theirs = modules(sys.argv[1], sys.argv[2])
    ours = {t["name"].removesuffix(".weight"): t for t in json.load(sys.stdin)["tensors"]}
    bad = set(theirs) ^ set(ours)
    bad |= {k for k in set(theirs) & set(ours) if theirs[k]["bytes"] != ours[k]["bytes"]
            or theirs[k]["type"] not in (None, ours[k]["type"])}
    print("same" if not bad else sorted(bad))
