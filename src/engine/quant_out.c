#include "config.h"
#include "engine/quant_out.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "engine/growing.h"
#include "engine/leaves.h"
#include "engine/output.h"
#include "quant/pack.h"
#include "system/process.h"

/* --- refusals --- */

static char *final_path(const struct quant_out *q, size_t file)
{
	return xasprintf("%.*s%s", (int)(str_base(q->path) - q->path), q->path,
		q->layout->files[file].name);
}

static bool inside(const char *path, const char *folder)
{
	return str_starts(path, folder) && (path[strlen(folder)] == '/' || !path[strlen(folder)]);
}

/* Would the output take the place of this file of an input? */
static bool hits(const struct quant_out *q, const char *file)
{
	char *real = realpath(file, NULL), *out = realpath(q->path, NULL);
	bool hit = real && out && inside(real, out);

	for (size_t i = 0; real && q->layout->container == QUANT_GGUF && !hit &&
		i < q->layout->n_files; i++) {
		char *path = final_path(q, i), *there = realpath(path, NULL);

		hit = there && str_eq(real, there);
		free(there);
		free(path);
	}
	free(out);
	free(real);
	return hit;
}

static bool refuse_model(const struct quant_out *q, const struct model *m, struct err *e)
{
	bool hit = m->path && hits(q, m->path);

	for (size_t i = 0; !hit && i < m->n_files; i++)
		hit = hits(q, m->files[i]->path);
	return !hit || err_set(e, ERR_INPUT, q->path, "name another output",
		"this is where the input %s lies", m->source.label);
}

static bool refuse_inputs(const struct quant_out *q, const struct plan *merge, struct err *e)
{
	struct leaves l;
	bool ok = true;

	if (!merge)
		return refuse_model(q, q->plan->targets->model, e);
	l = leaves_find(merge);
	for (size_t i = 0; ok && i < l.n; i++)
		ok = refuse_model(q, l.v[i].model, e);
	leaves_fini(&l);
	return ok;
}

static bool is_gguf(const char *path)
{
	char magic[4] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool is = fd >= 0 && read(fd, magic, 4) == 4 && !memcmp(magic, "GGUF", 4);

	if (fd >= 0)
		close(fd);
	return is;
}

static bool leftover(const struct quant_out *q)
{
	return file_is_dir(q->tmp) && file_exists(q->journal_path);
}

/* A run that was killed while its files got their names has some under each. */
static bool half_named(const struct quant_out *q, size_t file)
{
	char *path = str_join_path(q->tmp, q->layout->files[file].name);
	bool there = file_exists(path);

	free(path);
	return !there && leftover(q);
}

static bool take_back(const struct quant_out *q, struct err *e)
{
	bool ok = true;

	for (size_t i = 0; ok && q->layout->container == QUANT_GGUF && i < q->layout->n_files;
		i++) {
		char *to = str_join_path(q->tmp, q->layout->files[i].name);
		char *from = final_path(q, i);

		if (!file_exists(to) && file_exists(from))
			ok = rename(from, to) == 0 || err_errno(e, from, "go on with it");
		free(from);
		free(to);
	}
	return ok;
}

/* Each of the files may be there already: --force replaces them, if they are of this kind. */
static bool check_files(struct quant_out *q, const struct quantize_options *o, struct err *e)
{
	bool ok = true;

	for (size_t i = 0; ok && i < q->layout->n_files; i++) {
		char *path = final_path(q, i);

		if (file_exists(path) && !(o->resume && half_named(q, i))) {
			q->replace = true;
			ok = !o->force ? err_set(e, ERR_INPUT, path,
					"choose another name, or --force replaces it",
					"it is there already")
				: is_gguf(path) || err_set(e, ERR_INPUT, path,
					"choose another name", "it is no GGUF file");
		}
		free(path);
	}
	return ok;
}

static bool check_folder(struct quant_out *q, bool force, struct err *e)
{
	if (!file_exists(q->path) || growing_empty(q->path))
		return true;
	if (!force)
		return err_set(e, ERR_INPUT, q->path, "choose another name, or --force replaces it",
			"it is there already");
	if (!file_is_dir(q->path))
		return err_set(e, ERR_INPUT, q->path, "choose another name", "it is not a folder");
	q->replace = true;
	return growing_foreign(q->path, e);
}

/* --- the journal: head, then "tensor INDEX HASH NONFINITE" --- */

