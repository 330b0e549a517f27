/* File format: https://www.sqlite.org/fileformat2.html (read as a description, in own words). */
#include "config.h"
#include "catalog/pages.h"
#include <stdlib.h>
#include <string.h>
#include "base/xalloc.h"

#define MAX_PAYLOAD ((uint64_t)1 << 30)

static uint32_t big2(const uint8_t *b)
{
	return (uint32_t)b[0] << 8 | b[1];
}

static uint32_t big4(const uint8_t *b)
{
	return big2(b) << 16 | big2(b + 2);
}

/* --- pages --- */

/* What lies behind the end of the file is zero. */
static bool read_page(const struct pages *p, uint32_t no, uint8_t *b)
{
	uint64_t at = (uint64_t)(no - 1) * p->size;
	size_t n = p->size;

	if (no == 0 || no > p->n)
		return false;
	if (p->in_log && p->in_log[no])
		return file_pread(p->log, b, n, p->in_log[no], NULL);
	if (at >= p->file->id.size)
		return false;
	if (p->file->id.size - at < n) {
		n = (size_t)(p->file->id.size - at);
		memset(b + n, 0, p->size - n);
	}
	return file_pread(p->file, b, n, at, NULL);
}

bool page_load(const struct pages *p, uint32_t no, struct page *g)
{
	size_t pointers;

	*g = (struct page){ .head = no == 1 ? 100 : 0, .b = xmalloc(p->size) };
	if (read_page(p, no, g->b)) {
		g->kind = g->b[g->head];
		g->cells = big2(g->b + g->head + 3);
		pointers = g->head + (page_is_inner(g) ? 12 : 8) + (size_t)g->cells * 2;
		if ((g->kind == PAGE_ROWS || g->kind == PAGE_INDEX || page_is_inner(g)) &&
			pointers <= p->usable)
			return true;
	}
	page_fini(g);
	return false;
}

void page_fini(struct page *g)
{
	free(g->b);
	g->b = NULL;
}

/* Where cell i begins; 0: nowhere that can be. */
static size_t cell_at(const struct pages *p, const struct page *g, unsigned i)
{
	size_t first = g->head + (page_is_inner(g) ? 12 : 8);
	size_t at = big2(g->b + first + (size_t)i * 2);

	return at >= first + (size_t)g->cells * 2 && at + 4 <= p->usable ? at : 0;
}

uint32_t page_child(const struct pages *p, const struct page *g, unsigned i)
{
	size_t at = i < g->cells ? cell_at(p, g, i) : g->head + 8;
	uint32_t no = at ? big4(g->b + at) : 0;

	return no <= p->n ? no : 0;
}

/* --- records --- */

static bool varint(const uint8_t *b, size_t n, size_t *at, uint64_t *v)
{
	*v = 0;
	for (int i = 0; i < 9; i++) {
		if (*at >= n)
			return false;
		if (i == 8) {
			*v = *v << 8 | b[(*at)++];
			return true;
		}
		*v = *v << 7 | (b[*at] & 0x7f);
		if (!(b[(*at)++] & 0x80))
			return true;
	}
	return false;
}

/* How much of a payload lies in the cell itself; the rest is on pages of its own. */
static size_t local_part(const struct pages *p, const struct page *g, uint64_t n)
{
	size_t u = p->usable, low = (u - 12) * 32 / 255 - 23, part;
	size_t high = g->kind == PAGE_ROWS ? u - 35 : (u - 12) * 64 / 255 - 23;

	if (n <= high)
		return (size_t)n;
	part = low + (size_t)((n - low) % (u - 4));
	return part <= high ? part : low;
}

/* A page that was zeroed looks like the last of a chain. A value that is all zero there is taken
 * for damage too: a sum that is not there is computed again, a wrong one is believed. */
static bool is_blank(const uint8_t *b, size_t n)
{
	return n >= 64 && b[0] == 0 && memcmp(b, b + 1, n - 1) == 0;
}

