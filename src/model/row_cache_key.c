/* SPDX-License-Identifier: Apache-2.0 */
/* The key of a cache: sections of the configuration by their tables, and the state of each source file. */
#include "model/row_cache_key.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/hash.h"
#include "files/find.h"

enum { SAMPLE_BYTES = 1 << 16 };

/* Section `data`, except for keys that affect where rows are stored, not which rows. */
static void write_data_section(const plx_data_spec *data, plx_string *out)
{
    for (size_t i = 0; i < plx_data_n_fields; i++) {
        const char *name = plx_data_fields[i].name;
        if (strcmp(name, "memory") == 0 || strcmp(name, "cache") == 0) continue;
        plx_string_format(out, "%s: ", name);
        plx_field_write(&plx_data_fields[i], data, out);
        plx_string_add(out, "\n", 1);
    }
}

/* A hash of at most SAMPLE_BYTES at `offset`. */
static uint64_t sample(int descriptor, off_t offset, char *buffer)
{
    const ssize_t n = pread(descriptor, buffer, SAMPLE_BYTES, offset);
    return plx_quick_hash(buffer, n > 0 ? (size_t)n : 0);
}

static void write_state(plx_row_cache_key *key, const char *path, char *buffer, plx_string *states)
{
    struct stat info;
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode)) { /* opening a pipe would wake its writer */
        key->is_lasting = false;
        return;
    }
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) return; /* the error comes when it is read */
    if (fstat(descriptor, &info) == 0 && S_ISREG(info.st_mode)) {
        const off_t tail = info.st_size > SAMPLE_BYTES ? info.st_size - SAMPLE_BYTES : 0;
        plx_string_format(states, "%lld bytes of %lld.%09ld, %016llx %016llx\n", (long long)info.st_size,
                          (long long)info.st_mtim.tv_sec, (long)info.st_mtim.tv_nsec,
                          (unsigned long long)sample(descriptor, 0, buffer),
                          (unsigned long long)sample(descriptor, tail, buffer));
    } else {
        key->is_lasting = false;
    }
    close(descriptor);
}

static plx_status add_source(plx_row_cache_key *key, plx_arena *arena, const char *name,
                             const plx_load_options *options, char *buffer, plx_string *states, plx_error *err)
{
    const char *const *paths = NULL;
    int n = 0;
    char full[PATH_MAX];
    if (strcmp(name, "-") == 0) {
        key->is_lasting = false;
        return PLX_OK;
    }
    PLX_TRY(plx_find_files(arena, name, options->folders, options->n_folders, &paths, &n, err));
    for (int i = 0; i < n; i++) {
        plx_string_format(&key->text, "%s\n", realpath(paths[i], full) ? full : paths[i]);
        write_state(key, paths[i], buffer, states);
    }
    return PLX_OK;
}

static plx_status add_sources(plx_row_cache_key *key, const plx_table_spec *table, const plx_load_options *options,
                              plx_string *states, plx_error *err)
{
    const plx_data_spec *data = &table->data;
    const plx_text_list *lists[PLX_PARTS] = {&data->train, &data->validation, &data->test};
    plx_arena arena;
    plx_status status = PLX_OK;
    plx_arena_init(&arena, key->text.allocator);
    char *buffer = plx_arena_take(&arena, SAMPLE_BYTES, 1);
    if (!buffer) status = plx_error_memory(err);
    for (int part = 0; !status && part < PLX_PARTS; part++)
        for (int i = 0; !status && i < lists[part]->n; i++)
            status = add_source(key, &arena, lists[part]->items[i], options, buffer, states, err);
    for (int i = 0; !status && i < table->n_features; i++)
        if (table->features[i].vocabulary_file && *table->features[i].vocabulary_file)
            status = add_source(key, &arena, table->features[i].vocabulary_file, options, buffer, states, err);
    plx_arena_release(&arena);
    return status;
}

plx_status plx_row_cache_key_init(plx_row_cache_key *key, const plx_config *config, const plx_load_options *options,
                                  plx_error *err)
{
    plx_string states;
    *key = (plx_row_cache_key){.is_lasting = true};
    plx_string_init(&key->text, &config->context->allocator);
    plx_string_init(&states, &config->context->allocator);
    plx_string_format(&key->text, "rows of plexus %s\n", PLX_VERSION);
    plx_spec_write_encoding(&config->spec, &key->text);
    write_data_section(&config->spec.table.data, &key->text);
    plx_status status = add_sources(key, &config->spec.table, options, &states, err);
    if (options->fitted) key->is_lasting = false; /* the encoders do not depend on the configuration */
    if (!status && !key->is_lasting)              /* unique to this process */
        plx_string_format(&key->text, "process %ld at %lld\n", (long)getpid(), (long long)clock());
    if (!status && !key->text.failed) key->hash = plx_quick_hash(key->text.text, key->text.length);
    if (states.length) plx_string_add(&key->text, states.text, states.length);
    if (!status && (key->text.failed || states.failed)) status = plx_error_memory(err);
    plx_string_release(&states);
    return status;
}

void plx_row_cache_key_release(plx_row_cache_key *key)
{
    plx_string_release(&key->text);
}
