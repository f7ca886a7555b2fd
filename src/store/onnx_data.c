/* SPDX-License-Identifier: Apache-2.0 */
/* Names of parameter files, and the removal of older ones. */
#include "store/onnx_data.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

enum { HASH_DIGITS = 16 };

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

plx_onnx_data plx_onnx_data_name(const char *model, uint64_t hash, plx_arena *arena)
{
    plx_onnx_data data = {.path = plx_arena_format(arena, "%s.data", model)};
    if (data.path && plx_file_exists(data.path))
        data.path = plx_arena_format(arena, "%s.%016" PRIx64 ".data", model, hash);
    if (!data.path) return data;
    data.location = base_of(data.path);
    data.is_new = !plx_file_exists(data.path);
    return data;
}

/* MODEL.data or MODEL.HASH.data */
static bool is_of(const char *name, const char *model)
{
    const size_t length = strlen(model);
    if (strncmp(name, model, length) != 0) return false;
    name += length;
    if (strcmp(name, ".data") == 0) return true;
    return name[0] == '.' && strspn(name + 1, "0123456789abcdef") == HASH_DIGITS &&
           strcmp(name + 1 + HASH_DIGITS, ".data") == 0;
}

void plx_onnx_data_clean(const char *model, const char *kept)
{
    const char *base = base_of(model);
    char folder[4096];
    const int length = base == model ? 1 : (int)(base - model);
    if (length >= (int)sizeof folder) return;
    snprintf(folder, sizeof folder, "%.*s", length, base == model ? "." : model);
    DIR *files = opendir(folder);
    if (!files) return;
    for (const struct dirent *file; (file = readdir(files));)
        if (is_of(file->d_name, base) && strcmp(file->d_name, kept) != 0) (void)unlinkat(dirfd(files), file->d_name, 0);
    closedir(files);
}
