/* file: reading with pread (never mmap: a truncated file is a message, not SIGBUS), and outputs
 * that get their final name only when whole. Struct owners close what they opened.
 * Reading is safe from any thread; a file_out has one owner, but file_out_pwrite any thread. */
#ifndef CUPEL_SYSTEM_FILE_H
#define CUPEL_SYSTEM_FILE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "base/err.h"

/* Who a file is, for caches: unchanged identity means unchanged bytes. */
struct file_id {
	uint64_t dev, ino, size;
	int64_t mtime_ns;
};
struct file {
	int fd;
	char *path;
	struct file_id id;
};
struct file *file_open(const char *path, struct err *e);
void file_close(struct file *f);
/* Exactly n bytes or an error that says how many are missing. */
bool file_pread(const struct file *f, void *buf, size_t n, uint64_t offset, struct err *e);
/* Whole small file, NUL-terminated; caller frees; max guards against absurd sizes. */
char *file_read_all(const char *path, size_t max, size_t *n, struct err *e);
bool file_exists(const char *path);
bool file_is_dir(const char *path);
/* The folder that a path is, or else lies in: "." where it names none. Caller frees. */
char *file_folder(const char *path);
bool file_stat_id(const char *path, struct file_id *id); /* false if absent */
bool file_mkdirs(const char *path, struct err *e);
/* Names in a folder but . and .., sorted by bytes; NULL on error. Caller: file_list_free. */
char **file_list(const char *dir, size_t *n, struct err *e);
void file_list_free(char **names, size_t n);
bool file_free_space(const char *path, uint64_t *bytes); /* of the nearest existing parent */
bool file_remove_tree(const char *path, struct err *e);
/* A file of share/: $CUPEL_DATA, else the tree's share when run from a build folder, else the
 * installed one. Caller frees; it may not exist. */
char *file_data_path(const char *rel);
bool file_copy(const char *from, const char *to, struct err *e); /* atomic: temporary, rename */

/* An output under a temporary name ".NAME.cupel-tmp" in the same directory. commit renames. */
struct file_out {
	int fd;
	char *path, *tmp;
};
struct file_out *file_out_open(const char *path, struct err *e);
bool file_out_pwrite(struct file_out *o, const void *buf, size_t n, uint64_t offset, struct err *e);
bool file_out_commit(struct file_out *o, bool sync, struct err *e); /* frees o either way */
void file_out_abort(struct file_out *o);                            /* unlinks, frees */
bool file_write_all(const char *path, const void *buf, size_t n, struct err *e); /* atomic */
#endif
