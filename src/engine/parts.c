#include "config.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "engine/output_work.h"
#include "engine/parts.h"
#include "system/process.h"

#define PARTS_MOST 100000

/* --- who makes what --- */

struct size { uint64_t bytes; uint32_t shard; };

static int by_size(const void *a, const void *b)
{
	const struct size *x = a, *y = b;

	if (x->bytes != y->bytes)
		return x->bytes < y->bytes ? 1 : -1;
	return x->shard < y->shard ? -1 : 1;
}

/* The largest first, each to whom has least. */
uint32_t *parts_deal(const struct shards *s, unsigned n)
{
	uint32_t *part = xnew(uint32_t, s->n + 1);
	uint64_t *load = xnew(uint64_t, n);
	struct size *v = xnew(struct size, s->n + 1);

	for (size_t i = 0; i < s->n; i++)
		v[i] = (struct size){s->v[i].bytes, (uint32_t)i};
	qsort(v, s->n, sizeof *v, by_size);
	for (size_t i = 0; i < s->n; i++) {
		uint32_t least = 0;

		for (uint32_t k = 1; k < n; k++)
			least = load[k] < load[least] ? k : least;
		part[v[i].shard] = least;
		load[least] += v[i].bytes;
	}
	free(v);
	free(load);
	return part;
}

static bool deal(struct output *o, struct err *e)
{
	if (o->parts > o->shards->n)
		return err_set(e, ERR_INPUT, o->path, "use fewer parts, or a smaller --shard-size",
			"it has %zu file%s, too few for %u parts", o->shards->n,
			o->shards->n == 1 ? "" : "s", o->parts);
	o->deal = parts_deal(o->shards, o->parts);
	return true;
}

/* --- names --- */

static char *file_of(const struct output *o, unsigned part, const char *suffix)
{
	return xasprintf("%s/.part-%u-of-%u.%s", o->tmp, part, o->parts, suffix);
}

/* ".part-2-of-3.journal" */
static bool journal_name(const char *name, unsigned *part, unsigned *parts)
{
	int end = 0;

	return sscanf(name, ".part-%u-of-%u.journal%n", part, parts, &end) == 2 && end > 0 &&
		!name[end] && *part >= 1 && *part <= *parts && *parts <= PARTS_MOST;
}

bool parts_private(const char *name)
{
	return str_starts(name, ".part-");
}

/* --- one part --- */

/* What lies there of others must be of the same output. */
static bool others_fit(const struct output *o, const struct run_options *opt, struct err *e)
{
	unsigned part, parts;
	size_t n = 0;
	char **names = file_list(o->tmp, &n, e);
	bool ok = names != NULL;

	for (size_t i = 0; ok && i < n; i++) {
		char *path;

		if (!journal_name(names[i], &part, &parts))
			continue;
		path = str_join_path(o->tmp, names[i]);
		ok = journal_fits(path, o->plan, opt->shard_size, o->parts, e);
		if (!ok && opt->force && unlink(path) == 0) {
			ok = true;
			err_clear(e);
		}
		free(path);
	}
	if (names)
		file_list_free(names, n);
	return ok;
}

bool parts_begin(struct output *o, struct pool *pool, const struct run_options *opt,
	struct err *e)
{
	char *lock = NULL;
	uint64_t bytes = 0;
	bool resume, ok;

	ok = deal(o, e) && output_target(o, opt, e) && file_mkdirs(o->tmp, e);
	if (ok) {
		lock = file_of(o, o->part, "lock");
		ok = (o->lock = process_lock_take(lock, e)) != NULL && others_fit(o, opt, e);
		free(lock);
	}
	if (!ok)
		return false;
	o->journal_path = file_of(o, o->part, "journal");
	resume = file_exists(o->journal_path);
	for (size_t i = 0; i < o->shards->n; i++)
		bytes += output_mine(o, i) ? o->shards->v[i].bytes : 0;
	if (!resume && !output_room(o, bytes, e))
		return false;
	o->journal = journal_open(o->journal_path, o->plan, opt->shard_size, o->parts, resume,
		o->tensors, e);
	if (!o->journal)
		return false;
	for (size_t i = 0; i < o->shards->n; i++)
		if (output_mine(o, i) && !output_shard(o, i, e))
			return false;
	if (resume)
		output_verify(o, pool);
	return true;
}

/* --- joining --- */

/* How many parts there are, from the journals. */
static bool count_parts(struct output *o, struct err *e)
{
	unsigned part, parts, other = 0;
	char **names;
	size_t n = 0;

	if (!file_is_dir(o->tmp))
		return err_set(e, ERR_INPUT, o->path, "run its parts first, with --part I/N",
			"there are no parts of it");
	names = file_list(o->tmp, &n, e);
	if (!names)
		return false;
	for (size_t i = 0; i < n; i++)
		if (journal_name(names[i], &part, &parts)) {
			other = o->parts && o->parts != parts ? parts : other;
			o->parts = parts;
		}
	file_list_free(names, n);
	if (other)
		return err_set(e, ERR_INPUT, o->path,
			"run one part again with --force: it drops those that do not fit",
			"parts of %u and parts of %u lie there", o->parts, other);
	return o->parts || err_set(e, ERR_INPUT, o->path, "run its parts first, with --part I/N",
		"there are no parts of it");
}

