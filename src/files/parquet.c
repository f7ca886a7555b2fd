/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only file that uses carquet. A row group is read as a whole with all columns, in memory of the C library, and
 * freed before the next one. Reading uses the calling thread.
 */
#include "files/parquet.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool plx_parquet_is_at(const char *path)
{
    char begin[4] = "";
    struct stat info;
    if (stat(path, &info) != 0 || !S_ISREG(info.st_mode)) return false; /* opening a pipe would wake its writer */
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return false;
    bool is_parquet =
        read(descriptor, begin, sizeof begin) == (ssize_t)sizeof begin && memcmp(begin, "PAR1", sizeof begin) == 0;
    close(descriptor);
    return is_parquet;
}

#ifdef PLX_WITH_PARQUET

#include <carquet/carquet.h>

#include "files/arrow_footer.h"

bool plx_parquet_is_readable(void)
{
    return true;
}

/* carquet reads at most this many columns outside others. */
enum { MOST_COLUMNS = 1024, FORMAT_SIZE = 40 };

/* A column with a more specific format than carquet's, and carquet's format. */
typedef struct renamed {
    struct ArrowSchema *schema;
    const char *was;
    char format[FORMAT_SIZE];
} renamed;

typedef struct parquet {
    plx_allocator allocator;
    carquet_reader_t *reader;
    int32_t n_groups, next;
    struct ArrowArray first; /* read with the schema; not returned yet */
    renamed *renamed;        /* [n_columns of the file] */
    int32_t n_renamed;
    plx_arrow_footer footer;
    void (*release_schema)(struct ArrowSchema *schema); /* carquet's */
    void *schema_data;
    carquet_error_t failure;
} parquet;

static int code_of(const carquet_error_t *failure)
{
    if (failure->code == CARQUET_ERROR_OUT_OF_MEMORY) return ENOMEM;
    return failure->code == CARQUET_ERROR_FILE_READ || failure->code == CARQUET_ERROR_FILE_SEEK ? EIO : EBADMSG;
}

/* The format of a column for which Arrow or carquet has none; false: keep carquet's. */
static bool format_of(const carquet_schema_node_t *column, char format[FORMAT_SIZE])
{
    const carquet_physical_type_t type = carquet_schema_node_physical_type(column);
    const carquet_logical_type_t *logical = carquet_schema_node_logical_type(column);
    const bool is_decimal = logical && logical->id == CARQUET_LOGICAL_DECIMAL;
    const int length = carquet_schema_node_type_length(column);
    if (type == CARQUET_PHYSICAL_INT96) return snprintf(format, FORMAT_SIZE, PLX_PARQUET_INT96) > 0;
    if (logical && logical->id == CARQUET_LOGICAL_UUID && type == CARQUET_PHYSICAL_FIXED_LEN_BYTE_ARRAY && length == 16)
        return snprintf(format, FORMAT_SIZE, PLX_PARQUET_UUID) > 0;
    if (!is_decimal) return false;
    const int scale = logical->params.decimal.scale, precision = logical->params.decimal.precision;
    if (type == CARQUET_PHYSICAL_INT32 || type == CARQUET_PHYSICAL_INT64)
        snprintf(format, FORMAT_SIZE, "d:%d,%d,%d", precision, scale, type == CARQUET_PHYSICAL_INT32 ? 32 : 64);
    else
        snprintf(format, FORMAT_SIZE, PLX_PARQUET_DECIMAL, type == CARQUET_PHYSICAL_FIXED_LEN_BYTE_ARRAY ? length : 0,
                 scale);
    return true;
}

static const carquet_schema_node_t *next_column(const carquet_schema_t *schema, int32_t *element)
{
    const carquet_schema_node_t *node = NULL;
    do
        node = carquet_schema_get_element(schema, ++*element);
    while (node && !carquet_schema_node_is_leaf(node));
    return node;
}

/* Integers that are durations according to the footer's field. */
static bool duration_of(const parquet *p, const struct ArrowSchema *schema, size_t field, char format[FORMAT_SIZE])
{
    const char unit = field && strcmp(schema->format, "l") == 0 ? plx_arrow_footer_duration(&p->footer, field) : 0;
    return unit && snprintf(format, FORMAT_SIZE, "tD%c", unit) > 0;
}

/* Columns are in the same order in all schemas; `field` is this one's in the footer, 0: none. */
static void rename_columns(parquet *p, struct ArrowSchema *schema, size_t field, int32_t *element)
{
    for (int64_t i = 0; i < schema->n_children; i++)
        rename_columns(p, schema->children[i], plx_arrow_footer_child(&p->footer, field, i), element);
    if (schema->n_children || schema->format[0] == '+') return;
    const carquet_schema_node_t *column = next_column(carquet_reader_schema(p->reader), element);
    renamed *r = &p->renamed[p->n_renamed];
    if (!column || (!format_of(column, r->format) && !duration_of(p, schema, field, r->format))) return;
    r->schema = schema;
    r->was = schema->format;
    schema->format = r->format;
    p->n_renamed++;
}

static void release_schema(struct ArrowSchema *schema)
{
    parquet *p = schema->private_data;
    while (p->n_renamed > 0)
        p->n_renamed--, p->renamed[p->n_renamed].schema->format = p->renamed[p->n_renamed].was;
    schema->private_data = p->schema_data;
    schema->release = p->release_schema;
    schema->release(schema);
}

