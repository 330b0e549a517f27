/* A run that somebody shared as one file (recipe/share.h): its results are figures, the run itself
 * becomes one of the history. */
#include "config.h"
#include "import/reading.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/vec.h"
#include "recipe/recipe.h"
#include "recipe/share.h"

bool shared_recipe_is(const struct import_text *t)
{
	struct share s;
	bool is = !t->json && share_read(&s, t->s, t->n);

	if (is)
		share_fini(&s);
	return is;
}

/* The line of a text, from 1. */
static const char *line_at(const struct import_text *t, int64_t number, size_t *n)
{
	struct import_lines l;

	import_lines_init(&l, t);
	while (import_lines_next(&l))
		if (l.line == number) {
			*n = l.n;
			return l.s;
		}
	*n = 0;
	return "";
}

void shared_recipe_read(const struct import_text *t, struct import_file *f)
{
	struct share *s = xnew(struct share, 1);

	if (!share_read(s, t->s, t->n)) {
		free(s);
		return;
	}
	f->shared = s;
	f->shared_text = xstrndup(t->s + s->body, t->n - s->body);
	f->model = s->name ? xstrdup(s->name) : NULL;
	for (size_t i = 0; i < s->results.n; i++) {
		const struct share_result *r = &s->results.v[i];
		size_t n;
		const char *text = line_at(t, r->line, &n);

		import_fact(f, &(struct import_figure){ .variant = r->variant ? r->variant :
			s->name, .task = r->task, .metric = r->metric, .value = r->value,
			.stderr_ = r->stderr_, .unit = UNIT_FRACTION, .n = r->n, .line = r->line,
			.text = text, .text_n = n, .estimated = r->estimated },
			r->protocol ? json_deep_copy(r->protocol) : json_object());
	}
}

/* --- the run --- */

static bool is_hash(const char *s)
{
	return s && strspn(s, "0123456789abcdef") == 32 && !s[32];
}

/* One of the history that this is: made here, or imported before. */
static bool find_run(struct catalog *c, const struct catalog_run *want, int64_t *id, bool *own,
	struct err *e)
{
	size_t n;
	struct catalog_run *v = catalog_runs(c, "archived:all", &n, e);

	*id = 0;
	for (size_t i = 0; v && i < n; i++) {
		bool imported = str_eq(v[i].status, "imported");

		if (!str_eq(v[i].recipe_hash, want->recipe_hash) || v[i].seed != want->seed ||
			!str_eq(v[i].output_hash, want->output_hash) ||
			(imported && !str_eq(v[i].name, want->name)) ||
			(!imported && !want->output_hash))
			continue;
		if (*id && !(imported && *own)) /* one that was imported has its results */
			continue;
		*own = !imported;
		*id = v[i].id;
	}
	catalog_runs_free(v, v ? n : 0);
	return v != NULL;
}

static bool make_run(struct catalog *c, const struct share *s, const struct catalog_run *r,
	int64_t *id, struct err *e)
{
	struct catalog_input *in = xnew(struct catalog_input, s->inputs.n + 1);

	for (size_t i = 0; i < s->inputs.n; i++) {
		const struct share_input *x = &s->inputs.v[i];

		in[i] = (struct catalog_input){ .name = x->name, .role = x->role,
			.hash = is_hash(x->hash) ? x->hash : NULL };
	}
	*id = catalog_run_begin(c, r, in, s->inputs.n, e);
	free(in);
	return *id && catalog_run_end(c, *id, "imported", NAN, NULL, r->output_hash, 0, 0, NULL, e);
}

bool import_shared_run(const struct import_file *f, struct catalog *c, int64_t *id, bool *own,
	struct err *e)
{
	const struct share *s = f->shared;
	struct recipe *recipe = recipe_parse(f->shared_text, strlen(f->shared_text), f->path, e);
	char hex[HASH_HEX_SIZE];
	bool ok;

	*own = false;
	if (!recipe)
		return false;
	hash_hex(recipe_hash(recipe), hex);
	struct catalog_run r = { .kind = s->plan ? "quantize" : "merge",
		.name = s->name ? s->name : "",
		.recipe_text = f->shared_text, .plan_text = s->plan,
		.recipe_hash = is_hash(s->recipe_hash) ? s->recipe_hash : hex,
		.method = (char *)recipe->method_name, .seed = s->seed, .version = s->version,
		.arithmetic = s->arithmetic,
		.output_hash = is_hash(s->output_hash) ? s->output_hash : NULL };
	ok = find_run(c, &r, id, own, e) && (*id || make_run(c, s, &r, id, e));
	recipe_unref(recipe);
	return ok;
}

/* What a run that was made here knows without the file. */
bool import_shared_known(struct catalog *c, int64_t run, const struct import_fact *x, bool *known,
	struct err *e)
{
	size_t n, n_models;
	struct catalog_score *v = catalog_scores(c, run, 0, &n, e);
	struct catalog_model *m = v ? catalog_models(c, &n_models, e) : NULL;

	*known = false;
	for (size_t k = 0; m && k <= n_models; k++) {
		if (k && m[k - 1].run != run)
			continue;
		if (k) {
			catalog_scores_free(v, n);
			v = catalog_scores(c, 0, m[k - 1].id, &n, e);
		}
		for (size_t i = 0; v && i < n; i++)
			*known |= str_eq(v[i].task, x->task) && str_eq(v[i].metric, x->metric) &&
				v[i].value == x->value && v[i].n == x->n;
		if (!v)
			break;
	}
	catalog_scores_free(v, v ? n : 0);
	catalog_models_free(m, m ? n_models : 0);
	return v != NULL && m != NULL;
}
