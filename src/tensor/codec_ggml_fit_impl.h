/* codec_ggml_fit_impl: the searches that find ggml's scales, for one CPU path (every_path.h).
 *
 * A lane is one group of numbers: a block, a sub-block, or the scales of a super-block. x[g][i] is
 * element i of PATH_LANES groups; g counts WAYS such vectors, worked on in turn so that one's
 * additions fill the other's latency. So every group sees the scalar order of operations: float32,
 * multiply and add apart, sums in the order of elements. nint rounds to nearest even by adding
 * 1.5 * 2^23; where the sum leaves its binade the format's rule is what the bits then say
 * (PATH(nint)), and the searches take the cheaper PATH(code) only where that cannot happen.
 *
 * Dead lanes (constant or zero groups) have the scale 0 and inverse 0. */
#define WAYS 4
#define MOST 32 /* elements of a group */
/* Called, not inlined: sizes and tops are arguments, and each search is compiled once. */
#define SEARCH static __attribute__((noinline, unused))
#define EACH_WAY PATH_UNROLL for (int g = 0; g < WAYS; g++)
#define EACH_TABLE PATH_UNROLL for (int g = 0; g < 2; g++) /* scales, offsets */

typedef uint8_t PATH(sixteen) __attribute__((vector_size(16)));

PATH_INLINE PATH(sixteen) PATH(load16)(const uint8_t *p)
{
	PATH(sixteen) v;
	memcpy(&v, p, sizeof v);
	return v;
}

PATH_INLINE vf PATH(all)(float f)
{
	return (vf){ 0 } + f;
}

PATH_INLINE vi PATH(nint)(vf v)
{
	return ((vi)(v + NINT_MAGIC) & 0x7fffff) - 0x400000;
}

/* clamp(nint(v), low, high), |v| < 2^22. */
PATH_INLINE vf PATH(code)(vf v, float low, float high)
{
	vf r = vf_max(v + NINT_MAGIC, PATH(all)(NINT_MAGIC + low));

	return vf_min(r, PATH(all)(NINT_MAGIC + high)) - NINT_MAGIC;
}

/* The same of any v. */
PATH_INLINE vf PATH(code_of_any)(vf v, float low, float high)
{
	vf r = vf_max(__builtin_convertvector(PATH(nint)(v), vf), PATH(all)(low));

	return vf_min(r, PATH(all)(high));
}

/* What the search for x ≈ scale * l - less found; its codes are clamp(nint(inverse * (x - from)),
 * 0, top). */
struct PATH(line) {
	vf scale[WAYS], less[WAYS], inverse[WAYS], from[WAYS];
};

struct PATH(line_search) {
	vf lo[WAYS], hi[WAYS], sum_w[WAYS], sum_wx[WAYS]; /* lo no more than 0 */
	vf error[WAYS];                                   /* least so far */
	vi dead[WAYS];
};

PATH_INLINE void PATH(line_range)(struct PATH(line_search) *s, int n, const vf (*x)[MOST],
	const vf (*w)[MOST])
{
	EACH_WAY {
		vf lo = x[g][0], hi = x[g][0], sum_w = w[g][0], sum_wx = w[g][0] * x[g][0];
		for (int i = 1; i < n; i++) {
			lo = vf_min(x[g][i], lo);
			hi = vf_max(x[g][i], hi);
			sum_w += w[g][i];
			sum_wx += w[g][i] * x[g][i];
		}
		lo = vf_pick(lo > 0, PATH(all)(0), lo);
		s->lo[g] = lo;
		s->hi[g] = hi;
		s->sum_w[g] = sum_w;
		s->sum_wx[g] = sum_wx;
		s->dead[g] = hi == lo;
	}
}

/* What may happen to inverse * (x - from) in some lane: it leaves 0 … top on a side, or even
 * nint's plain range. */
enum PATH(line_reach) { PATH(LINE_LOW) = 1, PATH(LINE_HIGH) = 2, PATH(LINE_FAR) = 4 };

PATH_INLINE int PATH(line_reach)(const struct PATH(line_search) *s, const vf *inverse,
	const vf *from)
{
	vi inside = { 0 }, above = { 0 };

	inside = ~inside;
	above = ~above;
	EACH_WAY {
		vf low = inverse[g] * (s->lo[g] - from[g]), range = s->hi[g] - from[g];
		vi plain = (low > -0x1p21f) & (range > 0) & (inverse[g] * range < 0x1p21f);
		inside &= plain | s->dead[g];
		above &= (low > -0.49f) | s->dead[g];
	}
	if (vi_bits(inside) != UINT32_MAX >> (32 - PATH_LANES))
		return PATH(LINE_FAR);
	return vi_bits(above) == UINT32_MAX >> (32 - PATH_LANES) ? 0 : PATH(LINE_LOW);
}