static int take_schema(parquet *p, struct ArrowSchema *out)
{
    int32_t element = 0; /* counts over all columns */
    p->renamed = plx_alloc_zero(&p->allocator, (size_t)carquet_schema_num_columns(carquet_reader_schema(p->reader)) + 1,
                                sizeof *p->renamed);
    if (!p->renamed) {
        out->release(out);
        return ENOMEM;
    }
    if (!plx_arrow_footer_init(&p->footer, &p->allocator, carquet_reader_find_metadata(p->reader, "ARROW:schema"))) {
        out->release(out);
        return ENOMEM;
    }
    for (int64_t i = 0; i < out->n_children; i++) {
        struct ArrowSchema *column = out->children[i];
        rename_columns(p, column, plx_arrow_footer_column(&p->footer, i, column->name ? column->name : ""), &element);
    }
    plx_arrow_footer_release(&p->footer, &p->allocator);
    p->release_schema = out->release;
    p->schema_data = out->private_data;
    out->release = release_schema;
    out->private_data = p;
    return 0;
}

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    parquet *p = stream->private_data;
    carquet_status_t status;
    if (p->n_groups == 0) {
        status = carquet_arrow_export_schema(carquet_reader_schema(p->reader), out, &p->failure);
    } else {
        status = carquet_reader_read_arrow(p->reader, 0, out, &p->first, &p->failure);
    }
    return status == CARQUET_OK ? take_schema(p, out) : code_of(&p->failure);
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    parquet *p = stream->private_data;
    *out = (struct ArrowArray){0};
    if (p->next >= p->n_groups) return 0;
    if (p->next++ == 0 && p->first.release) {
        *out = p->first;
        p->first = (struct ArrowArray){0};
        return 0;
    }
    carquet_status_t status = carquet_reader_read_arrow(p->reader, p->next - 1, NULL, out, &p->failure);
    return status == CARQUET_OK ? 0 : code_of(&p->failure);
}

static const char *get_last_error(struct ArrowArrayStream *stream)
{
    const parquet *p = stream->private_data;
    return p->failure.message;
}

static void release(struct ArrowArrayStream *stream)
{
    parquet *p = stream->private_data;
    if (p->first.release) p->first.release(&p->first);
    carquet_reader_close(p->reader);
    plx_allocator allocator = p->allocator;
    plx_free(&allocator, p->renamed);
    plx_free(&allocator, p);
    stream->release = NULL;
}

static const char remedy[] =
    "write a file with those that are needed, or CSV, or pass the table that pyarrow or polars reads "
    "from the file in Python";

/* Whether the file has more columns than carquet supports. A list or struct has several columns but counts once. */
static plx_status check_columns(const parquet *p, const char *path, plx_error *err)
{
    const carquet_schema_t *schema = carquet_reader_schema(p->reader);
    const int32_t n = carquet_schema_num_columns(schema);
    struct ArrowSchema tried = {0};
    carquet_error_t failure = {0};
    if (n <= MOST_COLUMNS) return PLX_OK;
    if (carquet_arrow_export_schema(schema, &tried, &failure) == CARQUET_OK) {
        tried.release(&tried);
        return PLX_OK;
    }
    PLX_FAIL(err, PLX_ERR_UNSUPPORTED, "%s: has %d columns, and the maximum for Parquet is %d: %s", path, (int)n,
             (int)MOST_COLUMNS, remedy);
}

static plx_status fail_open(const parquet *p, const char *path, plx_error *err)
{
    const char *why = p->failure.message[0] ? p->failure.message : "it is damaged or truncated";
    if (p->failure.code == CARQUET_ERROR_OUT_OF_MEMORY) return plx_error_memory(err);
    if (strstr(why, "exceeds limit"))
        PLX_FAIL(err, PLX_ERR_UNSUPPORTED,
                 "%s: cannot be read as a Parquet file: %s; the maximum for Parquet is %d columns: %s", path, why,
                 (int)MOST_COLUMNS, remedy);
    PLX_FAIL(err, PLX_ERR_FORMAT, "%s: cannot be read as a Parquet file: %s; get the file again", path, why);
}

plx_status plx_parquet_open(const plx_allocator *allocator, const char *path, struct ArrowArrayStream *out,
                            plx_error *err)
{
    carquet_reader_options_t options;
    *out = (struct ArrowArrayStream){0};
    parquet *p = plx_alloc_zero(allocator, 1, sizeof *p);
    if (!p) return plx_error_memory(err);
    p->allocator = *allocator;
    carquet_reader_options_init(&options);
    options.num_threads = 1;
    p->reader = carquet_reader_open(path, &options, &p->failure);
    plx_status status = p->reader ? check_columns(p, path, err) : fail_open(p, path, err);
    if (status) {
        if (p->reader) carquet_reader_close(p->reader);
        plx_free(allocator, p);
        return status;
    }
    p->n_groups = carquet_reader_num_row_groups(p->reader);
    *out = (struct ArrowArrayStream){get_schema, get_next, get_last_error, release, p};
    return PLX_OK;
}

#else

bool plx_parquet_is_readable(void)
{
    return false;
}

plx_status plx_parquet_open(const plx_allocator *allocator, const char *path, struct ArrowArrayStream *out,
                            plx_error *err)
{
    (void)allocator;
    *out = (struct ArrowArrayStream){0};
    PLX_FAIL(
        err, PLX_ERR_UNSUPPORTED,
        "%s: is a Parquet file, which this build cannot read: build plexus with PLEXUS_WITH_PARQUET=ON and carquet "
        "installed, or write the rows as CSV",
        path);
}

#endif
