#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "system/file.h"
#include "ui/view/model_card.h"
#include "ui/view/model_origin.h"
#include "ui/view/model_scores.h"

#define CARD_MAX ((size_t)4 << 20)

static void clear(struct model_card *c)
{
	for (size_t i = 0; i < c->lines.n; i++)
		free(c->lines.v[i].text);
	c->lines.n = 0;
	free(c->title);
	c->title = NULL;
}

void card_line(struct model_card *c, const char *label, unsigned style, const char *fmt, ...)
{
	struct card_line *l = vec_push(&c->lines);
	struct str s = STR_INIT;
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(&s, fmt, ap);
	va_end(ap);
	l->label = label;
	l->style = style;
	l->text = str_steal(&s);
}

/* --- what only its files say, read on a worker ---------------------------------------------- */
struct peek {
	struct model_card *card;
	int64_t id;
	char *path;
	struct str holds, tokenizer, licence, notes;
	char *readme;
	struct err error;
	bool ok;
};

static void peek_free(void *ctx)
{
	struct peek *p = ctx;

	free(p->path);
	str_fini(&p->holds);
	str_fini(&p->tokenizer);
	str_fini(&p->licence);
	str_fini(&p->notes);
	free(p->readme);
	free(p);
}

static void read_licence(struct peek *p)
{
	char *file = str_join_path(p->path, "README.md"), *at;
	size_t n;

	if (file_is_dir(p->path) && file_exists(file))
		p->readme = file_read_all(file, CARD_MAX, &n, NULL);
	at = p->readme && str_starts(p->readme, "---") ? strstr(p->readme, "\nlicense:") : NULL;
	if (at) {
		at += 9;
		at += strspn(at, " \"'");
		str_addn(&p->licence, at, strcspn(at, "\r\n\"'"));
	}
	free(file);
}

static void describe_tokenizer(struct peek *p, const struct model *m)
{
	const struct model_tokenizer *t = &m->tokenizer;

	if (!t->kind) {
		str_add(&p->tokenizer, "none in this folder");
		return;
	}
	str_addf(&p->tokenizer, "%s, %lld entries", t->kind, (long long)t->vocab_size);
	str_add(&p->tokenizer, t->chat_template ? " · chat template" : " · no chat template");
	if (t->eos_token)
		str_addf(&p->tokenizer, " · eos %s", t->eos_token);
}

static void describe_tensors(struct peek *p, const struct model *m)
{
	str_addf(&p->holds, "%zu tensors", m->source.n_tensors);
	if (m->layers >= 0)
		str_addf(&p->holds, " · %lld layers", (long long)m->layers);
	if (m->source.n_tensors)
		str_addf(&p->holds, " · %s", m->source.tensors[0].dtype_text);
	str_addf(&p->holds, " · %s · %zu file%s", m->format_text, m->n_files,
		m->n_files == 1 ? "" : "s");
	if (m->tied_head)
		str_add(&p->holds, " · tied head");
}

static void peek_work(void *ctx)
{
	struct peek *p = ctx;
	struct model *m = model_open(p->path, &p->error);

	p->ok = m != NULL;
	if (!m)
		return;
	describe_tensors(p, m);
	describe_tokenizer(p, m);
	for (const char *const *n = m->notes; n && *n; n++)
		str_addf(&p->notes, "%s%s", p->notes.n ? "; " : "", *n);
	read_licence(p);
	model_unref(m);
}

static const struct lineage_node *node_of(const struct model_card *c)
{
	return c->node == LINEAGE_NONE ? NULL : &c->graph->l->nodes[c->node];
}

/* --- what its weights are nearest to ------------------------------------------------------- */
struct measuring {
	struct model_card *card;
	struct catalog *catalog;
	struct graph *graph;
	struct pool *pool;
	int64_t id;
	size_t node;
	bool sample;
	atomic_bool stop;
	struct measured *found;
	struct err error;
};

static void measuring_free(void *ctx)
{
	struct measuring *w = ctx;

	measured_free(w->found);
	graph_unref(w->graph);
	free(w);
}

static void measure(void *ctx)
{
	struct measuring *w = ctx;

	if (!atomic_load(&w->stop))
		w->found = lineage_measure(w->graph->l, w->catalog, w->node, w->sample, w->pool,
			&w->stop, &w->error);
}

static unsigned measure_done(struct app *a, void *ctx)
{
	struct measuring *w = ctx;
	struct model_card *c = w->card;

	if (atomic_load(&w->stop) || c->at != w) { /* of a model that is not shown any more */
		measuring_free(w);
		return 0;
	}
	c->at = NULL;
	if (!w->found) {
		unsigned bits = w->sample ? app_fail(a, &w->error) : CHANGED_SCREEN;

		measuring_free(w);
		return bits;
	}
	if (c->measured)
		measuring_free(c->measured);
	c->measured = w;
	measured_lines(c, w->graph->l, w->found);
	return CHANGED_SCREEN;
}

