"""Writes settings.json and scalars.json beside this file.

settings.json: what mergekit 0.1.5 makes of a setting, per type, for a tensor at a layer position.
scalars.json: what PyYAML's safe loader makes of a plain scalar.
Run with a Python that has mergekit 0.1.5 and PyYAML; the tests read only the JSON.
"""
import itertools
import json
import math
import os

import yaml
from mergekit.config import MergeConfiguration, evaluate_setting
from pydantic import TypeAdapter

HERE = os.path.dirname(os.path.abspath(__file__))
SETTINGS = [
    "0.3", "[0, 1]", "[0, 0.5, 0.3, 0.7, 1]", "[1.0]", "[]", "'1e-3'", "1e-3", "[1, '0.5']", "true",
    "[true, false]", "{filter: mlp, value: 0.4}",
    "[{filter: mlp, value: [0, 1]}, {filter: self_attn, value: 0.2}, {value: 0.9}]",
    "[{filter: '*', value: 0.2}, {filter: mlp, value: 0.4}]", "[{filter: 'mlp|attn', value: 0.2}]",
    "[{filter: 'layers.1', value: 0.2}, 0.4]", "[{filter: layers.1., value: 0.25}]", "null", "abc",
    # beyond the plain cases
    "[{filter: layers.1, value: 1}, {filter: null, value: 2}]", "[{value: []}]", "[0, null]", "[[0, 1]]",
    "{filter: mlp}", "{value: 3}", "yes", "'yes'", "'off'", "2", "1", "1.0", "[1, 0, 1]", "'t'", "'TRUE'", "''",
    "' 0.25 '", "1_000", "'1_0.5'", "'1__0'", "'inf'", "'0x10'", "0x10", "010", "08", "1:30", "-.5", "+.5", ".5",
    "[2, 4]", "[2, 3]", "2.0", "'2'", "'2.5'", "{filter: '', value: 5}", "[{filter: MLP, value: 1}, {value: 2}]",
    "{filter: 5, value: 1}", "[{filter: mlp, value: {filter: up, value: 1}}]", "2001-01-01", "[on, off, on]",
]
NAMES = [
    "model.embed_tokens.weight", "model.layers.0.mlp.up_proj.weight",
    "model.layers.1.self_attn.q_proj.weight", "model.layers.10.mlp.up_proj.weight",
]
PIECES = [
    "", "~", "null", "Null", "NULL", "nULL", "yes", "Yes", "YES", "yEs", "no", "NO", "on", "On", "off", "OFF", "y",
    "n", "true", "True", "TRUE", "tRue", "false", "False", "FALSE", "0", "00", "01", "07", "08", "09", "010", "0o10",
    "0_7", "0_", "1", "12", "-1", "+1", "--1", "1_000", "1__0", "_1", "1_", "0x1F", "-0xff", "0b101",
    "0b", "0b2", "1:30", "1:60", "1:5", "01:30", "1:30:00", "1:30.5", "0:30.5", "190:20:30.15", "0.5",
    ".5", "-.5", "+.5", "5.", "-5.", "0.", "._", "1._5", "1e5", "1e-5", "1.e-5", "1.0e-4", "1.0e4", "1.0e+4",
    "1E-5", "1.5E-05", "1.0e-", ".5e-3", ".e-3", "1.2.3", ".inf", "-.inf", "+.INF", ".Inf", ".iNF", ".nan", ".NaN",
    ".NAN", "-.nan", "inf", "nan", "infinity", "1,5", "1 000", "0.1e-05", "1.0E+10", "2001-01-01", "2001-1-1",
    "2001-12-14 21:59:43.10 -5", "2001-12-14t21:59:43.10-05:00", "20-01-01", "<", "e5", "-", "+", ".",
    "1e", "0e0", "0.0", "-0.0", "-0", "+0", "1.0_0", "1_0.0_1", "9007199254740993", "18446744073709551615",
    "abc", "a b", "bfloat16", "0xg", "1_000.5e-3", "99:59:59", "1:2:3.4", "-1:30", "+1:30.5",
]


def clean(v):
    if isinstance(v, float) and not math.isfinite(v):
        return {"float": repr(v)}
    return v


def settings():
    out, seen = [], set()
    for doc, kind, name, t in itertools.product(SETTINGS, ("float", "bool", "int"), NAMES,
                                                (0.0, 0.25, 0.3, 0.5, 1.0)):
        adapter = TypeAdapter({"float": float, "bool": bool, "int": int}[kind])
        rec = {"yaml": doc, "type": kind, "tensor": name, "t": t}
        text = "merge_method: slerp\nmodels: [{model: a}]\nparameters: {p: %s}" % doc
        try:
            config = MergeConfiguration.model_validate(yaml.safe_load(text))
            rec["value"] = clean(evaluate_setting(name, config.parameters["p"], t,
                                                  validate=adapter.validate_python))
        except Exception:  # every kind of refusal counts alike
            rec["error"] = True
        key = (doc, kind, name, repr(rec.get("value", "error")))
        if key not in seen:
            seen.add(key)
            out.append(rec)
    return out


def scalars():
    out = []
    for text in PIECES:
        try:
            v = yaml.safe_load("k: " + text)["k"]
        except (yaml.YAMLError, ValueError):  # not a scalar, or one the loader trips over
            continue
        kind = {type(None): "null", bool: "bool", int: "int", float: "float", str: "text"}.get(type(v), "date")
        out.append({"text": text, "kind": kind,
                    "value": clean(float(v)) if kind in ("bool", "int", "float") else None})
    return out


def write(name, records):
    with open(os.path.join(HERE, name), "w") as f:
        f.write("[\n" + ",\n".join(json.dumps(r) for r in records) + "\n]\n")
    print(name, len(records))


write("settings.json", settings())
write("scalars.json", scalars())
