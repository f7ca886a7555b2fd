/* SPDX-License-Identifier: Apache-2.0 */
/* For the tests of src/data: a temporary folder, files in it, a small spec, an allocator that fails. */
#ifndef DATA_SUPPORT_H
#define DATA_SUPPORT_H

#include <archive.h>
#include <archive_entry.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "check.h"
#include "data/load.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))
#define LIST(...)                                                                                                      \
    {                                                                                                                  \
        .items = (char *[]){__VA_ARGS__}, .n = (int)(sizeof((char *[]){__VA_ARGS__}) / sizeof(char *))                 \
    }

/* -- Files ------------------------------------------------------------------------------------------------------ */

typedef struct folder {
    char path[512];
    char names[64][64];
    int n;
} folder;

static inline folder folder_make(void)
{
    folder f = {.n = 0};
    const char *base = getenv("TMPDIR");
    snprintf(f.path, sizeof f.path, "%s/plexus-test-XXXXXX", base ? base : "/tmp");
    if (!mkdtemp(f.path)) abort();
    return f;
}

static inline const char *folder_file(folder *f, const char *name)
{
    static char path[600];
    bool is_known = false;
    for (int i = 0; i < f->n; i++)
        is_known |= strcmp(f->names[i], name) == 0;
    if (!is_known) {
        if (f->n == COUNT(f->names) || strlen(name) >= sizeof f->names[0]) abort();
        strcpy(f->names[f->n++], name);
    }
    snprintf(path, sizeof path, "%s/%s", f->path, name);
    return path;
}

static inline void folder_remove(folder *f)
{
    for (int i = f->n; i-- > 0;)
        remove(folder_file(f, f->names[i]));
    rmdir(f->path);
}

static inline void write_bytes(folder *f, const char *name, const void *bytes, size_t length)
{
    FILE *file = fopen(folder_file(f, name), "wb");
    if (!file || fwrite(bytes, 1, length, file) != length || fclose(file)) abort();
}

static inline void write_text(folder *f, const char *name, const char *text)
{
    write_bytes(f, name, text, strlen(text));
}

/* `text` compressed by filter ARCHIVE_FILTER_x into `out` [capacity]; returns the bytes, 0 if the filter is missing. */
static inline size_t compress_text(int filter, const char *text, void *out, size_t capacity)
{
    size_t used = 0;
    struct archive *a = archive_write_new();
    struct archive_entry *entry = archive_entry_new();
    archive_entry_set_pathname(entry, "x");
    archive_entry_set_filetype(entry, AE_IFREG);
    if (archive_write_add_filter(a, filter) == ARCHIVE_OK && archive_write_set_format_raw(a) == ARCHIVE_OK &&
        archive_write_set_bytes_in_last_block(a, 1) == ARCHIVE_OK &&
        archive_write_open_memory(a, out, capacity, &used) == ARCHIVE_OK &&
        archive_write_header(a, entry) == ARCHIVE_OK) {
        if (archive_write_data(a, text, strlen(text)) < 0) abort();
    }
    archive_write_close(a);
    archive_write_free(a);
    archive_entry_free(entry);
    return used;
}

static inline size_t write_compressed(folder *f, const char *name, int filter, const char *text)
{
    size_t capacity = strlen(text) + 4096;
    char *bytes = malloc(capacity);
    size_t length = bytes ? compress_text(filter, text, bytes, capacity) : 0;
    if (length) write_bytes(f, name, bytes, length);
    free(bytes);
    return length;
}

/* The folder of the real data sets, or NULL. */
static inline const char *real_data(const char *set)
{
    static char path[600];
    const char *base = getenv("PLEXUS_DATA");
    snprintf(path, sizeof path, "%s/%s", base ? base : "../shared/data", set);
    return access(path, R_OK) == 0 ? path : NULL;
}

/* -- A small spec: a sparse feature, a dense one, a binary task -------------------------------------------------- */

typedef struct small_spec {
    plx_feature_spec features[4];
    plx_task_spec tasks[2];
    plx_table_spec spec;
} small_spec;

/* `s` is initialised in place, since the spec points into it. */
static inline plx_table_spec *small_spec_init(small_spec *s)
{
    static char *train[] = {"train.csv"};
    *s = (small_spec){
        .features = {{.name = "color", .kind = PLX_FEATURE_SPARSE, .embedding_dim = 4},
                     {.name = "size", .kind = PLX_FEATURE_DENSE, .scaling = PLX_SCALE_NONE, .missing = NAN}},
        .tasks = {{.name = "sold", .kind = PLX_TASK_BINARY, .weight = 1}},
        .spec = {
            .data = {.train = {train, 1}, .delimiter = ",", .quote = "\"", .comment = "", .header = true, .trim = true},
            .n_features = 2,
            .n_tasks = 1}};
    s->spec.features = s->features;
    s->spec.tasks = s->tasks;
    return &s->spec;
}

