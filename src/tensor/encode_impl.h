/* encode_impl: looking for what cannot be encoded, for one CPU path (every_path.h). */

/* Whether a NaN or an infinity is among them. */
static bool PATH(nonfinite)(const float *x, size_t n)
{
	vi found = { 0 };
	size_t i = 0;

	for (; i + PATH_LANES <= n; i += PATH_LANES)
		found |= (vi)(vu_load(x + i) & 0x7f800000) == 0x7f800000;
	for (; i < n; i++)
		if ((f32_bits(x[i]) & 0x7f800000) == 0x7f800000)
			return true;
	return vi_bits(found) != 0;
}
