#include "config.h"
#include "base/str.h"
#include "merge/method.h"
#include "merge/rounding.h"
#include "merge/torch_sum.h"
#include "model/source.h"

#define METHOD(symbol) extern const struct method method_##symbol;
#include "merge/methods.def"
#undef METHOD

static const struct method *const methods[] = {
#define METHOD(symbol) &method_##symbol,
#include "merge/methods.def"
#undef METHOD
};
#define N_METHODS (sizeof methods / sizeof *methods)

uint64_t method_window(const struct merge_spec *s)
{
	uint64_t unit = s->method->unit ? s->method->unit(s) : 1, cascade;

	if (rounding_on(s) && unit > 1) { /* whole units of torch's sums too, which are of 2^n */
		cascade = torch_sum_unit(s->elements);
		for (uint64_t u = unit; u % 2 == 0 && cascade > 1; u /= 2)
			cascade /= 2;
		unit *= cascade;
		unit = unit < s->elements ? unit : s->elements;
	}
	return unit >= WINDOW_ELEMS ? unit : unit ? WINDOW_ELEMS / unit * unit : WINDOW_ELEMS;
}

size_t method_count(void)
{
	return N_METHODS;
}

const struct method *method_at(size_t i)
{
	return i < N_METHODS ? methods[i] : NULL;
}

const struct method *method_by_name(const char *name)
{
	for (size_t i = 0; name && i < N_METHODS; i++)
		if (str_eq(methods[i]->name, name))
			return methods[i];
	return NULL;
}

const char *method_nearest(const char *name)
{
	const char *names[N_METHODS];

	for (size_t i = 0; i < N_METHODS; i++)
		names[i] = methods[i]->name;
	return name ? str_nearest(name, names, N_METHODS) : NULL;
}

const struct param_def *method_param(const struct method *m, const char *name)
{
	for (size_t i = 0; m && name && i < m->n_params; i++)
		if (str_eq(m->params[i].name, name))
			return &m->params[i];
	return NULL;
}

bool method_param_unused(const struct param_def *p)
{
	return str_starts(p->help, "Accepted and without effect");
}
