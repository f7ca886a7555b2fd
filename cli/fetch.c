/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plexus fetch: public data sets, from their publisher or from a folder; the SHA-256 of each file is checked. The
 * command in a Python wheel has no network library: it runs the package, which gets the list of data sets from here.
 */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "fetch.h"

#define UCI "https://archive.ics.uci.edu/"

/* To add a data set: a row here; configurations refer to its files as NAME/MEMBER.gz. */
static const fetch_set sets[] = {
    {.name = "adult",
     .title = "Adult (UCI 2, CC BY 4.0)",
     .archive = "adult.zip",
     .archive_url = UCI "static/public/2/adult.zip",
     .mirror = UCI "ml/machine-learning-databases/adult/",
     .mirror_suffix = "",
     .members = {{"adult.data", "5b00264637dbfec36bdeaab5676b0b309ff9eb788d63554ca0a249491c86603d", 3974305},
                 {"adult.test", "a2a9044bc167a35b2361efbabec64e89d69ce82d9790d2980119aac5fd7e9c05", 2003153}},
     .n_members = 2},
    {.name = "census-income",
     .title = "Census-Income KDD (UCI 117, CC BY 4.0)",
     .archive = "census+income+kdd.zip",
     .archive_url = UCI "static/public/117/census+income+kdd.zip",
     .mirror = UCI "ml/machine-learning-databases/census-income-mld/",
     .mirror_suffix = ".gz",
     .members = {{"census-income.data", "3676a81db7d3528f3f8b9f3c699d0f0aa28db45e6e994fa0b8ed38327539ee86", 103874469},
                 {"census-income.test", "98402b1ab879573d0a7f38a699a40258080e25e33d3401e7bf9c96d3fa0fab8c", 51918813}},
     .n_members = 2},
};
enum { N_SETS = sizeof sets / sizeof *sets };

static const cli_option options[] = {
    {"dir", "DIR", "create the data set's folder in DIR (default: the cache folder)", CLI_TEXT,
     offsetof(cli_options, dir), 0, 0, 0},
    {"from", "DIR", "read the archive or its files from DIR instead of the network", CLI_TEXT,
     offsetof(cli_options, from), 0, 0, 0},
    {"quiet", NULL, "no progress", CLI_FLAG, offsetof(cli_options, quiet), 0, 0, 0},
    {"list", NULL, "print the data sets as JSON: addresses, lengths, SHA-256", CLI_FLAG, offsetof(cli_options, list), 0,
     0, 0},
};

static const fetch_set *find_set(const char *name)
{
    const char *names[N_SETS];
    for (int i = 0; i < N_SETS; i++) {
        if (strcmp(sets[i].name, name) == 0) return &sets[i];
        names[i] = sets[i].name;
    }
    const char *nearest = plx_nearest_name(name, names, N_SETS);
    fprintf(stderr, "plexus fetch: no data set '%s'", name);
    if (nearest) fprintf(stderr, "; did you mean '%s'?", nearest);
    fputs("\nData sets:\n", stderr);
    for (int i = 0; i < N_SETS; i++)
        fprintf(stderr, "  %-14s %s\n", sets[i].name, sets[i].title);
    return NULL;
}

#if CLI_FETCH

static bool member_path(char *path, const fetch_state *state, int member)
{
    char name[CLI_MAX_PATH];
    return snprintf(name, sizeof name, "%s.gz", state->set->members[member].name) < CLI_MAX_PATH &&
           cli_path_join(path, state->folder, name);
}

static bool all_are_there(const fetch_state *state)
{
    char path[CLI_MAX_PATH];
    for (int i = 0; i < state->set->n_members; i++)
        if (!member_path(path, state, i) || !fetch_is_right(path, &state->set->members[i])) return false;
    return true;
}

static void drop_temporaries(fetch_state *state)
{
    for (int i = 0; i < state->set->n_members; i++) {
        if (state->temporary[i][0]) unlink(state->temporary[i]);
        state->temporary[i][0] = '\0';
    }
}

