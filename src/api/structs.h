/* SPDX-License-Identifier: Apache-2.0 */
/* Structs of callers whose header may be older or newer than the library ("Structs that grow" in plexus_base.h). */
#ifndef PLX_STRUCTS_H
#define PLX_STRUCTS_H

#include "base/error.h"

/**
 * Copies the struct `given`, of type `type` and of the size that its first member says, into `own` [own_size]. Members
 * that it does not have are 0; NULL: all are. PLX_ERR_ARGUMENT: the size was not set; PLX_ERR_UNSUPPORTED: it has
 * members that this library does not know, and they are not 0.
 */
plx_status plx_struct_read(void *own, size_t own_size, const void *given, const char *type, plx_error *err);
/** Starts a report that the caller gave, NULL: none: `own` is 0 but its size. PLX_ERR_ARGUMENT: no size was set. */
plx_status plx_struct_begin(void *own, size_t own_size, const void *given, const char *type, plx_error *err);
/** Copies the report to the caller, as much of it as the caller's header has; NULL: nobody asked. */
void plx_struct_write(void *given, const void *own, size_t own_size);

/** Reads a source and checks that it has one of paths, stream and columns; `name` of it is for messages. */
plx_status plx_source_read(plx_source *own, const plx_source *given, const char *name, plx_error *err);

#endif