static bool follow(const struct pages *p, uint32_t next, uint8_t *to, size_t left)
{
	uint8_t *b = xmalloc(p->size);
	bool ok = true;

	while (left && ok) {
		size_t n = left < p->usable - 4 ? left : p->usable - 4;

		ok = read_page(p, next, b) && !is_blank(b, 4 + n);
		if (!ok)
			break;
		memcpy(to, b + 4, n);
		to += n;
		left -= n;
		next = big4(b);
		ok = left ? next > 1 : next == 0;
	}
	free(b);
	return ok;
}

static bool payload(struct pages *p, const struct page *g, unsigned i, struct record *r,
	size_t *n)
{
	size_t at = cell_at(p, g, i), part;
	uint64_t size, row = 0;

	if (!at)
		return false;
	if (page_is_inner(g))
		at += 4;
	if (!varint(g->b, p->usable, &at, &size) || size == 0 || size > MAX_PAYLOAD ||
		(g->kind == PAGE_ROWS && !varint(g->b, p->usable, &at, &row)))
		return false;
	part = local_part(p, g, size);
	/* More than the file holds is none of it. */
	if (at + part > p->usable || size > (uint64_t)p->n * p->size || size > p->left ||
		(part < size && at + part + 4 > p->usable))
		return false;
	p->left -= size;
	r->row = (int64_t)row;
	r->b = xtry_malloc((size_t)size);
	*n = (size_t)size;
	if (!r->b)
		return false;
	memcpy(r->b, g->b + at, part);
	return part == size || follow(p, big4(g->b + at + part), r->b + part, (size_t)size - part);
}

static size_t value_size(uint64_t type)
{
	static const uint8_t of[10] = { 0, 1, 2, 3, 4, 6, 8, 8, 0, 0 };

	return type < 10 ? of[type] : (size_t)((type - 12) / 2);
}

static void take_value(struct value *v, uint64_t type, const uint8_t *b)
{
	uint64_t bits;
	size_t n = value_size(type);

	v->b = b;
	v->n = n;
	if (type >= 12) {
		v->kind = type % 2 ? VALUE_TEXT : VALUE_BLOB;
	} else if (type == 7) {
		v->kind = VALUE_REAL;
		bits = (uint64_t)big4(b) << 32 | big4(b + 4);
		memcpy(&v->d, &bits, sizeof bits);
	} else if (type) {
		v->kind = VALUE_INTEGER;
		bits = n && (b[0] & 0x80) ? UINT64_MAX : 0;
		for (size_t i = 0; i < n; i++)
			bits = bits << 8 | b[i];
		v->i = n ? (int64_t)bits : type == 9;
	}
}

static bool values(struct record *r, size_t n)
{
	size_t at = 0, end, body, count = 0;
	uint64_t head, type;

	if (!varint(r->b, n, &at, &head) || head > n || head < at)
		return false;
	r->v = xcalloc((size_t)head + 1, sizeof *r->v);
	body = end = (size_t)head;
	while (at < end) {
		if (!varint(r->b, end, &at, &type) || type == 10 || type == 11 ||
			value_size(type) > n - body)
			return false;
		take_value(&r->v[count++], type, r->b + body);
		body += value_size(type);
	}
	r->n = count;
	return body == n && count > 0;
}

bool page_record(struct pages *p, const struct page *g, unsigned i, struct record *r)
{
	size_t n;

	*r = (struct record){ 0 };
	if (payload(p, g, i, r, &n) && values(r, n))
		return true;
	record_fini(r);
	return false;
}

void record_fini(struct record *r)
{
	free(r->v);
	free(r->b);
	*r = (struct record){ 0 };
}

/* --- the log --- */

struct log_head {
	uint32_t size, salt[2], sum[2];
	bool big;                  /* sums are of big-endian words */
};

static uint32_t word(const uint8_t *b, bool big)
{
	return big ? big4(b) : (uint32_t)b[3] << 24 | (uint32_t)b[2] << 16 |
		(uint32_t)b[1] << 8 | b[0];
}

