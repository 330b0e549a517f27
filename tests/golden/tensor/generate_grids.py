"""Writes src/tensor/iq_grids.h from the tables that the gguf package carries; never run by `make`.

    python generate_grids.py > ../../../src/tensor/iq_grids.h
"""
import gguf.quants as q

print("""/* iq_grids: the points that ggml's IQ1, IQ2 and IQ3 formats choose from. They are part of those
 * formats and follow no formula; the notice they come under is in COPYING.third-party. An entry is
 * one point: eight 2-bit digits, or four of 4 bits, the first element lowest. What a digit stands
 * for is said in codec_iq_impl.h. Made by tests/golden/tensor/generate_grids.py. Constant data. */
#ifndef CUPEL_TENSOR_IQ_GRIDS_H
#define CUPEL_TENSOR_IQ_GRIDS_H
#include <stdint.h>""")
for name, cls in (("iq2_xxs", q.IQ2_XXS), ("iq2_xs", q.IQ2_XS), ("iq2_s", q.IQ2_S),
                  ("iq3_xxs", q.IQ3_XXS), ("iq3_s", q.IQ3_S), ("iq1_s", q.IQ1_S)):
    raw = bytes.fromhex(cls.grid_hex.decode())
    words = [raw[i] | raw[i + 1] << 8 for i in range(0, len(raw), 2)]
    assert len(words) == cls.grid_shape[0]
    print(f"\nstatic const uint16_t {name}_grid[{len(words)}] = {{")
    for i in range(0, len(words), 11):
        print("\t" + " ".join(f"0x{w:04x}," for w in words[i:i + 11]))
    print("};")
print("#endif")