static void measuring_start(struct model_card *c, struct app *a, bool sample)
{
	const struct lineage_node *x = node_of(c);
	struct measuring *w;

	if (!x || !x->model || !str_eq(x->state, "on disk") || str_eq(x->kind, "adapter"))
		return;
	w = xnew(struct measuring, 1);
	w->card = c;
	w->catalog = a->catalog;
	w->graph = graph_ref(c->graph);
	w->pool = sample ? a->pool : NULL;
	w->id = c->id;
	w->node = c->node;
	w->sample = sample;
	c->at = w;
	app_work(a, measure, measure_done, measuring_free, w);
}

static void measuring_stop(struct model_card *c)
{
	if (c->at)
		atomic_store(&c->at->stop, true);
	c->at = NULL; /* it goes when its work ends */
	if (c->measured)
		measuring_free(c->measured);
	c->measured = NULL;
}

void model_card_nearest(struct model_card *c, struct app *a)
{
	if (c->node == LINEAGE_NONE || c->id <= 0) {
		app_say(a, "only what is stored here has weights to compare");
		return;
	}
	measuring_stop(c);
	measuring_start(c, a, true);
	app_say(a, c->at ? "sampling the weights of every model of its shapes…" :
		"its weights are not here to be sampled");
	c->version = 0; /* made anew, without what was measured before */
}

void model_card_fini(struct model_card *c)
{
	clear(c);
	vec_fini(&c->lines);
	measuring_stop(c);
	graph_unref(c->graph);
	if (c->known)
		peek_free(c->known);
}

const char *model_card_readme(const struct model_card *c)
{
	return c->known && c->known->id == c->id ? c->known->readme : NULL;
}

bool model_card_busy(const struct model_card *c)
{
	return c->reading || c->at;
}

static void measuring_start(struct model_card *c, struct app *a, bool sample);
static void measuring_stop(struct model_card *c);

static void peek_lines(struct model_card *c, struct app *a, const struct peek *p)
{
	const struct lineage_node *x = node_of(c);

	if (p->ok) {
		card_line(c, "holds", STYLE_normal, "%s", p->holds.s);
		card_line(c, "tokenizer", STYLE_normal, "%s", p->tokenizer.s);
	} else {
		card_line(c, "missing", STYLE_warn, "%s; %s", p->error.what, p->error.hint);
	}
	if (p->licence.n || (x && x->license))
		card_line(c, "licence", STYLE_normal, "%s", p->licence.n ? p->licence.s :
			x->license);
	if (p->notes.n)
		card_line(c, "note", STYLE_warn, "%s", p->notes.s);
	if (p->readme && !(x && x->card))
		card_line(c, "card", STYLE_dim, "README.md · Tab reads it");
	if (c->measured)
		measured_lines(c, c->measured->graph->l, c->measured->found);
	else if (p->ok && !c->at)
		measuring_start(c, a, false);
}

static unsigned peek_done(struct app *a, void *ctx)
{
	struct peek *p = ctx;
	struct model_card *c = p->card;

	if (c->id != p->id || !c->reading) { /* of a model that is not shown any more, or again */
		peek_free(p);
		return 0;
	}
	c->reading = false;
	if (c->known)
		peek_free(c->known);
	c->known = p;
	peek_lines(c, a, p);
	return CHANGED_SCREEN;
}

static void start_peek(struct model_card *c, struct app *a, const struct catalog_model *m)
{
	struct peek *p = xnew(struct peek, 1);

	p->card = c;
	p->id = m->id;
	p->path = xstrdup(m->path);
	c->reading = true;
	app_work(a, peek_work, peek_done, peek_free, p);
}

/* --- what the catalog knows ----------------------------------------------------------------- */
static void run_lines(struct model_card *c, struct app *a, int64_t id, const char *brief)
{
	struct catalog_run *r = catalog_run_get(a->catalog, id, NULL);
	struct str s = STR_INIT;

	if (!r)
		return;
	str_addf(&s, "%s, run %lld", brief ? brief : r->method ? r->method : r->kind,
		(long long)r->id);
	if (r->started)
		str_addf(&s, ", %.10s", r->started);
	if (r->seconds > 0) {
		str_add(&s, ", made in ");
		str_add_seconds(&s, r->seconds);
	}
	card_line(c, "recipe", STYLE_value, "%s", s.s);
	if (r->tags && *r->tags)
		card_line(c, "tags", STYLE_note, "%s", r->tags);
	if (r->note && *r->note)
		card_line(c, "note", STYLE_note, "%s", r->note);
	catalog_runs_free(r, 1);
	str_fini(&s);
}

static void scores_line(struct model_card *c, struct app *a, const struct catalog_model *m)
{
	struct str s = STR_INIT;

	if (model_scores_text(a, m, &s))
		card_line(c, "best", STYLE_value, "%s", s.s);
	str_fini(&s);
}

