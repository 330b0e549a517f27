#include "config.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/vec.h"
#include "base/xalloc.h"
#include "cli/merging.h"
#include "engine/content.h"
#include "engine/leaves.h"
#include "system/process.h"

/* merge --all: the named documents on the way, each into OUT/NAME, read there by those after it. */

struct writer {
	struct cli *c;
	const struct recipe *r;        /* the result */
	struct plan_options *plan;
	const struct run_options *run;
	json_t *list;                  /* what was done, for --json */
	vec(struct recipe_written) written;
};

static bool name_fits(const struct recipe *d, struct err *e)
{
	char where[512];
	const struct mark *m = &yaml_get(d->tree, "name")->mark;

	if (*d->name && *d->name != '.' && !strchr(d->name, '/') && strlen(d->name) < 200)
		return true;
	snprintf(where, sizeof where, "%s:%d:%d", d->path ? d->path : "recipe", m->line, m->column);
	return err_set(e, ERR_INPUT, where, "give it a name without / that begins with no dot",
		"%s cannot be the name of a folder", d->name);
}

/* --- what is there already --- */

static bool same_inputs(struct writer *w, const struct plan *p, const json_t *inputs,
	struct err *e)
{
	struct leaves l = leaves_find(p);
	struct model **models = xnew(struct model *, l.n + 1);
	struct hash *hash = xnew(struct hash, l.n + 1);
	char hex[HASH_HEX_SIZE];
	bool same;

	for (size_t i = 0; i < l.n; i++)
		models[i] = l.v[i].model;
	same = content_hashes(models, l.n, cli_pool(w->c), &process_cancelled, hash, e);
	for (size_t i = 0; same && i < l.n; i++) {
		bool found = false;
		const json_t *in;
		size_t k;

		hash_hex(hash[i], hex);
		json_array_foreach(inputs, k, in)
			found |= str_eq(json_string_value(json_object_get(in, "hash")), hex);
		same = found;
	}
	free(hash);
	free(models);
	leaves_fini(&l);
	return same;
}

/* An output of this recipe, seed and these inputs. */
static bool is_written(struct writer *w, const struct plan *p, const char *out, struct err *e)
{
	char *path = str_join_path(out, "cupel.json"), hex[HASH_HEX_SIZE];
	json_t *j = file_exists(path) ? json_parse_file(path, (size_t)256 << 20, NULL) : NULL;
	const json_t *seed = json_object_get(j, "seed");
	bool same;

	hash_hex(recipe_hash(p->recipe), hex);
	same = j && str_eq(json_string_value(json_object_get(j, "recipe")), hex) &&
		str_eq(json_string_value(json_object_get(j, "cupel")), PACKAGE_VERSION) &&
		str_eq(json_string_value(json_object_get(j, "arithmetic")), plan_arithmetic(p)) &&
		json_is_integer(seed) && (uint64_t)json_integer_value(seed) == p->seed &&
		same_inputs(w, p, json_object_get(j, "inputs"), e);
	json_decref(j);
	free(path);
	return same;
}

/* --- one document --- */

static void note(struct writer *w, const char *name, json_t *j, bool reused)
{
	json_object_set_new(j, "name", json_textn(name));
	json_object_set_new(j, "reused", json_boolean(reused));
	json_array_append_new(w->list, j);
}

static bool write_one(struct writer *w, const struct recipe *d, char *out, struct err *e)
{
	struct plan *p = name_fits(d, e) ? merging_plan(w->c, d, w->plan, e) : NULL;
	struct run_options o = *w->run;
	struct run_result r;
	bool ok = p != NULL, reused = ok && !o.force && is_written(w, p, out, e);
	char *safe = str_safe(out);

	o.output = out;
	ok = ok && e->code == ERR_NONE;
	if (ok && reused) {
		if (!w->c->json)
			printf("%s\n  is there already, of this recipe, seed and inputs\n", safe);
		char *real = realpath(out, NULL);

		note(w, d->name, json_pack("{s:o}", "output", json_textn(real ? real : out)), true);
		free(real);
	} else if (ok && (ok = merging_run(w->c, w->c->catalog, p, &o, &r, e))) {
		if (!w->c->json)
			merging_print(p, &r);
		note(w, d->name, merging_json(&r), false);
	}
	if (ok)
		*vec_push(&w->written) = (struct recipe_written){d->name, out};
	else
		free(out);
	w->plan->written = w->written.v;
	w->plan->n_written = w->written.n;
	free(safe);
	plan_unref(p);
	return ok;
}

/* Every document that it uses is written. */
static bool is_next(const struct recipe *d, const bool *done)
{
	bool *used = xnew(bool, d->documents), next = !done[d->document];

	recipe_uses(d, used);
	for (size_t i = 0; i < d->documents; i++)
		next = next && (i == d->document || !used[i] || done[i]);
	free(used);
	return next;
}

bool merging_others(struct cli *c, const struct recipe *r, struct plan_options *plan,
	const struct run_options *run, json_t *list, struct err *e)
{
	struct writer w = {.c = c, .r = r, .plan = plan, .run = run, .list = list};
	bool *done = xcalloc(r->documents, sizeof *done), *wanted = xnew(bool, r->documents);
	bool ok = lint_ok(r, e);

	if (recipe_final(r) == r->document)
		memset(wanted, true, r->documents * sizeof *wanted);
	else
		recipe_uses(r, wanted);
	for (size_t round = 0; ok && round < r->documents; round++)
		for (size_t i = 0; ok && i < r->documents; i++) {
			const struct recipe *d = r->file[i];

			if (d == r || !wanted[i] || !d->name || !is_next(d, done))
				continue;
			ok = write_one(&w, d, str_join_path(run->output, d->name), e);
			done[i] = true;
		}
	free(wanted);
	free(done);
	return ok; /* the names and folders are the plan's as long as the program runs */
}
