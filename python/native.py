# SPDX-License-Identifier: Apache-2.0
"""Writes the C source of the extension module plexus._native, and next to it its types for checkers, _native.pyi:
usage: native.py INCLUDE_FOLDER COMPILER OUT.c

Everything that the headers of include/ declare becomes callable from Python; nothing is listed twice.
"""

import os
import subprocess
import sys
import tempfile

import cffi

# Tables that Python makes out of buffers: a stream that lends its batches.
STREAMS = r"""
#include <string.h>

typedef struct plexus_table {
    struct ArrowSchema schema;
    struct ArrowArray *batches; /* [n]; NULL: `user` makes each when it is asked for */
    int64_t n, next;
    void *user;
} plexus_table;

static int plexus_batch(void *user, struct ArrowArray *out);
static void keep_schema(struct ArrowSchema *schema) { schema->release = NULL; }
static void keep_array(struct ArrowArray *array) { array->release = NULL; }
static void keep_stream(struct ArrowArrayStream *stream) { stream->release = NULL; }

static int table_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    *out = ((plexus_table *)stream->private_data)->schema;
    out->release = keep_schema;
    return 0;
}

static int table_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    plexus_table *table = stream->private_data;
    memset(out, 0, sizeof *out);
    if (table->next >= table->n) return 0;
    const int64_t next = table->next++;
    const int code = table->batches ? 0 : plexus_batch(table->user, out);
    if (table->batches) *out = table->batches[next];
    out->release = code ? NULL : keep_array;
    return code;
}

static const char *table_error(struct ArrowArrayStream *stream) { (void)stream; return NULL; }

static void plexus_table_stream(plexus_table *table, struct ArrowArrayStream *out)
{
    *out = (struct ArrowArrayStream){table_schema, table_next, table_error, keep_stream, table};
}
"""

DECLARATIONS = """
typedef struct plexus_table {
    struct ArrowSchema schema;
    struct ArrowArray *batches;
    int64_t n, next;
    void *user;
} plexus_table;
void plexus_table_stream(plexus_table *table, struct ArrowArrayStream *out);

extern "Python" bool plexus_progress(void *user, const plx_progress *progress);
extern "Python" double plexus_rate(void *user, int epoch, double rate);
extern "Python" bool plexus_scores(void *user, const plx_scored_rows *rows);
extern "Python" int plexus_batch(void *user, struct ArrowArray *out);
extern "Python" void plexus_warn(void *user, const char *line);
"""

HEADERS = ["plexus_arrow.h", "plexus.h"]

# What the package uses of cffi, whose own stubs know no module in API mode.
TYPES = """# What the headers declare, for type checkers. Written by native.py.
from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

CData: TypeAlias = Any  # a C value: pointers, structs, arrays
_F = TypeVar("_F", bound=Callable[..., object])

class _FFI:
    NULL: CData
    def new(self, cdecl: str, init: object = ...) -> CData: ...
    def sizeof(self, cdecl: str | CData) -> int: ...
    def cast(self, cdecl: str, value: object) -> CData: ...
    def from_buffer(self, buffer: object) -> CData: ...
    def buffer(self, cdata: CData, size: int = ...) -> memoryview: ...
    def string(self, cdata: CData) -> bytes: ...
    def gc(self, cdata: CData, destructor: Callable[[CData], object]) -> CData: ...
    def addressof(self, cdata: CData, *fields: str | int) -> CData: ...
    def new_handle(self, value: object) -> CData: ...
    def from_handle(self, handle: CData) -> Any: ...
    def def_extern(self, *, onerror: Callable[..., object] | None = None) -> Callable[[_F], _F]: ...

class _Lib:
"""


def declarations(include, compiler):
    """What the headers declare, without what the C library's headers do."""
    with tempfile.TemporaryDirectory() as empty:
        for name in ("stdbool.h", "stddef.h", "stdint.h"):
            open(os.path.join(empty, name), "w").close()
        source = "".join(f'#include "{name}"\n' for name in HEADERS)
        command = [compiler, "-E", "-P", "-nostdinc", "-isystem", empty, "-I", include, "-x", "c", "-"]
        return subprocess.run(command, input=source, capture_output=True, text=True, check=True).stdout


def type_of(c_type):
    """A C type as Python's."""
    if isinstance(c_type, cffi.model.VoidType):
        return "None"
    if isinstance(c_type, cffi.model.EnumType):
        return "int"
    if isinstance(c_type, cffi.model.PrimitiveType):
        return "bool" if c_type.name == "_Bool" else "float" if c_type.is_float_type() else "int"
    return "CData"


def types(ffi):
    lines = []
    for declaration, (c_type, _) in ffi._parser._declarations.items():
        kind, name = declaration.split(" ", 1)
        if kind == "function":
            arguments = "".join(f"_{i}: {type_of(one)}, " for i, one in enumerate(c_type.args))
            slash = ", /" if arguments else ""
            lines.append(f"    def {name}(self, {arguments[:-2]}{slash}) -> {type_of(c_type.result)}: ...")
        elif kind in ("anonymous", "enum") and isinstance(c_type, cffi.model.EnumType):
            lines += [f"    {constant}: int" for constant in c_type.enumerators]
        elif kind == "extern_python":
            lines.append(f"    {name}: CData")
    return TYPES + "\n".join(lines).replace("(self, )", "(self)") + "\n\nffi: _FFI\nlib: _Lib\n"


def main():
    include, compiler, out = sys.argv[1:]
    ffi = cffi.FFI()
    ffi.cdef(declarations(include, compiler) + DECLARATIONS)
    ffi.set_source("plexus._native", "".join(f'#include "{name}"\n' for name in HEADERS) + STREAMS)
    ffi.emit_c_code(out)
    with open(os.path.join(os.path.dirname(out), "_native.pyi"), "w") as file:
        file.write(types(ffi))


main()