/* s0 += w0 + s1, s1 += w1 + s0 over pairs of words. */
static void add_up(uint32_t sum[2], const uint8_t *b, size_t n, bool big)
{
	for (size_t i = 0; i + 8 <= n; i += 8) {
		sum[0] += word(b + i, big) + sum[1];
		sum[1] += word(b + i + 4, big) + sum[0];
	}
}

static bool good_size(uint32_t n)
{
	return n >= 512 && n <= 65536 && (n & (n - 1)) == 0;
}

static bool read_log_head(const struct file *f, struct log_head *h)
{
	uint32_t sum[2] = { 0, 0 };
	uint8_t b[32];

	if (f->id.size < sizeof b || !file_pread(f, b, sizeof b, 0, NULL) ||
		(big4(b) & ~1u) != 0x377f0682)
		return false;
	h->big = big4(b) & 1;
	h->size = big4(b + 8);
	h->salt[0] = big4(b + 16);
	h->salt[1] = big4(b + 20);
	h->sum[0] = big4(b + 24);
	h->sum[1] = big4(b + 28);
	add_up(sum, b, 24, h->big);
	return good_size(h->size) && sum[0] == h->sum[0] && sum[1] == h->sum[1];
}

struct frame { uint32_t page, total; bool good; };

/* Is the frame at `at` of this log, and what its sum, which goes on from the sum that stands in the
 * frame before, says? */
static bool read_frame(const struct file *f, const struct log_head *h, uint64_t at, uint8_t *b,
	uint32_t sum[2], struct frame *r)
{
	if (at + 24 + h->size > f->id.size || !file_pread(f, b, 24 + (size_t)h->size, at, NULL) ||
		big4(b + 8) != h->salt[0] || big4(b + 12) != h->salt[1])
		return false;
	add_up(sum, b, 8, h->big);
	add_up(sum, b + 24, h->size, h->big);
	r->page = big4(b);
	r->total = big4(b + 4);
	r->good = sum[0] == big4(b + 16) && sum[1] == big4(b + 20) && r->page > 0;
	sum[0] = big4(b + 16);
	sum[1] = big4(b + 20);
	return true;
}

/* What was committed last is the last good frame that ends a transaction; what follows it never
 * happened. */
static uint64_t last_commit(const struct file *f, const struct log_head *h, uint8_t *b,
	uint32_t *total)
{
	uint32_t sum[2] = { h->sum[0], h->sum[1] };
	uint64_t end = 0;
	struct frame r;

	for (uint64_t at = 32; read_frame(f, h, at, b, sum, &r); at += 24 + h->size)
		if (r.good && r.total) {
			end = at + 24 + h->size;
			*total = r.total;
		}
	return end;
}

static void take_log(struct pages *p, const struct log_head *h)
{
	uint8_t *b = xmalloc(24 + (size_t)h->size);
	uint32_t sum[2] = { h->sum[0], h->sum[1] }, total = 0;
	uint64_t end = last_commit(p->log, h, b, &total);
	uint64_t most = end / (24 + (uint64_t)h->size) + p->file->id.size / p->size + 2;
	struct frame r;

	/* A page number from a log grows the file by no more than the log holds. */
	if (total > p->n && total <= most)
		p->n = total;
	p->in_log = xcalloc((size_t)p->n + 1, sizeof *p->in_log);
	for (uint64_t at = 32; at < end && read_frame(p->log, h, at, b, sum, &r);
		at += 24 + h->size)
		if (r.good && r.page <= p->n)
			p->in_log[r.page] = at + 24;
	free(b);
}

/* --- the file --- */

