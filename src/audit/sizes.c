/* What a card says of size: parameters, bytes of the file, bits per weight. */
#include "audit/audit_in.h"
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/xalloc.h"

void audit_sizes_make(struct audit_in *in);

/* "3B", "70b", "8.03B" in a text, as a word: parameters, and half a unit of the last digit. */
static double billions(const char *s, double *half)
{
	for (; *s; s++) {
		const char *end = s, *point = NULL;

		if (!isdigit((uint8_t)*s))
			continue;
		while (isdigit((uint8_t)*end) ||
			(*end == '.' && !point && isdigit((uint8_t)end[1]))) {
			if (*end == '.')
				point = end;
			end++;
		}
		if ((*end == 'B' || *end == 'b') && !isalnum((uint8_t)end[1]) && end[1] != '/') {
			*half = audit_half(point ? (int)(end - point - 1) : 0) * 1e9;
			return strtod(s, NULL) * 1e9;
		}
		s = end - 1;
	}
	return NAN;
}

/* "8.03B parameters", "2.89 M parameters", "7 billion parameters" in a sentence. */
static double said(const char *line, double *half)
{
	for (const char *p = line; (p = audit_find(p, "param")); p++) {
		const char *from = p, *unit;
		double scale;

		while (from > line && (isalpha((uint8_t)from[-1]) || from[-1] == ' '))
			from--;
		unit = from;
		while (from > line && (isdigit((uint8_t)from[-1]) || from[-1] == '.'))
			from--;
		if (!isdigit((uint8_t)*from))
			continue;
		unit += *unit == ' ';
		scale = *unit == 'B' || *unit == 'b' ? 1e9 : *unit == 'M' || *unit == 'm' ? 1e6
			: NAN;
		if (isnan(scale) || (unit[1] != ' ' && !audit_find(unit, "illion")))
			continue;
		char *number = xstrndup(from, (size_t)(unit - from));
		double v = strtod(number, NULL) * scale;

		*half = audit_half(audit_decimals(number)) * scale;
		free(number);
		return v;
	}
	return NAN;
}

static void parameters(struct audit_in *in)
{
	const char *text = NULL;
	double v = audit_fact(in, "parameters", NULL, &text);

	in->parameters = billions(text ? text : "", &in->parameters_half);
	if (!isnan(v) && !(fabs(in->parameters - v) < 0.01 * v)) {
		in->parameters = v;
		in->parameters_half = 0.02 * v;
	}
	for (size_t i = 0; isnan(in->parameters) && i < in->lines.n; i++)
		if (strcmp(in->lines.v[i], json_text(in->c->facts, "hub_parameters.text", "")) != 0)
			in->parameters = said(in->lines.v[i], &in->parameters_half);
	if (isnan(in->parameters) && in->f->model)
		in->parameters = billions(str_base(in->f->model), &in->parameters_half);
	for (size_t i = 0; isnan(in->parameters) && i < in->c->parents.n; i++)
		in->parameters = billions(str_base(in->c->parents.v[i].name), &in->parameters_half);
	v = audit_fact(in, "hub_parameters", NULL, &text);
	if (isnan(in->parameters) && !isnan(v)) {
		in->parameters = v;
		in->parameters_half = 0.02 * v;
	}
}

static bool size_of_claim(struct audit_in *in, const struct card_claim *x)
{
	const char *unit = x ? json_text(x->what, "unit", "") : "";
	double v = x ? json_num(x->what, "value", NAN) : NAN;

	if (isnan(v) || isnan(audit_bytes(v, unit)))
		return false;
	in->bytes = audit_bytes(v, unit);
	in->bytes_half = audit_bytes(audit_half(audit_decimals(x->text +
		json_int(x->what, "at", 0))), unit);
	in->bytes_line = x->line;
	in->bytes_text = x->text;
	in->binary = strlen(unit) == 3;
	return true;
}

void audit_sizes_make(struct audit_in *in)
{
	const struct card_claim *x;

	parameters(in);
	in->bytes = in->bits = NAN;
	if (!size_of_claim(in, audit_claim(in, "title_size", 0)))
		size_of_claim(in, audit_claim(in, "file_size", 0));
	for (size_t i = 0; (x = audit_claim(in, "file_size", i)); i++)
		if (fabs(audit_bytes(json_num(x->what, "value", NAN),
			json_text(x->what, "unit", ""))
			- in->bytes) < 1)
			in->bytes_text = x->text; /* a title says it without its bits */
	in->bits = json_num(in->c->quantization, "bits_per_weight", NAN);
}
