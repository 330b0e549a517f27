#include "config.h"
#include "merge/rescale.h"
#include "merge/rounding.h"
#include "merge/task.h"

void rescale_init(struct rescale *r, const struct merge_spec *s, enum dtype in)
{
	bool paired = in == DT_BF16 || in == DT_F16;

	*r = (struct rescale){.in = in};
	if (!rounding_on(s))
		return;
	torch_sum_init(&r->torch[0], s->elements, paired, method_window(s));
	torch_sum_init(&r->torch[1], s->elements, paired, method_window(s));
}

void rescale_add(const struct rescale *r, const struct merge_spec *s, union rescale_part *p,
	int which, const float *d, size_t n)
{
	if (rounding_on(s))
		torch_sum_add(&r->torch[which], &p->torch[which], d, n);
	else
		kernels()->sum_abs(d, n, p->acc[which]);
}

void rescale_fold(struct rescale *r, const struct merge_spec *s, const union rescale_part *p)
{
	if (rounding_on(s)) {
		torch_sum_fold(&r->torch[0], &p->torch[0]);
		torch_sum_fold(&r->torch[1], &p->torch[1]);
		return;
	}
	r->whole += kernel_fold(p->acc[0]);
	r->kept += kernel_fold(p->acc[1]);
}

void rescale_settle(struct rescale *r, const struct merge_spec *s)
{
	struct merge_spec in = *s;
	float whole, kept;

	if (!rounding_on(s)) {
		r->ratio = task_rescale(r->whole, r->kept);
		return;
	}
	in.work = r->in;
	whole = rounding_value(&in, torch_sum_total(&r->torch[0]));
	kept = rounding_value(&in, torch_sum_total(&r->torch[1]));
	r->ratio = whole < 1e-7f || kept < 1e-7f ? 1.0f : rounding_value(&in, whole / kept);
}

void rescale_apply(const struct rescale *r, const struct merge_spec *s, float *d, size_t n)
{
	if (r->ratio == 0.0f)
		return;
	kernels()->scale(d, d, r->ratio, n);
	rounding_step(s, d, n);
}
