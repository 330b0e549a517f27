#include "config.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "engine/growing.h"
#include "engine/output_drop.h"
#include "system/file.h"

#define SLACK 2e9 /* ns: a run's beginning is noted in whole seconds */

static bool changed(const char *path, const char *how, struct err *e)
{
	return err_set(e, ERR_INPUT, path, "it is left as it is: a replay would not give it back",
		"%s since it was written", how);
}

static bool untouched_file(const char *path, uint64_t bytes, double until, uint64_t *size,
	struct err *e)
{
	struct file_id id;

	if (!file_stat_id(path, &id))
		return changed(path, "was moved or deleted", e);
	*size += id.size;
	if (bytes && id.size != bytes)
		return changed(path, "has changed its size", e);
	if (until > 0 && (double)id.mtime_ns > until * 1e9 + SLACK)
		return changed(path, "was changed", e);
	return true;
}

/* cupel.json says which files there are, and how large. */
static bool untouched_folder(const struct output_written *w, uint64_t *size, struct err *e)
{
	char *list = str_join_path(w->path, "cupel.json");
	json_t *j = file_exists(list) ? json_parse_file(list, (size_t)256 << 20, e) : NULL, *bytes;
	const char *name;
	bool ok = j || err_set(e, ERR_INPUT, w->path, "delete it by hand if it is yours",
		"is not an output of cupel: it has no cupel.json");

	ok = ok && growing_foreign(w->path, e) && untouched_file(list, 0, w->until, size, e);
	json_object_foreach(json_at(j, "files"), name, bytes) {
		char *path = str_join_path(w->path, name);

		ok = ok && untouched_file(path, (uint64_t)json_integer_value(bytes), w->until,
			size, e);
		free(path);
	}
	json_decref(j);
	free(list);
	return ok;
}

/* Outputs may stand in an output's folder (steps on the way): they are not this one's to delete. */
static bool holds_no_folder(const char *path, struct err *e)
{
	size_t n = 0;
	char **names = file_list(path, &n, e);
	bool ok = names != NULL;

	for (size_t i = 0; ok && i < n; i++) {
		char *inside = str_join_path(path, names[i]);

		if (file_is_dir(inside))
			ok = err_set(e, ERR_INPUT, path, "drop or move that first",
				"it holds another output, %s", names[i]);
		free(inside);
	}
	if (names)
		file_list_free(names, n);
	return ok;
}

/* "x-00001-of-00003.gguf": how many parts there are; 1: it is whole. *stem: bytes before the
 * number. */
static unsigned parts_of(const char *path, size_t *stem)
{
	size_t n = strlen(path), tail = strlen("-00001-of-00003.gguf");
	unsigned part, parts;
	char end[8] = "";

	*stem = n;
	if (n <= tail || sscanf(path + n - tail, "-%5u-of-%5u.%4s", &part, &parts, end) != 3 ||
		!str_eq(end, "gguf") || part != 1 || parts < 1)
		return 1;
	*stem = n - tail;
	return parts;
}

static char *part_path(const char *path, size_t stem, unsigned i, unsigned parts)
{
	if (parts == 1)
		return xstrdup(path);
	return xasprintf("%.*s-%05u-of-%05u.gguf", (int)stem, path, i + 1, parts);
}

bool output_untouched(const struct output_written *w, uint64_t *size, struct err *e)
{
	unsigned parts;
	size_t stem;
	bool ok = true;

	*size = 0;
	if (!file_exists(w->path))
		return err_set(e, ERR_INPUT, w->path, "`cupel replay` makes it again", "is not "
			"there any more");
	if (file_is_dir(w->path))
		return holds_no_folder(w->path, e) && untouched_folder(w, size, e);
	parts = parts_of(w->path, &stem);
	for (unsigned i = 0; i < parts && ok; i++) {
		char *path = part_path(w->path, stem, i, parts);

		ok = untouched_file(path, parts == 1 ? w->bytes : 0, w->until, size, e);
		free(path);
	}
	if (ok && parts > 1 && w->bytes && *size != w->bytes)
		ok = changed(w->path, "has changed its size", e);
	return ok;
}

bool output_delete(const char *path, struct err *e)
{
	unsigned parts;
	size_t stem;
	bool ok = true;
	char *aside;

	if (file_is_dir(path)) {
		aside = growing_beside(path, ".cupel-dropped");
		ok = (!file_exists(aside) || file_remove_tree(aside, e)) &&
			(rename(path, aside) == 0 || err_errno(e, path, "drop")) &&
			file_remove_tree(aside, e);
		free(aside);
		return ok;
	}
	parts = parts_of(path, &stem);
	for (unsigned i = 0; i < parts && ok; i++) {
		char *one = part_path(path, stem, i, parts);

		ok = unlink(one) == 0 || err_errno(e, one, "drop");
		free(one);
	}
	return ok;
}
