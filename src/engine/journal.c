#include "config.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "engine/journal.h"
#include "engine/leaves.h"
#include "system/line_file.h"

#define MAGIC "cupel-journal 1\n"
#define JOURNAL_MAX ((size_t)256 << 20)

struct journal {
	struct line_file file;
	const struct plan *plan;
};
/* What a reader of lines needs; v NULL: only the head is asked about. */
struct reading {
	const char *path;
	const struct plan *plan;
	struct finished *v;
};

struct finished *finished_new(const struct plan *p)
{
	size_t inputs = 1;
	struct finished *v = xnew(struct finished, p->n + 1);
	struct hash *hashes;

	for (size_t i = 0; i < p->n; i++)
		inputs += (size_t)p->tensors[i].spec.n_inputs;
	hashes = xnew(struct hash, inputs);
	for (size_t i = 0; i <= p->n; i++) {
		v[i].input = hashes;
		if (i < p->n)
			hashes += p->tensors[i].spec.n_inputs;
	}
	return v;
}

void finished_free(struct finished *v)
{
	if (v)
		free(v[0].input);
	free(v);
}

/* --- the head: one line for each thing that must be as it was --- */

/* Who the files of an input are; content would do, but it may be known only afterwards. */
static struct hash input_identity(const struct model *m)
{
	struct str s = STR_INIT;
	struct hash h;

	for (size_t i = 0; i < m->n_files; i++)
		str_addn(&s, (const char *)&m->files[i]->id, sizeof m->files[i]->id);
	for (size_t t = 0; m->virtual && t < m->source.n_tensors; t++) {
		h = model_tensor_place(m, t);
		str_addn(&s, (const char *)&h, sizeof h);
	}
	h = hash_bytes(s.s, s.n);
	str_fini(&s);
	return h;
}

/* The same for processes on other hosts, whose device numbers differ. */
static void shared_identities(struct str *s, const struct plan *p)
{
	struct leaves all = leaves_find(p);

	for (size_t i = 0; i < all.n; i++) {
		const struct model *m = all.v[i].model;

		str_addf(s, "input:%zu", i);
		for (size_t k = 0; k < m->n_files; k++)
			str_addf(s, " %" PRIu64 "@%" PRId64, (uint64_t)m->files[k]->id.size,
				(int64_t)m->files[k]->id.mtime_ns / 1000000000);
		str_addc(s, '\n');
	}
	leaves_fini(&all);
}

static char *head(const struct plan *p, uint64_t shard_size, unsigned parts)
{
	struct str s = STR_INIT;
	char hex[HASH_HEX_SIZE];

	hash_hex(recipe_hash(p->recipe), hex);
	str_addf(&s, MAGIC "version %s\nrecipe %s\nseed %016" PRIx64 "\narithmetic %s\n"
		"shard-size %" PRIu64 "\n", PACKAGE_VERSION, hex, p->seed, plan_arithmetic(p),
		shard_size);
	if (parts)
		str_addf(&s, "parts %u\n", parts);
	str_addf(&s, "tensors %zu\n", p->n);
	if (parts)
		shared_identities(&s, p);
	for (size_t i = 0; !parts && i < p->inputs->n; i++) {
		hash_hex(input_identity(p->inputs->v[i].model), hex);
		str_addf(&s, "input:%zu %s\n", i, hex);
	}
	return str_steal(&s);
}

/* Who an "input:" line is about. */
static const char *input_text(const struct plan *p, size_t i, bool parts)
{
	struct leaves all = leaves_find(p);
	const char *text = "an input";

	if (!parts && i < p->inputs->n)
		text = p->inputs->v[i].text;
	else if (parts && i < all.n)
		text = all.v[i].plan->inputs->v[all.v[i].at].text;
	leaves_fini(&all);
	return text;
}

