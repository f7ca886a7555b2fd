/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The folders that are searched for relative paths of a configuration. The config.yaml in a run's folder is not in the
 * folder of the original configuration, so its first lines record, in comments, the folders of the original, and are
 * read here. The configuration itself is unchanged: both give the same model, byte for byte.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli.h"

static const char HEAD[] = "# Relative paths of this configuration are looked for in these folders, too:\n";
static const char ITEM[] = "#   ";

static bool add(cli_folders *folders, const char *path, bool is_recorded)
{
    if (folders->n == CLI_MAX_FOLDERS || strlen(path) >= CLI_MAX_PATH) return false;
    strcpy(folders->paths[folders->n], path);
    folders->list[folders->n] = folders->paths[folders->n];
    folders->is_recorded[folders->n++] = is_recorded;
    return true;
}

/** Adds the folders recorded in the first lines of a run's config.yaml; false if it is not a run's config.yaml. */
static bool add_recorded(cli_folders *folders, const char *config_path)
{
    char line[CLI_MAX_PATH + sizeof ITEM + 1];
    struct stat status;
    if (stat(config_path, &status) != 0 || !S_ISREG(status.st_mode)) return false; /* a pipe can be read only once */
    FILE *file = fopen(config_path, "re");
    if (!file) return false;
    const bool has_record = fgets(line, sizeof line, file) && strcmp(line, HEAD) == 0;
    while (has_record && fgets(line, sizeof line, file) && strncmp(line, ITEM, strlen(ITEM)) == 0) {
        line[strcspn(line, "\n")] = '\0';
        add(folders, line + strlen(ITEM), true);
    }
    fclose(file);
    return has_record;
}

int cli_folders_find(cli_folders *folders, const char *config_path, const cli_options *options)
{
    char beside[CLI_MAX_PATH], cache[CLI_MAX_PATH];
    *folders = (cli_folders){.n = 0};
    if (options->data && !cli_is_folder(options->data))
        return cli_fail("--data %s: there is no such folder", options->data);
    bool fits = !options->data || add(folders, options->data, true);
    fits = fits && cli_path_folder(beside, config_path) && add(folders, beside, true);
    if (!fits) return cli_fail("%s: the path is too long", config_path);
    const int own = folders->n - 1;
    if (add_recorded(folders, config_path)) folders->is_recorded[own] = false;
    /* Without HOME, the cache is not searched. */
    if ((getenv("XDG_CACHE_HOME") || getenv("HOME")) && cli_cache_folder(cache) == CLI_DONE) add(folders, cache, false);
    return CLI_DONE;
}

char *cli_folders_record(const cli_folders *folders, const char *config_text)
{
    char *text = NULL, path[CLI_MAX_PATH];
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    if (!out) return NULL;
    fputs(HEAD, out);
    for (int i = 0; i < folders->n; i++)
        if (folders->is_recorded[i] && realpath(folders->paths[i], path) && !strpbrk(path, "\r\n"))
            fprintf(out, "%s%s\n", ITEM, path);
    fputs(config_text, out);
    const bool is_whole = fclose(out) == 0;
    if (is_whole) return text;
    free(text);
    return NULL;
}
