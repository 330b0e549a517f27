#include "import/import.h"
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include "base/hash.h"
#include "base/str.h"
#include "base/vec.h"
#include "import/reading.h"
#include "import/samples.h"

/* --- which model a word means --- */

/* mlx_lm.evaluate writes owner_model for owner/model. */
static bool same_name(const char *a, const char *b)
{
	for (; *a && *b; a++, b++)
		if (*a != *b && !(strchr("/_", *a) && strchr("/_", *b)))
			return false;
	return *a == *b;
}

static bool matches(const struct catalog_model *m, const char *word, const char *real, int how)
{
	switch (how) {
	case 0:
		return str_eq(m->path, word) || (real && str_eq(m->path, real));
	case 1:
		return str_eq(m->hash, word);
	case 2:
		return str_eq(m->name, word);
	case 3:
		return m->name && same_name(m->name, word);
	default: /* the last part of either; "model+adapter" has none */
		return m->name && *str_base(word) && !strchr(word, '+') &&
			!strcmp(str_base(m->name), str_base(word));
	}
}

int64_t import_model(const struct catalog_model *v, size_t n, const char *word)
{
	char *real = *word ? realpath(word, NULL) : NULL;
	int64_t found = 0;

	for (int how = 0; !found && *word && how < 5; how++) {
		size_t count = 0;

		for (size_t i = 0; i < n; i++)
			if (matches(&v[i], word, real, how)) {
				found = v[i].id;
				count++;
			}
		if (count > 1) {
			found = 0;
			break;
		}
	}
	free(real);
	return found;
}

/* --- what is stored --- */

/* Where the file is from the root, so that another folder's name for it is the same. */
static char *absolute(const char *path)
{
	char *real = realpath(path, NULL);

	return real ? real : xstrdup(path);
}

/* What makes a statement the one that it is. The name of the file is part of it, its folder is not:
 * a copy of a file says nothing new, and logs of two models that name none do not become one. */
static char *fact_of(const struct import_fact *x, const char *variant, const char *path,
	const char *protocol, int64_t run)
{
	struct str s = STR_INIT;
	char hex[HASH_HEX_SIZE];

	str_addf(&s, "%s\n%s\n%s\n%.17g %.17g %" PRId64 " %" PRId64 " %" PRId64 "\n%s\n%s\n",
		variant ? variant : "", x->task, x->metric, x->value, x->stderr_, x->n, x->line,
		run, protocol ? protocol : "", str_base(path));
	hash_hex(hash_bytes(s.s, s.n), hex);
	str_fini(&s);
	return xstrdup(hex);
}

static char *protocol_text(const json_t *protocol)
{
	struct str s = STR_INIT;

	if (!json_object_size(protocol))
		return NULL;
	json_add(&s, protocol, 0);
	return str_steal(&s);
}

bool import_store(const struct import_file *f, const struct import_target *to, struct catalog *c,
	size_t *added, struct err *e)
{
	size_t n_models;
	struct catalog_model *models = catalog_models(c, &n_models, e);
	struct catalog_score *v = models ? xnew(struct catalog_score, f->facts.n + 1) : NULL;
	const char *path = f->of ? f->of : f->path;
	char *source = absolute(path), **facts = xnew(char *, f->facts.n + 1);
	const char *word = NULL; /* that was looked up last, and its model */
	int64_t model = 0;
	const char *own = to->variant ? to->variant : f->model;
	struct import_target with = *to;
	bool ok = models != NULL, mine = false;
	size_t n = 0;

	*added = 0;
	if (ok && f->card)
		ok = import_store_card(f, source, to->model ? to->model : to->run || !own ? 0 :
			import_model(models, n_models, own), c, e);
	if (ok && f->shared && !to->run)
		ok = import_shared_run(f, c, &with.run, &mine, e);
	if (to->shared_run)
		*to->shared_run = f->shared ? with.run : 0;
	to = &with;
	for (size_t i = 0; ok && i < f->facts.n; i++) {
		const struct import_fact *x = &f->facts.v[i];
		const char *variant = x->variant ? x->variant : to->variant;
		bool other = f->shared && variant && !str_eq(variant, f->model), known = false;

		ok = !mine || import_shared_known(c, to->run, x, &known, e);
		if (known || x->again)
			continue;
		v[n] = (struct catalog_score){ .run = other ? 0 : to->run, .model = to->model,
			.task = x->task,
			.metric = x->metric, .value = x->value, .stderr_ = x->stderr_, .n = x->n,
			.protocol = protocol_text(x->protocol), .estimated = x->estimated,
			.source = source, .variant = (char *)variant, .line = x->line,
			.text = x->text };
		if (!v[n].model && !v[n].run && variant) {
			if (!str_eq(word, variant))
				model = import_model(models, n_models, variant);
			word = variant;
			v[n].model = model;
		}
		v[n].fact = facts[i] = fact_of(x, variant, path, v[n].protocol, v[n].run);
		n++;
	}
	ok = ok && catalog_score_import(c, v, n, added, e) && samples_store(f, facts, c, e);
	for (size_t i = 0; i < n; i++) {
		free(v[i].protocol);
		free(v[i].fact);
	}
	free(v);
	free(facts);
	free(source);
	catalog_models_free(models, models ? n_models : 0);
	return ok;
}
