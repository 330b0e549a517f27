#include "config.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "cli/verb.h"
#include "engine/origins.h"
#include "engine/scan.h"
#include "lineage/measured.h"
#include "system/file.h"
#include "system/process.h"

#define ROWS_AT_MOST 2000

static const struct verb_option options[] = {
	{ "--measure", NULL, false,
		"sample it and every registered model of its shapes, to see which is nearest" },
	{ NULL, NULL, false, NULL },
};

/* --- the tree --- */

static void add_lead(struct str *s, const struct lineage_row *r)
{
	bool utf8 = cli_utf8();

	for (int d = 1; d < r->depth; d++)
		str_add(s, !(r->lines >> d & 1) ? "   " : utf8 ? "│  " : "|  ");
	if (r->depth)
		str_add(s, r->last ? (utf8 ? "└─ " : "`- ") : utf8 ? "├─ " : "|- ");
}

static void add_share(struct str *s, const struct lineage_edge *e)
{
	if (isnan(e->coefficient) || str_eq(e->relation, "finetune") || e->coefficient == 0.0)
		return;
	str_addf(s, "%s%.2f", e->approximate ? (cli_utf8() ? "≈" : "~") : "", e->coefficient);
}

static void row_text(struct table_out *t, const struct lineage *l, const struct lineage_row *r)
{
	const struct lineage_node *x = &l->nodes[r->node];
	const struct lineage_edge *e = r->edge == LINEAGE_NONE ? NULL : &l->edges[r->edge];
	size_t own = l->first[r->node];
	bool made = own < l->first[r->node + 1] && !r->shared;
	struct str name = STR_INIT, share = STR_INIT;

	add_lead(&name, r);
	str_add(&name, x->name);
	if (r->shared)
		str_add(&name, " (see above)");
	if (r->cut)
		str_add(&name, " (more behind it)");
	if (e)
		add_share(&share, e);
	table_row(t, (const char *[]){ name.s, e ? e->relation : NULL, share.s,
		made ? lineage_made_by(l, r->node) : NULL, made ? l->edges[own].source : NULL,
		x->dtype, x->license, x->ambiguous ? "several are called so" : x->state });
	str_fini(&name);
	str_fini(&share);
}

static void print_tree(const struct lineage *l, size_t node)
{
	static const char *const headers[] = { "MODEL", "AS", ">SHARE", "MADE BY", "SAID BY",
		"TYPE", "LICENCE", "STATE" };
	size_t n;
	struct lineage_row *v = lineage_walk(l, node, ROWS_AT_MOST, &n);
	struct table_out *t = table_new(headers, sizeof headers / sizeof *headers);

	for (size_t i = 0; i < n; i++)
		row_text(t, l, &v[i]);
	table_print(t);
	free(v);
}

/* --- what follows from it --- */

static void say(const char *label, const char *text)
{
	char *safe = str_safe(text);

	cli_item(stdout, label, safe, 12, 100);
	free(safe);
}

/* ≈ where it can be shown. */
static char *plain(char *s)
{
	struct str out = STR_INIT;

	if (cli_utf8())
		return s;
	str_add(&out, "");
	for (const char *p = s; *p; p++)
		if (str_starts(p, "≈")) {
			str_addc(&out, '~');
			p += strlen("≈") - 1;
		} else {
			str_addc(&out, *p);
		}
	free(s);
	return str_steal(&out);
}

/* Each reason once: of what is only near a sum, and of what is none. */
static void print_reasons(const struct lineage_leaf *v, size_t n)
{
	for (size_t i = 0; i < n && i < 64; i++) {
		bool told = !v[i].why;
		const char *near = cli_utf8() ? "≈" : "~";
		char *text;

		for (size_t k = 0; k < i && !told; k++)
			told = v[k].why && v[k].approximate == v[i].approximate &&
				(v[i].approximate || (str_eq(v[k].why, v[i].why) &&
				str_eq(v[k].at, v[i].at)));
		if (told)
			continue;
		text = xasprintf("%s: %s%s%s", v[i].approximate ? near : "?", v[i].why,
			v[i].at && !v[i].approximate ? ", in " : "",
			v[i].at && !v[i].approximate ? v[i].at : "");
		say("", text);
		free(text);
	}
}

