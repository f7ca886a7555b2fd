/* SPDX-License-Identifier: Apache-2.0 */
/* Each row of a list needs entries at other places: a failure names the row and the place. */
#include <dirent.h>

#include "base/alloc.h"
#include "base/file.h"
#include "check.h"
#include "data/spec.h"
#include "ops/op_defs.h"
#include "store/onnx_network.h"
#include "tasks/task.h"
#include "train/metric.h"

static void report_missing(const char *what, const char *name, const char *place)
{
    char text[200];
    snprintf(text, sizeof text, "%s '%s' is missing in %s", what, name, place);
    check_report(__FILE__, __LINE__, text);
}

/** Whether the text contains the name, not as a part of another name. */
static bool has_word(const char *text, const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
    const size_t length = strlen(name);
    for (const char *at = strstr(text, name); at; at = strstr(at + 1, name))
        if ((at == text || !strchr(letters, at[-1])) && (!at[length] || !strchr(letters, at[length]))) return true;
    return false;
}

/** Reports each of `names` [n] that is missing in the page. */
static void check_page(const char *path, const char *what, const char *const *names, size_t n)
{
    plx_string page;
    plx_string_init(&page, &plx_allocator_default);
    CHECK(plx_file_read(path, 1 << 20, &page, NULL) == PLX_OK);
    for (size_t i = 0; i < n; i++)
        if (!page.text || !has_word(page.text, names[i])) report_missing(what, names[i], path);
    plx_string_release(&page);
}

/** Reports each file `prefix`NAME`suffix` of a folder whose NAME is missing in the list, which is in `place`. */
static void check_files(const char *folder, const char *prefix, const char *suffix, const char *what,
                        const char *const *names, size_t n, const char *place)
{
    DIR *open = opendir(folder);
    size_t found = 0;
    REQUIRE(open);
    for (const struct dirent *entry; (entry = readdir(open));) {
        const size_t before = strlen(prefix), after = strlen(suffix), length = strlen(entry->d_name);
        char name[64] = "";
        bool is_listed = false;
        if (length <= before + after || length - before - after >= sizeof name ||
            strncmp(entry->d_name, prefix, before) != 0 || strcmp(entry->d_name + length - after, suffix) != 0)
            continue;
        memcpy(name, entry->d_name + before, length - before - after);
        for (size_t i = 0; i < n; i++)
            is_listed = is_listed || strcmp(names[i], name) == 0;
        if (!is_listed) report_missing(what, name, place);
        found++;
    }
    closedir(open);
    CHECK(found > 0);
}

static size_t count_of(const char *const *names)
{
    size_t n = 0;
    while (names[n])
        n++;
    return n;
}

#define NAME(name)                       #name,
#define LOSS_NAME(name, doc)             #name,
#define TASK_NAME(KIND, name, form, doc) #name,

static void test_activations(void)
{
    /* The last two are parts of the list. */
    static const char *const names[] = {PLX_ACTIVATION_NAMES(NAME) "list", "kernels"};
    const size_t n = sizeof names / sizeof *names;
#define OP(name) &plx_op_##name,
    static const plx_op *const ops[] = {PLX_ACTIVATION_OPS(OP)};
    check_page("docs/format.md", "activation", names, n - 2);
    check_files("src/kernels", "activation_", ".h", "activation", names, n, "src/kernels/activation_list.h");
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
        if (!plx_onnx_knows(ops[i])) report_missing("activation", ops[i]->name, "src/store/onnx_network.c");
}

/** Whether a kind of task takes the loss. */
static bool is_taken(const plx_loss *loss)
{
    for (int kind = 0; plx_task_list[kind]; kind++)
        for (int i = 0; plx_task_list[kind]->losses[i]; i++)
            if (plx_task_list[kind]->losses[i] == loss) return true;
    return false;
}

static void test_losses(void)
{
    static const char *const names[] = {PLX_LOSS_LIST(LOSS_NAME) "list"};
    const size_t n = sizeof names / sizeof *names;
    for (int i = 0; plx_loss_list[i]; i++) {
        const plx_loss *loss = plx_loss_list[i];
        if (strcmp(loss->name, names[i]) != 0) report_missing("loss", names[i], "its own `name`");
        if (!loss->each) report_missing("loss", names[i], "its own `each`");
        if (loss->labels_from_0 && !loss->reader) report_missing("loss", names[i], "its own `reader`");
        if (!is_taken(loss)) report_missing("loss", names[i], "the losses of each kind of task");
    }
    check_files("src/tasks", "loss_", ".c", "loss", names, n, "src/tasks/loss_list.h");
    for (size_t i = 0; i < plx_task_n_fields; i++) {
        const plx_field *field = &plx_task_fields[i];
        if (strcmp(field->name, "loss") == 0)
            check_page("docs/configuration.md", "loss", field->choices, count_of(field->choices));
    }
}

/** The metric of that name for tasks of the kind; NULL: there is none. */
static const plx_metric_info *metric_of(int kind, const char *name)
{
    const plx_metric_info *metric = plx_metric_named(plx_slice_of(name));
    return metric && plx_metric_fits(metric, plx_task_forms[kind], 0) ? metric : NULL;
}

static void test_kinds_of_tasks(void)
{
    int n = 0;
    for (; plx_task_list[n]; n++) {
        const plx_task_def *def = plx_task_list[n];
        const char *name = plx_task_kinds[n];
        if (strcmp(def->name, name) != 0) report_missing("kind", name, "its own `name`");
        if (!def->noun || !def->prediction || !def->degenerate) report_missing("kind", name, "its own words");
        if (!def->losses[0]) report_missing("kind", name, "src/tasks/loss_list.h");
        if (!metric_of(n, def->score) || !metric_of(n, def->monitored))
            report_missing("kind", name, "the list of src/train/metric.h");
    }
    static const char *const files[] = {PLX_TASK_LIST(TASK_NAME) "list"};
    check_files("src/tasks", "task_", ".c", "kind", files, sizeof files / sizeof *files, "src/tasks/task_list.h");
    check_page("docs/configuration.md", "kind", plx_task_kinds, (size_t)n);
}

/** tests/test_feature_kinds.c checks the rest. */
static void test_kinds_of_features(void)
{
    check_files("src/data", "feature_", ".c", "feature kind", plx_feature_kinds, count_of(plx_feature_kinds),
                "src/data/feature_kinds.h");
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {CHECK_TEST(test_activations), CHECK_TEST(test_losses),
                                       CHECK_TEST(test_kinds_of_tasks), CHECK_TEST(test_kinds_of_features)};
    return check_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