static bool line_read(void *ctx, const char *line)
{
	struct quant_out *q = ctx;
	struct quant_done d = { .done = true };
	char hex[HASH_HEX_SIZE], end = 0;
	size_t i;

	if (sscanf(line, "tensor %zu %32s %" SCNu64 "%c", &i, hex, &d.nonfinite, &end) != 4 ||
		end != '\n' || i >= q->plan->targets->n || !hash_parse(hex, &d.hash))
		return false;
	q->v[i] = d;
	return true;
}

static bool other_head(void *ctx, const char *have, const char *want, struct err *e)
{
	const struct quant_out *q = ctx;

	(void)have, (void)want;
	return err_set(e, ERR_INPUT, q->path, "give it back, or start anew with --force",
		"cannot resume: the plan, the model, the importance matrix or cupel changed since "
		"it began");
}

static bool check_leftover(struct quant_out *q, const struct quantize_options *o, bool *resume,
	struct err *e)
{
	bool there = leftover(q);

	*resume = o->resume && there;
	if (*resume)
		return true;
	if (there && !o->force)
		return err_set(e, ERR_INPUT, q->path, "--resume goes on, --force starts anew",
			"an unfinished quantization lies beside it");
	if (file_exists(q->tmp) && !file_remove_tree(q->tmp, e))
		return false;
	if (unlink(q->journal_path) != 0 && errno != ENOENT)
		return err_errno(e, q->journal_path, "remove the old journal");
	return true;
}

/* --- opening --- */

static bool files_open(struct quant_out *q, struct err *e)
{
	for (size_t i = 0; i < q->layout->n_files; i++) {
		const struct quant_file *f = &q->layout->files[i];
		char *path = str_join_path(q->tmp, f->name);

		q->fd[i] = growing_file(path, q->path, f->bytes, e);
		free(path);
		if (q->fd[i] < 0 ||
			!growing_write(q->fd[i], q->path, f->header, f->header_n, 0, e))
			return false;
	}
	return true;
}

/* What the journal says is done must be there, byte for byte. */
static void verify(struct quant_out *q)
{
	for (size_t i = 0; i < q->plan->targets->n; i++) {
		struct hash h;

		if (!q->v[i].done)
			continue;
		q->v[i].done = quant_out_hash(q, i, &h, NULL) && hash_eq(h, q->v[i].hash);
		q->resumed += q->v[i].done;
	}
}

static bool begin(struct quant_out *q, const struct quantize_options *o, const char *head,
	struct err *e)
{
	char *lock = growing_beside(q->path, ".cupel-lock");
	struct line_reader reader = { line_read, other_head, q };
	bool resume = false, ok;

	ok = growing_parent(q->path, e) && (q->lock = process_lock_take(lock, e)) != NULL &&
		refuse_inputs(q, o->merge, e) && (q->layout->container == QUANT_GGUF
		? check_files(q, o, e) : check_folder(q, o->force, e)) &&
		check_leftover(q, o, &resume, e) &&
		(resume || growing_room(q->path, q->layout->total, e)) &&
		file_mkdirs(q->tmp, e) && line_file_open(&q->journal, q->journal_path, head,
			resume ? &reader : NULL, e) &&
		(!resume || take_back(q, e));
	free(lock);
	if (!ok)
		return false;
	if (!files_open(q, e)) {
		if (!resume) /* nothing is done yet: leave nothing behind */
			file_remove_tree(q->tmp, NULL), unlink(q->journal_path);
		return false;
	}
	if (resume)
		verify(q);
	return true;
}

struct quant_out *quant_out_open(const struct quant_plan *p, const struct quant_layout *l,
	const struct quantize_options *o, const char *head, struct err *e)
{
	char *path = output_path(o->output, e);
	struct quant_out *q;

	if (!path)
		return NULL;
	q = xnew(struct quant_out, 1);
	q->plan = p;
	q->layout = l;
	q->path = path;
	q->name = xstrdup(str_base(path));
	q->tmp = growing_beside(path, ".cupel-tmp");
	q->journal_path = growing_beside(path, ".cupel-journal");
	q->v = xnew(struct quant_done, p->targets->n + 1);
	q->fd = xnew(int, l->n_files + 1);
	q->journal.fd = -1;
	pthread_mutex_init(&q->writing, NULL);
	for (size_t i = 0; i < l->n_files; i++)
		q->fd[i] = -1;
	if (begin(q, o, head, e))
		return q;
	quant_out_close(q);
	return NULL;
}

/* --- at work --- */

