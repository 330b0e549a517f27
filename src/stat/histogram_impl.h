/* histogram_impl: scattering one block of finite elements for one CPU path (every_path.h). */

/* Bin key of |b-a|: its bits less one, so that a bin holds (edge, next edge] and 0 wraps to the
 * top. */
PATH_INLINE uint32_t PATH(bin_key)(float a, float b)
{
	return (f32_bits(b - a) & 0x7fffffff) - 1;
}

/* Slot of the exponent of the interval that a leaves towards b; from EXPONENT_EQUAL on where a = b.
 * a = 0 leaves the lowest interval whichever way; moving to zero from a power of two borrows from
 * the exponent. */
PATH_INLINE uint32_t PATH(exponent_key)(float a, float b)
{
	uint32_t u = f32_bits(a), d = f32_bits(b - a);
	uint32_t inward = (u ^ d) >> 31;

	return (((u & 0x7fffffff) - inward) >> 23 & EXPONENT_ZERO) | (a == b ? EXPONENT_EQUAL : 0);
}

static void PATH(keys)(const float *a, const float *b, size_t n, uint32_t *bin, uint32_t *exponent)
{
	size_t i = 0;

	for (; i + PATH_LANES <= n; i += PATH_LANES) {
		vf va = vf_load(a + i), vb = vf_load(b + i);
		vu u = (vu)va, d = (vu)(vb - va);
		vu k = (d & 0x7fffffff) - 1;
		vu e = ((((u & 0x7fffffff) - ((u ^ d) >> 31)) >> 23) & EXPONENT_ZERO) |
			((vu)(va == vb) & EXPONENT_EQUAL);
		memcpy(bin + i, &k, sizeof k);
		memcpy(exponent + i, &e, sizeof e);
	}
	for (; i < n; i++) {
		bin[i] = PATH(bin_key)(a[i], b[i]);
		exponent[i] = PATH(exponent_key)(a[i], b[i]);
	}
}

static void PATH(scatter)(struct histogram_scratch *s, const float *a, const float *b, size_t n)
{
	uint32_t bin[BLOCK], exponent[BLOCK];
	size_t i = 0;

	PATH(keys)(a, b, n, bin, exponent);
	for (; i + COPIES <= n; i += COPIES) {
		/* neighbours go to different copies: equal keys in a row would wait for each
		 * other */
		PATH_UNROLL
		for (int c = 0; c < COPIES; c++) {
			s->bin[bin[i + c] >> LOW_BITS & (BINS - 1)][c] += ONE | (
				bin[i + c] & LOW_MASK);
			s->exponent[exponent[i + c]][c]++;
		}
	}
	for (; i < n; i++) {
		s->bin[bin[i] >> LOW_BITS & (BINS - 1)][0] += ONE | (bin[i] & LOW_MASK);
		s->exponent[exponent[i]][0]++;
	}
}
