/* SPDX-License-Identifier: Apache-2.0 */
/* The finder of data files. */
#include "files/find.h"

#include <string.h>

#include "base/file.h"
#include "base/text.h"

static const char *const suffixes[] = {".gz", ".zst"};
enum { N_SUFFIXES = sizeof suffixes / sizeof *suffixes, MAX_NAMES = 2 * N_SUFFIXES + 1 };

/* Puts the possible names of a file into `names`; returns their number. */
static int list_names(plx_arena *arena, const char *name, const char *names[MAX_NAMES])
{
    int n = 0;
    size_t length = strlen(name);
    names[n++] = name;
    for (int i = 0; i < N_SUFFIXES; i++)
        names[n++] = plx_arena_format(arena, "%s%s", name, suffixes[i]);
    for (int i = 0; i < N_SUFFIXES; i++) {
        size_t end = strlen(suffixes[i]);
        if (length > end && strcmp(name + length - end, suffixes[i]) == 0)
            names[n++] = plx_arena_text(arena, name, length - end);
    }
    return n;
}

static plx_status fail(plx_arena *arena, const char *const *names, int n_names, const char *const *folders,
                       int n_folders, plx_error *err)
{
    plx_string places;
    plx_string_init(&places, arena->allocator);
    for (int i = 0; i < n_folders; i++)
        plx_string_format(&places, "%s'%s'", i == 0 ? " in " : ", ", *folders[i] ? folders[i] : ".");
    plx_string_format(&places, "; tried the names ");
    for (int i = 0; i < n_names; i++)
        plx_string_format(&places, "%s%s", i == 0 ? "" : ", ", names[i]);
    plx_error_set(err, PLX_ERR_IO, "%s: no such file%s; put it there, or name the folder that contains it", names[0],
                  places.text ? places.text : "");
    plx_string_release(&places);
    return PLX_ERR_IO;
}

plx_status plx_find_file(plx_arena *arena, const char *name, const char *const *folders, int n_folders,
                         const char **path, plx_error *err)
{
    const char *names[MAX_NAMES];
    *path = name;
    if (strcmp(name, "-") == 0) return PLX_OK;
    int n_names = list_names(arena, name, names);
    if (name[0] == '/') n_folders = 0;
    for (int folder = 0; folder < n_folders || folder == 0; folder++) {
        const char *where = n_folders ? folders[folder] : "";
        size_t length = strlen(where);
        const char *gap = length && where[length - 1] != '/' ? "/" : "";
        for (int i = 0; i < n_names && !plx_arena_failed(arena); i++) {
            const char *candidate = plx_arena_format(arena, "%s%s%s", where, gap, names[i]);
            if (!candidate || !plx_file_exists(candidate)) continue;
            *path = candidate;
            return PLX_OK;
        }
    }
    if (plx_arena_failed(arena)) return plx_error_memory(err);
    return fail(arena, names, n_names, folders, n_folders, err);
}
