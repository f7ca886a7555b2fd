/* SPDX-License-Identifier: Apache-2.0 */
/* plexus describe: layers, shapes and parameters of a saved model or of a configuration. */
#include <stddef.h>
#include <string.h>

#include "cli.h"

static const cli_option options[] = {
    {"dot", NULL, "print a Graphviz diagram: plexus describe --dot M | dot -Tsvg", CLI_FLAG, offsetof(cli_options, dot),
     0, 0, 0},
    {"plan", NULL, "print the execution plan of training and scoring: tiles, memory, rewrites, steps", CLI_FLAG,
     offsetof(cli_options, plan), 0, 0, 0},
    {"data", "DIR", "with CONFIG: look for relative data files in DIR first", CLI_TEXT, offsetof(cli_options, data), 0,
     0, 0},
    {"set", "KEY=VALUE", "with CONFIG: change it; may be repeated", CLI_TEXTS, offsetof(cli_options, set), 0, 0, 0},
};

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), end_length = strlen(end);
    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

/** A configuration's network depends on the data: tables are as long as vocabularies. */
static int make_model(cli_session *session, const cli_options *given)
{
    int code = cli_session_configure(session, given->arguments[0], given);
    if (code == CLI_DONE) code = cli_session_load_data(session, given->arguments[0], given);
    if (code != CLI_DONE) return code;
    plx_error error;
    if (plx_model_create(session->config, session->data, &session->model, &error) != PLX_OK)
        return cli_fail_error(&error);
    return CLI_DONE;
}

static int describe_model(cli_session *session, const cli_options *given)
{
    const char *path = given->arguments[0];
    plx_error error;
    if (strcmp(path, "-") == 0 || ends_with(path, ".yaml") || ends_with(path, ".yml") || ends_with(path, ".json")) {
        int code = make_model(session, given);
        if (code != CLI_DONE) return code;
    } else if (plx_model_load(session->context, path, &session->model, &error) != PLX_OK) {
        return cli_fail_error(&error);
    }
    char *text = NULL;
    const plx_description form = given->plan  ? PLX_DESCRIPTION_PLAN
                                 : given->dot ? PLX_DESCRIPTION_DOT
                                              : PLX_DESCRIPTION_LAYERS;
    if (plx_model_describe(session->model, form, &text, &error) != PLX_OK) return cli_fail_error(&error);
    fputs(text, stdout);
    plx_text_free(session->context, text);
    return CLI_DONE;
}

static int describe(const cli_options *given)
{
    return cli_session_run(describe_model, given);
}

const cli_verb cli_describe = {
    .name = "describe",
    .arguments = "MODEL|CONFIG",
    .summary = "print layers, shapes and parameters",
    .details = "A name that ends in .yaml, .yml or .json is a configuration; its data is read, because the sizes of\n"
               "embedding tables depend on the vocabularies.\n",
    .examples = "plexus describe visits/model.plexus\n"
                "plexus describe visits.yaml --set model.num_experts=8\n"
                "plexus describe --dot visits/model.plexus | dot -Tsvg >visits.svg\n",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .min_arguments = 1,
    .max_arguments = 1,
    .run = describe,
};