static void print_leaves(const struct lineage *l, size_t node)
{
	size_t n;
	struct lineage_leaf *v = lineage_leaves(l, node, &n);

	for (size_t i = 0; i < n && i < 64; i++) {
		char *text = plain(lineage_leaf_text(l, &v[i]));
		char *line = xasprintf("%s %s", l->nodes[v[i].node].name, text);

		say(i ? "" : "leaves", line);
		free(line);
		free(text);
	}
	if (n > 64)
		printf("%12s… and %zu more\n", "", n - 64);
	print_reasons(v, n);
	lineage_leaves_free(v, n);
}

/* Merges on the way that went in more than once; leaves say so themselves. */
static void print_doubled(const struct lineage *l, size_t node)
{
	size_t n;
	struct lineage_leaf *v = lineage_doubled(l, node, &n);

	for (size_t i = 0; i < n && i < 64; i++) {
		char *text, *line;

		if (!lineage_is_made(l, v[i].node))
			continue;
		text = plain(lineage_leaf_text(l, &v[i]));
		line = xasprintf("%s %s", l->nodes[v[i].node].name, text);
		say("doubled", line);
		free(line);
		free(text);
	}
	lineage_leaves_free(v, n);
}

static void print_also(const struct lineage *l, size_t node)
{
	for (size_t i = 0; i < l->n_also; i++) {
		const struct lineage_edge *e = &l->also[i];
		char *line;

		if (e->child != node)
			continue;
		line = xasprintf("%s names %s too (%s)", e->source, l->nodes[e->parent].name,
			e->relation);
		say("also", line);
		free(line);
	}
}

static void print_all(const struct lineage *l, size_t node)
{
	const struct lineage_node *x = &l->nodes[node];

	print_tree(l, node);
	if (l->first[node] == l->first[node + 1]) {
		char *line = xasprintf("where %s comes from is not known: no run of this catalog "
			"made it, and no card or metadata names a model it is based on", x->name);

		putchar('\n');
		say("origin", line);
		free(line);
	} else {
		putchar('\n');
		print_leaves(l, node);
		print_doubled(l, node);
		print_also(l, node);
	}
	if (x->carried)
		say("carried", x->carried);
	if (x->conflict)
		say("licences", x->conflict);
	if (x->card_source)
		say("card", x->card_source);
	if (l->n_broken)
		printf("  %-10s%zu statement%s would close a circle and %s left out\n", "circles",
			l->n_broken, l->n_broken == 1 ? "" : "s", l->n_broken == 1 ? "is" : "are");
}

/* --- the weights' own word --- */

static void print_nothing(const struct measured *m)
{
	char *line = m->candidates ? xasprintf("nothing is stored of its weights and those of %s "
		"of its shapes: --measure samples them", m->candidates == 1 ? "the other model" :
		"the models") : xstrdup("no other model of its shapes is registered and here");

	say("measured", line);
	free(line);
}

#define NEAREST 6

static void measured_row(struct table_out *t, const struct lineage *l,
	const struct measured_match *x)
{
	char *cell[3];

	measured_cells(x, cell);
	table_row(t, (const char *[]){ l->nodes[x->node].name, x->ancestor ? "an ancestor" :
		x->descendant ? "made of it" : NULL, cell[0], cell[1], cell[2] });
	for (int i = 0; i < 3; i++)
		free(cell[i]);
}

static void print_measured(const struct lineage *l, const struct measured *m)
{
	static const char *const headers[] = { "NEAREST BY WEIGHTS", "", "1-COS", "REL L2",
		"TASK VECTORS' COS" };
	bool based = m->base != LINEAGE_NONE;
	struct table_out *t;

	if (!m->n) {
		print_nothing(m);
		return;
	}
	putchar('\n');
	t = table_new(headers, sizeof headers / sizeof *headers);
	for (size_t i = 0; i < m->n && i < NEAREST; i++)
		measured_row(t, l, &m->v[i]);
	table_print(t);
	printf("%s", m->sampled ? "sampled, with 95 % intervals" : "from sums that are stored");
	if (based) {
		char *safe = str_safe(l->nodes[m->base].name);

		printf("; task vectors from %s", safe);
		free(safe);
	}
	printf("; %zu of %zu compared\n", m->n, m->candidates);
	if (m->finding) {
		putchar('\n');
		say("but", m->finding);
	}
}

