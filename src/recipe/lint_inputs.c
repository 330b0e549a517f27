#include "config.h"
#include "recipe/lint_in.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "model/stored_as.h"
#include "model/text_part.h"

static const char *name_of(const struct recipe *r, int i)
{
	return recipe_input_ref(r, (size_t)i)->text;
}

static const struct mark *mark_of(const struct recipe *r, int i)
{
	return &recipe_input_ref(r, (size_t)i)->mark;
}

static const char *place_of(const struct recipe *r, int i)
{
	return i < (int)r->n_models ? "models" : "base_model";
}

/* --- packed weights --- */

static void say_packed(const struct recipe *r, const struct model *m, int i, struct findings *out)
{
	char *decoded = stored_decoded(m), *foreign = stored_foreign(m);

	if (str_eq(m->architecture, "adapter") && !m->virtual)
		findings_add(out, SEV_ERROR, mark_of(r, i), place_of(r, i), "adapter",
			"write it behind its model: MODEL+ADAPTER",
			"%s is an adapter, not a model", name_of(r, i));
	if (foreign)
		findings_add(out, SEV_ERROR, mark_of(r, i), place_of(r, i), "packed",
			stored_converter(m), "%s is packed by %s, which is not decoded",
			name_of(r, i), foreign);
	else if (decoded)
		findings_add(out, SEV_NOTE, mark_of(r, i), place_of(r, i), "decoded",
			r->dtype || r->out_dtype ? NULL :
			"it counts as bfloat16; write dtype: to choose another",
			"%s is quantized and decoded while it is read: %s", name_of(r, i),
			decoded);
	free(foreign);
	free(decoded);
}

/* --- mixed formats --- */

static enum dtype counts_as(const struct tensor *t)
{
	return dtype_is_float(t->dtype) && dtype_info(t->dtype)->encode ? t->dtype : DT_BF16;
}

/* Tensors that the inputs hold in different formats; the first of them is named. */
static size_t count_mixed(struct model *const *inputs, size_t n, int first,
	const struct tensor **one, enum dtype *stored)
{
	const struct source *s = &inputs[first]->source;
	size_t count = 0;

	for (size_t t = 0; t < s->n_tensors; t++) {
		enum dtype mine = counts_as(&s->tensors[t]), all = mine;
		bool mixed = false;

		for (size_t i = 0; i < n; i++) {
			long at = inputs[i] ? source_find(&inputs[i]->source, s->tensors[t].name)
				: -1;
			enum dtype theirs = at < 0 ? mine
				: counts_as(&inputs[i]->source.tensors[at]);

			mixed |= theirs != mine;
			all = dtype_promote(all, theirs);
		}
		if (mixed && !count++) {
			*one = &s->tensors[t];
			*stored = all;
		}
	}
	return count;
}

static void say_mixed(const struct recipe *r, struct model *const *inputs, size_t n, int first,
	struct findings *out)
{
	const struct tensor *one = NULL;
	enum dtype stored = DT_UNKNOWN;
	struct str s = STR_INIT;
	size_t count = r->dtype || r->out_dtype || !inputs[first] ? 0 :
		count_mixed(inputs, n, first, &one, &stored);

	if (!count)
		return;
	for (size_t i = 0; i < n; i++)
		if (inputs[i])
			str_addf(&s, "%s%s is mostly %s", s.n ? ", " : "", name_of(r, (int)i),
				dtype_name(stored_dtype_main(inputs[i])));
	findings_add(out, SEV_NOTE, &r->method_mark, "merge_method", "mixed-dtypes",
		"write dtype: to say which; mergekit before 0.1.5 stored that of the base",
		"the inputs differ in number format: %s; %s and %zu more are stored as %s", s.s,
		one->name, count - 1, dtype_name(stored));
	str_fini(&s);
}

/* --- a text model and one that sees --- */

/* The first component, or two where the first is "model", of what is copied; once each. */
static void towers_add(struct str *s, const char *name)
{
	const char *skip = str_starts(name, "model.") ? name + 6 : name;
	char *part = xstrndup(name, (size_t)(skip - name) + strcspn(skip, "."));

	if (!s->s || !strstr(s->s, part))
		str_addf(s, "%s%s", s->n ? ", " : "", part);
	free(part);
}

static void say_part(const struct recipe *r, struct model *const *inputs, int first, int i,
	struct findings *out)
{
	const struct source *a = &inputs[first]->source, *b = &inputs[i]->source;
	bool part = model_sees(inputs[first]); /* else the other is the one that sees */
	const struct source *sees = part ? a : b, *text = part ? b : a;
	struct str towers = STR_INIT;
	size_t merged = 0, apart = 0;

	for (size_t t = 0; t < sees->n_tensors; t++) {
		const char *name = sees->tensors[t].name;

		merged += source_find(text, name) >= 0;
		if (source_find(text, name) >= 0 || text_part_has(name))
			continue;
		apart++;
		towers_add(&towers, name);
	}
	if (part && merged && apart)
		findings_add(out, SEV_NOTE, mark_of(r, i), place_of(r, i), "text-part", NULL,
			"%s is merged into the language part of %s: %zu tensors; %zu others are "
			"copied from %s as they are: %s", name_of(r, i), name_of(r, first), merged,
			apart, name_of(r, first), towers.s);
	else if (merged && apart)
		findings_add(out, SEV_WARNING, mark_of(r, i), place_of(r, i), "text-part",
			"to keep them, make it the base_model, or the first model",
			"%s gives its language part alone: %zu tensors; %zu others are left out: "
			"%s", name_of(r, i), merged, apart, towers.s);
	str_fini(&towers);
}

void lint_inputs(const struct recipe *r, struct model *const *inputs, size_t n, int first,
	struct findings *out)
{
	for (size_t i = 0; i < n; i++) {
		if (!inputs[i])
			continue;
		say_packed(r, inputs[i], (int)i, out);
		if ((int)i != first && inputs[first] &&
			model_sees(inputs[i]) != model_sees(inputs[first]))
			say_part(r, inputs, first, (int)i, out);
	}
	say_mixed(r, inputs, n, first, out);
}
