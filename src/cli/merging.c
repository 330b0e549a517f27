#include "config.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "cli/merging.h"
#include "engine/gather.h"
#include "recipe/lint.h"
#include "recipe/share.h"
#include "system/process.h"

/* Notes about what is read in another form than it is stored: said before the work, too. */
static bool worth_saying(const struct finding *f)
{
	static const char *const codes[] = {"decoded", "mixed-dtypes", "text-part"};

	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
		if (str_eq(f->code, codes[i]))
			return true;
	return plan_tells(f->code);
}

static void say(const struct recipe *r, const struct findings *f)
{
	for (size_t i = 0; i < f->n; i++) {
		const struct finding *one = &f->v[i];
		struct str s = STR_INIT;

		if (one->severity != SEV_WARNING && !worth_saying(one))
			continue;
		str_add(&s, "cupel: ");
		str_add_safe(&s, r->path ? r->path : "recipe", r->path ? strlen(r->path) : 6);
		if (one->line > 0)
			str_addf(&s, ":%d", one->line);
		str_addf(&s, ": %s: %s", severity_name(one->severity), one->message);
		if (one->hint && *one->hint)
			str_addf(&s, "; %s", one->hint);
		fprintf(stderr, "%s\n", s.s);
		str_fini(&s);
	}
}

/* Keys without effect, values out of range: a merge goes on, and its user knows. */
static void say_text(const struct recipe *r)
{
	struct findings f = {0}, warnings = {0};

	lint_file(r, &f);
	for (size_t i = 0; i < f.n; i++)
		if (f.v[i].severity == SEV_WARNING)
			findings_add(&warnings, SEV_WARNING,
				&(struct mark){.line = f.v[i].line, .column = f.v[i].column},
				f.v[i].path, f.v[i].code, f.v[i].hint, "%s", f.v[i].message);
	say(r, &warnings);
	findings_fini(&warnings);
	findings_fini(&f);
}

/* Of a run that somebody shared: what here is not what it read. */
static void say_shared(const struct recipe *r, const struct inputs *in, uint64_t seed)
{
	struct model **models = xnew(struct model *, in->n + 1);
	struct findings f = {0};

	for (size_t i = 0; i < in->n; i++)
		models[i] = in->v[i].model;
	share_lint(r, models, in->n, &seed, &f);
	say(r, &f);
	findings_fini(&f);
	free(models);
}

static void say_donor(const struct recipe *r, const struct inputs *in)
{
	struct model **models = xnew(struct model *, in->n);
	char *why = NULL, *safe;
	int donor;

	for (size_t i = 0; i < in->n; i++)
		models[i] = in->v[i].model;
	donor = recipe_donor(r, models, in->n, in->base, &why);
	free(models);
	if (donor >= 0 && donor != (in->base >= 0 ? in->base : 0) && why) {
		safe = str_safe(why);
		fprintf(stderr, "cupel: %s\n", safe);
		free(safe);
	}
	free(why);
}

static bool one_of(const struct cli *c, const char *option, const char *usual, bool *other,
	struct err *e)
{
	const char *v = cli_option(c, option);

	*other = v && str_eq(v, "mergekit");
	return !v || *other || str_eq(v, usual) || err_set(e, ERR_USAGE, option,
		"write one of the two", "it is %s or mergekit, and \"%s\" is neither", usual, v);
}

bool merging_options(const struct cli *c, struct plan_options *o, struct err *e)
{
	bool arithmetic, rng;

	if (!one_of(c, "--arithmetic", "float32", &arithmetic, e) ||
		!one_of(c, "--rng", "counter", &rng, e))
		return false;
	o->arithmetic = arithmetic ? ARITH_MERGEKIT : ARITH_FLOAT32;
	o->rng = rng ? RNG_MERGEKIT : RNG_COUNTER;
	return true;
}

bool merging_is_recipe(const char *name)
{
	return (str_ends(name, ".yml") || str_ends(name, ".yaml")) && file_exists(name) &&
		!file_is_dir(name);
}

struct recipe *merging_recipe(const char *path, const char *document, struct err *e)
{
	struct recipe *r = recipe_load(path, e), *named = NULL;
	struct str names = STR_INIT;

	if (!r || !document)
		return r;
	str_add(&names, "");
	for (size_t i = 0; i < r->documents; i++)
		if (!named && r->file[i]->name && str_eq(r->file[i]->name, document))
			named = recipe_ref(r->file[i]);
		else if (r->file[i]->name)
			str_addf(&names, "%s%s", names.n ? ", " : "it has ", r->file[i]->name);
	if (!named)
		err_set(e, ERR_INPUT, path, names.n ? names.s : "it names none",
			"it has no document called %s", document);
	str_fini(&names);
	recipe_unref(r);
	return named;
}

struct plan *merging_plan(struct cli *c, const struct recipe *r, const struct plan_options *o,
	struct err *e)
{
	struct catalog *cat = cli_catalog_or_none(c);
	struct findings f = {0};
	struct recipe *cut = NULL, *all = NULL;
	struct inputs *in = NULL;
	struct plan *p = NULL;

