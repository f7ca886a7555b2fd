/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the cache of a configuration, checks that it is complete and up to date, or creates it. */
#include "model/row_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "data/row_store.h"
#include "model/row_cache_key.h"
#include "model/row_cache_rule.h"
#include "store/model_file.h"

enum { MAX_PATH = 4096 };

typedef struct cache {
    const plx_config *config;
    const plx_allocator *allocator;
    plx_load_options *options;
    plx_data *data;
    plx_row_cache_key key;
    const char *base;      /* data.cache */
    char folder[MAX_PATH]; /* base/KEY */
    char index[MAX_PATH], lock_path[MAX_PATH];
    int lock;
    plx_row_store store;
} cache;

/* -- The folder ------------------------------------------------------------------------------------------------ */

static plx_status fail_folder(const char *folder, size_t length, plx_error *err)
{
    PLX_FAIL(err, PLX_ERR_IO, "%.*s: the cache of rows cannot be made here: %s; name another folder in data.cache",
             (int)length, folder, strerror(errno));
}

static plx_status make_folder(const char *path, plx_error *err)
{
    const size_t failed = plx_folder_make(path);
    return failed ? fail_folder(path, failed, err) : PLX_OK;
}

static plx_status name_files(cache *c, plx_error *err)
{
    const char *given = c->config->spec.table.data.cache;
    c->base = given && *given ? given : "plexus-cache";
    int length = snprintf(c->folder, MAX_PATH, "%s/%016llx", c->base, (unsigned long long)c->key.hash);
    if (length < 0 || length + 32 > MAX_PATH)
        PLX_FAIL(err, PLX_ERR_ARGUMENT, "data.cache: the folder's path is too long");
    memcpy(c->index, c->folder, (size_t)length);
    strcpy(c->index + length, "/index");
    memcpy(c->lock_path, c->folder, (size_t)length);
    strcpy(c->lock_path + length, "/lock");
    return PLX_OK;
}

/* Whether the lock file is still in the folder: its last holder may have removed both. */
static bool is_in_place(const cache *c)
{
    struct stat held, there;
    return fstat(c->lock, &held) == 0 && stat(c->lock_path, &there) == 0 && held.st_ino == there.st_ino &&
           held.st_dev == there.st_dev;
}

