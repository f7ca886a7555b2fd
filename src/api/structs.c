/* SPDX-License-Identifier: Apache-2.0 */
#include "api/structs.h"

#include <string.h>

enum { SIZE_LIMIT = 1 << 16 /* a larger size was never set */ };

static plx_status size_of(const void *given, const char *type, size_t *size, plx_error *err)
{
    memcpy(size, given, sizeof *size);
    if (*size > sizeof *size && *size <= SIZE_LIMIT) return PLX_OK;
    PLX_FAIL(err, PLX_ERR_ARGUMENT, "the size of a %s is %zu: set its first member to sizeof(%s)", type, *size, type);
}

plx_status plx_struct_read(void *own, size_t own_size, const void *given, const char *type, plx_error *err)
{
    size_t size;
    memset(own, 0, own_size);
    if (!given) return PLX_OK;
    PLX_TRY(size_of(given, type, &size, err));
    for (size_t i = own_size; i < size; i++)
        if (((const char *)given)[i])
            PLX_FAIL(err, PLX_ERR_UNSUPPORTED,
                     "a %s has members that this library does not know: it is older than the program's plexus.h", type);
    memcpy(own, given, size < own_size ? size : own_size);
    return PLX_OK;
}

plx_status plx_struct_begin(void *own, size_t own_size, const void *given, const char *type, plx_error *err)
{
    size_t size = own_size;
    if (given) PLX_TRY(size_of(given, type, &size, err));
    memset(own, 0, own_size);
    memcpy(own, &size, sizeof size);
    return PLX_OK;
}

void plx_struct_write(void *given, const void *own, size_t own_size)
{
    size_t size;
    if (!given) return;
    memcpy(&size, given, sizeof size);
    if (size > own_size) size = own_size;
    memcpy((char *)given + sizeof size, (const char *)own + sizeof size, size - sizeof size);
}

plx_status plx_source_read(plx_source *own, const plx_source *given, const char *name, plx_error *err)
{
    if (!given) PLX_FAIL(err, PLX_ERR_ARGUMENT, "%s is NULL", name);
    PLX_TRY(plx_struct_read(own, sizeof *own, given, "plx_source", err));
    if (!!own->paths + !!own->stream + !!own->columns != 1)
        PLX_FAIL(err, PLX_ERR_ARGUMENT, "%s has not one of paths, stream and columns", name);
    if (own->paths && own->n_paths < 1) PLX_FAIL(err, PLX_ERR_ARGUMENT, "%s has no path", name);
    for (int i = 0; i < own->n_paths && own->paths; i++)
        if (!own->paths[i]) PLX_FAIL(err, PLX_ERR_ARGUMENT, "%s: path %d is NULL", name, i);
    if (!own->columns) return PLX_OK;
    if (own->n_columns < 0) PLX_FAIL(err, PLX_ERR_ARGUMENT, "%s has %d columns", name, own->n_columns);
    if (own->rows < 0 || own->rows > UINT32_MAX)
        PLX_FAIL(err, PLX_ERR_ARGUMENT, "rows is %lld; take 0 to 4294967295", (long long)own->rows);
    return PLX_OK;
}