/* The size with which most pages look like pages: of a multiple only some begin where pages do. */
static uint32_t guess_size(struct pages *p)
{
	static const uint32_t sizes[] = { 4096, 1024, 8192, 16384, 2048, 32768, 65536, 512 };
	uint64_t best = 0;
	uint32_t found = 4096;

	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		uint64_t good = 0;

		p->size = p->usable = sizes[i];
		p->n = (uint32_t)(p->file->id.size / p->size);
		for (uint32_t no = 2; no <= p->n; no++) {
			struct page g;
			struct record r;

			if (!page_load(p, no, &g))
				continue;
			if (!page_is_inner(&g) && g.cells && page_record(p, &g, 0, &r)) {
				good++;
				record_fini(&r);
			}
			page_fini(&g);
		}
		if (good > best) {
			best = good;
			found = sizes[i];
		}
	}
	return found;
}

static bool read_start(struct pages *p, const uint8_t *b)
{
	uint32_t size = big2(b + 16) == 1 ? 65536 : big2(b + 16);

	if (memcmp(b, "SQLite format 3", 16) != 0 || !good_size(size) || b[20] > 32 ||
		b[21] != 64 || b[22] != 32 || b[23] != 32)
		return false;
	p->size = size;
	p->usable = size - b[20];
	p->free_first = big4(b + 32);
	p->version = big4(b + 60);
	p->application = big4(b + 68);
	return true;
}

/* A chain of pages that list others:  next (4)  count (4)  numbers (4 each). */
static void find_free(struct pages *p)
{
	uint8_t *b = xmalloc(p->size);

	for (uint32_t no = p->free_first; no > 1 && no <= p->n && !p->free[no]; no = big4(b)) {
		uint32_t count;

		if (!read_page(p, no, b) || (count = big4(b + 4)) > p->usable / 4 - 2)
			break;
		p->free[no] = 1;
		for (uint32_t i = 0; i < count; i++)
			if (big4(b + 8 + 4 * i) <= p->n)
				p->free[big4(b + 8 + 4 * i)] = 1;
	}
	free(b);
}

static void set_size(struct pages *p, uint32_t size)
{
	uint64_t n;

	p->size = p->usable = size;
	n = (p->file->id.size + size - 1) / size;
	p->n = n < 0xfffffffe ? (uint32_t)n : 0xfffffffe;
}

static bool start_of(struct pages *p, struct log_head *h)
{
	uint8_t *b;

	p->whole_start = false;
	if (p->in_log && p->in_log[1]) {
		b = xmalloc(h->size);
		p->whole_start = file_pread(p->log, b, h->size, p->in_log[1], NULL) &&
			read_start(p, b);
		free(b);
		return p->whole_start;
	}
	b = xcalloc(1, 512);
	p->whole_start = p->file->id.size >= 512 && file_pread(p->file, b, 512, 0, NULL) &&
		read_start(p, b);
	free(b);
	return p->whole_start;
}

bool pages_open(struct pages *p, const char *path, struct err *e)
{
	char *log = xasprintf("%s-wal", path);
	struct log_head h = { 0 };

	memset(p, 0, sizeof *p);
	p->left = UINT64_MAX;
	p->file = file_open(path, e);
	p->log = p->file && file_exists(log) ? file_open(log, NULL) : NULL;
	free(log);
	if (!p->file)
		return false;
	if (p->log && !read_log_head(p->log, &h)) {
		file_close(p->log);
		p->log = NULL;
	}
	if (start_of(p, &h))
		set_size(p, p->size);
	else
		set_size(p, p->log ? h.size : guess_size(p));
	if (p->log && h.size == p->size)
		take_log(p, &h);
	/* The log's state of the first page wins, and says what of a page is used. */
	start_of(p, &h);
	if (!p->whole_start)
		p->usable = p->size;
	p->left = (uint64_t)p->n * p->size * 16;
	p->free = xcalloc((size_t)p->n + 1, 1);
	if (p->whole_start)
		find_free(p);
	return true;
}

void pages_close(struct pages *p)
{
	file_close(p->file);
	file_close(p->log);
	free(p->in_log);
	free(p->free);
	memset(p, 0, sizeof *p);
}
