#include "config.h"
#include <string.h>
#include "ui/widget/footer.h"

#define HINTS 24
static struct hint {
	const struct command *command;
	const char *label;
	struct str keys;
	int width, x;
	bool shown;
} hints[HINTS];
static size_t n_hints;

static size_t collect(const struct app *a, unsigned context,
	const char *(*label)(const void *ctx, const struct command *c), const void *ctx)
{
	size_t n = 0;

	for (size_t i = 0; i < command_count() && n < HINTS; i++) {
		const struct command *c = command_at(i);
		const char *text = c->label, *other = label ? label(ctx, c) : NULL;
		struct hint *h = &hints[n];

		if (!(c->contexts & context) || c->priority <= 0 || !command_is_enabled(c, a))
			continue;
		if (other && !*other)
			continue;
		str_clear(&h->keys);
		command_keys(c, true, &h->keys);
		if (!h->keys.n)
			continue;
		h->command = c;
		h->label = other ? other : text;
		h->width = text_width(h->keys.s) + 1 + text_width(h->label) + 2;
		h->shown = true;
		n++;
	}
	return n;
}

/* Drop the least important until the rest fits. */
static void fit(size_t n, int room)
{
	int sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += hints[i].width;
	while (sum > room) {
		struct hint *least = NULL;

		for (size_t i = 0; i < n; i++)
			if (hints[i].shown && (!least ||
				hints[i].command->priority < least->command->priority))
				least = &hints[i];
		if (!least)
			return;
		least->shown = false;
		sum -= least->width;
	}
}

/* Most important first, the order of the rows among equals. */
static void order(size_t n)
{
	for (size_t i = 1; i < n; i++)
		for (size_t k = i; k > 0 &&
			hints[k].command->priority > hints[k - 1].command->priority; k--) {
			struct hint swap = hints[k];

			hints[k] = hints[k - 1];
			hints[k - 1] = swap;
		}
}

void footer_draw(struct grid *g, int y, const struct app *a, unsigned context,
	const char *(*label)(const void *ctx, const struct command *c), const void *ctx)
{
	int x = 1;

	n_hints = collect(a, context, label, ctx);
	order(n_hints);
	fit(n_hints, g->w - 3);
	for (size_t i = 0; i < n_hints; i++) {
		struct hint *h = &hints[i];

		h->x = x;
		if (!h->shown)
			continue;
		x += grid_text(g, x, y, STYLE_key, h->keys.s) + 1;
		x += grid_text(g, x, y, STYLE_normal, h->label) + 2;
	}
	if (context & CTX_VIEWS)
		grid_text(g, g->w - 2, y, STYLE_key, "?");
}

const struct command *footer_at(int x)
{
	for (size_t i = 0; i < n_hints; i++)
		if (hints[i].shown && x >= hints[i].x && x < hints[i].x + hints[i].width - 2)
			return hints[i].command;
	return NULL;
}
