/* SPDX-License-Identifier: Apache-2.0 */
/* Paths, folders, and the user's cache folder. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"

bool cli_path_join(char *path, const char *folder, const char *name)
{
    size_t length = strlen(folder);
    const char *between = length && folder[length - 1] == '/' ? "" : "/";
    int written = snprintf(path, CLI_MAX_PATH, "%s%s%s", folder, between, name);
    return written >= 0 && written < CLI_MAX_PATH;
}

bool cli_path_folder(char *folder, const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash) {
        strcpy(folder, ".");
        return true;
    }
    size_t length = slash == path ? 1 : (size_t)(slash - path);
    if (length >= CLI_MAX_PATH) return false;
    memcpy(folder, path, length);
    folder[length] = '\0';
    return true;
}

bool cli_path_stem(char *stem, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    const char *dot = strrchr(name, '.');
    size_t length = dot && dot != name ? (size_t)(dot - name) : strlen(name);
    if (length >= CLI_MAX_PATH) return false;
    memcpy(stem, name, length);
    stem[length] = '\0';
    return true;
}

int cli_cache_folder(char *folder)
{
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    bool fits = true;
    /* The XDG specification: a path that is not absolute is ignored. */
    if (cache && cache[0] == '/') {
        fits = cli_path_join(folder, cache, "plexus");
    } else if (home && home[0]) {
        fits = cli_path_join(folder, home, ".cache/plexus");
    } else {
        return cli_fail("no cache folder: neither XDG_CACHE_HOME nor HOME is set");
    }
    return fits ? CLI_DONE : cli_fail("the path of the cache folder is too long");
}

bool cli_is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

int cli_make_folder(const char *folder, size_t *n_kept)
{
    char path[CLI_MAX_PATH];
    size_t length = strlen(folder);
    bool has_made = false;
    *n_kept = 0;
    if (length >= sizeof path) return cli_fail("%s: the path is too long", folder);
    memcpy(path, folder, length + 1);
    for (size_t i = 1; i <= length; i++) {
        if (path[i] != '/' && path[i] != '\0') continue;
        char kept = path[i];
        path[i] = '\0';
        struct stat status;
        bool is_there = stat(path, &status) == 0;
        if (is_there && !S_ISDIR(status.st_mode)) return cli_fail("%s is a file, not a folder", path);
        if (!is_there && mkdir(path, 0777) != 0 && errno != EEXIST)
            return cli_fail("cannot create the folder %s: %s", path, strerror(errno));
        has_made = has_made || !is_there;
        if (!has_made) *n_kept = i;
        path[i] = kept;
    }
    return CLI_DONE;
}

/** NAME.tmp-PID-N: the name of incomplete files of library and command. */
static bool is_leftover(const char *name)
{
    static const char *const begins[] = {"checkpoint.plexus.tmp-", "model.plexus.tmp-", "config.yaml.tmp-",
                                         "metrics.jsonl.tmp-"};
    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++) {
        const size_t length = strlen(begins[i]);
        if (strncmp(name, begins[i], length) == 0) return isdigit((unsigned char)name[length]);
    }
    return false;
}

void cli_drop_leftovers(const char *folder)
{
    DIR *entries = opendir(folder);
    if (!entries) return;
    for (const struct dirent *entry; (entry = readdir(entries));) {
        char path[CLI_MAX_PATH];
        if (is_leftover(entry->d_name) && cli_path_join(path, folder, entry->d_name)) unlink(path);
    }
    closedir(entries);
}

void cli_drop_folder(const char *folder, size_t n_kept)
{
    char path[CLI_MAX_PATH];
    const size_t length = strlen(folder);
    if (length >= sizeof path) return;
    memcpy(path, folder, length + 1);
    for (size_t i = length; i > n_kept; i--) {
        if (folder[i] != '/' && folder[i] != '\0') continue;
        path[i] = '\0';
        rmdir(path);
    }
}