PATH_INLINE void PATH(line_codes_in)(int n, const vf (*x)[MOST], vf (*l)[MOST], float top,
	const vf *inverse, const vf *from, int reach)
{
	for (int i = 0; i < n; i++) {
		EACH_WAY {
			vf v = inverse[g] * (x[g][i] - from[g]);
			if (reach == PATH(LINE_FAR)) {
				v = PATH(code_of_any)(v, 0, top);
			} else {
				v += NINT_MAGIC;
				if (reach & PATH(LINE_LOW))
					v = vf_max(v, PATH(all)(NINT_MAGIC));
				if (reach & PATH(LINE_HIGH))
					v = vf_min(v, PATH(all)(NINT_MAGIC + top));
				v -= NINT_MAGIC;
			}
			l[g][i] = v;
		}
	}
}

/* Codes clamp(nint(inverse * (x - from)), 0, top) into l, where inverse * (largest - from) is
 * `slope`. */
PATH_INLINE void PATH(line_codes)(const struct PATH(line_search) *s, int n, const vf (*x)[MOST],
	vf (*l)[MOST], float top, float slope, const vf *inverse, const vf *from)
{
	int reach = PATH(line_reach)(s, inverse, from);

	if (reach == PATH(LINE_FAR))
		PATH(line_codes_in)(n, x, l, top, inverse, from, PATH(LINE_FAR));
	else if (slope > top + 0.49f)
		PATH(line_codes_in)(n, x, l, top, inverse, from,
			PATH(LINE_LOW) | PATH(LINE_HIGH));
	else if (reach)
		PATH(line_codes_in)(n, x, l, top, inverse, from, PATH(LINE_LOW));
	else
		PATH(line_codes_in)(n, x, l, top, inverse, from, 0);
}

PATH_INLINE void PATH(line_error)(int n, const vf (*x)[MOST], const vf (*w)[MOST],
	const vf (*l)[MOST], const vf *scale, const vf *low, bool absolute, vf *error)
{
	EACH_WAY error[g] = PATH(all)(0);
	for (int i = 0; i < n; i++) {
		EACH_WAY {
			vf diff = scale[g] * l[g][i] + low[g] - x[g][i];
			diff = absolute ? vf_abs(diff) : diff * diff;
			error[g] += w[g][i] * diff;
		}
	}
}

/* The least squares line through these codes: x ≈ scale * l + low, low no more than 0. */
PATH_INLINE void PATH(line_solve)(const struct PATH(line_search) *s, int n, const vf (*x)[MOST],
	const vf (*w)[MOST], const vf (*l)[MOST], vf *scale, vf *low, vi *solved)
{
	vf sum_l[WAYS], sum_ll[WAYS], sum_xl[WAYS];

	EACH_WAY sum_l[g] = sum_ll[g] = sum_xl[g] = PATH(all)(0);
	for (int i = 0; i < n; i++) {
		EACH_WAY {
			vf wl = w[g][i] * l[g][i];
			sum_l[g] += wl;
			sum_ll[g] += wl * l[g][i];
			sum_xl[g] += wl * x[g][i];
		}
	}
	EACH_WAY {
		vf det = s->sum_w[g] * sum_ll[g] - sum_l[g] * sum_l[g];
		scale[g] = (s->sum_w[g] * sum_xl[g] - s->sum_wx[g] * sum_l[g]) / det;
		low[g] = (sum_ll[g] * s->sum_wx[g] - sum_l[g] * sum_xl[g]) / det;
		solved[g] = (det > 0) & ~s->dead[g];
		vi above = low[g] > 0;
		if (vi_bits(above)) {
			scale[g] = vf_pick(above, sum_xl[g] / sum_ll[g], scale[g]);
			low[g] = vf_pick(above, PATH(all)(0), low[g]);
		}
	}
}

/* Codes 0…top with the weighted error least among `steps` + 1 slopes (first + step*t + top) /
 * range. A start that is accepted is where the next slopes start from. */
