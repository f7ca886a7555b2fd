/* SPDX-License-Identifier: Apache-2.0 */
/* plexus export: a saved model in a format for other programs. */
#include <stddef.h>

#include "cli.h"

static const cli_option options[] = {
    {"onnx", "FILE", "write the model as ONNX", CLI_TEXT, offsetof(cli_options, onnx), 0, 0, 0},
    {"external-data", NULL, "write the parameters to FILE.data; required above 2 GB", CLI_FLAG,
     offsetof(cli_options, external_data), 0, 0, 0},
    {"quiet", NULL, "no warnings", CLI_FLAG, offsetof(cli_options, quiet), 0, 0, 0},
};

static int export_model(cli_session *session, const cli_options *given)
{
    plx_error error;
    plx_onnx_report report = {.size = sizeof report};
    const plx_onnx_options wanted = {.size = sizeof wanted, .external_data = given->external_data};
    int code = cli_session_load_model(session, given->arguments[0]);
    if (code != CLI_DONE) return code;
    if (plx_model_export_onnx(session->model, given->onnx, &wanted, &report, &error) != PLX_OK)
        return cli_fail_error(&error);
    if (!given->quiet)
        fprintf(stderr, "wrote %s%s: %d input%s, %d output%s\n", given->onnx,
                given->external_data ? " and its .data" : "", report.inputs, cli_plural(report.inputs), report.outputs,
                cli_plural(report.outputs));
    return CLI_DONE;
}

static int export(const cli_options *given)
{
    if (!given->onnx) {
        fputs("plexus: export: give --onnx FILE\n", stderr);
        return CLI_USAGE;
    }
    return cli_session_run(export_model, given);
}

const cli_verb cli_export = {
    .name = "export",
    .arguments = "MODEL --onnx FILE",
    .summary = "export a saved model to ONNX, from raw cells to scores",
    .details =
        "Inputs are the columns of the training rows, one per name: texts [rows, 1] for categories and lists,\n"
        "doubles for numbers, ids for features with hash_buckets. Outputs are the tasks. The operators are those\n"
        "of opset 20 and ai.onnx.ml; see docs/onnx.md.\n",
    .examples = "plexus export visits/model.plexus --onnx visits.onnx\n",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .min_arguments = 1,
    .max_arguments = 1,
    .run = export,
};
