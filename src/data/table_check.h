/* SPDX-License-Identifier: Apache-2.0 */
/* The checks of the sections data, features and tasks that no single field can make: each rule once. */
#ifndef PLX_TABLE_CHECK_H
#define PLX_TABLE_CHECK_H

#include "base/problem.h"
#include "data/spec.h"

/** Reports all mistakes. Texts of the spec may be NULL, which means empty; an entry without a name is taken as
 * reported. PLX_ERR_MEMORY alone is returned. */
plx_status plx_table_check(const plx_table_spec *table, const plx_allocator *allocator, plx_problems *problems);
/** Reports features that read a column of labels. Encoders could, but such a model would learn nothing else. */
plx_status plx_table_check_leaks(const plx_table_spec *table, const plx_allocator *allocator, plx_problems *problems);
/** The first mistake as an error, "features.age.clip: MESSAGE": PLX_ERR_ARGUMENT. */
plx_status plx_table_check_first(const plx_table_spec *table, const plx_allocator *allocator, plx_error *err);
/** The name of an entry of features or tasks; NULL where it has none, and for entry -1. */
const char *plx_table_entry(const plx_table_spec *table, const char *section, int entry);

#endif