SEARCH void PATH(fit_line)(int n, const vf (*x)[MOST], const vf (*w)[MOST], float top, float first,
	float step, int steps, bool absolute, struct PATH(line) *f)
{
	struct PATH(line_search) s;
	vf l[WAYS][MOST], low[WAYS];

	PATH(line_range)(&s, n, x, w);
	EACH_WAY {
		vf range = vf_pick(s.dead[g], PATH(all)(1), s.hi[g] - s.lo[g]);
		f->inverse[g] = top / range;
		f->scale[g] = 1 / f->inverse[g];
		f->from[g] = low[g] = s.lo[g];
	}
	PATH(line_codes)(&s, n, x, l, top, top, f->inverse, f->from);
	PATH(line_error)(n, x, w, (const vf (*)[MOST])l, f->scale, low, absolute, s.error);
	for (int t = 0; t <= steps; t++) {
		vf inverse[WAYS], scale[WAYS], fresh[WAYS], error[WAYS];
		vi solved[WAYS];
		float slope = first + step * (float)t + top;
		EACH_WAY inverse[g] = slope /
			vf_pick(s.dead[g], PATH(all)(1), s.hi[g] - low[g]);
		PATH(line_codes)(&s, n, x, l, top, slope, inverse, low);
		PATH(line_solve)(&s, n, x, w, (const vf (*)[MOST])l, scale, fresh, solved);
		PATH(line_error)(n, x, w, (const vf (*)[MOST])l, scale, fresh, absolute, error);
		EACH_WAY {
			vi better = solved[g] & (error[g] < s.error[g]);
			s.error[g] = vf_pick(better, error[g], s.error[g]);
			f->scale[g] = vf_pick(better, scale[g], f->scale[g]);
			f->inverse[g] = vf_pick(better, inverse[g], f->inverse[g]);
			f->from[g] = vf_pick(better, low[g], f->from[g]);
			low[g] = vf_pick(better, fresh[g], low[g]);
		}
	}
	EACH_WAY {
		f->less[g] = -low[g];
		f->scale[g] = vf_pick(s.dead[g], PATH(all)(0), f->scale[g]);
		f->inverse[g] = vf_pick(s.dead[g], PATH(all)(0), f->inverse[g]);
	}
}

/* The number of largest magnitude, the first of equals, with its sign. */
PATH_INLINE vf PATH(farthest)(int n, const vf *x, vf *magnitude)
{
	vf most = PATH(all)(0), at = most;

	for (int i = 0; i < n; i++) {
		vf a = vf_abs(x[i]);
		vi more = a > most;
		most = vf_pick(more, a, most);
		at = vf_pick(more, x[i], at);
	}
	*magnitude = most;
	return at;
}

/* Sums w*x*l and w*l*l of the codes for inverses -(top + t/10) / far of `count` t from `first` on.
 * They are worked on at once, because one sum alone waits for its additions. Up to t = -6 no code
 * leaves -top … top-1, and up to 4 none is below; `finite` says that this may be relied on. */
PATH_INLINE void PATH(scale_sums)(int n, const vf *x, const vf *w, const vf *wx, float top, vf far,
	bool finite, int first, int count, vf *inverse, vf *sum_a, vf *sum_b)
{
	vf is[5], a[5], b[5];

	PATH_UNROLL
	for (int k = 0; k < count; k++) {
		is[k] = -(top + 0.1f * (float)(first + k)) / far;
		a[k] = b[k] = PATH(all)(0);
	}
	for (int i = 0; i < n; i++) {
		vf xi = x[i], wi = w[i], wxi = wx[i];
		PATH_UNROLL
		for (int k = 0; k < count; k++) {
			vf l = is[k] * xi;
			if (!finite) {
				l = PATH(code_of_any)(l, -top, top - 1);
			} else {
				l += NINT_MAGIC;
				if (first + count > 5)
					l = vf_max(l, PATH(all)(NINT_MAGIC - top));
				if (first + count > -5)
					l = vf_min(l, PATH(all)(NINT_MAGIC + top - 1));
				l -= NINT_MAGIC;
			}
			a[k] += wxi * l;
			b[k] += wi * l * l;
		}
	}
	PATH_UNROLL
	for (int k = 0; k < count; k++) {
		inverse[first + k] = is[k];
		sum_a[first + k] = a[k];
		sum_b[first + k] = b[k];
	}
}

/* Codes -top … top-1 for x ≈ scale * l: least squares scale for each of 19 inverses around
 * -top / farthest, the one that explains most. The codes are clamp(nint(inverse * x), -top, top-1);
 * a dead lane's are all zero as stored. */
