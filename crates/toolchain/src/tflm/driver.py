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


def is_enough(runtime, file, arena_bytes):
    """Tried in a process of its own: an interpreter in too small an arena may crash."""
    child = os.fork()
    if child == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        try:
            runtime.Interpreter.from_bytes(file, arena_size=arena_bytes)
        except BaseException:
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1] == 0


def needed(runtime, file, used_bytes, most_bytes):
    """The smallest arena, in steps of 16 bytes. Plans are made in what is not used yet: in a small one that is not enough."""
    low, step = -(-used_bytes // 16), 1
    if is_enough(runtime, file, 16 * low):
        return 16 * low
    while not is_enough(runtime, file, 16 * (low + step)):
        low, step = low + step, 2 * step
        if 16 * low > most_bytes:
            return None
    high = low + step
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_enough(runtime, file, 16 * middle) else (middle, high)
    return 16 * high


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
    total = arena(text, "total")
    say(
        "measured",
        package=package(),
        file_bytes=len(file),
        file_adler32=zlib.adler32(file),
        head_bytes=arena(text, "head"),
        tail_bytes=arena(text, "tail"),
        total_bytes=total,
        needed_bytes=None if total is None else needed(runtime, file, total, arena_bytes),
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
