/* SPDX-License-Identifier: Apache-2.0 */
/* Files that appear whole or not at all: written beside their place, flushed to the disk, then renamed. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"

/** mkstemp makes files for their owner alone; a result gets the rights that any new file would get. */
static void give_usual_rights(int file)
{
    mode_t mask = umask(0);
    umask(mask);
    fchmod(file, 0666 & ~mask);
}

int cli_output_open(cli_output *output, const char *path)
{
    *output = (cli_output){.stream = stdout};
    if (!path) return CLI_DONE;
    int written = snprintf(output->temporary, sizeof output->temporary, "%s.tmp-%ld-XXXXXX", path, (long)getpid());
    if (written < 0 || (size_t)written >= sizeof output->temporary) return cli_fail("%s: the path is too long", path);
    int file = mkstemp(output->temporary);
    if (file < 0) return cli_fail("cannot write %s: %s", path, strerror(errno));
    give_usual_rights(file);
    output->stream = fdopen(file, "w");
    if (!output->stream) {
        close(file);
        unlink(output->temporary);
        return cli_fail("cannot write %s: %s", path, strerror(errno));
    }
    output->path = path;
    return CLI_DONE;
}

int cli_output_close(cli_output *output, bool keep)
{
    if (!output->path) return CLI_DONE; /* main checks stdout */
    bool is_written = fflush(output->stream) == 0 && !ferror(output->stream);
    if (keep && is_written) is_written = fsync(fileno(output->stream)) == 0;
    int reason = errno;
    if (fclose(output->stream) != 0 && is_written) {
        is_written = false;
        reason = errno;
    }
    if (keep && is_written) {
        if (rename(output->temporary, output->path) == 0) return CLI_DONE;
        reason = errno;
    }
    unlink(output->temporary);
    return keep ? cli_fail("cannot write %s: %s", output->path, strerror(reason)) : CLI_FAILED;
}

int cli_write_text(const char *path, const char *text)
{
    cli_output output;
    int code = cli_output_open(&output, path);
    if (code != CLI_DONE) return code;
    fputs(text, output.stream);
    return cli_output_close(&output, true);
}