SEARCH void PATH(fit_scale)(int n, const vf *x, const vf *w, float top, vf *best_scale,
	vf *best_inverse)
{
	vf amax, far = PATH(farthest)(n, x, &amax), wx[MOST];
	vf is[19], sum_a[19], sum_b[19], *i0 = is + 9, *a0 = sum_a + 9, *b0 = sum_b + 9;
	vi dead = amax < GROUP_IS_ZERO, finite = { 0 };

	finite = ~finite;
	far = vf_pick(dead, PATH(all)(1), far);
	for (int i = 0; i < n; i++) {
		wx[i] = w[i] * x[i];
		finite &= vf_abs(x[i]) < INFINITY;
	}
#define SUMS(first, count) \
	PATH(scale_sums)(n, x, w, wx, top, far, true, first, count, i0, a0, b0)
	if (vi_bits(~finite)) { /* scales of what is beyond the format */
		for (int t = -9; t <= 9; t++)
			PATH(scale_sums)(n, x, w, wx, top, far, false, t, 1, i0, a0, b0);
	} else {
#if PATH_LANES == 16
		SUMS(-9, 4);
		SUMS(-5, 5);
		SUMS(0, 5);
		SUMS(5, 5);
#else
		SUMS(-9, 2);
		SUMS(-7, 2);
		SUMS(-5, 2);
		SUMS(-3, 2);
		SUMS(-1, 2);
		SUMS(1, 2);
		SUMS(3, 2);
		SUMS(5, 2);
		SUMS(7, 3);
#endif
	}
#undef SUMS
	vf inverse = i0[0], scale = vf_pick(b0[0] != 0, a0[0] / b0[0], PATH(all)(0));
	vf best = scale * a0[0];
	for (int t = -9; t <= 9; t++) {
		vf a = a0[t], b = b0[t];
		vi better = (b > 0) & (a * a > best * b);
		if (t == 0 || !vi_bits(better))
			continue;
		scale = vf_pick(better, a / b, scale);
		best = vf_pick(better, scale * a, best);
		inverse = vf_pick(better, i0[t], inverse);
	}
	*best_inverse = vf_pick(dead, PATH(all)(0), inverse);
	*best_scale = vf_pick(dead, PATH(all)(0), scale);
}

/* Codes 0…top for the scales of a super-block, x >= 0 in all but strange cases: the inverse with
 * the least error, then up to five passes that move one code at a time. Codes are bytes. */
struct PATH(positive) {
	vf a[2], b[2]; /* sums of w*x*l and w*l*l */
	vi dead[2];
};

PATH_INLINE vf PATH(byte)(vi l)
{
	return __builtin_convertvector(l & 255, vf);
}

PATH_INLINE vi PATH(at_most)(vi l, int32_t top)
{
	return (vi)vu_pick(l < top, (vu)l, (vu)((vi){ 0 } + top));
}

/* The weighted squared error with this inverse; its first use is with codes as bytes, unbounded. */
PATH_INLINE vf PATH(positive_error)(int n, const vf *x, const vf *w, vf inverse, bool first,
	float top)
{
	vf error = PATH(all)(0), unit = 1 / inverse;

	for (int i = 0; i < n; i++) {
		vi l = PATH(nint)(inverse * x[i]);
		vf c = first ? PATH(byte)(l)
			: __builtin_convertvector(PATH(at_most)(l, (int32_t)top), vf);
		vf diff = x[i] - unit * c;
		error += w[i] * diff * diff;
	}
	return error;
}

PATH_INLINE vf PATH(positive_inverse)(int n, const vf *x, const vf *w, vf max, float top)
{
	vf inverse = top / max, least = PATH(positive_error)(n, x, w, inverse, true, top);

	for (int t = -4; t <= 4; t++) {
		vf is = (0.1f * (float)t + top) / max;
		if (t == 0)
			continue;
		vf error = PATH(positive_error)(n, x, w, is, false, top);
		vi better = error < least;
		least = vf_pick(better, error, least);
		inverse = vf_pick(better, is, inverse);
	}
	return inverse;
}

