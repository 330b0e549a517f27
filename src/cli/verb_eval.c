#include "config.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/str.h"
#include "base/vec.h"
#include "cli/command_line.h"
#include "cli/evaluating.h"
#include "engine/job.h"
#include "infer/blas.h"
#include "system/process.h"

/* One model on all texts. */
struct measured {
	struct eval_subject subject;
	vec(struct eval_text) texts;
	int64_t run;               /* 0: not remembered */
};

static void measured_fini(struct measured *m)
{
	for (size_t i = 0; i < m->texts.n; i++)
		eval_text_fini(&m->texts.v[i]);
	vec_fini(&m->texts);
	eval_subject_close(&m->subject);
}

static bool read_texts(struct measured *m, struct cli *c, struct eval_how *how, struct err *e)
{
	const char *path;

	for (size_t i = 0; (path = cli_option_at(c, "--text", i)) != NULL; i++) {
		if (!eval_text_read(vec_push(&m->texts), path, e))
			return false;
		how->total += m->texts.v[i].n;
	}
	return true;
}

static bool measure(struct measured *m, struct cli *c, const char *word, struct eval_how *how,
	struct err *e)
{
	struct timespec from, to;
	bool ok;

	clock_gettime(CLOCK_MONOTONIC, &from);
	ok = eval_subject_open(&m->subject, c, word, e);
	for (size_t i = 0; ok && i < m->texts.n; i++)
		ok = eval_text_measure(&m->texts.v[i], &m->subject, how, c, e);
	clock_gettime(CLOCK_MONOTONIC, &to);
	if (ok)
		eval_remember(c, &m->subject, m->texts.v, m->texts.n, (double)(to.tv_sec -
			from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9, &m->run);
	return ok;
}

/* Pairs need the same questions: tokens that mean the same, cut at the same places. */
static bool alike(const struct measured *a, const struct measured *b, struct err *e)
{
	return hash_eq(tokenizer_hash(a->subject.tokenizer),
		tokenizer_hash(b->subject.tokenizer)) || err_set(e, ERR_INPUT, "--against",
		"measure both alone: their perplexities are of different tokens",
		"%s and %s have different tokenizers", a->subject.word, b->subject.word);
}

/* --- the answer --- */

static json_t *chunks_json(const struct perplexity *r)
{
	json_t *j = json_array();

	for (size_t i = 0; i < r->chunks; i++)
		json_array_append_new(j, json_number(r->chunk[i]));
	return j;
}

static json_t *paired_json(const struct perplexity *a, const struct perplexity *b)
{
	struct perplexity_paired p = perplexity_pair(a->chunk, b->chunk, b->chunks);

	return json_pack("{s:o, s:o}", "delta_percent", json_number(p.delta_percent), "stderr",
		json_number(p.stderr_));
}

static json_t *text_json(const struct eval_text *t, const struct eval_text *against)
{
	const struct perplexity *r = &t->result;
	json_t *j = json_object();

	json_object_set_new(j, "text", json_textn(t->path));
	json_object_set_new(j, "perplexity", json_number(r->perplexity));
	json_object_set_new(j, "stderr", json_number(r->stderr_));
	json_object_set_new(j, "stderr_tokens", json_number(r->stderr_tokens));
	json_object_set_new(j, "nll", json_number(r->nll));
	json_object_set_new(j, "tokens", json_u64(r->tokens));
	json_object_set_new(j, "context", json_u64(r->context));
	json_object_set_new(j, "chunks", chunks_json(r));
	json_object_set_new(j, "paired", against ? paired_json(&against->result, r) : json_null());
	return j;
}

static void print_json(const struct measured *m, const struct measured *against)
{
	json_t *texts = json_array(), *j;

	for (size_t i = 0; i < m->texts.n; i++)
		json_array_append_new(texts, text_json(&m->texts.v[i],
			against ? &against->texts.v[i] : NULL));
	j = json_deep_copy(json_array_get(texts, 0));
	json_object_set_new(j, "run", m->run ? json_integer(m->run) : json_null());
	json_object_set_new(j, "model", json_textn(m->subject.word));
	json_object_set_new(j, "against", json_textn(against ? against->subject.word : NULL));
	json_object_set_new(j, "precision", json_string("f32"));
	json_object_set_new(j, "divergence", json_null());
	json_object_set_new(j, "tasks", json_array());
	json_object_set_new(j, "texts", texts);
	json_print(j);
	json_decref(j);
}

static void row(struct table_out *t, const char *name, const struct eval_text *x,
	const struct eval_text *against)
{
	const struct perplexity *r = &x->result;
	char ppl[32], error[32] = "", chunks[48], delta[32] = "", delta_error[32] = "";

	snprintf(ppl, sizeof ppl, "%.4f", r->perplexity);
	if (!isnan(r->stderr_))
		snprintf(error, sizeof error, "%.2g", r->stderr_);
	snprintf(chunks, sizeof chunks, "%zu x %zu", r->chunks, r->context);
	if (against) {
		struct perplexity_paired p = perplexity_pair(against->result.chunk, r->chunk,
			r->chunks);

		snprintf(delta, sizeof delta, "%+.2f%%", p.delta_percent);
		if (!isnan(p.stderr_))
			snprintf(delta_error, sizeof delta_error, "%.2g%%", p.stderr_);
	}
	table_row(t, (const char *[]){ name, str_base(x->path), ppl, error, chunks, delta,
		delta_error });
}

static void print_page(const struct measured *m, const struct measured *against)
{
	static const char *const headers[] = { "MODEL", "TEXT", ">PERPLEXITY", ">SE", ">CHUNKS",
		">PAIRED", ">SE" };
	struct table_out *t = table_new(headers, against ? 7 : 5);

	for (size_t i = 0; i < m->texts.n; i++) {
		if (against)
			row(t, against->subject.word, &against->texts.v[i], NULL);
		row(t, m->subject.word, &m->texts.v[i], against ? &against->texts.v[i] : NULL);
	}
	table_print(t);
	if (m->run)
		printf("\nrun %" PRId64 "; SE is one standard error, with chunks as units\n",
			m->run);
}

static bool work(struct cli *c, struct measured *a, struct measured *b, struct eval_how *how,
	struct err *e)
{
	const char *against = cli_option(c, "--against");
	bool ok;

