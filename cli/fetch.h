/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of `plexus fetch`: what a data set consists of, bringing a file here, taking its members out. */
#ifndef FETCH_H
#define FETCH_H

#include "cli.h"

enum { FETCH_MAX_MEMBERS = 4 };

/** A file of a data set. It is kept as NAME.gz; size and SHA-256 are those of the file itself, not of a container. */
typedef struct fetch_member {
    const char *name, *sha256;
    int64_t bytes;
} fetch_member;

typedef struct fetch_set {
    const char *name, *title;
    const char *archive;     /* the archive's own name */
    const char *archive_url; /* where it is */
    const char *mirror;      /* a folder with the members one by one, `mirror_suffix` after their names */
    const char *mirror_suffix;
    fetch_member members[FETCH_MAX_MEMBERS];
    int n_members;
} fetch_set;

/** Which members have been written to `folder` under temporary names. */
typedef struct fetch_state {
    const fetch_set *set;
    const char *folder;
    char temporary[FETCH_MAX_MEMBERS][CLI_MAX_PATH]; /* empty: not yet */
} fetch_state;

/** Brings the address into a new file `path`. `show`: progress on stderr. */
int fetch_download(const char *address, const char *path, bool show);

/**
 * Takes the members out of the file `path`: an archive, an archive in an archive, or a member itself, plain or
 * compressed, called `name`. Each is compared with its SHA-256 while it is compressed again.
 */
int fetch_unpack(fetch_state *state, const char *path, const char *name);
/** Whether `path` is there and holds the member. */
bool fetch_is_right(const char *path, const fetch_member *member);

#endif
