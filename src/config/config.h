/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration: YAML to the specs of data, model and training, by their tables, and back. Mistakes are told
 * with file, line and column, the nearest valid name, and all at once where they are independent.
 */
#ifndef PLX_CONFIG_H
#define PLX_CONFIG_H

#include "base/arena.h"
#include "base/error.h"
#include "data/spec.h"
#include "models/model.h"
#include "train/train.h"

typedef struct plx_spec {
    plx_arena arena; /* all that the others point to */
    plx_table_spec table;
    const plx_model_def *def;
    plx_model_spec model;
    plx_train_spec train;
} plx_spec;

/** `name` stands for the file in messages. On failure `out` is released. */
plx_status plx_spec_parse(plx_spec *out, const plx_allocator *allocator, const char *text, size_t length,
                          const char *name, plx_error *err);
void plx_spec_release(plx_spec *spec);
/** Every key with its value, defaults too, as YAML. Parsing it gives an equal spec. */
void plx_spec_write(const plx_spec *spec, plx_string *out);
/**
 * A new text in which "section.key=value" holds, by editing the document: parse it again for checks. Sections that are
 * lists are addressed by name: "features.age.embedding_dim=8", "tasks.income.weight=2".
 */
plx_status plx_spec_assign(const plx_allocator *allocator, const char *text, size_t length, const char *name,
                           const char *assignment, plx_string *out, plx_error *err);
/** The reference of all sections and models as Markdown, from the tables. */
void plx_spec_reference(plx_string *out);

#endif
