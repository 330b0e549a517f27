/* finite_impl: one CPU path (every_path.h). */

/* Adding one to the exponent of |x| carries into the sign bit for NaN and infinity alone. */
static bool PATH(all)(const float *x, size_t n)
{
	vu any = { 0 };
	uint32_t tail = 0;
	size_t i = 0;

	for (; i + PATH_LANES <= n; i += PATH_LANES)
		any |= (vu_load(x + i) & 0x7fffffff) + 0x00800000;
	for (; i < n; i++)
		tail |= (f32_bits(x[i]) & 0x7fffffff) + 0x00800000;
	for (int k = 0; k < PATH_LANES; k++)
		tail |= any[k];
	return !(tail >> 31);
}
