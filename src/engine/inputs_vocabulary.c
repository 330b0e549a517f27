#include "config.h"
#include <stdlib.h>
#include "base/xalloc.h"
#include "engine/inputs.h"
#include "engine/recipe_opener.h"
#include "recipe/open.h"

static char *alias(void *ctx, const char *name)
{
	return ctx ? catalog_model_path(ctx, name) : NULL;
}

static void take(struct inputs *in, struct model **models)
{
	for (size_t i = 0; i < in->n; i++) {
		in->v[i].stored = in->v[i].model ? model_ref(in->v[i].model) : NULL;
		models[i] = in->v[i].model;
	}
}

/* Figures against a base that is an input are figures of what is merged. */
static void renew_base(struct inputs *in)
{
	int base = in->base >= 0 ? in->base : in->lineage_base;

	if (base < 0 || !in->figure_base)
		return;
	model_unref(in->figure_base);
	in->figure_base = in->v[base].model ? model_ref(in->v[base].model) : NULL;
}

void inputs_lay_out(struct inputs *in, const struct recipe *r, const struct recipe_opener *o,
	const char *near_dir)
{
	const struct recipe_ref_text *other = vocabulary_other(r);
	struct model **models, *m = NULL;
	struct ref_places places = { .roots = o->roots, .near_dir = near_dir, .alias = alias,
		.ctx = o->catalog };
	struct err *e = &in->vocabulary_error;

	models = xnew(struct model *, in->n + 1);
	take(in, models);
	if (!vocabulary_asked(r)) {
		free(models);
		return;
	}
	if (other)
		m = ref_open(other, &places, NULL, NULL, e); /* its weights are not wanted */
	if (!other || m)
		in->vocabulary = vocabulary_apply(r, models, in->n, in->base, m, e);
	if (m)
		model_unref(m);
	for (size_t i = 0; i < in->n; i++)
		in->v[i].model = models[i];
	free(models);
	renew_base(in);
}
