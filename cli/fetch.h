/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of `plexus fetch`: the files of a data set, downloading, unpacking. */
#ifndef FETCH_H
#define FETCH_H

#include "cli.h"

enum { FETCH_MAX_MEMBERS = 4 };

/** A file of a data set, stored as NAME.gz; size and SHA-256 are those of the uncompressed file. */
typedef struct fetch_member {
    const char *name, *sha256;
    int64_t bytes;
} fetch_member;

typedef struct fetch_set {
    const char *name, *title;
    const char *archive;     /* the archive's file name */
    const char *archive_url; /* the archive's address */
    const char *mirror;      /* a folder with the separate members, NAME + `mirror_suffix` */
    const char *mirror_suffix;
    fetch_member members[FETCH_MAX_MEMBERS];
    int n_members;
} fetch_set;

/** The members written to `folder` so far, with temporary names. */
typedef struct fetch_state {
    const fetch_set *set;
    const char *folder;
    char temporary[FETCH_MAX_MEMBERS][CLI_MAX_PATH]; /* empty: not yet */
} fetch_state;

/** Downloads the address to a new file `path`. `show`: progress on stderr. */
int fetch_download(const char *address, const char *path, bool show);

/**
 * Extracts the members from the file `path`: an archive, an archive in an archive, or the single member `name`, plain
 * or compressed. The SHA-256 of each is checked while it is compressed as NAME.gz.
 */
int fetch_unpack(fetch_state *state, const char *path, const char *name);
/** Whether `path` exists and contains the member. */
bool fetch_is_right(const char *path, const fetch_member *member);

#endif