static bool none_at_work(struct output *o, struct err *e)
{
	o->locks = xnew(struct process_lock *, o->parts + 1);
	for (unsigned i = 1; i <= o->parts; i++) {
		char *path = file_of(o, i, "lock");

		o->locks[i] = process_lock_take(path, e);
		free(path);
		if (!o->locks[i])
			return false;
	}
	return true;
}

static bool load_journals(struct output *o, const struct run_options *opt, struct err *e)
{
	struct str missing = STR_INIT;
	bool ok = true;
	size_t n = 0;

	str_add(&missing, "");
	for (unsigned i = 1; ok && i <= o->parts; i++) {
		char *path = file_of(o, i, "journal");

		if (file_exists(path))
			ok = journal_load(path, o->plan, opt->shard_size, o->parts, o->tensors, e);
		else if (++n <= 20)
			str_addf(&missing, "%s%u", missing.n ? ", " : "", i);
		free(path);
	}
	if (ok && n > 20)
		str_addf(&missing, " and %zu more", n - 20);
	if (ok && n)
		ok = err_set(e, ERR_INPUT, o->path, "run what is missing, with --part",
			"of %u parts %s %s missing", o->parts, missing.s, n == 1 ? "is" : "are");
	str_fini(&missing);
	return ok;
}

/* Every tensor of every part; after the files were looked into, too. */
static bool all_done(const struct output *o, bool looked, struct err *e)
{
	for (size_t t = 0; t < o->plan->n; t++) {
		const char *file = o->shards->v[o->shards->of[t]].name;
		unsigned part = o->deal[o->shards->of[t]] + 1;
		char hint[64];

		if (o->tensors[t].done)
			continue;
		snprintf(hint, sizeof hint, "run it again, with --part %u/%u", part, o->parts);
		if (looked)
			return err_set(e, ERR_INPUT, o->path, hint,
				"part %u of %u: %s does not hold what was written to it", part,
				o->parts, file);
		return err_set(e, ERR_INPUT, o->path, hint, "part %u of %u is not whole: %s lacks "
			"%s", part, o->parts, file, o->plan->tensors[t].like->name);
	}
	return true;
}

/* Opened as they are; one that is gone fails the look into it. */
static void open_shards(struct output *o)
{
	for (size_t i = 0; i < o->shards->n; i++) {
		char *path = str_join_path(o->tmp, o->shards->v[i].name);
		uint64_t size = 0;
		struct file_id id;
		const struct shard *f = &o->shards->v[i];
		char *header = xmalloc(f->header_n + 1);

		o->fd[i] = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
		if (o->fd[i] >= 0 && file_stat_id(path, &id))
			size = id.size;
		/* what the journal does not tell of: the header, the file's length */
		if (size != f->bytes || pread(o->fd[i], header, f->header_n, 0) !=
			(ssize_t)f->header_n || memcmp(header, f->header, f->header_n))
			for (size_t k = 0; k < f->n; k++)
				o->tensors[f->tensors[k]].done = false;
		free(header);
		free(path);
	}
}

static bool journal_or_lock(const struct output *o, const char *name)
{
	(void)o;
	return parts_private(name);
}

/* A shard of another number of files. */
static bool stale(const struct output *o, const char *name)
{
	if (!str_starts(name, "model") || !str_ends(name, ".safetensors"))
		return false;
	for (size_t i = 0; i < o->shards->n; i++)
		if (str_eq(o->shards->v[i].name, name))
			return false;
	return true;
}

static void remove_files(const struct output *o, bool (*which)(const struct output *, const char *))
{
	size_t n = 0;
	char **names = file_list(o->tmp, &n, NULL);

	for (size_t i = 0; names && i < n; i++) {
		char *path = str_join_path(o->tmp, names[i]);

		if (which(o, names[i]))
			unlink(path);
		free(path);
	}
	if (names)
		file_list_free(names, n);
}

bool parts_join(struct output *o, struct pool *pool, const struct run_options *opt, struct err *e)
{
	if (!output_target(o, opt, e) || !count_parts(o, e) || !none_at_work(o, e) ||
		!load_journals(o, opt, e) || !deal(o, e) || !all_done(o, false, e))
		return false;
	open_shards(o);
	output_verify(o, pool);
	o->resumed = 0;
	if (!all_done(o, true, e))
		return false;
	remove_files(o, stale);
	return true;
}

void parts_clear(struct output *o)
{
	for (unsigned i = 1; i <= o->parts; i++)
		process_lock_drop(o->locks[i]);
	free(o->locks);
	o->locks = NULL;
	remove_files(o, journal_or_lock);
}

