#include "config.h"
#include "cli/evaluating.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "catalog/cards.h"
#include "cli/command_line.h"
#include "cli/merging.h"
#include "engine/recipe_model.h"
#include "import/import.h"
#include "system/process.h"

#define TEXT_MAX ((size_t)1 << 30)

/* --- the model --- */

static bool open_recipe(struct eval_subject *s, struct cli *c, struct err *e)
{
	struct plan_options o = { 0 };

	s->recipe = recipe_load(s->word, e);
	s->merge = s->recipe ? merging_plan(c, s->recipe, &o, e) : NULL;
	s->model = s->merge ? recipe_model(s->merge, s->word, e) : NULL;
	return s->model != NULL;
}

bool eval_subject_open(struct eval_subject *s, struct cli *c, const char *word, struct err *e)
{
	const struct model *speaks;

	*s = (struct eval_subject){ .word = word };
	if (merging_is_recipe(word) ? !open_recipe(s, c, e) : !(s->model = cli_model(c, word, e)))
		return false;
	if (s->merge && s->merge->inputs->vocabulary)
		return err_set(e, ERR_INPUT, word, "merge it first, and measure the folder",
			"it makes a vocabulary of its own, which has no tokenizer before it is "
			"written");
	speaks = s->merge && s->merge->inputs->donor >= 0
		? s->merge->inputs->v[s->merge->inputs->donor].model : s->model;
	s->tokenizer = tokenizer_open(speaks, e);
	s->net = s->tokenizer ? net_open(s->model, NULL, e) : NULL;
	return s->net != NULL;
}

void eval_subject_close(struct eval_subject *s)
{
	net_free(s->net);
	tokenizer_free(s->tokenizer);
	model_unref(s->model);
	plan_unref(s->merge);
	recipe_unref(s->recipe);
	*s = (struct eval_subject){ 0 };
}

/* --- a text --- */

bool eval_text_read(struct eval_text *t, const char *path, struct err *e)
{
	*t = (struct eval_text){ .path = path };
	t->bytes = file_read_all(path, TEXT_MAX, &t->n, e);
	if (t->bytes)
		t->hash = hash_bytes(t->bytes, t->n);
	return t->bytes != NULL;
}

void eval_text_fini(struct eval_text *t)
{
	free(t->bytes);
	perplexity_fini(&t->result);
}

static double seconds_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct telling {
	struct cli *c;
	const struct eval_how *how;
	const struct eval_text *text;
	double began, said;
	bool tty;
};

static void tell_job(const struct telling *t, size_t done, size_t of, const char *said)
{
	double part = (double)done / (double)of, taken = seconds_now() - t->began;
	uint64_t bytes = t->how->done + (uint64_t)(part * (double)t->text->n);
	double rate = part * (double)t->text->n / (taken > 0 ? taken : 1);
	bool cancel = false;

	catalog_job_progress(t->c->catalog, t->how->job, bytes, t->how->total, rate,
		rate > 0 ? (double)(t->how->total - bytes) / rate : -1, said, &cancel, NULL);
	if (cancel)
		atomic_store(&process_cancelled, true);
}

static void tell(void *ctx, const double *chunk, size_t done, size_t of)
{
	struct telling *t = ctx;
	double now = seconds_now(), sum = 0;
	struct str s = STR_INIT;

	if (done < of && now - t->said < (t->tty ? 0.1 : t->how->job ? 0.4 : 5))
		return;
	t->said = now;
	for (size_t i = 0; i < done; i++)
		sum += chunk[i];
	str_addf(&s, "%s: %zu of %zu chunks, perplexity %.4f", str_base(t->text->path), done, of,
		exp(sum / (double)done));
	if (done < of) {
		str_add(&s, ", ");
		str_add_seconds(&s, (now - t->began) / (double)done * (double)(of - done));
		str_add(&s, " left");
	}
	if (t->how->job)
		tell_job(t, done, of, s.s);
	else if (t->tty)
		fprintf(stderr, "\r\033[K%s", s.s);
	else if (done < of)
		fprintf(stderr, "%s\n", s.s);
	if (!t->how->job && t->tty && done == of)
		fputs("\r\033[K", stderr);
	str_fini(&s);
}

bool eval_text_measure(struct eval_text *t, struct eval_subject *s, struct eval_how *how,
	struct cli *c, struct err *e)
{
	struct tokens tokens = { 0 };
	double now = seconds_now();
	struct telling telling = { .c = c, .how = how, .text = t, .began = now, .said = now,
		.tty = isatty(STDERR_FILENO) };
	struct perplexity_ask ask = { .context = (size_t)how->context,
		.chunks = (size_t)how->chunks, .bos = tokenizer_bos(s->tokenizer),
		.progress = tell, .ctx = &telling, .stop = &process_cancelled };
	size_t chunks;
	bool ok;

	if (!tokenizer_encode(s->tokenizer, t->bytes, t->n, how->special, &tokens, e))
		return false;
	ask.tokens = tokens.v;
	ask.n = tokens.n;
	chunks = how->context ? perplexity_chunks(tokens.n, ask.context, ask.chunks) : 0;
	if (!c->json && telling.tty && chunks)
		fprintf(stderr, "%s: %zu tokens, %zu chunks of %zu, %.3g TFLOP",
			str_base(t->path), tokens.n, chunks, ask.context,
			net_flops(s->net, ask.context) * (double)(chunks * ask.context) / 1e12);
	ok = perplexity_measure(&t->result, s->net, cli_pool(c), &ask, e);
	if (!ok && str_eq(e->where, "text"))
		err_at(e, "%s", t->path);
	free(tokens.v);
	how->done += t->n;
	return ok;
}

