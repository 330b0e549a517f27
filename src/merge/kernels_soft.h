/* kernels_soft: what arcee_fusion needs of softmax, and its importances. Part of kernels_impl.h:
 * compiled once per instruction set. Exponential and logarithm are made of additions,
 * multiplications and divisions alone, so that every set rounds alike. */

/* exp of x <= 0, to 2 units in the last place: x = k ln 2 + r, Taylor's series of r by Horner.
 * Below -700 it stays where it is. */
KFN inline KN(vd) KN(exp_of)(KN(vd) x)
{
	static const double c[] = {1.0 / 6227020800.0, 1.0 / 479001600.0, 1.0 / 39916800.0,
		1.0 / 3628800.0, 1.0 / 362880.0, 1.0 / 40320.0, 1.0 / 5040.0, 1.0 / 720.0,
		1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0};
	const double round = 0x1.8p52;
	KN(vu) low = (KN(vu))(x < -700.0);
	KN(vd) k, r, y;

	x = (KN(vd))(((KN(vu))x & ~low) | ((KN(vu))((KN(vd)){0} - 700.0) & low));
	k = x * 0x1.71547652b82fep+0 + round;
	low = (KN(vu))k;
	k -= round;
	r = x - k * 0x1.62e42fee00000p-1;
	r -= k * 0x1.a39ef35793c76p-33;
	y = (KN(vd)){0} + c[0];
	for (size_t i = 1; i < sizeof c / sizeof *c; i++)
		y = y * r + c[i];
	return y * (KN(vd))((low + 1023) << 52);
}

/* log of a normal y > 0: y = 2^k m, m around 1; log m = 2 artanh((m-1) / (m+1)). */
KFN inline KN(vd) KN(log_of)(KN(vd) y)
{
	static const double c[] = {2.0 / 21, 2.0 / 19, 2.0 / 17, 2.0 / 15, 2.0 / 13, 2.0 / 11,
		2.0 / 9, 2.0 / 7, 2.0 / 5, 2.0 / 3, 2.0};
	const uint64_t half = 0x3fe6a09e667f3bcd; /* the square root of 1/2 */
	KN(vu) bits = (KN(vu))y, up = (bits - half) & 0xfff0000000000000u;
	KN(vd) m = (KN(vd))(bits - up), s = (m - 1.0) / (m + 1.0), s2 = s * s, p;
	/* up is k << 52; k by way of a double's mantissa, so that it may be negative */
	KN(vd) k = (KN(vd))((((up >> 52) + 2048) & 4095) | 0x4330000000000000u);

	k -= 0x1p52 + 2048.0;
	p = (KN(vd)){0} + c[0];
	for (size_t i = 1; i < sizeof c / sizeof *c; i++)
		p = p * s2 + c[i];
	return k * 0x1.62e42fefa39efp-1 + p * s;
}

KFN void KN(exp_below)(double *e, const float *x, float most, size_t n, double sum[KERNEL_LANES])
{
	KN(vd) acc[KERNEL_LANES / KD];
	float last[KERNEL_LANES];

	memcpy(acc, sum, sizeof acc);
	for (size_t i = 0; i < n; i += KERNEL_LANES) {
		const float *from = x + i;

		if (n - i < KERNEL_LANES) { /* beyond the end nothing is added */
			for (size_t l = 0; l < KERNEL_LANES; l++)
				last[l] = i + l < n ? x[i + l] : -__builtin_inff();
			from = last;
		}
		for (int l = 0; l < KERNEL_LANES / KD; l++) {
			KN(vf) f;
			KN(vd) v;

			memcpy(&f, from + l * KD, sizeof f);
			v = KN(exp_of)(KWIDE(f) - (double)most);
			memcpy(e + i + l * KD, &v, sizeof v);
			acc[l] += v;
		}
	}
	memcpy(sum, acc, sizeof acc);
}

KFN void KN(divergence)(const double *a, double fa, const double *b, double fb, double eps,
	size_t n, double sum[KERNEL_LANES])
{
	KN(vd) acc[KERNEL_LANES / KD];

	memcpy(acc, sum, sizeof acc);
	for (size_t i = 0; i < n; i += KD) {
		KN(vd) p, q;

		memcpy(&p, a + i, sizeof p);
		memcpy(&q, b + i, sizeof q);
		p = p * fa + eps;
		q = q * fb + eps;
		p = p * KN(log_of)(p / q);
		for (size_t l = 0; n - i < KD && l < KD; l++)
			p[l] = i + l < n ? p[l] : 0.0;
		acc[i / KD % (KERNEL_LANES / KD)] += p;
	}
	memcpy(sum, acc, sizeof acc);
}

KFN float KN(most)(const float *x, size_t n)
{
	KN(vfull) m = (KN(vfull)){0} - __builtin_inff(), v;
	float most = -__builtin_inff();
	size_t i = 0;

	for (; i + KF <= n; i += KF) {
		KN(vsign) more;

		memcpy(&v, x + i, sizeof v);
		more = v > m;
		m = (KN(vfull))(((KN(vsign))v & more) | ((KN(vsign))m & ~more));
	}
	for (int l = 0; l < KF; l++)
		most = m[l] > most ? m[l] : most;
	for (; i < n; i++)
		most = x[i] > most ? x[i] : most;
	return most;
}

KFN void KN(sub_abs)(float *restrict out, const float *restrict x, const float *restrict base,
	float w, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] = __builtin_fabsf(x[i] - base[i]) * w;
}

KFN void KN(take_from)(float *restrict out, const float *restrict x, const float *restrict base,
	float w, float least, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		float d = x[i] - base[i];

		out[i] = base[i] + (__builtin_fabsf(d) * w >= least ? d : 0.0f);
	}
}
