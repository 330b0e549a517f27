/* What mlx_lm.perplexity prints: settings, then the result with its standard error over tokens,
 * then how much was read. Every sequence but its first token is scored. */
#include "config.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "import/reading.h"

struct report {
	struct import_file *f;
	char *model;
	int64_t length, samples;
	struct { double value, stderr_; int64_t line; char text[160]; } found; /* line 0: none */
};

bool mlx_perplexity_is(const struct import_text *t)
{
	return !t->json && memmem(t->s, t->n, "EVALUATION RESULTS", 18) &&
		memmem(t->s, t->n, "\nPerplexity: ", 13);
}

/* The number after "  LABEL: ", 0 if the line is another. */
static int64_t number_of(const char *line, const char *label)
{
	const char *s = strstr(line, label);

	return s ? strtoll(s + strlen(label), NULL, 10) : 0;
}

static void end_report(struct report *r)
{
	json_t *p = json_object();

	json_object_set_new(p, "tool", json_string("mlx_lm.perplexity"));
	json_object_set_new(p, "method", json_string("ppl/all"));
	if (r->length > 0)
		json_object_set_new(p, "context", json_integer(r->length));
	if (r->samples > 0)
		json_object_set_new(p, "chunks", json_integer(r->samples));
	if (r->found.line)
		import_fact(r->f, &(struct import_figure){ .variant = r->model, .task = "text",
			.metric = "perplexity", .value = r->found.value,
			.stderr_ = r->found.stderr_, .unit = UNIT_FRACTION,
			.n = r->length > 1 && r->length < INT32_MAX && r->samples > 0 &&
				r->samples < INT32_MAX ? (r->length - 1) * r->samples : 0,
			.line = r->found.line, .text = r->found.text,
			.text_n = strlen(r->found.text) }, json_incref(p));
	json_decref(p);
	free(r->model);
	*r = (struct report){ .f = r->f };
}

static void result(struct report *r, const char *at, const struct import_lines *l)
{
	char *end;

	r->found.value = strtod(at, &end);
	r->found.stderr_ = NAN;
	if (end == at) {
		import_unread(r->f, l->line, l->s, l->n, "no number there");
		return;
	}
	end += strspn(end, " ");
	if (str_starts(end, "\302\261"))
		r->found.stderr_ = strtod(end + 2, NULL);
	r->found.line = l->line;
	str_safe_copy(r->found.text, sizeof r->found.text, l->s, l->n);
}

void mlx_perplexity_read(const struct import_text *t, struct import_file *f)
{
	struct report r = { .f = f };
	struct import_lines l;

	import_lines_init(&l, t);
	while (import_lines_next(&l)) {
		char *line = xstrndup(l.s, l.n < 1000 ? l.n : 1000);

		if (str_starts(line, "Loading model from ")) {
			end_report(&r);
		} else if (str_starts(line, "Model: ")) {
			free(r.model);
			r.model = xstrdup(line + 7);
			if (!f->model)
				f->model = xstrdup(r.model);
		} else if (str_starts(line, "Perplexity: ")) {
			result(&r, line + 12, &l);
		} else if (number_of(line, "Sequence length: ")) {
			r.length = number_of(line, "Sequence length: ");
		} else if (number_of(line, "Total samples: ")) {
			r.samples = number_of(line, "Total samples: ");
		}
		free(line);
	}
	end_report(&r);
}