	if (!lint_ok(r, e))
		return NULL;
	/* in the recipe, where the run keeps it and a replay finds it */
	if (cli_option(c, "--unsafe-truncate-embeddings") && !r->tokenizer.truncate &&
		!(cut = recipe_edit_top(r, "unsafe_truncate_embeddings", "true", e)))
		return NULL;
	r = cut ? cut : r;
	if (!(all = recipe_gather(r, o, e))) {
		recipe_unref(cut);
		return NULL;
	}
	if (recipe_valid(all, e))
		in = inputs_open_for(all, cli_roots(c), cat, o, e);
	else if (all->text_n != r->text_n && r->path) /* a line of no file */
		err_at(e, "%s", r->path);
	if (in)
		p = plan_make(all, in, o, &f, e);
	if (p) {
		say_text(r);
		if (in->vocabulary)
			vocabulary_say(in->vocabulary, all, NULL, &f);
		say(r, &f);
		say_shared(all, in, p->seed);
		say_donor(all, in);
	}
	findings_fini(&f);
	inputs_unref(in);
	recipe_unref(all);
	recipe_unref(cut);
	return p;
}

static bool on_progress(void *ctx, const struct run_progress *p)
{
	(void)ctx;
	cli_progress(p->done, p->total, p->rate, p->left, p->tensor);
	return !atomic_load(&process_cancelled);
}

void merging_say_unremembered(const struct run_result *r)
{
	struct err e = r->unremembered;

	if (!e.code)
		return;
	snprintf(e.what + strlen(e.what), sizeof e.what - strlen(e.what),
		": the output is whole, but this run is not remembered");
	snprintf(e.hint, sizeof e.hint, "`cupel scan` registers the model later");
	err_print(&e);
}

bool merging_run(struct cli *c, struct catalog *catalog, struct plan *p,
	const struct run_options *o,
	struct run_result *out, struct err *e)
{
	bool ok;

	process_catch_signals();
	ok = run_merge(p, catalog, cli_pool(c), o, on_progress, NULL, out, e);
	cli_progress_end();
	if (ok && catalog && catalog_is_read_only(catalog))
		out->run = 0; /* a number that nothing will find again */
	if (ok)
		merging_say_unremembered(out);
	if (ok && out->nonfinite)
		fprintf(stderr, "cupel: %s: warning: the inputs hold %" PRIu64 " weights that are "
			"NaN or infinite; they were merged as they are\n", o->output,
			out->nonfinite);
	return ok;
}

json_t *merging_json(const struct run_result *r)
{
	json_t *j = json_object();
	char hex[HASH_HEX_SIZE];

	hash_hex(r->hash, hex);
	json_object_set_new(j, "run", r->run ? json_integer(r->run) : json_null());
	json_object_set_new(j, "output", json_textn(r->output));
	json_object_set_new(j, "bytes", json_u64(r->bytes));
	json_object_set_new(j, "seconds", json_number(r->seconds));
	json_object_set_new(j, "seed", json_u64(r->seed));
	json_object_set_new(j, "hash", r->parts ? json_null() : json_string(hex));
	json_object_set_new(j, "tensors", json_u64(r->tensors));
	if (r->parts) {
		json_object_set_new(j, "part", json_integer(r->part));
		json_object_set_new(j, "parts", json_integer(r->parts));
		json_object_set_new(j, "files", json_u64(r->files));
	}
	json_object_set_new(j, "nonfinite", json_u64(r->nonfinite));
	json_object_set_new(j, "resumed", json_u64(r->resumed));
	return j;
}

static void print_part(const struct run_result *r)
{
	struct str s = STR_INIT;

	str_add_safe(&s, r->output, strlen(r->output));
	str_addf(&s, "\n  part %u of %u: %" PRIu64 " file%s, %" PRIu64 " tensors, ", r->part,
		r->parts, r->files, r->files == 1 ? "" : "s", r->tensors);
	str_add_bytes(&s, r->bytes);
	str_add(&s, "\n  ");
	str_add_seconds(&s, r->seconds);
	if (r->resumed)
		str_addf(&s, ", %" PRIu64 " tensors were done before", r->resumed);
	puts(s.s);
	str_fini(&s);
}

void merging_print(const struct plan *p, const struct run_result *r)
{
	struct str s = STR_INIT;
	char hex[HASH_HEX_SIZE];

	if (r->parts) {
		print_part(r);
		return;
	}
	hash_hex(r->hash, hex);
	str_add_safe(&s, r->output, strlen(r->output));
	str_addf(&s, "\n  %s of %zu model%s, ", p->recipe->method->name, p->inputs->n,
		p->inputs->n == 1 ? "" : "s");
	str_add_count(&s, p->parameters);
	str_addf(&s, " parameters in %" PRIu64 " tensors, ", r->tensors);
	str_add_bytes(&s, r->bytes);
	str_add(&s, "\n  ");
	str_add_seconds(&s, r->seconds);
	str_addf(&s, ", seed %" PRIu64 ", hash %s", r->seed, hex);
	if (r->resumed)
		str_addf(&s, ", %" PRIu64 " tensors were done before", r->resumed);
	if (r->run)
		str_addf(&s, "\n  run %" PRId64, r->run);
	puts(s.s);
	str_fini(&s);
}
