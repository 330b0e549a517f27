#include "config.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "engine/growing.h"
#include "engine/leaves.h"
#include "engine/output_work.h"
#include "engine/parts.h"
#include "engine/stream.h"
#include "system/process.h"

/* --- refusals --- */

static bool inside(const char *path, const char *folder)
{
	size_t n = strlen(folder);

	return strncmp(path, folder, n) == 0 && (path[n] == '/' || path[n] == 0);
}

/* An output must not replace what it is made of. */
static bool refuse_inputs(const struct output *o, struct err *e)
{
	struct leaves all = leaves_find(o->plan);
	bool ok = true;

	for (size_t i = 0; ok && i < all.n; i++) {
		const struct leaf *l = &all.v[i];
		char *real = realpath(l->model->path, NULL);

		if (real && inside(real, o->path) && !growing_keeps(o->path, real))
			ok = err_set(e, ERR_INPUT, o->path, "name another folder",
				"this is where the input %s lies",
				l->plan->inputs->v[l->at].text);
		free(real);
	}
	leaves_fini(&all);
	return ok;
}

bool output_target(struct output *o, const struct run_options *opt, struct err *e)
{
	if (!refuse_inputs(o, e))
		return false;
	if (!file_exists(o->path))
		return true;
	if (growing_empty(o->path))
		return true;
	if (opt->steps && growing_steps(o->path)) {
		o->replace = o->steps = true; /* they stay */
		return true;
	}
	if (!opt->force)
		return err_set(e, ERR_INPUT, o->path, "choose another name, or --force replaces it",
			"it is there already");
	if (!file_is_dir(o->path))
		return err_set(e, ERR_INPUT, o->path, "choose another name", "it is not a folder");
	o->replace = true;
	return growing_foreign(o->path, e);
}

/* What a killed run left. */
static bool check_leftover(const struct output *o, const struct run_options *opt, bool *resume,
	struct err *e)
{
	size_t n = journal_count(o->journal_path);

	*resume = opt->resume && file_is_dir(o->tmp) && file_exists(o->journal_path);
	if (*resume)
		return true;
	if (n > 0 && file_is_dir(o->tmp) && !opt->force)
		return err_set(e, ERR_INPUT, o->path, "--resume goes on, --force starts anew",
			"an unfinished merge lies beside it, with %zu of its tensors done", n);
	if (file_exists(o->tmp) && !file_remove_tree(o->tmp, e))
		return false;
	if (unlink(o->journal_path) != 0 && errno != ENOENT)
		return err_errno(e, o->journal_path, "remove the old journal");
	return true;
}

bool output_room(const struct output *o, uint64_t bytes, struct err *e)
{
	return growing_room(o->path, bytes, e);
}

/* --- shards --- */

bool output_shard(struct output *o, size_t i, struct err *e)
{
	const struct shard *f = &o->shards->v[i];
	char *path = str_join_path(o->tmp, f->name);
	bool ok;

	o->fd[i] = growing_file(path, o->path, f->bytes, e);
	ok = o->fd[i] >= 0 &&
		growing_write(o->fd[i], o->path, f->header, f->header_n, 0, e);
	free(path);
	return ok;
}

bool output_mine(const struct output *o, size_t shard)
{
	return !o->part || o->deal[shard] == o->part - 1;
}

bool output_piece(struct output *o, size_t tensor, uint64_t offset, const void *bytes, size_t n,
	struct err *e)
{
	int fd = o->fd[o->shards->of[tensor]];
	bool ok;

	/* The kernel lets one writer into a file; the others would spin instead of computing. */
	pthread_mutex_lock(&o->writing);
	ok = growing_write(fd, o->path, bytes, n, o->shards->offset[tensor] + offset, e);
	pthread_mutex_unlock(&o->writing);
	return ok;
}

static size_t die_after;

void output_die_after(size_t tensors)
{
	die_after = tensors;
}

bool output_done(struct output *o, const struct stream_done *d, struct err *e)
{
	struct finished *f = &o->tensors[d->tensor];
	bool ok;

	f->done = true;
	f->hash = d->hash;
	f->nonfinite = d->nonfinite;
	memcpy(f->input, d->input,
		(size_t)o->plan->tensors[d->tensor].spec.n_inputs * sizeof *d->input);
	ok = journal_add(o->journal, d->tensor, f, e);
	if (die_after && --die_after == 0)
		raise(SIGKILL);
	return ok;
}

/* --- resuming: what the journal says is done must be there, byte for byte --- */