static void card_found(struct model_card *c)
{
	const struct lineage_node *x = node_of(c);

	if (x && x->card)
		card_line(c, "card", STYLE_normal, "%s · Tab reads it", str_base(x->card_source));
}

/* What has to be looked up: the catalog's rows and the graph. */
static void known_lines(struct model_card *c, struct app *a, const struct catalog_model *m)
{
	const struct lineage *l = c->graph && c->node != LINEAGE_NONE ? c->graph->l : NULL;

	if (!m && l)
		card_line(c, "known", STYLE_dim, "%s", l->nodes[c->node].ambiguous ?
			"several models here are called so: which is meant cannot be told" :
			"by name only: no model here is called so");
	if (m && m->run)
		run_lines(c, a, m->run, l ? lineage_made_by(l, c->node) : NULL);
	if (l)
		origin_lines(c, l, c->node, c->wide);
	if (m)
		scores_line(c, a, m);
	if (l)
		became_line(c, l, c->node);
	card_found(c);
	if (m)
		card_line(c, "path", STYLE_dim, "%s", m->path);
	if (m && m->partial)
		card_line(c, "missing", STYLE_warn, "%s", m->partial);
}

static void forget(struct model_card *c)
{
	c->reading = false; /* what is still read is of no use any more */
	measuring_stop(c);
}

static bool is_shown(const struct model_card *c, const struct app *a, int64_t id,
	const struct graph *graph, bool wide)
{
	return c->id == id && c->version == a->models_version && c->graph == graph &&
		c->wide == wide;
}

void model_card_show(struct model_card *c, struct app *a, const struct catalog_model *m,
	struct graph *graph, size_t node, bool wide)
{
	int64_t before = c->id;
	int64_t id = m ? m->id : graph && node != LINEAGE_NONE ? -(int64_t)node - 1 : 0;

	if (is_shown(c, a, id, graph, wide))
		return;
	clear(c);
	if (c->graph != graph) {
		graph_unref(c->graph);
		c->graph = graph ? graph_ref(graph) : NULL;
		if (c->measured && !c->measured->sample)
			measuring_stop(c);
	}
	if (before != id)
		forget(c);
	c->id = id;
	c->version = a->models_version;
	c->wide = wide;
	c->node = !graph ? LINEAGE_NONE : m ? lineage_of_model(graph->l, m->id) : node;
	if (!id)
		return;
	c->title = xstrdup(m ? str_base(m->name) : graph->l->nodes[node].name);
	known_lines(c, a, m);
	if (m && m->run && str_eq(m->state, "dropped"))
		card_line(c, "dropped", STYLE_warn, "cupel replay %lld PATH makes it again there",
			(long long)m->run);
	else if (m && c->known && c->known->id == id)
		peek_lines(c, a, c->known);
	else if (m && !c->reading)
		start_peek(c, a, m);
}

struct wrapping {
	struct grid *g;
	struct rect r;
	unsigned style;
	int lines;
};

static void draw_part(void *ctx, const char *s, size_t n)
{
	struct wrapping *w = ctx;
	char *part = xstrndup(s, n);

	if (w->r.h > 0 && w->lines > 0)
		grid_text(w->g, w->r.x, w->r.y, w->style, part);
	if (w->lines-- > 0) {
		w->r.y++;
		w->r.h--;
	}
	free(part);
}

void model_card_draw(const struct model_card *c, struct grid *g, struct rect r)
{
	struct wrapping w = { .g = g };
	bool beside = r.x > 0;

	if (beside) {
		for (int y = r.y; y < r.y + r.h; y++)
			grid_text(g, r.x, y, STYLE_rule, "│");
		rect_left(&r, 2);
		grid_fit(g, r.x, r.y, r.w, STYLE_heading, c->title ? c->title : "", CUT_MIDDLE);
		rect_top(&r, 2);
	} else {
		grid_rule(g, r.x, r.y, r.w, STYLE_rule, c->title, NULL);
		rect_top(&r, 1);
		rect_left(&r, 1);
	}
	w.r = (struct rect){ r.x + 10, r.y, r.w - 11, r.h };
	for (size_t i = 0; i < c->lines.n && w.r.h > 0; i++) {
		grid_text(g, r.x, w.r.y, STYLE_dim, c->lines.v[i].label);
		w.style = c->lines.v[i].style;
		w.lines = beside ? 3 : 1;
		if (beside) {
			text_wrap(c->lines.v[i].text, w.r.w, draw_part, &w);
		} else {
			grid_fit(g, w.r.x, w.r.y, w.r.w, w.style, c->lines.v[i].text, CUT_MIDDLE);
			w.r.y++;
			w.r.h--;
		}
	}
	if (model_card_busy(c) && w.r.h > 0)
		grid_text(g, r.x, w.r.y, STYLE_dim, "reading…");
}
