/* SPDX-License-Identifier: Apache-2.0 */
/* Row caches and checkpoints with rows that were encoded by another rule for values. */
#include "api_support.h"
#include "base/arena.h"
#include "base/value_text.h"
#include "store/model_file.h"

/* -- Caches of other rules --------------------------------------------------------------------------------------- */

/* `text` without the first occurrence of `part`, in the arena. */
static const char *without(plx_arena *arena, const char *text, const char *part)
{
    const char *at = strstr(text, part);
    CHECK(at);
    if (!at) return text;
    return plx_arena_format(arena, "%.*s%s", (int)(at - text), text, at + strlen(part));
}

/* The same file with another number of its rule, or without one, as in old files. An old cache also knew fewer keys of
 * the configuration, and another version may have made it. */
static void set_rule(const char *path, const char *rule, bool is_of_before)
{
    plx_model_file file;
    plx_meta meta[32];
    plx_arena arena;
    int n = 0;
    plx_arena_init(&arena, &plx_allocator_default);
    REQUIRE(plx_model_file_read(&file, path, &plx_allocator_default, NULL) == PLX_OK);
    for (int i = 0; i < file.n_meta && n < 31; i++) {
        const char *key = file.meta[i].key;
        if (strcmp(key, "value_rule") == 0 || strncmp(key, "format", 6) == 0 || strcmp(key, "data_checksum") == 0)
            continue;
        meta[n] = file.meta[i];
        if (is_of_before && strcmp(key, "answers_to") == 0) {
            const char *text = without(&arena, meta[n].value, PLX_VERSION);
            text = without(&arena, without(&arena, text, "decimal: \".\"\n"), "escape: \"\"\n");
            meta[n].value = without(&arena, without(&arena, text, ",hard"), ",value");
        }
        n++;
    }
    if (rule) meta[n++] = (plx_meta){"value_rule", rule};
    CHECK_STATUS(plx_model_file_write(path, &plx_allocator_default, file.tensors, file.n_tensors, meta, n, NULL),
                 PLX_OK);
    plx_model_file_release(&file);
    plx_arena_release(&arena);
}

/* Reads the rows through the cache folder `name`, or the folder without a name, with this assignment. */
static plx_status read_cached(plx_context *context, const char *name, const char *assignment, plx_error *err)
{
    plx_config *config = NULL;
    plx_data *data = NULL;
    const char *const folders[] = {home}, *text = config_text("mmoe", "", "");
    char cache[128];
    snprintf(cache, sizeof cache, *name ? "data.cache=\"%s/%s\"" : "data.memory=1", home, name);
    CHECK_STATUS(plx_config_parse(context, text, strlen(text), "test.yaml", &config, NULL), PLX_OK);
    CHECK_STATUS(plx_config_set(config, cache, NULL), PLX_OK);
    CHECK_STATUS(plx_config_set(config, assignment, NULL), PLX_OK);
    const plx_status status = plx_data_load(config, FOLDERS(folders, 1), &data, err);
    plx_data_free(data);
    plx_config_free(config);
    return status;
}

/* The only cache in folder `base`. */
static void find_cache(const char *base, char folder[400], char index[500])
{
    DIR *entries = opendir(base);
    *folder = '\0';
    for (struct dirent *entry; entries && (entry = readdir(entries));)
        if (entry->d_name[0] != '.') snprintf(folder, 400, "%.150s/%.200s", base, entry->d_name);
    if (entries) closedir(entries);
    REQUIRE(*folder);
    snprintf(index, 500, "%s/index", folder);
}

static void remove_folder(const char *path)
{
    char command[500];
    snprintf(command, sizeof command, "rm -rf %.400s", path);
    CHECK(system(command) == 0);
}

static const char first[] = "features.city.min_count=1", second[] = "features.city.min_count=2";

