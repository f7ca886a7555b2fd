/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names that mean several files. By custom, other files in a data folder, like _SUCCESS, .crc files and those of the
 * system, start with an underscore or a dot; texts, programs and pictures are recognised by their suffixes.
 */
#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/file.h"
#include "files/find.h"
#include "files/partition.h"

typedef struct list {
    plx_arena *arena;
    const char **items;
    size_t n, capacity;
    const char *skipped; /* the last file that is no data; NULL: none */
    bool failed;
} list;

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Doubles by copying, since arenas do not free. `path` is in the arena, or NULL if that failed. */
static void add(list *l, const char *path)
{
    if (l->n == l->capacity) {
        size_t capacity = l->capacity ? 2 * l->capacity : 16;
        const char **items = plx_arena_take(l->arena, capacity, sizeof *items);
        if (items && l->n > 0) memcpy(items, l->items, l->n * sizeof *items);
        l->failed |= !items;
        if (items) l->items = items, l->capacity = capacity;
    }
    l->failed |= !path;
    if (!l->failed) l->items[l->n++] = path;
}

static bool is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* Whether a file in a folder is documentation, a program or a picture, by its name. */
static bool is_no_data(const char *name)
{
    static const char *const endings[] = {".md",   ".yaml",  ".yml",    ".json",   ".toml", ".ini",
                                          ".py",   ".ipynb", ".sh",     ".sql",    ".html", ".pdf",
                                          ".docx", ".png",   ".jpg",    ".jpeg",   ".svg",  ".gif",
                                          ".crc",  ".md5",   ".sha256", ".plexus", ".onnx", ".safetensors"};
    static const char *const notes[] = {"readme", "licence", "license", "changelog", "notice", "sha256sums", "md5sums"};
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot && i < sizeof endings / sizeof *endings; i++)
        if (strcasecmp(dot, endings[i]) == 0) return true;
    const size_t stem = dot ? (size_t)(dot - name) : strlen(name);
    for (size_t i = 0; (!dot || strcasecmp(dot, ".txt") == 0) && i < sizeof notes / sizeof *notes; i++)
        if (strlen(notes[i]) == stem && strncasecmp(name, notes[i], stem) == 0) return true;
    return false;
}

static plx_status list_folder(list *l, const char *folder, plx_error *err);

static plx_status list_entry(list *l, const char *folder, const char *name, plx_error *err)
{
    const char *path = plx_arena_format(l->arena, "%s%s%s", folder, folder[strlen(folder) - 1] == '/' ? "" : "/", name);
    if (path && is_folder(path)) {
        if (plx_partition_is_name(name)) return list_folder(l, path, err);
        PLX_FAIL(err, PLX_ERR_IO,
                 "%s: is a folder in a folder of files, and its name is not COLUMN=VALUE; list the folders one by one",
                 path);
    }
    if (is_no_data(name))
        l->skipped = path;
    else
        add(l, path);
    return PLX_OK;
}

static plx_status list_folder(list *l, const char *folder, plx_error *err)
{
    DIR *entries = opendir(folder);
    plx_status status = PLX_OK;
    if (!entries) PLX_FAIL(err, PLX_ERR_IO, "%s: cannot be listed: %s", folder, strerror(errno));
    for (const struct dirent *entry; !status && !l->failed && (entry = readdir(entries));)
        if (entry->d_name[0] != '.' && entry->d_name[0] != '_') status = list_entry(l, folder, entry->d_name, err);
    closedir(entries);
    return l->failed ? plx_error_memory(err) : status;
}

static plx_status check_folder(const list *l, const char *folder, plx_error *err)
{
    if (l->n > 0) return PLX_OK;
    if (l->skipped)
        PLX_FAIL(err, PLX_ERR_IO,
                 "%s: the folder has no file with rows; %s, for example, is not taken for one: name it to read it",
                 folder, l->skipped);
    PLX_FAIL(err, PLX_ERR_IO, "%s: the folder has no files; name a file, or a folder with files", folder);
}

static plx_status match(list *l, const char *pattern, plx_error *err)
{
    glob_t found;
    int code = glob(pattern, GLOB_NOSORT, NULL, &found);
    for (size_t i = 0; code == 0 && i < found.gl_pathc; i++) {
        const char *path = found.gl_pathv[i];
        if (!is_folder(path)) add(l, plx_arena_text(l->arena, path, strlen(path)));
    }
    globfree(&found);
    return code == GLOB_NOSPACE || l->failed ? plx_error_memory(err) : PLX_OK;
}

static plx_status match_in_folders(list *l, const char *name, const char *const *folders, int n_folders, plx_error *err)
{
    if (name[0] == '/') n_folders = 0;
    for (int folder = 0; (folder < n_folders || folder == 0) && l->n == 0; folder++) {
        const char *where = n_folders ? folders[folder] : "";
        size_t length = strlen(where);
        const char *pattern =
            plx_arena_format(l->arena, "%s%s%s", where, length && where[length - 1] != '/' ? "/" : "", name);
        if (!pattern) return plx_error_memory(err);
        PLX_TRY(match(l, pattern, err));
    }
    return PLX_OK;
}

plx_status plx_find_files(plx_arena *arena, const char *name, const char *const *folders, int n_folders,
                          const char *const **paths, int *n, plx_error *err)
{
    list found = {.arena = arena};
    const char *path;
    plx_status status = plx_find_file(arena, name, folders, n_folders, &path, err);
    if (status == PLX_OK && is_folder(path)) {
        status = list_folder(&found, path, err);
        if (!status) status = check_folder(&found, path, err);
    } else if (status == PLX_OK) {
        add(&found, path);
    } else if (status == PLX_ERR_IO && strpbrk(name, "*?[")) {
        PLX_TRY(match_in_folders(&found, name, folders, n_folders, err));
        if (found.n > 0) status = PLX_OK; /* else keep the finder's message, which names all folders */
    }
    PLX_TRY(status);
    if (found.failed) return plx_error_memory(err);
    if (found.n > 1) qsort(found.items, found.n, sizeof *found.items, compare);
    *paths = found.items;
    *n = (int)found.n;
    return PLX_OK;
}