/** Renames the files to their final names, only if all are correct. */
static int keep(fetch_state *state)
{
    char path[CLI_MAX_PATH];
    for (int i = 0; i < state->set->n_members; i++)
        if (!state->temporary[i][0])
            return cli_fail("%s is missing from the files of %s", state->set->members[i].name, state->set->name);
    for (int i = 0; i < state->set->n_members; i++) {
        if (!member_path(path, state, i)) return cli_fail("the path of the folder is too long");
        if (rename(state->temporary[i], path) != 0) return cli_fail("cannot write %s: %s", path, strerror(errno));
        state->temporary[i][0] = '\0';
        printf("%s\n", path);
    }
    return CLI_DONE;
}

/** The path of `name`, or `name`.gz, in `folder`; false if neither is readable. */
static bool find_file(char *path, const char *folder, const char *name)
{
    char compressed[CLI_MAX_PATH];
    if (cli_path_join(path, folder, name) && access(path, R_OK) == 0) return true;
    return snprintf(compressed, sizeof compressed, "%s.gz", name) < CLI_MAX_PATH &&
           cli_path_join(path, folder, compressed) && access(path, R_OK) == 0;
}

static int take_from_folder(fetch_state *state, const char *folder)
{
    char path[CLI_MAX_PATH];
    const fetch_set *set = state->set;
    if (find_file(path, folder, set->archive)) return fetch_unpack(state, path, set->archive);
    for (int i = 0; i < set->n_members; i++) {
        if (!find_file(path, folder, set->members[i].name))
            return cli_fail("%s: contains neither %s nor %s (or %s.gz)", folder, set->archive, set->members[i].name,
                            set->members[i].name);
        int code = fetch_unpack(state, path, set->members[i].name);
        if (code != CLI_DONE) return code;
    }
    return CLI_DONE;
}

static int download_and_unpack(fetch_state *state, const char *address, const char *name, bool show)
{
    char path[CLI_MAX_PATH];
    if (!cli_path_join(path, state->folder, "download.partial")) return cli_fail("the path of the folder is too long");
    int code = fetch_download(address, path, show);
    if (code == CLI_DONE) code = fetch_unpack(state, path, name);
    unlink(path);
    return code;
}

static int take_from_mirror(fetch_state *state, bool show)
{
    const fetch_set *set = state->set;
    for (int i = 0; i < set->n_members; i++) {
        char address[CLI_MAX_PATH];
        snprintf(address, sizeof address, "%s%s%s", set->mirror, set->members[i].name, set->mirror_suffix);
        int code = download_and_unpack(state, address, set->members[i].name, show);
        if (code != CLI_DONE) return code;
    }
    return CLI_DONE;
}

static int take_from_network(fetch_state *state, bool show)
{
    const fetch_set *set = state->set;
    if (download_and_unpack(state, set->archive_url, set->archive, show) == CLI_DONE) return CLI_DONE;
    drop_temporaries(state);
    if (take_from_mirror(state, show) == CLI_DONE) return CLI_DONE;
    return cli_fail("cannot download %s. Without a network, copy %s\n"
                    "        here by other means and run plexus fetch %s --from FOLDER",
                    set->name, set->archive_url, set->name);
}

static int fetch_set_into(const fetch_set *set, const char *folder, const cli_options *given)
{
    static fetch_state state; /* too large for some stacks */
    state = (fetch_state){.set = set, .folder = folder};
    if (all_are_there(&state)) {
        printf("%s is already in %s\n", set->name, folder);
        return CLI_DONE;
    }
    size_t n_kept;
    int code = cli_make_folder(folder, &n_kept);
    if (code == CLI_DONE)
        code = given->from ? take_from_folder(&state, given->from) : take_from_network(&state, !given->quiet);
    if (code == CLI_DONE) code = keep(&state);
    drop_temporaries(&state);
    if (code != CLI_DONE) cli_drop_folder(folder, n_kept);
    return code;
}