	process_catch_signals();
	ok = read_texts(a, c, how, e) && (!against || (read_texts(b, c, how, e) &&
		measure(b, c, against, how, e))) && measure(a, c, c->argv[0], how, e) &&
		(!against || alike(a, b, e));
	if (ok && c->json)
		print_json(a, against ? b : NULL);
	else if (ok)
		print_page(a, against ? b : NULL);
	return ok;
}

static bool read_how(const struct cli *c, struct eval_how *how, struct err *e)
{
	uint64_t job = 0;

	*how = (struct eval_how){ .context = 512, .special = cli_option(c, "--special") != NULL };
	if (!cli_option_u64(c, "--context", &how->context, e) ||
		!cli_option_u64(c, "--chunks", &how->chunks, e) ||
		!cli_option_u64(c, "--job", &job, e))
		return false;
	how->job = (int64_t)job;
	return cli_option(c, "--text") || err_set(e, ERR_USAGE, "eval", "--text FILE",
		"it needs a text");
}

static int run(struct cli *c, struct err *e)
{
	struct measured a = { .run = 0 }, b = { .run = 0 };
	struct command_line line;
	struct eval_how how;
	bool ok = read_how(c, &how, e);

	if (ok && cli_option(c, "--detach")) {
		command_line_of(&line, c, "eval");
		ok = cli_catalog(c, e) && command_line_detach(&line, c, e);
		command_line_fini(&line);
		return ok ? 0 : err_exit_status(e->code);
	}
	ok = ok && blas_open(e) && (!how.job || (cli_catalog(c, e) &&
		job_attach(c->catalog, how.job, e))) && work(c, &a, &b, &how, e);
	if (how.job && c->catalog)
		catalog_job_end(c->catalog, how.job, ok ? "done" : e->code == ERR_CANCELLED
			? "cancelled" : "failed", a.run, ok ? "" : e->what, NULL);
	measured_fini(&a);
	measured_fini(&b);
	return ok ? 0 : err_exit_status(e->code);
}

static const struct verb_option options[] = {
	{ "--text", "FILE", true, "measure perplexity on it; may be repeated" },
	{ "--against", "MODEL", false, "measure this one too, and the difference chunk by chunk" },
	{ "--context", "N", false, "tokens of a chunk (512)" },
	{ "--chunks", "N", false, "at most so many (all of the text)" },
	{ "--special", NULL, false, "names of control tokens in a text are those tokens" },
	{ "--detach", NULL, false, "start it as a job, a process of its own, and return" },
	{ "--job", "ID", false, NULL },
	{ 0 },
};
const struct verb verb_eval = {
	.name = "eval",
	.args = "MODEL|RECIPE",
	.help = "measure how well a model foretells a text: perplexity, alone or in pairs",
	.detail = "A text's tokens are cut into chunks of 512; each begins anew and its second "
		"half is scored, as llama-perplexity does, so the figures can be set beside its "
		"own. The arithmetic is float32. A recipe is measured unwritten. Models "
		"are stored ones of the llama, mistral, qwen2, qwen3 and granite families, hybrid "
		"ones with Mamba-2 layers and experts too, in any container, quantized or not; "
		"what is not known is refused by name. --against measures the difference on the "
		"same chunks: its error is many times smaller than that of either figure.",
	.min_args = 1,
	.max_args = 1,
	.options = options,
	.run = run,
};
