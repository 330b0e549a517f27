/* codec_mlx_impl: MLX's encoders for one CPU path (every_path.h). Within a group only maxima are
 * taken across elements, so vectors run along it: no order of additions is at stake. */

/* Nearest whole number, ties to even, of |x| < 2^22. */
PATH_INLINE vf PATH(whole)(vf x)
{
	return (x + 12582912.0f) - 12582912.0f;
}

PATH_INLINE vf PATH(least)(vf a, vf b)
{
	return -vf_max(-a, -b);
}

PATH_INLINE float PATH(largest)(vf v)
{
#if defined(PATH_AVX512)
	return _mm512_reduce_max_ps((__m512)v);
#else
	float m = v[0];

	for (int i = 1; i < PATH_LANES; i++)
		m = v[i] > m ? v[i] : m;
	return m;
#endif
}

/* One byte to a lane. */
PATH_INLINE void PATH(put_bytes)(uint8_t *to, vu v)
{
#if defined(PATH_AVX512)
	__m128i b = _mm512_cvtepi32_epi8((__m512i)v);
	memcpy(to, &b, sizeof b);
#else
	PATH(vec_b) b = __builtin_convertvector(v, PATH(vec_b));
	memcpy(to, &b, sizeof b);
#endif
}

/* Eight codes, one to a byte, pushed together: neighbours by pairs, then pairs, then halves. */
PATH_INLINE uint64_t PATH(together)(uint64_t x, unsigned bits)
{
	x = (x & 0x00ff00ff00ff00ff) | (x & 0xff00ff00ff00ff00) >> (8 - bits);
	x = (x & 0x0000ffff0000ffff) | (x & 0xffff0000ffff0000) >> (16 - 2 * bits);
	return (x & 0xffffffff) | x >> 32 << 4 * bits;
}

PATH_INLINE void PATH(pack)(const uint8_t *codes, uint8_t *to, int n, unsigned bits)
{
	for (int i = 0; i < n; i += 8, to += bits) {
		uint64_t w = PATH(together)(le64(codes + i), bits);
		memcpy(to, &w, bits);
	}
}

PATH_INLINE void PATH(affine_group_codes)(const float *src, int n, float s, float b, float top,
	uint8_t *codes)
{
	vf zero = {0}, most = zero + top;

	for (int i = 0; i < n; i += PATH_LANES) {
		vf q = PATH(whole)((vf_load(src + i) - b) / s);
		q = PATH(least)(vf_max(q, zero), most);
		PATH(put_bytes)(codes + i, (vu)__builtin_convertvector(q, vi));
	}
}

PATH_INLINE void PATH(affine_group_encode)(const float *src, int n, unsigned bits, float *scale,
	float *bias, uint8_t *words)
{
	float top = (float)((1u << bits) - 1), lo, hi, s, b = 0.0f, edge, q0;
	vf most = vf_load(src), least = most;
	uint8_t codes[128];

	for (int i = PATH_LANES; i < n; i += PATH_LANES) {
		vf x = vf_load(src + i);
		most = vf_max(most, x);
		least = PATH(least)(least, x);
	}
	hi = PATH(largest)(most);
	lo = -PATH(largest)(-least);
	s = (hi - lo) / top;
	s = s > 1e-7f ? s : 1e-7f;
	edge = fabsf(lo) > fabsf(hi) ? lo : hi;
	s = edge == lo && fabsf(lo) > fabsf(hi) ? s : -s;
	q0 = rintf(edge / s);
	if (q0 != 0.0f) {
		s = edge / q0;
		b = edge;
	}
	*scale = s;
	*bias = b;
	PATH(affine_group_codes)(src, n, s, b, top, codes);
	if (bits == 8)
		memcpy(words, codes, (size_t)n);
	else
		PATH(pack)(codes, words, n, bits);
}

