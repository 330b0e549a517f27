/* sums_impl: reductions over one block of finite elements for one CPU path (every_path.h). A
 * block starts at a multiple of 16 in its window, so element i belongs to lane i mod 16
 * throughout; lanes stay in memory between blocks. */
#define HALF (PATH_LANES / 2) /* doubles in a register */
#define PARTS (LANES / HALF)  /* registers that hold the lanes */
#define SLICES (LANES / PATH_LANES)

PATH_INLINE uint64_t PATH(count)(vi minus)
{
	int64_t n = 0;

	for (int k = 0; k < PATH_LANES; k++)
		n -= minus[k];
	return (uint64_t)n;
}

/* zeros: whether there may be any. */
PATH_INLINE void PATH(norm_lanes)(struct norm_lanes *l, const float *x, size_t n, bool zeros)
{
	vd n2[PARTS], sum[PARTS];
	vf max[SLICES];
	vi zero = { 0 };
	size_t i = 0;

	PATH_UNROLL
	for (int k = 0; k < PARTS; k++) {
		n2[k] = vd_load(l->n2 + k * HALF);
		sum[k] = vd_load(l->sum + k * HALF);
	}
	PATH_UNROLL
	for (int k = 0; k < SLICES; k++)
		max[k] = vf_load(l->max + k * PATH_LANES);
	for (; i + LANES <= n; i += LANES) {
		PATH_UNROLL
		for (int k = 0; k < PARTS; k++) {
			vd v = vd_load_floats(x + i + k * HALF);
			n2[k] += v * v;
			sum[k] += v;
		}
		PATH_UNROLL
		for (int k = 0; k < SLICES; k++) {
			vf v = vf_load(x + i + k * PATH_LANES);
			max[k] = vf_max(vf_abs(v), max[k]);
			if (zeros)
				zero += v == 0.0f;
		}
	}
	PATH_UNROLL
	for (int k = 0; k < PARTS; k++) {
		vd_store(l->n2 + k * HALF, n2[k]);
		vd_store(l->sum + k * HALF, sum[k]);
	}
	PATH_UNROLL
	for (int k = 0; k < SLICES; k++)
		vf_store(l->max + k * PATH_LANES, max[k]);
	l->zeros += PATH(count)(zero);
	for (; i < n; i++) {
		double v = x[i];
		l->n2[i % LANES] += v * v;
		l->sum[i % LANES] += v;
		l->max[i % LANES] = fmaxf(l->max[i % LANES], fabsf(x[i]));
		l->zeros += v == 0;
	}
}

static void PATH(norm_block)(struct norm_lanes *l, const float *x, size_t n, bool zeros)
{
	if (zeros)
		PATH(norm_lanes)(l, x, n, true);
	else
		PATH(norm_lanes)(l, x, n, false);
}

/* -1 where the signs differ. Without zeros the sign bits tell. */
PATH_INLINE vi PATH(other_sign)(vf a, vf other, bool zeros)
{
	if (!zeros)
		return (vi)((vu)a ^ (vu)other) >> 31;
	return ((a > 0.0f) ^ (other > 0.0f)) | ((a < 0.0f) ^ (other < 0.0f));
}

PATH_INLINE void PATH(pair_lanes)(struct pair_lanes *l, const float *a, const float *b, size_t n,
	bool zeros)
{
	vd d2[PARTS], max[PARTS];
	vi equal = { 0 }, differ = { 0 };
	size_t i = 0;

	PATH_UNROLL
	for (int k = 0; k < PARTS; k++) {
		d2[k] = vd_load(l->d2 + k * HALF);
		max[k] = vd_load(l->max + k * HALF);
	}
	for (; i + LANES <= n; i += LANES) {
		PATH_UNROLL
		for (int k = 0; k < PARTS; k++) {
			vd d = vd_load_floats(a + i + k * HALF) - vd_load_floats(b + i + k * HALF);
			d2[k] += d * d;
			max[k] = vd_max(vd_abs(d), max[k]);
		}
		PATH_UNROLL
		for (int k = 0; k < SLICES; k++) {
			size_t at = i + k * PATH_LANES;
			vf va = vf_load(a + at), other = vf_load(b + at);
			equal += va == other;
			differ += PATH(other_sign)(va, other, zeros);
		}
	}
	PATH_UNROLL
	for (int k = 0; k < PARTS; k++) {
		vd_store(l->d2 + k * HALF, d2[k]);
		vd_store(l->max + k * HALF, max[k]);
	}
	l->equal += PATH(count)(equal);
	l->agree += i - PATH(count)(differ);
	for (; i < n; i++) {
		double d = (double)a[i] - (double)b[i];
		l->d2[i % LANES] += d * d;
		l->max[i % LANES] = fmax(l->max[i % LANES], fabs(d));
		l->equal += a[i] == b[i];
		l->agree += (a[i] > 0) == (b[i] > 0) && (a[i] < 0) == (b[i] < 0);
	}
}

static void PATH(pair_block)(struct pair_lanes *l, const float *a, const float *b, size_t n,
	bool zeros)
{
	if (zeros)
		PATH(pair_lanes)(l, a, b, n, true);
	else
		PATH(pair_lanes)(l, a, b, n, false);
}

static void PATH(sign_block)(struct sign_sums *s, const float *a, const float *b, const float *c,
	size_t n)
{
	vi moved_a = { 0 }, moved_b = { 0 }, both = { 0 }, agree = { 0 };
	size_t i = 0;

	for (; i + PATH_LANES <= n; i += PATH_LANES) {
		vf va = vf_load(a + i), vb = vf_load(b + i), vc = vf_load(c + i);
		vi ua = va > vc, ub = vb > vc, da = va < vc, db = vb < vc;
		moved_a += ua | da;
		moved_b += ub | db;
		both += (ua | da) & (ub | db);
		agree += (ua & ub) | (da & db);
	}
	s->moved_a += PATH(count)(moved_a);
	s->moved_b += PATH(count)(moved_b);
	s->both += PATH(count)(both);
	s->agree += PATH(count)(agree);
	for (; i < n; i++) {
		int sa = (a[i] > c[i]) - (a[i] < c[i]), sb = (b[i] > c[i]) - (b[i] < c[i]);
		s->moved_a += sa != 0;
		s->moved_b += sb != 0;
		s->both += sa && sb;
		s->agree += sa * sb > 0;
	}
}

static void PATH(conflict_block)(struct conflict_sums *s, const float *const *x, int n_inputs,
	const float *c, size_t from, size_t n)
{
	vi moved = { 0 }, several = { 0 }, conflict = { 0 };
	size_t i = from, end = from + n;

	for (; i + PATH_LANES <= end; i += PATH_LANES) {
		vf vc = vf_load(c + i);
		vi up = { 0 }, down = { 0 }, one = { 0 }, two = { 0 };
		for (int k = 0; k < n_inputs; k++) {
			vf v = vf_load(x[k] + i);
			vi u = v > vc, d = v < vc;
			two |= one & (u | d);
			one |= u | d;
			up |= u;
			down |= d;
		}
		moved += one;
		several += two;
		conflict += up & down;
	}
	s->moved += PATH(count)(moved);
	s->several += PATH(count)(several);
	s->conflict += PATH(count)(conflict);
	for (; i < end; i++) {
		int up = 0, down = 0;
		for (int k = 0; k < n_inputs; k++) {
			up += x[k][i] > c[i];
			down += x[k][i] < c[i];
		}
		s->moved += up + down > 0;
		s->several += up + down > 1;
		s->conflict += up && down;
	}
}
#undef HALF
#undef PARTS
#undef SLICES
