"""Asks TensorFlow Lite Micro what a network takes. Every answer is a line of JSON behind a mark.

driver.py probe
driver.py measure FILE ARENA_BYTES
"""

import importlib.metadata
import json
import os
import platform
import re
import struct
import sys
import tempfile
import zlib


def say(kind, **answer):
    print("automcu: " + json.dumps({"answer": kind, **answer}), flush=True)


def package():
    return {
        "version": importlib.metadata.version("tflite-micro"),
        "python": platform.python_version(),
        "pointer_bits": 8 * struct.calcsize("P"),
    }


def recorded(interpreter):
    """What the recording allocator says. It is written by C++, past sys.stderr."""
    kept = os.dup(2)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 2)
        try:
            interpreter.print_allocations()
        finally:
            os.dup2(kept, 2)
            os.close(kept)
        file.seek(0)
        return file.read(1 << 20).decode(errors="replace")


def arena(text, part):
    found = re.search(rf"Arena allocation {part} (\d+) bytes", text)
    return int(found[1]) if found else None


def operators(runtime, file):
    """The operators of the network, each once. Names are no reason to have no figures."""
    try:
        names = {code: name for name, code in vars(runtime.schema_fb.BuiltinOperator).items() if isinstance(code, int)}
        codes = runtime.convert_bytearray_to_object(file).operatorCodes
        return list(dict.fromkeys(names[runtime.get_builtin_code_from_operator_code(code)] for code in codes))
    except (AttributeError, KeyError, TypeError):
        return []


def measure(runtime, path, arena_bytes):
    with open(path, "rb") as opened:
        file = opened.read()
    try:
        interpreter = runtime.Interpreter.from_bytes(file, arena_size=arena_bytes)
    except Exception as error:
        # Whatever it is, it is told. The allocator's own words stand on the standard error already.
        say("refused", error=type(error).__name__, words=str(error).strip())
        return
    text = recorded(interpreter)
    say(
        "measured",
        package=package(),
        file_bytes=len(file),
        file_adler32=zlib.adler32(file),
        head_bytes=arena(text, "head"),
        tail_bytes=arena(text, "tail"),
        total_bytes=arena(text, "total"),
        operators=operators(runtime, file),
    )


def main():
    try:
        from tflite_micro import runtime
    except ImportError as error:
        say("missing", words=str(error))
        return
    if sys.argv[1] == "probe":
        say("probed", package=package())
    else:
        measure(runtime, sys.argv[2], int(sys.argv[3]))


main()
