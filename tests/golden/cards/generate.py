#!/usr/bin/env python3
"""Cards for the tests of import and audit.

The five NAME.txt are written after cards that exist, under invented names and in other words: the
figures, the mistakes and what a browser's clipboard does to them are kept, line by line.
mixed-bits.txt is the one with broken letters: UTF-8 that was taken for ISO 8859-7 with the C1 range
of Windows-1252. This script writes mixed-bits.txt from mixed-bits.clean; lines marked with a tab in
front of a cross were not broken, and the last byte of a magnifier has no letter and is lost.
"""
import os

HERE = os.path.dirname(os.path.abspath(__file__))


def broken(text):
    out = []
    for byte in text.encode("utf-8"):
        b = bytes([byte])
        try:
            out.append(b.decode("cp1252" if 0x80 <= byte < 0xA0 else "iso8859_7"))
        except UnicodeDecodeError:
            pass
    return "".join(out)


def main():
    with open(os.path.join(HERE, "mixed-bits.clean"), encoding="utf-8") as f:
        lines = f.read().split("\n")
    done = [x if x.startswith("❌") else broken(x) for x in lines]
    with open(os.path.join(HERE, "mixed-bits.txt"), "w", encoding="utf-8") as f:
        f.write("\n".join(done))


main()
