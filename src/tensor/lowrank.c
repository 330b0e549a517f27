#include "config.h"
#include "tensor/cpu.h"
#include "tensor/lowrank.h"

#define ROWS 4
#define WIDTH 2
#define BLOCK_FLOATS ((size_t)48 * 1024)

struct lowrank {
	size_t rank, columns;
	float scale;
};

#define PATH_IMPL "tensor/lowrank_impl.h"
#include "tensor/every_path.h"

typedef void rows_fn(const struct lowrank *p, const float *l, const float *r, float *x,
	size_t rows, size_t n);

void lowrank_add(const float *l, const float *r, size_t rank, size_t columns, float scale,
	uint64_t first, size_t n, float *x)
{
	static rows_fn *const path[CPU_PATHS] = PATH_TABLE(rows);
	struct lowrank p = { rank, columns, scale };
	rows_fn *rows = path[cpu_path()];
	size_t column = (size_t)(first % columns);

	l += (size_t)(first / columns) * rank;
	if (column && n) { /* the rest of a row begun before */
		size_t m = n < columns - column ? n : columns - column;

		rows(&p, l, r + column, x, 1, m);
		x += m;
		n -= m;
		l += rank;
	}
	if (n / columns)
		rows(&p, l, r, x, n / columns, columns);
	if (n % columns)
		rows(&p, l + n / columns * rank, r, x + n / columns * columns, 1, n % columns);
}
