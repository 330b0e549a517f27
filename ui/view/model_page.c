/* The card of a model as a page: what is known, then the words of its author. */
#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "catalog/cards.h"
#include "ui/view/model_card.h"

#define LABEL 10

struct filling {
	struct run_page *page;
	const char *label; /* before the first part, blanks before the others */
	unsigned style;
	bool labelled;
};

static void add_part(void *ctx, const char *s, size_t n)
{
	struct filling *f = ctx;
	struct page_line *l = vec_push(&f->page->lines);

	l->style = f->style;
	if (f->labelled)
		l->text = xasprintf("%-*s%.*s", LABEL, f->label, (int)n, s);
	else
		l->text = xstrndup(s, n);
	f->label = "";
}

static void add_text(struct run_page *p, const char *text, int width)
{
	struct filling f = { .page = p, .style = STYLE_normal };

	while (*text) {
		size_t n = strcspn(text, "\n"), shown = n && text[n - 1] == '\r' ? n - 1 : n;
		char *one = xstrndup(text, shown);

		for (char *c = one; *c; c++)
			if (*c == '\t')
				*c = ' ';
		if (*one)
			text_wrap(one, width, add_part, &f);
		else
			add_part(&f, "", 0);
		free(one);
		text += n + (text[n] == '\n');
	}
}

static void add_rule(struct run_page *p, const char *title)
{
	struct page_line *l = vec_push(&p->lines);

	l->text = xstrdup(title);
	l->style = STYLE_heading;
	l->rule = true;
}

/* The imported card, else the one that lies beside the weights. */
static void add_card(const struct model_card *c, struct app *a, struct run_page *p, int width)
{
	const struct lineage_node *x = c->node == LINEAGE_NONE ? NULL :
		&c->graph->l->nodes[c->node];
	struct catalog_card *card = x && x->card ? catalog_card_get(a->catalog, x->card, NULL) :
		NULL;

	if (card) {
		char *title = xasprintf("%s, imported %.10s", str_base(card->source),
			card->imported ? card->imported : "");

		add_rule(p, title);
		add_text(p, card->text ? card->text : "", width);
		free(title);
		catalog_cards_free(card, 1);
	} else if (model_card_readme(c)) {
		add_rule(p, "README.md");
		add_text(p, model_card_readme(c), width);
	}
}

void model_card_page(const struct model_card *c, struct app *a, struct run_page *p, int width)
{
	int top = p->top;

	run_page_fini(p);
	p->title = xstrdup(c->title ? c->title : "");
	width = width > 20 ? width - 2 : 18;
	for (size_t i = 0; i < c->lines.n; i++) {
		struct filling f = { .page = p, .label = c->lines.v[i].label,
			.style = c->lines.v[i].style, .labelled = true };

		text_wrap(c->lines.v[i].text, width - LABEL, add_part, &f);
	}
	add_card(c, a, p, width);
	p->top = top;
}
