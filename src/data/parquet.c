/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one file that uses carquet. A row group comes as a whole with all columns, in memory of the C library, and is
 * given back before the next is read. Reading happens in the calling thread.
 */
#include "data/parquet.h"

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

bool plx_parquet_is_readable(void)
{
    return true;
}

typedef struct parquet {
    plx_allocator allocator;
    carquet_reader_t *reader;
    int32_t n_groups, next;
    struct ArrowArray first; /* read with the schema; not yet handed out */
    carquet_error_t failure;
} parquet;

static int code_of(const carquet_error_t *failure)
{
    if (failure->code == CARQUET_ERROR_OUT_OF_MEMORY) return ENOMEM;
    return failure->code == CARQUET_ERROR_FILE_READ || failure->code == CARQUET_ERROR_FILE_SEEK ? EIO : EBADMSG;
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
    return status == CARQUET_OK ? 0 : code_of(&p->failure);
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
    plx_free(&allocator, p);
    stream->release = NULL;
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
    if (!p->reader) {
        plx_status status =
            p->failure.code == CARQUET_ERROR_OUT_OF_MEMORY
                ? plx_error_memory(err)
                : plx_error_set(err, PLX_ERR_FORMAT, "%s: cannot be read as a Parquet file: %s; get the file again",
                                path, p->failure.message);
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
    PLX_FAIL(err, PLX_ERR_UNSUPPORTED,
             "%s: is a Parquet file, and this build reads none: build plexus with PLEXUS_WITH_PARQUET=ON and carquet "
             "installed, or write the rows as CSV",
             path);
}

#endif
