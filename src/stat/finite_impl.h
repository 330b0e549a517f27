/* finite_impl: one CPU path (every_path.h). */

/* Adding one to the exponent of |x| carries into the sign bit for NaN and infinity alone,
 * taking one from the whole for zero alone. */
static struct finite_kind PATH(scan)(const float *x, size_t n)
{
	vu high = { 0 }, low = { 0 };
	uint32_t h = 0, l = 0;
	size_t i = 0;

	for (; i + PATH_LANES <= n; i += PATH_LANES) {
		vu u = vu_load(x + i) & 0x7fffffff;
		high |= u + 0x00800000;
		low |= u - 1;
	}
	for (; i < n; i++) {
		h |= (f32_bits(x[i]) & 0x7fffffff) + 0x00800000;
		l |= (f32_bits(x[i]) & 0x7fffffff) - 1;
	}
	for (int k = 0; k < PATH_LANES; k++) {
		h |= high[k];
		l |= low[k];
	}
	return (struct finite_kind){ !(h >> 31), l >> 31 };
}
