/* SPDX-License-Identifier: Apache-2.0 */
/* Writes results to a file, with the library's writer, or to stdout. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"

enum { MAX_PRINTED = 1024, COPIED_BYTES = 1 << 16 };

int cli_output_open(cli_output *output, plx_context *context, const char *path)
{
    plx_error error;
    *output = (cli_output){.file = NULL};
    if (!path || strcmp(path, "-") == 0) return CLI_DONE;
    if (plx_output_create(context, path, &output->file, &error) != PLX_OK) return cli_fail_error(&error);
    cli_signals_file(plx_output_temporary(output->file));
    return CLI_DONE;
}

void cli_write(cli_output *output, const void *bytes, size_t length)
{
    const bool is_written =
        output->file ? plx_output_add(output->file, bytes, length) : fwrite(bytes, 1, length, stdout) == length;
    if (!is_written) output->has_failed = true;
}

void cli_print(cli_output *output, const char *format, ...)
{
    char line[MAX_PRINTED], *long_line = NULL;
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(line, sizeof line, format, arguments);
    if (length >= (int)sizeof line) length = vasprintf(&long_line, format, again);
    va_end(again);
    va_end(arguments);
    if (length < 0)
        output->has_failed = true;
    else
        cli_write(output, length >= (int)sizeof line ? long_line : line, (size_t)length);
    if (length >= (int)sizeof line) free(long_line);
}

int cli_output_close(cli_output *output, bool keep)
{
    plx_error error;
    int code = keep ? CLI_DONE : CLI_FAILED;
    if (!output->file) return code; /* main checks stdout */
    if (keep && plx_output_commit(output->file, &error) != PLX_OK) code = cli_fail_error(&error);
    plx_output_free(output->file);
    output->file = NULL;
    cli_signals_file(NULL);
    return code;
}

int cli_write_text(plx_context *context, const char *path, const char *text)
{
    cli_output output;
    int code = cli_output_open(&output, context, path);
    if (code != CLI_DONE) return code;
    cli_write(&output, text, strlen(text));
    return cli_output_close(&output, true);
}

int cli_copy_file(plx_context *context, const char *from, const char *to)
{
    cli_output output;
    FILE *file = fopen(from, "rbe");
    if (!file) return cli_fail("cannot read %s: %s", from, strerror(errno));
    int code = cli_output_open(&output, context, to);
    char *bytes = malloc(COPIED_BYTES);
    if (code == CLI_DONE) {
        for (size_t got; bytes && (got = fread(bytes, 1, COPIED_BYTES, file)) > 0;)
            cli_write(&output, bytes, got);
        bool is_read = bytes && !ferror(file);
        if (!is_read) cli_fail("cannot read %s", from);
        code = cli_output_close(&output, is_read);
    }
    free(bytes);
    fclose(file);
    return code;
}

int cli_move_file(plx_context *context, const char *from, const char *to)
{
    struct stat status;
    bool is_plain = lstat(to, &status) != 0 || S_ISREG(status.st_mode);
    if (is_plain && rename(from, to) == 0) return CLI_DONE;
    if (is_plain && errno != EXDEV) return cli_fail("cannot write %s: %s", to, strerror(errno));
    int code = cli_copy_file(context, from, to);
    if (code == CLI_DONE) unlink(from);
    return code;
}
