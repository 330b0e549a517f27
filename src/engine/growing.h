/* growing: what outputs share while they grow under a temporary name beside their final one.
 * Paths are absolute; messages name the final path. One thread, but for growing_write. */
#ifndef CUPEL_ENGINE_GROWING_H
#define CUPEL_ENGINE_GROWING_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"

/* "/a/NAME" and ".tmp": "/a/.NAME.tmp". Caller frees. */
char *growing_beside(const char *path, const char *suffix);
bool growing_empty(const char *path);          /* a folder with nothing in it */
bool growing_steps(const char *path); /* nothing but outputs of their own: `merge --all` */
/* PATH/…, an output in a folder in path: it stays when path is replaced. */
bool growing_keeps(const char *path, const char *inside);
bool growing_parent(const char *path, struct err *e); /* is made if need be */
/* Only files that an earlier run lists in its cupel.json may be replaced. */
bool growing_foreign(const char *path, struct err *e);
/* So many bytes and the files beside them fit there. */
bool growing_room(const char *path, uint64_t bytes, struct err *e);
/* A file of its final size. Its blocks are asked for now where the file system can: a disk that
 * fills up later cannot hurt. -1 on error. */
int growing_file(const char *path, const char *where, uint64_t bytes, struct err *e);
bool growing_write(int fd, const char *where, const void *bytes, size_t n, uint64_t offset,
	struct err *e);
/* The earlier output goes only once the new one has its name. */
bool growing_swap(const char *tmp, const char *path, struct err *e);
bool growing_sync_name(const char *path, struct err *e);
#endif
