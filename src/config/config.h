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
#include "networks/network.h"
#include "train/train.h"

typedef struct plx_spec {
    plx_arena arena; /* all that the others point to */
    plx_table_spec table;
    const plx_model_def *def;
    plx_model_spec model;
    plx_train_spec train;
} plx_spec;

/** What a configuration is read from. Borrowed. */
typedef struct plx_spec_source {
    const char *text; /* YAML, UTF-8 */
    size_t length;
    const char *name; /* stands for the file in messages, which have line and column; NULL: they have section, entry and
                         key instead, as no one has seen the text */
    bool is_rule_0;   /* of plx_table_spec */
    /**
     * "section.key=value", the value as YAML, done in this order before the text is checked. Sections that are lists
     * are addressed by name: "features.age.embedding_dim=8", "tasks.income.weight=2".
     */
    const char *const *assignments;
    int n_assignments;
} plx_spec_source;

/** PLX_ERR_FORMAT: mistakes, one a line, each with its place. On failure `out` holds nothing. */
plx_status plx_spec_parse(plx_spec *out, const plx_allocator *allocator, const plx_spec_source *source, plx_error *err);
void plx_spec_release(plx_spec *spec);
/** Every key with its value, defaults too, as YAML. Parsing it gives an equal spec. */
void plx_spec_write(const plx_spec *spec, plx_string *out);
/** The value of a key as JSON: "section.key" or "section.name.key". PLX_ERR_ARGUMENT: there is no such key. */
plx_status plx_spec_write_value(const plx_spec *spec, const char *key, plx_string *out, plx_error *err);
/** What decides how raw rows become records, as text: equal texts, equal encoding for the same data. */
void plx_spec_write_encoding(const plx_spec *spec, plx_string *out);
/** The reference of all sections and models as Markdown, from the tables. */
void plx_spec_reference(plx_string *out);

#endif
