"""The keys of a GGUF file as golden data: name → [type, value]; long arrays as [type, length, hash].

Types are GGUF's numbers. An array's is [9, of, length, XXH3-128 of its bytes in the file], a text's
value stands as it is up to 64 bytes, else as [8, length, hash]. Keys about the file's name and origin
are left out.
"""
import struct

import xxhash

PLAIN = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
KEPT = ("general.architecture", "general.type", "general.file_type", "general.quantization_version")


def keys_of(path):
    data = open(path, "rb").read()
    at = 8
    found = {}

    def take(form):
        nonlocal at
        v = struct.unpack_from("<" + form, data, at)[0]
        at += struct.calcsize("<" + form)
        return v

    def text():
        nonlocal at
        n = take("Q")
        at += n
        return data[at - n:at]

    take("Q")
    for _ in range(take("Q")):
        key = text().decode()
        kind = take("I")
        if kind == 8:
            raw = text()
            value = [8, raw.decode()] if len(raw) <= 64 else [8, len(raw), xxhash.xxh3_128_hexdigest(raw)]
        elif kind == 9:
            of, n = take("I"), take("Q")
            begin = at
            for _ in range(n):
                text() if of == 8 else take(PLAIN[of])
            value = [9, of, n, xxhash.xxh3_128_hexdigest(data[begin:at])]
        else:
            value = [kind, take(PLAIN[kind])]
        if key in KEPT or not key.startswith("general."):
            found[key] = value
    return found
