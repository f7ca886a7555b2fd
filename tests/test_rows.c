/* SPDX-License-Identifier: Apache-2.0 */
/* Each row of a list has what it needs in other places: a failure names the row and the place. */
#include "base/alloc.h"
#include "base/file.h"
#include "check.h"
#include "ops/op_defs.h"
#include "store/onnx_network.h"

static void report_missing(const char *what, const char *name, const char *place)
{
    char text[200];
    snprintf(text, sizeof text, "%s '%s' is missing in %s", what, name, place);
    check_report(__FILE__, __LINE__, text);
}

/** Whether the text has the name, not as a part of another name. */
static bool has_word(const char *text, const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
    const size_t length = strlen(name);
    for (const char *at = strstr(text, name); at; at = strstr(at + 1, name))
        if ((at == text || !strchr(letters, at[-1])) && (!at[length] || !strchr(letters, at[length]))) return true;
    return false;
}

/** Reports each of `names` [n] that the page does not mention. */
static void check_page(const char *path, const char *what, const char *const *names, size_t n)
{
    plx_string page;
    plx_string_init(&page, &plx_allocator_default);
    CHECK(plx_file_read(path, 1 << 20, &page, NULL) == PLX_OK);
    for (size_t i = 0; i < n; i++)
        if (!page.text || !has_word(page.text, names[i])) report_missing(what, names[i], path);
    plx_string_release(&page);
}

#define NAME(name) #name,

static void test_activations(void)
{
    static const char *const names[] = {PLX_ACTIVATION_NAMES(NAME)};
#define OP(name) &plx_op_##name,
    static const plx_op *const ops[] = {PLX_ACTIVATION_OPS(OP)};
    check_page("docs/format.md", "activation", names, sizeof names / sizeof *names);
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
        if (!plx_onnx_knows(ops[i])) report_missing("activation", ops[i]->name, "src/store/onnx_network.c");
}

int main(int argc, char **argv)
{
    static const check_test tests[] = {CHECK_TEST(test_activations)};
    return check_main(argc, argv, tests, sizeof tests / sizeof *tests);
}