bool quant_out_write(struct quant_out *q, struct quant_place at, const void *bytes, size_t n,
	struct err *e)
{
	bool ok;

	/* The kernel lets one writer into a file; the others would spin instead of computing. */
	pthread_mutex_lock(&q->writing);
	ok = growing_write(q->fd[at.file], q->path, bytes, n, at.offset, e);
	pthread_mutex_unlock(&q->writing);
	return ok;
}

bool quant_out_hash(const struct quant_out *q, size_t target, struct hash *h, struct err *e)
{
	const struct quant_target *t = &q->plan->targets->v[target];
	struct pack_bytes size = pack_bytes(q->plan->v[target].type, t->elements);
	uint64_t n[3] = { size.codes, size.scales, size.biases };
	unsigned char *b = xmalloc(HASH_PIECE);
	struct hash *pieces = NULL;
	char name[QUANT_TYPE_NAME];
	size_t count = 0;
	bool ok = true;

	for (int k = 0; ok && k < 3; k++)
		for (uint64_t at = 0; ok && at < n[k]; at += HASH_PIECE) {
			size_t m = n[k] - at < HASH_PIECE ? (size_t)(n[k] - at) : HASH_PIECE;
			struct quant_place p = q->layout->place[target][k];

			ok = pread(q->fd[p.file], b, m, (off_t)(p.offset + at)) == (ssize_t)m ||
				err_errno(e, q->path, "read back what was written");
			pieces = xrealloc(pieces, (count + 1) * sizeof *pieces);
			pieces[count++] = hash_bytes(b, m);
		}
	if (ok)
		*h = hash_tensor(quant_type_name(q->plan->v[target].type, name), t->shape, t->rank,
			pieces, count);
	free(pieces);
	free(b);
	return ok;
}

static size_t die_after;

void quant_out_die_after(size_t steps)
{
	die_after = steps;
}

static void one_step(void)
{
	if (die_after && --die_after == 0)
		raise(SIGKILL);
}

bool quant_out_done(struct quant_out *q, size_t target, const struct quant_done *d, struct err *e)
{
	char hex[HASH_HEX_SIZE], *line;
	bool ok;

	q->v[target] = *d;
	hash_hex(d->hash, hex);
	line = xasprintf("tensor %zu %s %" PRIu64 "\n", target, hex, d->nonfinite);
	ok = line_file_add(&q->journal, line, strlen(line), e);
	free(line);
	one_step();
	return ok;
}

bool quant_out_put(struct quant_out *q, const struct quantize_file *f, struct err *e)
{
	char *path = str_join_path(q->tmp, f->name);
	bool ok = f->bytes ? file_write_all(path, f->bytes, f->n, e) : file_copy(f->path, path, e);

	free(path);
	return ok || err_at(e, "%s", q->path);
}

/* --- the end --- */

static bool publish_files(struct quant_out *q, struct err *e)
{
	bool ok = true;

	/* readers begin with the first part: it appears last */
	for (size_t i = q->layout->n_files; ok && i-- > 0; ) {
		char *from = str_join_path(q->tmp, q->layout->files[i].name);
		char *to = final_path(q, i);

		ok = rename(from, to) == 0 || err_errno(e, to, "give the output its name");
		free(from);
		free(to);
		one_step();
	}
	return ok && file_remove_tree(q->tmp, e);
}

bool quant_out_publish(struct quant_out *q, bool sync, struct err *e)
{
	for (size_t i = 0; sync && i < q->layout->n_files; i++)
		if (fsync(q->fd[i]) != 0)
			return err_errno(e, q->path, "put it on the disk");
	if (q->layout->container == QUANT_GGUF) {
		if (!publish_files(q, e))
			return false;
	} else if (q->replace) {
		if (!growing_foreign(q->path, e) || !growing_swap(q->tmp, q->path, e))
			return false;
	} else if (rename(q->tmp, q->path) != 0) {
		return err_errno(e, q->path, "give the output its name");
	}
	unlink(q->journal_path);
	return !sync || growing_sync_name(q->path, e);
}

void quant_out_close(struct quant_out *q)
{
	if (!q)
		return;
	for (size_t i = 0; i < q->layout->n_files; i++)
		if (q->fd[i] >= 0)
			close(q->fd[i]);
	line_file_close(&q->journal);
	process_lock_drop(q->lock);
	pthread_mutex_destroy(&q->writing);
	free(q->v);
	free(q->fd);
	free(q->path);
	free(q->name);
	free(q->tmp);
	free(q->journal_path);
	free(q);
}