/* One process at a time creates a cache; the next one finds it. Without locks on file systems that do not have them. */
static plx_status open_folder(cache *c, plx_error *err)
{
    for (int tries = 0; tries < 1000; tries++) {
        PLX_TRY(make_folder(c->folder, err));
        c->lock = open(c->lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        if (c->lock < 0 && errno != ENOENT) return fail_folder(c->folder, strlen(c->folder), err);
        if (c->lock < 0) continue;
        while (flock(c->lock, LOCK_EX) != 0 && errno == EINTR)
            ;
        if (is_in_place(c)) return PLX_OK;
        close(c->lock);
        c->lock = -1;
    }
    return fail_folder(c->folder, strlen(c->folder), err);
}

/* Removes older caches in the folder, and files of processes that ended before a cache was complete. */
static void clean_folder(const cache *c)
{
    (void)unlink(c->index);
    plx_folder_clean(c->folder, "index");
    for (int part = 0; part < PLX_PARTS; part++)
        plx_folder_clean(c->folder, plx_row_store_file(part));
    plx_folder_clean(c->folder, "raw.");
}

static void close_folder(const cache *c, bool is_kept)
{
    if (c->lock < 0) return;
    if (!is_kept) {
        clean_folder(c);
        (void)unlink(c->lock_path);
        (void)rmdir(c->folder);
        (void)rmdir(c->base);
    }
    close(c->lock);
}

/* -- The index ------------------------------------------------------------------------------------------------- */

enum { N_META = 6 + 2 * PLX_REPORTED_ROWS };

static void add_meta(plx_meta *meta, int *n, const char *key, const char *value)
{
    meta[(*n)++] = (plx_meta){key, value};
}

static plx_status write_index(const cache *c, plx_error *err)
{
    plx_arena arena;
    plx_meta meta[N_META];
    const plx_tensor *tensors = NULL;
    int n_tensors = 0, n = 0;
    const plx_data *data = c->data;
    const plx_read_report *wrong = &data->report;
    plx_arena_init(&arena, c->allocator);
    plx_status status = plx_encoders_tensors(data->encoders, &arena, &tensors, &n_tensors, err);
    add_meta(meta, &n, "answers_to", c->key.text.text);
    add_meta(meta, &n, "value_rule", plx_arena_format(&arena, "%d", plx_encoders_value_rule(data->encoders)));
    add_meta(meta, &n, "id", plx_arena_format(&arena, "%llu", (unsigned long long)c->store.id));
    add_meta(meta, &n, "rows",
             plx_arena_format(&arena, "%zu %zu %zu", data->parts[0].n, data->parts[1].n, data->parts[2].n));
    add_meta(meta, &n, "wrong_rows", plx_arena_format(&arena, "%lld", (long long)wrong->wrong_rows));
    for (int i = 0; i < PLX_REPORTED_ROWS && i < wrong->wrong_rows; i++) {
        const plx_wrong_row *one = &wrong->wrong_row[i];
        add_meta(meta, &n, plx_arena_format(&arena, "wrong_row_%d", i), one->message);
        add_meta(meta, &n, plx_arena_format(&arena, "wrong_place_%d", i),
                 plx_arena_format(&arena, "%lld %s", (long long)one->row, one->column));
    }
    if (!status && plx_arena_failed(&arena)) status = plx_error_memory(err);
    if (!status) status = plx_model_file_write(c->index, c->allocator, tensors, n_tensors, meta, n, err);
    plx_arena_release(&arena);
    return status;
}

static bool read_number(const char **text, unsigned long long *out)
{
    char *end;
    if (**text < '0' || **text > '9') return false;
    errno = 0;
    *out = strtoull(*text, &end, 10);
    if (errno) return false;
    *text = end + strspn(end, " ");
    return true;
}

/* The contents of the index, except for the encoders. */
typedef struct cache_facts {
    unsigned long long id, rows[PLX_PARTS], wrong;
} cache_facts;

static bool read_facts(const cache *c, const plx_model_file *file, cache_facts *found)
{
    const char *answers_to = plx_model_file_meta(file, "answers_to"), *id = plx_model_file_meta(file, "id");
    const char *rows = plx_model_file_meta(file, "rows"), *wrong = plx_model_file_meta(file, "wrong_rows");
    if (!answers_to || !id || !rows || !wrong || strcmp(answers_to, c->key.text.text) != 0) return false;
    bool valid = read_number(&id, &found->id) && read_number(&wrong, &found->wrong) && found->wrong <= INT64_MAX;
    size_t total = 0;
    for (int part = 0; valid && part < PLX_PARTS; part++) {
        valid = read_number(&rows, &found->rows[part]) && found->rows[part] <= UINT32_MAX;
        total += (size_t)found->rows[part];
    }
    return valid && found->rows[0] > 0 && total <= UINT32_MAX;
}

static void copy_text(const char *text, char *out, size_t capacity)
{
    snprintf(out, capacity, "%.*s", (int)capacity - 1, text ? text : "");
}

static void read_wrong_rows(const plx_model_file *file, unsigned long long n, plx_read_report *report)
{
    char key[32];
    report->wrong_rows = (int64_t)n;
    for (int i = 0; i < PLX_REPORTED_ROWS && i < report->wrong_rows; i++) {
        plx_wrong_row *one = &report->wrong_row[i];
        unsigned long long row = 0;
        snprintf(key, sizeof key, "wrong_row_%d", i);
        copy_text(plx_model_file_meta(file, key), one->message, sizeof one->message);
        snprintf(key, sizeof key, "wrong_place_%d", i);
        const char *place = plx_model_file_meta(file, key);
        if (place && read_number(&place, &row) && row <= INT64_MAX) one->row = (int64_t)row;
        copy_text(one->row ? place : NULL, one->column, sizeof one->column);
    }
}

static const plx_tensor *find_tensor(const void *user, const char *name)
{
    return plx_model_file_tensor(user, name);
}

static plx_status open_parts(const cache *c, plx_encoders *encoders, const cache_facts *found,
                             plx_rows parts[PLX_PARTS], plx_error *err)
{
    const plx_layout *layout = plx_encoders_layout(encoders);
    const size_t n = (size_t)(found->rows[0] + found->rows[1] + found->rows[2]);
    const bool in_memory = plx_row_store_fits(&c->store, layout, n);
    for (int part = 0; part < PLX_PARTS; part++)
        PLX_TRY(plx_row_store_open(&c->store, c->allocator, layout, part, (size_t)found->rows[part], in_memory, false,
                                   &parts[part], err));
    return PLX_OK;
}

/* Opens the existing cache; a reason to reject it is not reported, since the cache is then created again. */
static plx_status reuse(cache *c, plx_error *err)
{
    plx_model_file file;
    cache_facts found = {0};
    plx_encoders *encoders = NULL;
    plx_rows parts[PLX_PARTS] = {0};
    if (!c->key.is_lasting || !plx_file_exists(c->index)) return PLX_ERR_IO;
    PLX_TRY(plx_model_file_read(&file, c->index, c->allocator, err));
    const bool is_own = plx_row_cache_has_own_rule(&file) && read_facts(c, &file, &found);
    plx_status status = is_own ? PLX_OK : PLX_ERR_FORMAT;
    c->store.id = found.id;
    if (!status)
        status = plx_encoders_from_tensors(c->allocator, &c->config->spec.table, find_tensor, &file, &encoders, err);
    if (!status) status = open_parts(c, encoders, &found, parts, err);
    if (!status) {
        c->data->encoders = encoders;
        read_wrong_rows(&file, found.wrong, &c->data->report);
        memcpy(c->data->parts, parts, sizeof parts);
        plx_encoders_report_labels(encoders, &c->options->listener);
    } else {
        for (int part = 0; part < PLX_PARTS; part++)
            plx_rows_release(&parts[part], c->allocator);
        plx_encoders_release(encoders);
    }
    plx_model_file_release(&file);
    return status;
}

/* -- Loading --------------------------------------------------------------------------------------------------- */

/* Differs from the ids of all other caches. */
static uint64_t new_id(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return ((uint64_t)now.tv_sec << 32 ^ (uint64_t)now.tv_nsec << 2) +
           (uint64_t)getpid() * UINT64_C(0x9e3779b97f4a7c15);
}

static plx_status make(cache *c, plx_error *err)
{
    plx_data *data = c->data;
    clean_folder(c);
    c->store.id = new_id();
    c->options->store = &c->store;
    plx_status status =
        plx_table_load(c->allocator, &c->config->spec.table, c->options, &data->encoders, data->parts, err);
    c->options->store = NULL;
    if (status || !c->store.is_written || !c->key.is_lasting) return status;
    /* If a source changed during encoding, the key would describe its earlier state. */
    plx_row_cache_key now;
    status = plx_row_cache_key_init(&now, c->config, c->options, err);
    bool is_same = !status && strcmp(now.text.text, c->key.text.text) == 0;
    plx_row_cache_key_release(&now);
    if (!status && !is_same)
        status = plx_error_set(err, PLX_ERR_IO,
                               "a data file was changed while it was read; read it again when it is "
                               "complete");
    return status ? status : write_index(c, err);
}

static plx_status load(cache *c, plx_error *err)
{
    plx_status status = reuse(c, NULL);
    if (status == PLX_OK) return PLX_OK;
    if (status == PLX_ERR_MEMORY) return plx_error_memory(err);
    if (c->key.is_lasting)
        PLX_TRY(plx_row_cache_check_rules(c->config->context, &c->key, c->base, c->store.keeps, err));
    return make(c, err);
}

plx_status plx_row_cache_load(const plx_config *config, plx_load_options *options, plx_data *data, plx_error *err)
{
    const plx_data_spec *spec = &config->spec.table.data;
    const plx_allocator *allocator = &config->context->allocator;
    const bool is_named = spec->cache && *spec->cache;
    if (options->streams || (!spec->memory && !is_named))
        return plx_table_load(allocator, &config->spec.table, options, &data->encoders, data->parts, err);
    cache *c = plx_alloc_zero(allocator, 1, sizeof *c);
    if (!c) return plx_error_memory(err);
    *c = (cache){.config = config, .allocator = allocator, .options = options, .data = data, .lock = -1};
    plx_status status = plx_row_cache_key_init(&c->key, config, options, err);
    if (!status) status = name_files(c, err);
    if (!status) status = open_folder(c, err);
    c->store = (plx_row_store){.folder = c->folder, .memory = (size_t)spec->memory};
    c->store.keeps = is_named && c->key.is_lasting;
    if (!status) {
        status = load(c, err);
        const bool is_kept = c->key.is_lasting && plx_file_exists(c->index);
        close_folder(c, is_kept);
        if (status) {
            for (int part = 0; part < PLX_PARTS; part++)
                plx_rows_release(&data->parts[part], allocator);
            plx_encoders_release(data->encoders);
            data->encoders = NULL;
        }
    }
    plx_row_cache_key_release(&c->key);
    plx_free(allocator, c);
    return status;
}
