/* SPDX-License-Identifier: Apache-2.0 */
/* Checks across fields of the sections data, features and tasks: each rule once. */
#ifndef PLX_TABLE_CHECK_H
#define PLX_TABLE_CHECK_H

#include "base/problem.h"
#include "data/spec.h"

/** Reports all mistakes. Texts of the spec may be NULL, which means empty; an entry without a name has already been
 * reported. Returns only PLX_OK or PLX_ERR_MEMORY. */
plx_status plx_table_check(const plx_table_spec *table, const plx_allocator *allocator, plx_problems *problems);
/** Reports features that read a column of labels. Encoders could read it, but the model would learn nothing else. */
plx_status plx_table_check_leaks(const plx_table_spec *table, const plx_allocator *allocator, plx_problems *problems);
/** The first mistake as an error, "features.age.clip: MESSAGE": PLX_ERR_ARGUMENT. */
plx_status plx_table_check_first(const plx_table_spec *table, const plx_allocator *allocator, plx_error *err);
/** The name of an entry of features or tasks; NULL if it has none, and for entry -1. */
const char *plx_table_entry(const plx_table_spec *table, const char *section, int entry);

#endif
