/* SPDX-License-Identifier: Apache-2.0 */
/* Downloads one file to disk, with libcurl. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <curl/curl.h>

#include "fetch.h"

typedef struct progress_state {
    const char *address;
    bool shows;
    double last_draw;
} progress_state;

static int show_transfer(void *user, curl_off_t total, curl_off_t now, curl_off_t unused, curl_off_t unused_too)
{
    progress_state *transfer = user;
    (void)unused;
    (void)unused_too;
    double time = cli_seconds();
    if (!transfer->shows || time - transfer->last_draw < 0.1) return 0;
    transfer->last_draw = time;
    fprintf(stderr, "\r%s  %.1f", transfer->address, (double)now / 1e6);
    if (total > 0) fprintf(stderr, " of %.1f", (double)total / 1e6);
    fputs(" MB\033[K", stderr);
    return 0;
}

static void set_up(CURL *curl, FILE *file, progress_state *transfer, char *reason)
{
    curl_easy_setopt(curl, CURLOPT_URL, transfer->address);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, file);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, reason);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "plexus/" PLX_VERSION);
    curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(curl, CURLOPT_MAXREDIRS, 5L);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
    curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "https");
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 15L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1000L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, 30L);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, show_transfer);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, transfer);
}

int fetch_download(const char *address, const char *path, bool show)
{
    char reason[CURL_ERROR_SIZE] = "";
    progress_state transfer = {.address = address, .shows = show && isatty(STDERR_FILENO)};
    FILE *file = fopen(path, "wb");
    if (!file) return cli_fail("cannot write %s: %s", path, strerror(errno));
    CURL *curl = curl_easy_init();
    if (!curl) {
        fclose(file);
        return cli_fail("cannot start libcurl");
    }
    if (show && !transfer.shows) fprintf(stderr, "fetching %s\n", address);
    set_up(curl, file, &transfer, reason);
    CURLcode result = curl_easy_perform(curl);
    if (transfer.shows) fputs("\r\033[K", stderr);
    curl_easy_cleanup(curl);
    bool is_written = !ferror(file);
    is_written = fclose(file) == 0 && is_written;
    if (result != CURLE_OK) return cli_fail("%s: %s", address, reason[0] ? reason : curl_easy_strerror(result));
    return is_written ? CLI_DONE : cli_fail("cannot write %s: is the disk full?", path);
}
