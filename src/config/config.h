/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration: YAML to the specs of data, model and training and back, driven by their tables. All independent
 * mistakes are reported together, with file, line, column and the closest valid name.
 */
#ifndef PLX_CONFIG_H
#define PLX_CONFIG_H

#include "base/arena.h"
#include "base/error.h"
#include "data/spec.h"
#include "networks/network.h"
#include "train/train.h"

/** Bytes of a configuration, at most. A feature takes some 300 when all its keys are written. */
enum { PLX_CONFIG_MAX = 64 << 20 };

typedef struct plx_spec {
    plx_arena arena; /* everything the others point to */
    plx_table_spec table;
    const plx_model_def *def;
    plx_model_spec model;
    plx_train_spec train;
} plx_spec;

/** The source of a configuration. Borrowed. */
typedef struct plx_spec_source {
    const char *text; /* YAML, UTF-8 */
    size_t length;
    const char *name; /* file name in messages, which have line and column; NULL: the text was generated, so messages
                         have section, entry and key instead */
    bool is_rule_0;   /* of plx_table_spec */
    /**
     * "section.key=value", the value as YAML, applied in this order before the text is checked. Sections that are lists
     * are addressed by name: "features.age.embedding_dim=8", "tasks.income.weight=2".
     */
    const char *const *assignments;
    int n_assignments;
} plx_spec_source;

/** PLX_ERR_FORMAT: mistakes, one per line, each with its place. On failure `out` is empty. */
plx_status plx_spec_parse(plx_spec *out, const plx_allocator *allocator, const plx_spec_source *source, plx_error *err);
void plx_spec_release(plx_spec *spec);
/** All keys with their values, defaults included, as YAML. Parsing it gives an equal spec. */
void plx_spec_write(const plx_spec *spec, plx_string *out);
/** The value of a key as JSON: "section.key" or "section.name.key". PLX_ERR_ARGUMENT: there is no such key. */
plx_status plx_spec_write_value(const plx_spec *spec, const char *key, plx_string *out, plx_error *err);
/** The default of a key as JSON: "data.key", "train.key", "model.network.key", "features.kind.key" or "tasks.kind.key".
 * PLX_ERR_ARGUMENT: there is no such key, or it has no default. */
plx_status plx_spec_write_default(const plx_allocator *allocator, const char *key, plx_string *out, plx_error *err);
/** Everything that determines how raw rows are encoded, as text: equal texts give equal records for the same data. */
void plx_spec_write_encoding(const plx_spec *spec, plx_string *out);
/** The reference of all sections and models as Markdown, from the tables. */
void plx_spec_reference(plx_string *out);

#endif