PATH_INLINE void PATH(positive_pass)(struct PATH(positive) *s, int n, const vf (*x)[MOST],
	const vf (*w)[MOST], vf (*l)[MOST], float top)
{
	for (int i = 0; i < n; i++) {
		EACH_TABLE {
			vf wi = w[g][i], xi = x[g][i], old = l[g][i];
			vf a = s->a[g] - wi * xi * old, b = s->b[g] - wi * old * old;
			vi ok = (a > 0) & (b > 0);
			vi fresh = PATH(at_most)(PATH(nint)(xi * b / a), (int32_t)top);
			vf f = __builtin_convertvector(fresh, vf);
			ok &= f != old;
			a += wi * xi * f;
			b += wi * f * f;
			ok &= a * a * s->b[g] > s->a[g] * s->a[g] * b;
			l[g][i] = vf_pick(ok, PATH(byte)(fresh), old);
			s->a[g] = vf_pick(ok, a, s->a[g]);
			s->b[g] = vf_pick(ok, b, s->b[g]);
		}
	}
}

SEARCH void PATH(fit_positive)(int n, const vf (*x)[MOST], const vf (*w)[MOST], float top,
	vf (*l)[MOST], vf *scale)
{
	struct PATH(positive) s;

	EACH_TABLE {
		vf max = PATH(all)(0), a = max, b = max, inverse;
		for (int i = 0; i < n; i++)
			max = vf_max(x[g][i], max);
		s.dead[g] = max < GROUP_IS_ZERO;
		max = vf_pick(s.dead[g], PATH(all)(1), max);
		inverse = PATH(positive_inverse)(n, x[g], w[g], max, top);
		for (int i = 0; i < n; i++) {
			vi c = PATH(at_most)(PATH(nint)(inverse * x[g][i]), (int32_t)top);
			vf f = __builtin_convertvector(c, vf);
			l[g][i] = PATH(byte)(c);
			a += w[g][i] * x[g][i] * f;
			b += w[g][i] * f * f;
		}
		s.a[g] = a;
		s.b[g] = b;
	}
	for (int pass = 0; pass < 5; pass++)
		PATH(positive_pass)(&s, n, x, w, l, top); /* a pass without change stays without */
	EACH_TABLE {
		vi none = s.dead[g] | ~(s.b[g] > 0);
		scale[g] = vf_pick(none, PATH(all)(0), s.a[g] / s.b[g]);
		for (int i = 0; i < n; i++)
			l[g][i] = vf_pick(s.dead[g], PATH(all)(0), l[g][i]);
	}
}

/* Q3_K's own: weights x*x, one code moved at a time in up to five passes. Codes -top … top-1. */
SEARCH void PATH(fit_moving)(int n, const vf (*x)[MOST], float top, vf (*l)[MOST], vf *scale)
{
	vf sum_a[WAYS], sum_b[WAYS];
	vi dead[WAYS];

	EACH_WAY {
		vf amax, far = PATH(farthest)(n, x[g], &amax), a = PATH(all)(0), b = a;
		dead[g] = amax < GROUP_IS_ZERO;
		vf is = -top / vf_pick(dead[g], PATH(all)(1), far);
		for (int i = 0; i < n; i++) {
			vf xi = x[g][i], w = xi * xi, c = PATH(code)(is * xi, -top, top - 1);
			l[g][i] = c;
			a += w * xi * c;
			b += w * c * c;
		}
		sum_a[g] = a;
		sum_b[g] = b;
	}
	for (int pass = 0; pass < 5; pass++) {
		uint32_t moved = 0;
		for (int i = 0; i < n; i++) {
			EACH_WAY {
				vf xi = x[g][i], w = xi * xi, old = l[g][i];
				vf a = sum_a[g] - w * xi * old, b = sum_b[g] - w * old * old;
				vi ok = a > 0;
				vf f = PATH(code_of_any)(xi * b / a, -top, top - 1);
				ok &= f != old;
				a += w * xi * f;
				b += w * f * f;
				ok &= (b > 0) & (a * a * sum_b[g] > sum_a[g] * sum_a[g] * b);
				l[g][i] = vf_pick(ok, f, old);
				sum_a[g] = vf_pick(ok, a, sum_a[g]);
				sum_b[g] = vf_pick(ok, b, sum_b[g]);
				moved |= vi_bits(ok);
			}
		}
		if (!moved)
			break;
	}
	EACH_WAY {
		vi none = dead[g] | ~(sum_b[g] > 0);
		scale[g] = vf_pick(none, PATH(all)(0), sum_a[g] / sum_b[g]);
		for (int i = 0; i < n; i++)
			l[g][i] = vf_pick(dead[g], PATH(all)(-top), l[g][i]);
	}
}
