/* rescale: the sums of magnitudes of a task vector before and after dropping, and the factor that
 * makes up for it. In float64 lanes, or as torch adds them where mergekit's arithmetic is asked
 * for.
 * The holder owns them (zeroed, then rescale_init); parts are of one window each. */
#ifndef CUPEL_MERGE_RESCALE_H
#define CUPEL_MERGE_RESCALE_H
#include "merge/kernels.h"
#include "merge/method.h"
#include "merge/torch_sum.h"

struct rescale {
	double whole, kept;
	struct torch_sum torch[2];
	enum dtype in;             /* what torch's sums are rounded to */
	float ratio;               /* 0 until settled: leaves things as they are */
};
union rescale_part { /* zeroed */
	double acc[2][KERNEL_LANES];
	struct torch_sum_part torch[2];
};
/* in: the dtype that mergekit adds in; heeded with its arithmetic alone. */
void rescale_init(struct rescale *r, const struct merge_spec *s, enum dtype in);
/* which: 0 the whole, 1 what is kept. */
void rescale_add(const struct rescale *r, const struct merge_spec *s, union rescale_part *p,
	int which, const float *d, size_t n);
void rescale_fold(struct rescale *r, const struct merge_spec *s, const union rescale_part *p);
void rescale_settle(struct rescale *r, const struct merge_spec *s);
/* d times the factor, where there is one. */
void rescale_apply(const struct rescale *r, const struct merge_spec *s, float *d, size_t n);
#endif