/* The results of plx_table_load. */
typedef struct loaded {
    plx_encoders *encoders;
    plx_rows parts[PLX_PARTS];
    plx_read_report wrong;
    plx_error error;
} loaded;

static inline plx_status load_spec(loaded *l, const folder *f, const plx_table_spec *spec)
{
    const char *const folders[] = {f->path};
    *l = (loaded){.encoders = NULL};
    const plx_load_options options = {.folders = folders, .n_folders = 1, .threads = 2, .wrong = &l->wrong};
    return plx_table_load(&plx_allocator_default, spec, &options, &l->encoders, l->parts, &l->error);
}

static inline void loaded_release(loaded *l)
{
    for (int i = 0; i < PLX_PARTS; i++)
        plx_rows_release(&l->parts[i], &plx_allocator_default);
    plx_encoders_release(l->encoders);
}

/* Loads `text` as train.csv. */
static inline plx_status load_text(loaded *l, const char *text, const plx_table_spec *spec)
{
    folder f = folder_make();
    write_text(&f, "train.csv", text);
    const plx_status status = load_spec(l, &f, spec);
    folder_remove(&f);
    return status;
}

static inline void check_fails(const char *text, const plx_table_spec *spec, plx_status status, const char *message)
{
    loaded l;
    CHECK_STATUS(load_text(&l, text, spec), status);
    CHECK(!l.encoders);
    CHECK_TEXT(l.error.message, message);
    loaded_release(&l);
}

/* Rows of the table of sparse feature `sparse`, including the unknown row. */
static inline int vocabulary_of(const plx_encoders *encoders, int sparse)
{
    return (int)plx_encoders_layout(encoders)->sparse[sparse].vocabulary;
}

static inline uint32_t id_at(const plx_rows *rows, size_t row, int feature)
{
    uint32_t id;
    plx_records_ids(rows->layout, rows->records + row * rows->layout->record_bytes, 1, feature, &id);
    return id;
}

static inline float dense_at(const plx_rows *rows, size_t row, int feature)
{
    return plx_record_dense(rows->records + row * rows->layout->record_bytes)[feature];
}

static inline float label_at(const plx_rows *rows, size_t row, int task)
{
    float label;
    plx_records_labels(rows->layout, rows->records + row * rows->layout->record_bytes, 1, task, &label);
    return label;
}

static inline bool same_records(const plx_rows *a, const plx_rows *b)
{
    return a->n == b->n && a->layout->record_bytes == b->layout->record_bytes &&
           memcmp(a->records, b->records, a->n * a->layout->record_bytes) == 0;
}

static inline plx_status read_file(const plx_encoders *encoders, const char *text, bool with_labels, plx_rows *rows,
                                   plx_error *err)
{
    folder f = folder_make();
    write_text(&f, "rows.csv", text);
    const char *const paths[] = {folder_file(&f, "rows.csv")};
    const plx_load_options options = {.threads = 2};
    plx_status status = plx_encoders_read(encoders, &plx_allocator_default, paths, 1, &options, with_labels, rows, err);
    folder_remove(&f);
    return status;
}

static inline plx_status encode_cells(const plx_encoders *encoders, const plx_column *cells, int n_cells, size_t n,
                                      bool with_labels, uint8_t *out, plx_error *err)
{
    return plx_encoders_columns(encoders, cells, n_cells, n, with_labels, NULL, NULL, out, err);
}

/* -- The fitted state as tensors --------------------------------------------------------------------------------- */

typedef struct tensor_list {
    plx_tensor *tensors;
    int n;
} tensor_list;

static inline const plx_tensor *find_tensor(const void *user, const char *name)
{
    const tensor_list *list = user;
    for (int i = 0; i < list->n; i++)
        if (strcmp(list->tensors[i].name, name) == 0) return &list->tensors[i];
    return NULL;
}

static inline plx_tensor *change_tensor(const tensor_list *list, const char *name)
{
    for (int i = 0; i < list->n; i++)
        if (strcmp(list->tensors[i].name, name) == 0) return &list->tensors[i];
    abort();
}

/* A copy that may be changed; in the arena. */
static inline tensor_list copy_tensors(const plx_encoders *encoders, plx_arena *arena)
{
    const plx_tensor *tensors;
    tensor_list list = {NULL, 0};
    if (plx_encoders_tensors(encoders, arena, &tensors, &list.n, NULL) != PLX_OK) abort();
    list.tensors = plx_arena_copy(arena, tensors, (size_t)list.n * sizeof *tensors);
    return list;
}

#endif