static bool here(const struct lineage_node *x)
{
	return x->model && str_eq(x->state, "on disk") && !str_eq(x->kind, "adapter");
}

/* --- the verb --- */

/* Cards are edited: what its files say now is what counts. */
static size_t look_again(struct catalog *cat, struct lineage **l, size_t node, struct err *e)
{
	int64_t id = (*l)->nodes[node].model;
	struct catalog_model *v;
	bool changed = false;
	size_t n;

	if (!id || !str_eq((*l)->nodes[node].state, "on disk") || catalog_is_read_only(cat) ||
		!(v = catalog_models(cat, &n, NULL)))
		return node;
	for (size_t i = 0; i < n; i++)
		if (v[i].id == id && !origins_refresh(cat, &v[i], &changed, NULL))
			changed = false;
	catalog_models_free(v, n);
	if (changed) {
		lineage_free(*l);
		*l = lineage_load(cat, e);
		node = *l ? lineage_of_model(*l, id) : LINEAGE_NONE;
	}
	return node;
}

/* Registered already, or named by a card; else what a path resolves to, which is looked at now. */
static size_t find(struct cli *c, struct catalog *cat, struct lineage **l, const char *word,
	struct err *e)
{
	char *real = file_exists(word) ? realpath(word, NULL) : NULL, *path;
	size_t node = lineage_find(*l, real ? real : word);
	struct model *m;
	int64_t id = 0;

	free(real);
	if (node != LINEAGE_NONE)
		return look_again(cat, l, node, e);
	path = cli_model_path(c, word, e);
	if (path && node == LINEAGE_NONE && (m = model_open(path, e)) != NULL) {
		if (scan_register(cat, m, &id, e)) {
			lineage_free(*l);
			*l = lineage_load(cat, e);
			node = *l ? lineage_of_model(*l, id) : LINEAGE_NONE;
		}
		model_unref(m);
	}
	free(path);
	return node;
}

static int answer(struct cli *c, struct catalog *cat, const struct lineage *l, size_t node,
	struct err *e)
{
	bool sample = cli_option(c, "--measure");
	struct measured *m = NULL;

	if (sample || here(&l->nodes[node])) {
		process_catch_signals();
		m = lineage_measure(l, cat, node, sample, cli_pool(c), &process_cancelled, e);
	}
	if (!m && (sample || e->code == ERR_CANCELLED))
		return err_exit_status(e->code);
	if (c->json) {
		json_t *j = lineage_json(l, node);

		json_object_set_new(j, "measured", m ? measured_json(l, m) : json_null());
		json_print(j);
		json_decref(j);
	} else {
		print_all(l, node);
		if (m)
			print_measured(l, m);
	}
	measured_free(m);
	return 0;
}

static int run(struct cli *c, struct err *e)
{
	struct catalog *cat = cli_catalog(c, e);
	struct lineage *l = cat ? lineage_load(cat, e) : NULL;
	size_t node = l ? find(c, cat, &l, c->argv[0], e) : LINEAGE_NONE;
	int status = node == LINEAGE_NONE ? err_exit_status(e->code) :
		answer(c, cat, l, node, e);

	lineage_free(l);
	return status;
}

const struct verb verb_lineage = {
	.name = "lineage",
	.args = "MODEL",
	.help = "where a model comes from, down to the leaves, and how much of each is in it",
	.detail = "The tree is made of the runs of the catalog, of imported cards, and of what the "
		"files of models say (base_model, mergekit_config.yml, cupel.json). SHARE is a "
		"model's coefficient in the one it hangs on; leaves add these up over merges of "
		"merges. MODEL may also be the name of a model that only a card speaks of.\n\n"
		"Beside what is declared stands what is measured: the registered models that its "
		"weights are nearest to, from sums that earlier passes stored, or with --measure "
		"from a sample of each. Where the two contradict, it says so.",
	.min_args = 1,
	.max_args = 1,
	.options = options,
	.run = run,
};