static void verify_one(void *ctx, size_t t, unsigned worker)
{
	struct output *o = ctx;
	const struct plan_tensor *pt = &o->plan->tensors[t];
	size_t n = (size_t)((pt->bytes + HASH_PIECE - 1) / HASH_PIECE);
	struct hash *pieces;
	unsigned char *b;
	bool ok = true;

	(void)worker;
	if (!o->tensors[t].done)
		return;
	pieces = xnew(struct hash, n + 1);
	b = xmalloc(HASH_PIECE);
	for (size_t i = 0; ok && i < n; i++) {
		uint64_t at = (uint64_t)i * HASH_PIECE, left = pt->bytes - at;
		size_t m = left < HASH_PIECE ? (size_t)left : HASH_PIECE;

		ok = pread(o->fd[o->shards->of[t]], b, m, (off_t)(o->shards->offset[t] + at)) ==
			(ssize_t)m;
		pieces[i] = hash_bytes(b, m);
	}
	o->tensors[t].done = ok && hash_eq(o->tensors[t].hash, hash_tensor(dtype_name(pt->dtype),
		pt->like->shape, pt->like->rank, pieces, n));
	free(b);
	free(pieces);
}

void output_verify(struct output *o, struct pool *pool)
{
	pool_for(pool, o->plan->n, verify_one, o, NULL);
	for (size_t t = 0; t < o->plan->n; t++)
		o->resumed += o->tensors[t].done;
}

/* --- opening --- */

static bool output_begin(struct output *o, struct pool *pool, const struct run_options *opt,
	struct err *e)
{
	char *lock = growing_beside(o->path, ".cupel-lock");
	bool resume = false, ok;

	o->journal_path = growing_beside(o->path, ".cupel-journal");
	if (opt->join) {
		ok = growing_parent(o->path, e) && (o->lock = process_lock_take(lock, e)) != NULL &&
			parts_join(o, pool, opt, e);
		free(lock);
		return ok;
	}
	ok = growing_parent(o->path, e) && (o->lock = process_lock_take(lock, e)) != NULL &&
		output_target(o, opt, e) && check_leftover(o, opt, &resume, e) &&
		(resume || output_room(o, o->shards->total, e)) && file_mkdirs(o->tmp, e);
	free(lock);
	if (!ok)
		return false;
	o->journal = journal_open(o->journal_path, o->plan, opt->shard_size, 0, resume,
		o->tensors, e);
	if (!o->journal)
		return false;
	for (size_t i = 0; i < o->shards->n; i++)
		if (!output_shard(o, i, e)) {
			if (!resume) /* nothing is done yet: leave nothing behind */
				file_remove_tree(o->tmp, NULL), unlink(o->journal_path);
			return false;
		}
	if (resume)
		output_verify(o, pool);
	return true;
}

struct output *output_open(const struct plan *p, struct pool *pool, const struct run_options *opt,
	struct err *e)
{
	char *path = output_path(opt->output, e);
	struct output *o;

	if (!path)
		return NULL;
	o = xnew(struct output, 1);
	o->plan = p;
	o->path = path;
	o->name = xstrdup(str_base(path));
	o->part = opt->part;
	o->parts = opt->parts;
	o->tmp = growing_beside(path, opt->parts || opt->join ? ".cupel-parts" : ".cupel-tmp");
	o->shards = shards_make(p, opt->shard_size);
	o->tensors = finished_new(p);
	o->fd = xnew(int, o->shards->n);
	pthread_mutex_init(&o->writing, NULL);
	for (size_t i = 0; i < o->shards->n; i++)
		o->fd[i] = -1;
	if (opt->parts ? growing_parent(o->path, e) && parts_begin(o, pool, opt, e) :
		output_begin(o, pool, opt, e))
		return o;
	output_close(o);
	return NULL;
}

/* --- the end --- */

static bool sync_all(struct output *o, struct err *e)
{
	int dir;

	for (size_t i = 0; i < o->shards->n; i++)
		if (fsync(o->fd[i]) != 0)
			return err_errno(e, o->path, "put it on the disk");
	dir = open(o->tmp, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir >= 0) {
		syncfs(dir);
		close(dir);
	}
	return true;
}

bool output_publish(struct output *o, bool sync, struct err *e)
{
	if (sync && !sync_all(o, e))
		return false;
	if (o->locks)
		parts_clear(o);
	if (o->replace) {
		if ((!o->steps || !growing_steps(o->path)) && !growing_foreign(o->path, e))
			return false;
		if (!growing_swap(o->tmp, o->path, e))
			return false;
	} else if (rename(o->tmp, o->path) != 0) { /* onto nothing, or an empty folder */
		return err_errno(e, o->path, "give the output its name");
	}
	unlink(o->journal_path);
	return !sync || growing_sync_name(o->path, e);
}

void output_close(struct output *o)
{
	if (!o)
		return;
	for (size_t i = 0; i < o->shards->n; i++)
		if (o->fd[i] >= 0)
			close(o->fd[i]);
	journal_close(o->journal);
	process_lock_drop(o->lock);
	for (unsigned i = 1; o->locks && i <= o->parts; i++)
		process_lock_drop(o->locks[i]);
	free(o->locks);
	free(o->deal);
	finished_free(o->tensors);
	shards_free(o->shards);
	pthread_mutex_destroy(&o->writing);
	free(o->fd);
	free(o->journal_path);
	free(o->path);
	free(o->name);
	free(o->tmp);
	free(o);
}
