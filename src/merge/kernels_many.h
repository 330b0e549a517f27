/* kernels_many: bodies of kernels.h that take all inputs of an element together, so that each is
 * loaded once and sums stay in registers; included by kernels_impl.h for every instruction set, in
 * its terms. Each has a step of at most KF elements; the last is padded with zeros. */
#define KSTEP __attribute__((always_inline)) inline

KFN KSTEP KN(vfull) KN(load)(const float *x, size_t n)
{
	KN(vfull) v = {0};

	memcpy(&v, x, n * sizeof *x);
	return v;
}

KFN KSTEP void KN(mix_step)(float *out, const float *const *x, const float *coef, int k,
	const float *base, size_t i, size_t n)
{
	KN(vfull) sum = {0}, b = {0};

	if (base)
		b = KN(load)(base + i, n);
	for (int r = 0; r < k; r++) {
		KN(vfull) v = KN(load)(x[r] + i, n);

		if (base)
			v -= b;
		sum += v * coef[r];
	}
	if (base)
		sum += b;
	memcpy(out + i, &sum, n * sizeof *out);
}

KFN void KN(mix_moves)(float *out, const float *const *x, const float *coef, int k,
	const float *base, size_t n)
{
	size_t i = 0;

	for (; i + KF <= n; i += KF)
		KN(mix_step)(out, x, coef, k, base, i, KF);
	if (i < n)
		KN(mix_step)(out, x, coef, k, base, i, n - i);
}

/* The moves of a vector of elements, which are active, and how many of each element are. */
KFN KSTEP KN(vsign) KN(active)(const float *const *x, int k, const float *base, float eps, size_t i,
	size_t n, KN(vfull) *move, KN(vsign) *is)
{
	KN(vfull) b = KN(load)(base + i, n);
	KN(vsign) count = {0};

	for (int r = 0; r < k; r++) {
		move[r] = KN(load)(x[r] + i, n) - b;
		is[r] = (KN(vfull))((KN(vsign))move[r] & 0x7fffffff) > eps;
		count -= is[r]; /* true is -1 */
	}
	return count;
}

KFN KSTEP void KN(count_step)(const float *const *x, int k, const float *base, float eps, size_t i,
	size_t n, KN(vsign) *lone, KN(vsign) *many)
{
	KN(vfull) move[KERNEL_INPUTS];
	KN(vsign) is[KERNEL_INPUTS], alone;

	alone = KN(active)(x, k, base, eps, i, n, move, is) == 1;
	for (int r = 0; r < k; r++) {
		lone[r] -= is[r] & alone;
		many[r] -= is[r] & ~alone;
	}
}

KFN void KN(count_moves)(const float *const *x, int k, const float *base, float eps, size_t n,
	uint64_t *unique, uint64_t *shared)
{
	KN(vsign) lone[KERNEL_INPUTS], many[KERNEL_INPUTS];
	size_t i = 0;

	memset(lone, 0, (size_t)k * sizeof *lone);
	memset(many, 0, (size_t)k * sizeof *many);
	for (; i + KF <= n; i += KF)
		KN(count_step)(x, k, base, eps, i, KF, lone, many);
	if (i < n)
		KN(count_step)(x, k, base, eps, i, n - i, lone, many);
	for (int r = 0; r < k; r++)
		for (int l = 0; l < KF; l++) {
			unique[r] += (uint32_t)lone[r][l];
			shared[r] += (uint32_t)many[r][l];
		}
}

KFN KSTEP void KN(add_step)(float *out, const float *const *x, int k, const float *base, float eps,
	const float *factor, size_t i, size_t n)
{
	KN(vfull) move[KERNEL_INPUTS], sum = {0}, by;
	KN(vsign) is[KERNEL_INPUTS], count, many;

	count = KN(active)(x, k, base, eps, i, n, move, is);
	many = count > 1;
	by = __builtin_convertvector(count, KN(vfull));
	for (int r = 0; r < k; r++) {
		KN(vfull) v = (KN(vfull))((KN(vsign))move[r] & is[r]);
		KN(vfull) lone = v * factor[r];

		v /= by;
		sum += (KN(vfull))(((KN(vsign))v & many) | ((KN(vsign))lone & ~many));
	}
	sum += KN(load)(base + i, n);
	memcpy(out + i, &sum, n * sizeof *out);
}

KFN void KN(add_moves)(float *out, const float *const *x, int k, const float *base, float eps,
	const float *factor, size_t n)
{
	size_t i = 0;

	for (; i + KF <= n; i += KF)
		KN(add_step)(out, x, k, base, eps, factor, i, KF);
	if (i < n)
		KN(add_step)(out, x, k, base, eps, factor, i, n - i);
}
#undef KSTEP
