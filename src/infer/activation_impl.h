/* activation_impl: one CPU path (every_path.h). */
#define ACT_PARTS (16 / PATH_LANES)

/* e^x = 2^k e^r, k = round(x / ln 2), |r| <= ln 2 / 2; e^r by the polynomial of Cephes' expf. */
PATH_INLINE vf PATH(exp_of)(vf x)
{
	vi live = ~(x <= -87.3f), large = x > 88.3f; /* a NaN stays one */
	vf t, k, r, p, most = (vf){ 0 } + 88.3f;
	vi two;

	x = (vf)((((vi)x & ~large) | ((vi)most & large)) & live);
	t = x * 1.44269504088896341f + 12582912.0f;
	two = ((vi)t - 0x4b400000 + 127) << 23;
	k = t - 12582912.0f;
	r = x - k * 0.693359375f;
	r = r + k * 2.12194440e-4f;
	p = r * 1.9875691500e-4f + 1.3981999507e-3f;
	p = p * r + 8.3334519073e-3f;
	p = p * r + 4.1665795894e-2f;
	p = p * r + 1.6666665459e-1f;
	p = p * r + 5.0000001201e-1f;
	p = p * (r * r) + r + 1.0f;
	return (vf)((vi)(p * (vf)two) & live);
}

/* The same for what is left at the end: lanes are independent. */
PATH_INLINE vf PATH(load_some)(const float *x, size_t n, float fill)
{
	float v[PATH_LANES];

	for (size_t i = 0; i < PATH_LANES; i++)
		v[i] = i < n ? x[i] : fill;
	return vf_load(v);
}

PATH_INLINE void PATH(store_some)(float *x, size_t n, vf v)
{
	for (size_t i = 0; i < n; i++)
		x[i] = v[i];
}

#define ACT_EACH(x, n, body) do { \
	size_t i_ = 0; \
	for (; i_ + PATH_LANES <= (n); i_ += PATH_LANES) { \
		vf v = vf_load((x) + i_); \
		const size_t i = i_, left = PATH_LANES; (void)i, (void)left; \
		body \
		vf_store((x) + i_, v); \
	} \
	if (i_ < (n)) { \
		vf v = PATH(load_some)((x) + i_, (n) - i_, 0); \
		const size_t i = i_, left = (n) - i_; (void)i, (void)left; \
		body \
		PATH(store_some)((x) + i_, (n) - i_, v); \
	} } while (0)

PATH_INLINE vf PATH(part)(const float *x, size_t left)
{
	return left == PATH_LANES ? vf_load(x) : PATH(load_some)(x, left, 0);
}

PATH_INLINE void PATH(put)(float *x, size_t left, vf v)
{
	if (left == PATH_LANES)
		vf_store(x, v);
	else
		PATH(store_some)(x, left, v);
}

/* body for each register of 16 lanes: the k-th of them, elements `at` on, `left` of them there. */
#define ACT_SIXTEEN(n, body) \
	for (size_t i_ = 0; i_ < (n); i_ += 16) \
		PATH_UNROLL \
		for (size_t k = 0; k < ACT_PARTS; k++) { \
			const size_t at = i_ + k * PATH_LANES; \
			const size_t left = at >= (n) ? 0 : (n) - at < PATH_LANES ? (n) - at \
				: PATH_LANES; \
			if (left) \
				body \
		}

PATH_INLINE float PATH(fold16)(const vf *acc)
{
	float t[16];

	for (int k = 0; k < ACT_PARTS; k++)
		vf_store(t + k * PATH_LANES, acc[k]);
	for (int width = 8; width; width /= 2)
		for (int k = 0; k < width; k++)
			t[k] = t[k] + t[k + width];
	return t[0];
}

static void PATH(act_exp_n)(float *x, size_t n)
{
	ACT_EACH(x, n, { v = PATH(exp_of)(v); });
}

static void PATH(act_silu_n)(float *x, size_t n)
{
	ACT_EACH(x, n, { v = v / (PATH(exp_of)(-v) + 1.0f); });
}

static void PATH(act_silu_times_n)(float *gate, const float *up, size_t n)
{
	ACT_EACH(gate, n, {
		v = v / (PATH(exp_of)(-v) + 1.0f) * PATH(part)(up + i, left);
	});
}

static void PATH(act_add_n)(float *h, const float *x, float scale, size_t n)
{
	ACT_EACH(h, n, { v = v + PATH(part)(x + i, left) * scale; });
}

/* The largest is the same in any order. */
static float PATH(largest)(const float *x, size_t n)
{
	float max = x[0];

	for (size_t i = 1; i < n; i++)
		max = x[i] > max ? x[i] : max;
	return max;
}

/* out NULL: only the sum is wanted. */
PATH_INLINE float PATH(exp_sum)(const float *x, size_t n, float max, float *out)
{
	vf acc[ACT_PARTS] = { { 0 } };

	ACT_SIXTEEN(n, {
		vf v;

		v = left == PATH_LANES ? vf_load(x + at)
			: PATH(load_some)(x + at, left, max - 1000.0f);
		v = PATH(exp_of)(v - max);
		acc[k] = acc[k] + v;
		if (out)
			PATH(put)(out + at, left, v);
	});
	return PATH(fold16)(acc);
}

static void PATH(act_softmax_n)(float *x, size_t n)
{
	float max = PATH(largest)(x, n), scale = 1.0f / PATH(exp_sum)(x, n, max, x);

	ACT_EACH(x, n, { v = v * scale; });
}

static void PATH(act_max_sum_n)(const float *x, size_t n, float *max, float *sum)
{
	*max = PATH(largest)(x, n);
	*sum = PATH(exp_sum)(x, n, *max, NULL);
}

static float PATH(act_state_n)(float *s, const float *b, const float *c, float keep, float add,
	size_t n)
{
	vf acc[ACT_PARTS] = { { 0 } };

	ACT_SIXTEEN(n, {
		vf v;

		v = PATH(part)(s + at, left) * keep + PATH(part)(b + at, left) * add;
		acc[k] = acc[k] + v * PATH(part)(c + at, left);
		PATH(put)(s + at, left, v);
	});
	return PATH(fold16)(acc);
}
#undef ACT_EACH
#undef ACT_SIXTEEN
#undef ACT_PARTS