/* The first line of `want` that `have` lacks names what changed. */
static bool head_refuse(void *ctx, const char *have, const char *want, struct err *e)
{
	const struct reading *r = ctx;
	const struct plan *p = r->plan;
	const char *path = r->path;
	const char *what = "the journal", *input = NULL;
	bool parts = strstr(want, "\nparts ") != NULL;

	while (*want && *have) {
		size_t n = strcspn(want, "\n");

		if (strncmp(want, have, n + 1) != 0) {
			input = str_starts(want, "input:") ?
				input_text(p, strtoul(want + 6, NULL, 10), parts) : NULL;
			what = str_starts(want, "recipe ") ? "the recipe" :
				str_starts(want, "seed ") ? "the seed" :
				str_starts(want, "version ") ? "cupel's version" :
				str_starts(want, "arithmetic ") ? "--arithmetic or --rng" :
				str_starts(want, "shard-size ") ? "--shard-size" :
				str_starts(want, "parts ") ? "the number of parts" :
				str_starts(want, "tensors ") ? "the list of tensors" : what;
			break;
		}
		want += n + (want[n] == '\n');
		have += strcspn(have, "\n");
		have += *have == '\n';
	}
	if (parts)
		return err_set(e, ERR_INPUT, path,
			"give it back, or --force drops the parts that do not fit",
			"this part does not fit: %s%s changed since it was made",
			input ? "the files of " : "", input ? input : what);
	return err_set(e, ERR_INPUT, path, "give them back, or start anew with --force",
		"cannot resume: %s%s changed since it began", input ? "the files of " : "",
		input ? input : what);
}

/* --- lines --- */

static bool line_read(void *ctx, const char *line)
{
	const struct reading *r = ctx;
	const struct plan *p = r->plan;
	struct finished *v = r->v;
	struct finished f = {.done = true};
	struct hash input[MERGE_MAX_INPUTS];
	char hex[HASH_HEX_SIZE];
	size_t index;
	int used = 0;

	if (sscanf(line, "tensor %zu %32s %" SCNu64 "%n", &index, hex, &f.nonfinite, &used) != 3 ||
		index >= p->n || !hash_parse(hex, &f.hash))
		return false;
	for (int k = 0; k < p->tensors[index].spec.n_inputs; k++) {
		int more = 0;

		if (sscanf(line + used, " %32s%n", hex, &more) != 1 || !hash_parse(hex, &input[k]))
			return false;
		used += more;
	}
	if (line[used] != '\n')
		return false;
	f.input = v[index].input;
	memcpy(f.input, input, (size_t)p->tensors[index].spec.n_inputs * sizeof *input);
	v[index] = f;
	return true;
}

size_t journal_count(const char *path)
{
	size_t n, count = 0;
	char *text = file_exists(path) ? file_read_all(path, JOURNAL_MAX, &n, NULL) : NULL;

	for (const char *at = text; at && (at = strstr(at, "\ntensor ")) != NULL; at++)
		count++;
	free(text);
	return count;
}

bool journal_add(struct journal *j, size_t tensor, const struct finished *f, struct err *e)
{
	struct str s = STR_INIT;
	char hex[HASH_HEX_SIZE];
	bool ok;

	hash_hex(f->hash, hex);
	str_addf(&s, "tensor %zu %s %" PRIu64, tensor, hex, f->nonfinite);
	for (int k = 0; k < j->plan->tensors[tensor].spec.n_inputs; k++) {
		hash_hex(f->input[k], hex);
		str_addf(&s, " %s", hex);
	}
	str_addc(&s, '\n');
	ok = line_file_add(&j->file, s.s, s.n, e);
	str_fini(&s);
	return ok;
}

bool journal_load(const char *path, const struct plan *p, uint64_t shard_size, unsigned parts,
	struct finished *v, struct err *e)
{
	struct reading r = { path, p, v };
	char *want = head(p, shard_size, parts);
	size_t keep;
	bool ok = line_file_read(path, want,
		&(struct line_reader){ v ? line_read : NULL, head_refuse, &r }, &keep, e);

	free(want);
	return ok;
}

bool journal_fits(const char *path, const struct plan *p, uint64_t shard_size, unsigned parts,
	struct err *e)
{
	return journal_load(path, p, shard_size, parts, NULL, e);
}

struct journal *journal_open(const char *path, const struct plan *p, uint64_t shard_size,
	unsigned parts, bool resume, struct finished *v, struct err *e)
{
	struct journal *j = xnew(struct journal, 1);
	struct reading r = { path, p, v };
	struct line_reader reader = { line_read, head_refuse, &r };
	char *want = head(p, shard_size, parts);
	bool ok = line_file_open(&j->file, path, want, resume ? &reader : NULL, e);

	j->plan = p;
	free(want);
	if (ok)
		return j;
	journal_close(j);
	return NULL;
}

void journal_close(struct journal *j)
{
	if (!j)
		return;
	line_file_close(&j->file);
	free(j);
}