#elif CLI_PYTHON

/** The interpreter in the folder of this executable, as in every environment, else the first in $PATH. */
static void find_python(char *path)
{
    char self[CLI_MAX_PATH], folder[CLI_MAX_PATH];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length > 0) {
        self[length] = '\0';
        if (cli_path_folder(folder, self) && cli_path_join(path, folder, "python3") && access(path, X_OK) == 0) return;
    }
    snprintf(path, CLI_MAX_PATH, "python3");
}

static int fetch_set_into(const fetch_set *set, const char *folder, const cli_options *given)
{
    (void)folder;
    char python[CLI_MAX_PATH];
    find_python(python);
    const char *arguments[10] = {python, "-m", "plexus.datasets", set->name};
    int n = 4;
    if (given->dir) arguments[n++] = "--dir", arguments[n++] = given->dir;
    if (given->from) arguments[n++] = "--from", arguments[n++] = given->from;
    if (given->quiet) arguments[n++] = "--quiet";
    execvp(python, (char *const *)arguments);
    return cli_fail("cannot start %s, which downloads for the command of a wheel: %s", python, strerror(errno));
}

#else

static int fetch_set_into(const fetch_set *set, const char *folder, const cli_options *given)
{
    (void)folder;
    (void)given;
    return cli_fail("this build cannot download %s: it was built without libcurl or OpenSSL", set->name);
}

#endif

static json_t *set_json(const fetch_set *set)
{
    json_t *members = json_object();
    int failed = 0;
    for (int i = 0; i < set->n_members; i++) {
        const fetch_member *member = &set->members[i];
        json_t *one = json_pack("{s:s, s:I, s:s++}", "sha256", member->sha256, "bytes", (json_int_t)member->bytes,
                                "address", set->mirror, member->name, set->mirror_suffix);
        failed |= json_object_set_new(members, member->name, one);
    }
    json_t *object = failed ? NULL
                            : json_pack("{s:s, s:s, s:s, s:O}", "title", set->title, "archive", set->archive, "address",
                                        set->archive_url, "members", members);
    json_decref(members);
    return object;
}

static int list_sets(void)
{
    json_t *list = json_object();
    int failed = 0;
    for (int i = 0; i < N_SETS; i++)
        failed |= json_object_set_new(list, sets[i].name, set_json(&sets[i]));
    if (failed) {
        json_decref(list);
        list = NULL;
    }
    return cli_print_json(list);
}

static void print_sets(FILE *out)
{
    for (int i = 0; i < N_SETS; i++)
        fprintf(out, "%s%s", i ? " " : "", sets[i].name);
}

static int fetch(const cli_options *given)
{
    if (given->list) return list_sets();
    if (given->n_arguments == 0) {
        fputs("plexus fetch: which data set? --list lists them\n", stderr);
        return CLI_USAGE;
    }
    const fetch_set *set = find_set(given->arguments[0]);
    if (!set) return CLI_USAGE;
    char cache[CLI_MAX_PATH], folder[CLI_MAX_PATH];
    int code = given->dir ? CLI_DONE : cli_cache_folder(cache);
    if (code != CLI_DONE) return code;
    if (!cli_path_join(folder, given->dir ? given->dir : cache, set->name))
        return cli_fail("the path of the folder is too long");
    return fetch_set_into(set, folder, given);
}

const cli_verb cli_fetch = {
    .name = "fetch",
    .arguments = "NAME",
    .summary = "download a public data set and check its SHA-256: adult or census-income",
    .details = "The files go to DIR/NAME, by default in $XDG_CACHE_HOME/plexus or ~/.cache/plexus, where 'plexus fit'\n"
               "finds them, and are stored as .gz. Files that exist are checked, not downloaded again.\n",
    .examples = "plexus fetch adult\n"
                "plexus fetch census-income --dir data --from ~/downloads\n",
    .print_words = print_sets,
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .min_arguments = 0,
    .max_arguments = 1,
    .run = fetch,
};
