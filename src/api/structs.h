/* SPDX-License-Identifier: Apache-2.0 */
/* Structs of callers with a header older or newer than the library ("Structs that grow" in plexus_base.h). */
#ifndef PLX_STRUCTS_H
#define PLX_STRUCTS_H

#include "base/error.h"

/**
 * Copies the struct `given`, of type `type` and the size in its first member, into `own` [own_size]. Missing members
 * become 0; NULL: all. PLX_ERR_ARGUMENT: the size was not set; PLX_ERR_UNSUPPORTED: members that this library does not
 * know are not 0.
 */
plx_status plx_struct_read(void *own, size_t own_size, const void *given, const char *type, plx_error *err);
/** Starts a report of the caller, which may be NULL: `own` becomes 0 except for its size. PLX_ERR_ARGUMENT: the size
 * was not set. */
plx_status plx_struct_begin(void *own, size_t own_size, const void *given, const char *type, plx_error *err);
/** Copies the report to the caller, up to the size of the caller's struct; NULL: no report was requested. */
void plx_struct_write(void *given, const void *own, size_t own_size);

/** Reads a source and checks that it has one of paths, stream and columns; messages call it `name`. */
plx_status plx_source_read(plx_source *own, const plx_source *given, const char *name, plx_error *err);

#endif