static void PATH(affine_write)(const struct affine *a, const float *src, size_t n, uint8_t *words,
	uint8_t *scales, uint8_t *biases)
{
	size_t step = (size_t)a->group * (size_t)a->bits / 8, size = dtype_info(a->scale)->bytes;
	float s, b;

	for (size_t i = 0; i < n; i += (size_t)a->group) {
		switch (a->bits) { /* constants, so that each is a loop of its own */
		case 2:
			PATH(affine_group_encode)(src + i, a->group, 2, &s, &b, words);
			break;
		case 3:
			PATH(affine_group_encode)(src + i, a->group, 3, &s, &b, words);
			break;
		case 4:
			PATH(affine_group_encode)(src + i, a->group, 4, &s, &b, words);
			break;
		case 5:
			PATH(affine_group_encode)(src + i, a->group, 5, &s, &b, words);
			break;
		case 6:
			PATH(affine_group_encode)(src + i, a->group, 6, &s, &b, words);
			break;
		default:
			PATH(affine_group_encode)(src + i, a->group, 8, &s, &b, words);
			break;
		}
		scale_put(scales, a->scale, s);
		scale_put(biases, a->scale, b);
		words += step;
		scales += size;
		biases += size;
	}
}

PATH_INLINE float PATH(magnitude)(const float *src, int n)
{
	vf most = vf_abs(vf_load(src));

	for (int i = PATH_LANES; i < n; i += PATH_LANES)
		most = vf_max(most, vf_abs(vf_load(src + i)));
	return PATH(largest)(most);
}

/* E2M1: how many of the midpoints the magnitude exceeds; a zero has no sign. */
PATH_INLINE vu PATH(e2m1)(vf v)
{
	static const float midpoint[7] = { 0.25f, 0.75f, 1.25f, 1.75f, 2.5f, 3.5f, 5.0f };
	vf m = vf_abs(v);
	vi code = {0};

	PATH_UNROLL
	for (int k = 0; k < 7; k++)
		code -= (vi)(m > midpoint[k]);
	return (vu)code | (((vu)v >> 28 & 8) & (vu)(code != 0));
}

PATH_INLINE vu PATH(e4m3)(vf v)
{
	vu u = (vu)v & 0x7fffffff;
	vu normal = (u + 0x7ffff + ((u >> 20) & 1) - (120u << 23)) >> 20;
	vu small = (vu)((vf)u + 16384.0f) - 0x46800000u; /* its ulp is 2^-9: the add rounds */
	vu code = vu_pick((vi)((vi)u < 0x3c800000), small, normal);

	code = vu_pick((vi)((vi)u >= 0x43e00000), (vu){0} + 0x7e, code);
	return code | ((vu)v >> 24 & 0x80);
}

PATH_INLINE vf PATH(quotient)(vf v, enum dtype t)
{
	vu u = (vu)v;

	if (t == DT_BF16)
		return (vf)((u + 0x7fff + ((u >> 16) & 1)) & 0xffff0000);
	for (int l = 0; l < PATH_LANES && t == DT_F16; l++)
		v[l] = round_to(v[l], t);
	return v;
}

static void PATH(small_floats)(enum mlx_float f, enum dtype t, const float *src, size_t n,
	uint8_t *codes, uint8_t *scales)
{
	int group = mlx_float_group(f);
	uint8_t code[32];

	for (size_t i = 0; i < n; i += (size_t)group, src += group) {
		float by = mlx_scale(f, t, PATH(magnitude)(src, group), scales++);

		for (int k = 0; k < group; k += PATH_LANES) {
			vf v = vf_load(src + k) / by;
			if (f == MLX_NVFP4) /* dividing by a power of two rounds nothing */
				v = by == 0.0f ? (vf){0} : PATH(quotient)(v, t);
			PATH(put_bytes)(code + k, f == MLX_MXFP8 ? PATH(e4m3)(v) : PATH(e2m1)(v));
		}
		if (f == MLX_MXFP8)
			memcpy(codes, code, (size_t)group);
		else
			PATH(pack)(code, codes, group, 4);
		codes += group * mlx_float_bits(f) / 8;
	}
}