/* --- the catalog --- */

static json_t *protocol(const struct eval_subject *s, const struct eval_text *t)
{
	json_t *j = json_object();
	char text[HASH_HEX_SIZE], tokenizer[HASH_HEX_SIZE];

	hash_hex(t->hash, text);
	hash_hex(tokenizer_hash(s->tokenizer), tokenizer);
	json_object_set_new(j, "tool", json_string("cupel"));
	json_object_set_new(j, "text", json_string(text));
	json_object_set_new(j, "tokenizer", json_string(tokenizer));
	json_object_set_new(j, "context", json_u64(t->result.context));
	json_object_set_new(j, "chunks", json_u64(t->result.chunks));
	json_object_set_new(j, "precision", json_string("f32"));
	return j;
}

struct kept_chunk { uint64_t key; float value; };

static int by_key(const void *a, const void *b)
{
	const struct kept_chunk *x = a, *y = b;

	return (x->key > y->key) - (x->key < y->key);
}

/* A chunk of the same text is the same question to every model that cuts it alike. */
static void keep_chunks(struct catalog *cat, const char *fact, const struct eval_subject *s,
	const struct eval_text *t)
{
	size_t n = t->result.chunks;
	struct kept_chunk *v = xnew(struct kept_chunk, n);
	struct catalog_answers a = { n, xnew(uint64_t, n), xnew(float, n) };
	struct hash spoken = tokenizer_hash(s->tokenizer);
	struct err e = { 0 };

	for (size_t i = 0; i < n; i++) {
		struct { struct hash text, spoken; uint64_t context, at; } key = { t->hash, spoken,
			t->result.context, i };

		v[i] = (struct kept_chunk){ hash64_bytes(&key, sizeof key),
			(float)t->result.chunk[i] };
	}
	qsort(v, n, sizeof *v, by_key);
	for (size_t i = 0; i < n; i++) {
		a.keys[i] = v[i].key;
		a.values[i] = v[i].value;
	}
	if (!catalog_answers_put(cat, fact, &a, &e))
		cli_error(&e, false);
	catalog_answers_fini(&a);
	free(v);
}

static int64_t model_row(struct catalog *cat, const struct eval_subject *s)
{
	size_t n = 0;
	struct catalog_model *v = s->recipe ? NULL : catalog_models(cat, &n, NULL);
	int64_t id = v ? import_model(v, n, s->model->path) : 0;

	catalog_models_free(v, v ? n : 0);
	return id;
}

static bool put_score(struct catalog *cat, const struct eval_subject *s, const struct eval_text *t,
	int64_t run, int64_t model, struct err *e)
{
	json_t *how = protocol(s, t);
	struct str text = STR_INIT;
	char *fact = xasprintf("eval %" PRId64 " %s", run, t->path), hex[HASH_HEX_SIZE];
	struct catalog_score x = { .run = run, .model = model, .task = (char *)str_base(t->path),
		.metric = (char *)"perplexity", .value = t->result.perplexity,
		.stderr_ = t->result.stderr_, .n = (int64_t)t->result.tokens,
		.variant = (char *)str_base(s->word), .fact = hex };
	bool ok;

	hash_hex(hash_bytes(fact, strlen(fact)), hex);
	json_add(&text, how, 0);
	x.protocol = text.s;
	ok = catalog_score_put(cat, &x, 1, e);
	if (ok)
		keep_chunks(cat, hex, s, t);
	json_decref(how);
	str_fini(&text);
	free(fact);
	return ok;
}

static int64_t begin(struct cli *c, struct catalog *cat, const struct eval_subject *s,
	struct err *e)
{
	struct command_line line;
	char *real = realpath(s->word, NULL);
	struct catalog_run r = { .kind = (char *)"eval", .name = (char *)str_base(s->word),
		.recipe_text = s->recipe ? (char *)s->recipe->text : NULL,
		.recipe_path = s->recipe ? real : NULL,
		.method = (char *)"perplexity", .version = (char *)PACKAGE_VERSION };
	struct catalog_input in = { .name = (char *)s->word, .role = (char *)"input",
		.path = s->recipe ? NULL : s->model->path };
	int64_t id;

	command_line_of(&line, c, "eval");
	r.command = line.text;
	id = catalog_run_begin(cat, &r, &in, 1, e);
	command_line_fini(&line);
	free(real);
	return id;
}

void eval_remember(struct cli *c, const struct eval_subject *s, const struct eval_text *v, size_t n,
	double seconds, int64_t *id)
{
	struct err e = { 0 };
	struct catalog *cat = cli_catalog(c, &e);
	int64_t model;
	bool ok = cat && !catalog_is_read_only(cat) && (*id = begin(c, cat, s, &e)) != 0;

	model = ok ? model_row(cat, s) : 0;
	for (size_t i = 0; i < n && ok; i++)
		ok = put_score(cat, s, &v[i], *id, model, &e);
	if (cat && *id)
		catalog_run_end(cat, *id, ok ? "done" : "failed", seconds, NULL, NULL, 0, 0,
			ok ? NULL : e.what, &e);
	if (!ok && e.code)
		cli_error(&e, false);
}