/* A cache that the run would use is refused, for any rule and version; other runs next to it continue. */
static void test_caches_of_other_rules_are_refused(void)
{
    static const struct {
        const char *rule, *message;
        bool is_of_before;
    } cases[] = {
        {NULL, "encoded by rule 0", true}, {"0", "encoded by rule 0", false}, {"2", "encoded by rule 2", false}};
    warnings h = {0};
    const plx_context_options options = {.size = sizeof options, .warn = keep_warning, .user = &h};
    plx_context *context = NULL;
    REQUIRE(plx_context_create(&options, &context, NULL) == PLX_OK);
    for (int i = 0; i < 3; i++) {
        char folder[400], index[500];
        plx_error err = {0};
        h.n = 0;
        CHECK_STATUS(read_cached(context, "cache", first, &err), PLX_OK);
        find_cache(at("cache"), folder, index);
        set_rule(index, cases[i].rule, cases[i].is_of_before);
        for (int tries = 0; tries < 2; tries++) {
            CHECK_STATUS(read_cached(context, "cache", first, &err), PLX_ERR_UNSUPPORTED);
            CHECK_TEXT(err.message, folder);
            CHECK_TEXT(err.message, cases[i].message);
            CHECK_TEXT(err.message, "the current rule is 1");
            CHECK_TEXT(err.message, "remove this folder");
        }
        CHECK(h.n == 0);
        CHECK_STATUS(read_cached(context, "cache", second, &err), PLX_OK);
        CHECK(h.n == (i < 2)); /* rule 2 is of another version, which may still use it */
        if (h.n) CHECK_TEXT(h.last, folder);
        CHECK_STATUS(read_cached(context, "other", first, &err), PLX_OK);
        remove_folder(folder);
        CHECK_STATUS(read_cached(context, "cache", first, &err), PLX_OK);
        CHECK(h.n == (i < 2));
        remove_folder(at("cache"));
        remove_folder(at("other"));
    }
    plx_context_free(context);
}

/* A cache that is useless after a change of the data file is only named, as is one in the folder without a name. */
static void test_default_caches(void)
{
    warnings h = {0};
    char folder[400], index[500], before[400];
    const plx_context_options options = {.size = sizeof options, .warn = keep_warning, .user = &h};
    plx_context *context = NULL;
    plx_error err = {0};
    REQUIRE(getcwd(before, sizeof before) && chdir(home) == 0);
    REQUIRE(plx_context_create(&options, &context, NULL) == PLX_OK);
    CHECK_STATUS(read_cached(context, "", first, &err), PLX_OK);
    find_cache("plexus-cache", folder, index);
    set_rule(index, NULL, true);
    CHECK(h.n == 0);
    CHECK_STATUS(read_cached(context, "", first, &err), PLX_OK);
    CHECK(h.n == 1);
    CHECK_TEXT(h.last, folder);
    CHECK_TEXT(h.last, "were encoded by rule 0 for the meaning of texts, the current rule is 1");
    CHECK_TEXT(h.last, "remove this folder");
    remove_folder("plexus-cache");
    CHECK(chdir(before) == 0);
    plx_context_free(context);
}

/* -- Old checkpoints ----------------------------------------------------------------------------------------------- */

static void test_checkpoints_of_before_are_refused(void)
{
    fixture f;
    plx_error err = {0};
    char path[400];
    snprintf(path, sizeof path, "%s", at("c.plexus"));
    if (!fixture_ready(&f, NULL, config_text("mmoe", "", "  checkpoint_epochs: 1\n"))) return;
    const plx_train_hooks hooks = {.size = sizeof hooks, .checkpoint_path = path};
    CHECK_STATUS(plx_model_train(f.model, f.data, &hooks, NULL, &err), PLX_OK);
    set_rule(path, NULL, false);
    const plx_train_hooks resume = {.size = sizeof resume, .checkpoint_path = path, .resume = true};
    CHECK_STATUS(plx_model_train(f.model, f.data, &resume, NULL, &err), PLX_ERR_UNSUPPORTED);
    CHECK_TEXT(err.message,
               "c.plexus: its rows were encoded by rule 0 for the meaning of texts, the current rule is 1");
    CHECK_TEXT(err.message, "start again without resume");
    fixture_free(&f);
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {
        CHECK_TEST(test_caches_of_other_rules_are_refused),
        CHECK_TEST(test_default_caches),
        CHECK_TEST(test_checkpoints_of_before_are_refused),
    };
    home_make();
    write_rows("rows.csv", 500, 1);
    const int result = check_main(argc, argv, tests, sizeof tests / sizeof *tests);
    home_remove();
    return result;
}
