/* kernels_mergekit: those that mergekit's own arithmetic and masks need. A part of kernels_impl.h,
 * which includes it once per instruction set. */
KFN void KN(fma)(float *restrict out, const float *restrict x, float w, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] = __builtin_fmaf(x[i], w, out[i]);
}

KFN void KN(mt_refill)(uint32_t *s)
{
	uint32_t y;

	for (size_t i = 0; i < 227; i++) {
		y = (s[i] & 0x80000000u) | (s[i + 1] & 0x7fffffffu);
		s[i] = s[i + 397] ^ y >> 1 ^ (-(y & 1) & 0x9908b0dfu);
	}
	for (size_t i = 227; i < 623; i++) {
		y = (s[i] & 0x80000000u) | (s[i + 1] & 0x7fffffffu);
		s[i] = s[i - 227] ^ y >> 1 ^ (-(y & 1) & 0x9908b0dfu);
	}
	y = (s[623] & 0x80000000u) | (s[0] & 0x7fffffffu);
	s[623] = s[396] ^ y >> 1 ^ (-(y & 1) & 0x9908b0dfu);
}

/* The generator's output function; 24 bits of it are used. */
#define KTEMPER(y) do { \
		(y) ^= (y) >> 11; \
		(y) ^= (y) << 7 & 0x9d2c5680u; \
		(y) ^= (y) << 15 & 0xefc60000u; \
		(y) ^= (y) >> 18; \
	} while (0)

KFN void KN(mt_keep)(const uint32_t *words, size_t n, uint32_t below, uint8_t *bits)
{
	size_t i = 0;

	for (; i + 16 <= n; i += 16) {
		uint32_t mask = 0;
		uint16_t half;

		for (int h = 0; h < 16 / KF; h++) {
			KN(vsign) kept;
			KN(vw) y;

			memcpy(&y, words + i + h * KF, sizeof y);
			KTEMPER(y);
			kept = (KN(vsign))(y & 0xffffffu) < (int32_t)below;
			mask |= KBITS(kept) << (h * KF);
		}
		half = (uint16_t)mask;
		memcpy(bits + i / 8, &half, 2);
	}
	for (; i < n; i++) {
		uint32_t y = words[i];
		uint8_t at = (uint8_t)(1u << i % 8);

		KTEMPER(y);
		bits[i / 8] = (uint8_t)((i % 8 ? bits[i / 8] : 0) |
			((y & 0xffffffu) < below ? at : 0));
	}
}

KFN void KN(mt_numbers)(const uint32_t *restrict words, uint32_t *restrict out, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint32_t y = words[i];

		KTEMPER(y);
		out[i] = y & 0xffffffu;
	}
}
#undef KTEMPER
