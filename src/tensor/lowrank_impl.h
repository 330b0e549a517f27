/* lowrank_impl: the product for one CPU path (every_path.h): ROWS x WIDTH vectors of sums stay in
 * registers while k runs. */

PATH_INLINE void PATH(tile)(const struct lowrank *p, const float *l, const float *r, float *x,
	int rows, int width)
{
	vf sum[ROWS][WIDTH];

	PATH_UNROLL
	for (int i = 0; i < rows; i++)
		PATH_UNROLL
		for (int v = 0; v < width; v++)
			sum[i][v] = (vf){ 0 };
	for (size_t k = 0; k < p->rank; k++) {
		PATH_UNROLL
		for (int v = 0; v < width; v++) {
			vf b = vf_load(r + k * p->columns + (size_t)v * PATH_LANES);
			PATH_UNROLL
			for (int i = 0; i < rows; i++)
				sum[i][v] = sum[i][v] + b * l[(size_t)i * p->rank + k];
		}
	}
	PATH_UNROLL
	for (int i = 0; i < rows; i++)
		PATH_UNROLL
		for (int v = 0; v < width; v++) {
			float *at = x + (size_t)i * p->columns + (size_t)v * PATH_LANES;
			vf_store(at, vf_load(at) + sum[i][v] * p->scale);
		}
}

static inline void PATH(strip)(const struct lowrank *p, const float *l, const float *r, float *x,
	size_t n, int rows)
{
	size_t j = 0;

	for (; j + WIDTH * PATH_LANES <= n; j += WIDTH * PATH_LANES)
		if (rows == ROWS)
			PATH(tile)(p, l, r + j, x + j, ROWS, WIDTH);
		else
			PATH(tile)(p, l, r + j, x + j, 1, WIDTH);
	for (; j + PATH_LANES <= n; j += PATH_LANES)
		if (rows == ROWS)
			PATH(tile)(p, l, r + j, x + j, ROWS, 1);
		else
			PATH(tile)(p, l, r + j, x + j, 1, 1);
	for (; j < n; j++)
		for (int i = 0; i < rows; i++) {
			float sum = 0;

			for (size_t k = 0; k < p->rank; k++)
				sum = sum + r[k * p->columns + j] * l[(size_t)i * p->rank + k];
			x[(size_t)i * p->columns + j] += sum * p->scale;
		}
}

/* `rows` rows, columns [0, n) of them; r begins at the first column. Columns are taken in blocks
 * whose part of r stays in the second-level cache from row to row. */
static void PATH(rows)(const struct lowrank *p, const float *l, const float *r, float *x,
	size_t rows, size_t n)
{
	size_t most = BLOCK_FLOATS / p->rank / (WIDTH * PATH_LANES) * (WIDTH * PATH_LANES);

	if (!most)
		most = WIDTH * PATH_LANES;
	for (size_t j = 0; j < n; j += most) {
		size_t m = n - j < most ? n - j : most, i = 0;

		for (; i + ROWS <= rows; i += ROWS)
			PATH(strip)(p, l + i * p->rank, r + j, x + i * p->columns + j, m, ROWS);
		for (; i < rows; i++)
			PATH(strip)(p, l + i * p->rank, r + j, x + i * p->columns + j, m, 1);
	}
}
