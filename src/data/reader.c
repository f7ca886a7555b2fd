/* SPDX-License-Identifier: Apache-2.0 */
/* Chooses the reader of a file: by data.format, or by the file's first bytes. */
#include "data/reader.h"

#include <math.h>
#include <string.h>

#include "data/arrow_read.h"
#include "data/table_file.h"
#include "files/parquet.h"
#include "files/partition.h"
#include "files/texts.h"

struct plx_reader {
    plx_allocator allocator;
    plx_arena arena; /* for values from folder names */
    const char *path;
    plx_text *text; /* NULL: a Parquet file */
    plx_table_file *table;
    struct ArrowArrayStream stream;
    plx_arrow_reader *batches;
};

static bool is_parquet(const plx_filling *to, const char *path)
{
    if (to->encoders->spec.data.format != PLX_FORMAT_AUTO) return to->encoders->spec.data.format == PLX_FORMAT_PARQUET;
    return strcmp(path, "-") != 0 && plx_parquet_is_at(path);
}

static plx_status open_text(plx_reader *reader, const plx_filling *to, const plx_parallel *parallel, plx_error *err)
{
    PLX_TRY(plx_texts_open(parallel->texts, reader->path, &reader->text, err));
    return plx_table_file_open(to, reader->text->source, reader->text->stream.path, parallel, &reader->table, err);
}

/* An error of the stream is an error of the file. */
static plx_status open_parquet(plx_reader *reader, const plx_filling *to, const plx_parallel *parallel, plx_error *err)
{
    if (strcmp(reader->path, "-") == 0)
        PLX_FAIL(err, PLX_ERR_ARGUMENT,
                 "standard input: Parquet can only be read from files, since its metadata is at the end");
    PLX_TRY(plx_parquet_open(&reader->allocator, reader->path, &reader->stream, err));
    PLX_TRY(plx_arrow_reader_open(to, &reader->stream, reader->path, &reader->batches, err));
    plx_arrow_reader_share(reader->batches, parallel, 0);
    return PLX_OK;
}

/* Reads the columns of folders named COLUMN=VALUE. */
static plx_status read_folders(plx_reader *reader, plx_filling *filling, plx_error *err)
{
    const plx_encoders *e = filling->encoders;
    if (!strchr(reader->path, '=')) return PLX_OK;
    plx_slice *constants = plx_arena_take(&reader->arena, (size_t)e->n_inputs, sizeof *constants);
    for (int i = 0; constants && i < e->n_inputs; i++)
        constants[i] = plx_partition_value(&reader->arena, reader->path, e->inputs[i].column);
    filling->constants = constants;
    return plx_arena_failed(&reader->arena) ? plx_error_memory(err) : PLX_OK;
}

plx_status plx_reader_open(const plx_filling *to, const char *path, const plx_parallel *parallel, plx_reader **out,
                           plx_error *err)
{
    const plx_allocator *allocator = &to->encoders->allocator;
    *out = NULL;
    plx_reader *reader = plx_alloc_zero(allocator, 1, sizeof *reader);
    if (!reader) return plx_error_memory(err);
    reader->allocator = *allocator;
    reader->path = path;
    plx_arena_init(&reader->arena, &reader->allocator);
    plx_filling filling = *to;
    plx_status status = read_folders(reader, &filling, err);
    if (!status) status = (is_parquet(to, path) ? open_parquet : open_text)(reader, &filling, parallel, err);
    if (status) {
        plx_reader_close(reader);
        return status;
    }
    *out = reader;
    return PLX_OK;
}

plx_status plx_reader_rows(plx_reader *reader, size_t most, bool *more, plx_error *err)
{
    if (reader->table) return plx_table_file_rows(reader->table, most, more, err);
    return plx_arrow_reader_rows(reader->batches, most, more, err);
}

void plx_reader_report(const plx_reader *reader, const plx_reading_hook *reading, size_t rows)
{
    if (!reading || !reading->report) return;
    const char *path = strcmp(reader->path, "-") == 0 ? "standard input" : reader->path;
    reading->report(reading->user, path, (int64_t)rows, reader->table ? plx_stream_share(&reader->text->stream) : NAN);
}

void plx_reader_close(plx_reader *reader)
{
    if (!reader) return;
    const plx_allocator allocator = reader->allocator;
    plx_table_file_close(reader->table);
    plx_text_close(reader->text);
    plx_arrow_reader_close(reader->batches);
    if (reader->stream.release) reader->stream.release(&reader->stream);
    plx_arena_release(&reader->arena);
    plx_free(&allocator, reader);
}
