#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "system/file.h"
#include "ui/view/model_card.h"
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

static void line(struct model_card *c, const char *label, unsigned style, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

static void line(struct model_card *c, const char *label, unsigned style, const char *fmt, ...)
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
	free(p);
}

static void read_licence(struct peek *p)
{
	char *file = str_join_path(p->path, "README.md"), *text = NULL, *at;
	size_t n;

	if (file_is_dir(p->path) && file_exists(file))
		text = file_read_all(file, CARD_MAX, &n, NULL);
	at = text && str_starts(text, "---") ? strstr(text, "\nlicense:") : NULL;
	if (at) {
		at += 9;
		at += strspn(at, " \"'");
		str_addn(&p->licence, at, strcspn(at, "\r\n\"'"));
	}
	free(text);
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

void model_card_fini(struct model_card *c)
{
	clear(c);
	vec_fini(&c->lines);
	if (c->known)
		peek_free(c->known);
}

static void peek_lines(struct model_card *c, const struct peek *p)
{
	if (p->ok) {
		line(c, "holds", STYLE_normal, "%s", p->holds.s);
		line(c, "tokenizer", STYLE_normal, "%s", p->tokenizer.s);
	} else {
		line(c, "missing", STYLE_warn, "%s; %s", p->error.what, p->error.hint);
	}
	if (p->licence.n)
		line(c, "licence", STYLE_normal, "%s", p->licence.s);
	if (p->notes.n)
		line(c, "note", STYLE_warn, "%s", p->notes.s);
}

static unsigned peek_done(struct app *a, void *ctx)
{
	struct peek *p = ctx;
	struct model_card *c = p->card;

	(void)a;
	if (c->id != p->id || !c->reading) { /* of a model that is not shown any more, or again */
		peek_free(p);
		return 0;
	}
	c->reading = false;
	if (c->known)
		peek_free(c->known);
	c->known = p;
	peek_lines(c, p);
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
static const struct catalog_model *model_by_id(const struct app *a, int64_t id)
{
	for (size_t i = 0; id && i < a->n_models; i++)
		if (a->models[i].id == id)
			return &a->models[i];
	return NULL;
}

static void from_line(struct model_card *c, struct app *a, const struct catalog_model *m)
{
	const struct catalog_model *p = model_by_id(a, m->parent);

	if (p)
		line(c, "from", STYLE_normal, "%s (%s)", p->name,
			m->relation ? m->relation : "derived");
}

static void run_lines(struct model_card *c, struct app *a, int64_t id)
{
	struct catalog_run *r = catalog_run_get(a->catalog, id, NULL);
	struct catalog_input *in;
	struct str s = STR_INIT;
	size_t n = 0;

	if (!r)
		return;
	str_addf(&s, "%s, run %lld", r->method ? r->method : r->kind, (long long)r->id);
	if (r->started)
		str_addf(&s, ", %.10s", r->started);
	if (r->seconds > 0) {
		str_add(&s, ", made in ");
		str_add_seconds(&s, r->seconds);
	}
	line(c, "recipe", STYLE_value, "%s", s.s);
	str_clear(&s);
	in = catalog_run_inputs(a->catalog, id, &n, NULL);
	for (size_t i = 0; i < n; i++)
		if (!str_eq(in[i].role, "donor"))
			str_addf(&s, "%s%s%s", s.n ? " · " : "", str_base(in[i].name),
				str_eq(in[i].role, "base") ? " (base)" : "");
	if (s.n)
		line(c, "inputs", STYLE_normal, "%s", s.s);
	catalog_inputs_free(in, n);
	if (r->tags && *r->tags)
		line(c, "tags", STYLE_note, "%s", r->tags);
	if (r->note && *r->note)
		line(c, "note", STYLE_note, "%s", r->note);
	catalog_runs_free(r, 1);
	str_fini(&s);
}

static void scores_line(struct model_card *c, struct app *a, const struct catalog_model *m)
{
	struct str s = STR_INIT;

	if (model_scores_text(a, m, &s))
		line(c, "best", STYLE_value, "%s", s.s);
	str_fini(&s);
}

static void used_line(struct model_card *c, struct app *a, const struct catalog_model *m)
{
	struct str s = STR_INIT;
	size_t n = 0;

	for (size_t i = 0; i < a->n_models; i++)
		if (a->models[i].parent == m->id) {
			if (n < 4)
				str_addf(&s, "%s%s", n ? " · " : "", str_base(a->models[i].name));
			n++;
		}
	if (n > 4)
		str_addf(&s, " and %zu more", n - 4);
	if (n)
		line(c, "became", STYLE_normal, "%s", s.s);
	str_fini(&s);
}

void model_card_show(struct model_card *c, struct app *a, const struct catalog_model *m)
{
	uint64_t version = a->models_version;
	int64_t before = c->id;

	if (!m) {
		clear(c);
		c->id = 0;
		c->reading = false; /* what is still read is of no use any more */
		return;
	}
	if (c->id == m->id && c->version == version)
		return;
	clear(c);
	if (before != m->id)
		c->reading = false;
	c->id = m->id;
	c->version = version;
	c->title = xstrdup(str_base(m->name));
	from_line(c, a, m);
	if (m->run)
		run_lines(c, a, m->run);
	scores_line(c, a, m);
	used_line(c, a, m);
	line(c, "path", STYLE_dim, "%s", m->path);
	if (m->partial)
		line(c, "missing", STYLE_warn, "%s", m->partial);
	if (c->known && c->known->id == m->id)
		peek_lines(c, c->known);
	else if (!c->reading)
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
	if (c->reading && w.r.h > 0)
		grid_text(g, r.x, w.r.y, STYLE_dim, "reading…");
}
