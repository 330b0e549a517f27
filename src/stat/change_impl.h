/* change_impl: the loops of change.h for one CPU path (every_path.h); rows of 16 that the compiler
 * turns into vectors. Sums are per lane; n is a multiple of 16. */

static void PATH(rounding)(const float *m, const float *stored, size_t n, double *lane)
{
	for (size_t i = 0; i < n; i += LANES)
		for (int k = 0; k < LANES; k++) {
			double d = (double)stored[i + k] - (double)m[i + k];
			d *= d;
			lane[k] += d <= DBL_MAX ? d : 0;
		}
}

/* most: differences above it count as that much */
static void PATH(shift)(const float *to, const float *base, double most, size_t n, double *lane)
{
	for (size_t i = 0; i < n; i += LANES)
		for (int k = 0; k < LANES; k++) {
			double d = fabs((double)to[i + k] - (double)base[i + k]);
			d = d > most && d <= DBL_MAX ? most : d;
			lane[k] += d <= DBL_MAX ? d : 0;
		}
}

static void PATH(frozen)(const float *to, const float *base, const float *stored,
	const float *base_stored, size_t n, uint32_t *changed, uint32_t *frozen)
{
	vi moved = { 0 }, same = { 0 };

	for (size_t i = 0; i < n; i += PATH_LANES) {
		vf x = vf_load(to + i), b = vf_load(base + i);
		vi moves = (vi)(x < b) | (vi)(x > b);

		moved -= moves; /* true is -1 */
		same -= moves & (vi)(vf_load(stored + i) == vf_load(base_stored + i));
	}
	for (int k = 0; k < PATH_LANES; k++) {
		changed[k] += (uint32_t)moved[k];
		frozen[k] += (uint32_t)same[k];
	}
}

static void PATH(full)(const float *other, const float *base, double t, size_t n, uint32_t *full)
{
	for (size_t i = 0; i < n; i += LANES)
		for (int k = 0; k < LANES; k++)
			full[k] += fabs((double)other[i + k] - (double)base[i + k]) <= t;
}
