/* SPDX-License-Identifier: Apache-2.0 */
/* A ring of texts that are opened before their turn. If one cannot be opened, the error is reported in its turn. */
#include "files/texts.h"

#include <string.h>
#include <sys/stat.h>

enum { BLOCKS = 4, BLOCKS_BEFORE = 64 };

typedef struct named_files {
    const char *const *paths; /* [n] */
    int n;
} named_files;

struct plx_texts {
    const plx_allocator *allocator;
    plx_arena arena;
    named_files *named; /* [n_names] */
    const char **paths; /* [n]: of all names */
    int n;
    int next, n_opened; /* the current file, and the first one not opened yet */
    plx_text **opened;  /* [n_slots]: file i is in i % n_slots; NULL: not open */
    int n_slots;
};

/* `blocks`: of plx_ahead, for a compressed file; 0: no read-ahead. */
static plx_status open_text(const plx_allocator *allocator, const char *path, int blocks, plx_text **out,
                            plx_error *err)
{
    *out = NULL;
    plx_text *text = plx_alloc_zero(allocator, 1, sizeof *text);
    if (!text) return plx_error_memory(err);
    plx_status status = plx_stream_init(&text->stream, allocator, path, err);
    text->source = plx_stream_source(&text->stream);
    if (!status && blocks && text->stream.is_compressed) {
        status = plx_ahead_create(allocator, text->source, blocks, &text->ahead, err);
        if (!status) text->source = plx_ahead_source(text->ahead);
    }
    if (status) {
        plx_text_close(text);
        return status;
    }
    *out = text;
    return PLX_OK;
}

void plx_text_close(plx_text *text)
{
    if (!text) return;
    const plx_allocator *allocator = text->stream.allocator;
    plx_ahead_free(text->ahead);
    plx_stream_release(&text->stream);
    plx_free(allocator, text);
}

static plx_status find_files(plx_texts *t, const char *const *names, int n_names, const char *const *folders,
                             int n_folders, plx_error *err)
{
    t->named = plx_arena_take(&t->arena, (size_t)n_names, sizeof *t->named);
    for (int i = 0; t->named && i < n_names; i++) {
        named_files *named = &t->named[i];
        PLX_TRY(plx_find_files(&t->arena, names[i], folders, n_folders, &named->paths, &named->n, err));
        t->n += named->n;
    }
    t->paths = plx_arena_take(&t->arena, (size_t)t->n, sizeof *t->paths);
    t->opened = plx_arena_take(&t->arena, (size_t)t->n_slots, sizeof *t->opened);
    if (plx_arena_failed(&t->arena)) return plx_error_memory(err);
    for (int i = 0, at = 0; i < n_names; at += t->named[i++].n)
        memcpy(t->paths + at, t->named[i].paths, (size_t)t->named[i].n * sizeof *t->paths);
    return PLX_OK;
}

plx_status plx_texts_create(const plx_allocator *allocator, const char *const *names, int n_names,
                            const char *const *folders, int n_folders, int threads, plx_texts **out, plx_error *err)
{
    *out = NULL;
    plx_texts *t = plx_alloc_zero(allocator, 1, sizeof *t);
    if (!t) return plx_error_memory(err);
    *t = (plx_texts){.allocator = allocator, .n_slots = threads > 1 ? threads : 1};
    plx_arena_init(&t->arena, allocator);
    const plx_status status = find_files(t, names, n_names, folders, n_folders, err);
    if (status) {
        plx_texts_free(t);
        return status;
    }
    *out = t;
    return PLX_OK;
}

const char *const *plx_texts_files(const plx_texts *t, int name, int *n)
{
    *n = t->named[name].n;
    return t->named[name].paths;
}

void plx_texts_free(plx_texts *t)
{
    if (!t) return;
    const plx_allocator *allocator = t->allocator;
    for (int i = 0; t->opened && i < t->n_slots; i++)
        plx_text_close(t->opened[i]);
    plx_arena_release(&t->arena);
    plx_free(allocator, t);
}

/* By its name, so that no plain file is opened twice; opening a pipe would block. */
static bool is_worth_it(const char *path)
{
    static const char *const endings[] = {".gz", ".zst", ".xz", ".bz2", ".lz4", ".zip"};
    const char *dot = strrchr(path, '.');
    struct stat info;
    bool is_compressed = false;
    for (size_t i = 0; dot && i < sizeof endings / sizeof *endings; i++)
        is_compressed = is_compressed || strcmp(dot, endings[i]) == 0;
    return is_compressed && stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

static void open_before(plx_texts *t, int file)
{
    plx_text *text = NULL;
    if (is_worth_it(t->paths[file])) open_text(t->allocator, t->paths[file], BLOCKS_BEFORE, &text, NULL);
    t->opened[file % t->n_slots] = text;
}

/* Takes the opened text of the current file. */
static plx_text *take(plx_texts *t)
{
    plx_text **slot = &t->opened[t->next % t->n_slots];
    plx_text *text = t->next < t->n_opened ? *slot : NULL;
    if (text) *slot = NULL;
    t->next++;
    if (t->n_opened < t->next) t->n_opened = t->next;
    return text;
}

plx_status plx_texts_open(plx_texts *t, const char *path, plx_text **out, plx_error *err)
{
    while (t->next < t->n && t->paths[t->next] != path) /* skips files that are no texts */
        plx_text_close(take(t));
    *out = take(t);
    for (; t->n_opened < t->n && t->n_opened < t->next + t->n_slots - 1; t->n_opened++)
        open_before(t, t->n_opened);
    return *out ? PLX_OK : open_text(t->allocator, path, t->n_slots > 1 ? BLOCKS : 0, out, err);
}
