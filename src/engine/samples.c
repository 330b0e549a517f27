#include "config.h"
#include "engine/cache_prune.h"
#include "engine/memo_work.h"

#include <string.h>
#include "base/bytes.h"
#include "base/str.h"
#include "system/file.h"

/* Sampled blocks of whole models, kept in $XDG_CACHE_HOME/cupel/samples under a name made of the
 * model's tensor keys, so that opening it again costs one small read instead of thousands:
 *
 *     "cupelsm1" | count u64 | { tensor u32, asked u32, floats u64, floats… }… | digest 16 bytes
 */
#define MAGIC "cupelsm1"
#define CACHE_FILES 64

/* Blocks of an ordinary tensor that keep the model's sample under SAMPLE_BYTES. */
static size_t blocks_allowed(const struct model *m)
{
	uint64_t bytes = 0;

	for (size_t t = 0; t < m->source.n_tensors; t++) {
		const struct tensor *x = &m->source.tensors[t];
		uint64_t blocks = x->elements / SAMPLE_BLOCK + 1,
			want = samples_want(x, SAMPLE_BLOCKS);
		double each = x->elements ? (double)x->bytes / (double)x->elements : 0;
		bytes += (uint64_t)(each * SAMPLE_BLOCK * (double)(blocks < want ? blocks : want));
	}
	size_t want = SAMPLE_BLOCKS;
	while (bytes > SAMPLE_BYTES && want > 2) {
		want /= 2;
		bytes /= 2;
	}
	return want;
}

size_t samples_want(const struct tensor *t, size_t blocks)
{
	bool vocabulary = str_eq(t->role, "token_embd") || str_eq(t->role, "output");

	return vocabulary ? 4 * blocks : blocks;
}

struct model_samples *samples_of(struct memo *m, struct model *model)
{
	struct model_samples *s = NULL;

	pthread_mutex_lock(&m->lock);
	for (size_t i = 0; i < m->samples.n && !s; i++)
		if (m->samples.v[i]->model == model)
			s = m->samples.v[i];
	if (!s) {
		s = xnew(struct model_samples, 1);
		s->model = model_ref(model);
		pthread_mutex_init(&s->lock, NULL);
		s->want = blocks_allowed(model);
		s->x = xnew(float *, model->source.n_tensors + 1);
		s->blocks = xnew(uint32_t, model->source.n_tensors + 1);
		*vec_push(&m->samples) = s;
	}
	pthread_mutex_unlock(&m->lock);
	return s;
}

void samples_free(struct model_samples *s)
{
	for (size_t t = 0; t < s->model->source.n_tensors; t++)
		free(s->x[t]);
	for (size_t i = 0; i < s->extra.n; i++)
		free(s->extra.v[i]);
	vec_fini(&s->extra);
	free(s->x);
	free(s->blocks);
	pthread_mutex_destroy(&s->lock);
	model_unref(s->model);
	free(s);
}

static char *cache_dir(void)
{
	const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

	if (xdg && xdg[0] == '/')
		return xasprintf("%s/cupel/samples", xdg);
	return home && home[0] == '/' ? xasprintf("%s/.cache/cupel/samples", home) : NULL;
}

/* NULL where there is no cache folder or the model is not files. */
static char *cache_path(const struct model *m)
{
	char *dir = cache_dir(), hex[HASH_HEX_SIZE];

	if (!dir || !m->n_files) {
		free(dir);
		return NULL;
	}
	struct hash_stream *h = hash_stream_new();
	for (size_t t = 0; t < m->source.n_tensors; t++) {
		struct hash key = model_tensor_key(m, t);
		hash_stream_add(h, &key, sizeof key);
	}
	hash_hex(hash_stream_end(h), hex);
	char *path = xasprintf("%s/%s", dir, hex);
	free(dir);
	return path;
}

static size_t floats_of(const struct tensor *t, size_t want)
{
	struct sample at;

	sample_init(&at, t->shape, t->rank, want);
	size_t n = at.n * SAMPLE_BLOCK;
	sample_fini(&at);
	return n;
}

static void parse(struct model_samples *s, const char *p, size_t n)
{
	if (n < 32 || memcmp(p, MAGIC, 8) != 0)
		return;
	struct hash h = hash_bytes(p, n - 16);
	if (memcmp(h.b, p + n - 16, 16) != 0)
		return;
	const char *end = p + n - 16;
	uint64_t count = le64(p + 8);
	for (p += 16; count && end - p >= 16; count--) {
		uint32_t t = le32(p), want = le32(p + 4);
		uint64_t floats = le64(p + 8);
		p += 16;
		if (floats > (uint64_t)(end - p) / 4)
			return;
		if (t < s->model->source.n_tensors && !s->x[t] && want <= 4 * SAMPLE_BLOCKS
				&& floats == floats_of(&s->model->source.tensors[t], want)) {
			s->x[t] = xmalloc(floats * 4 + 4);
			memcpy(s->x[t], p, floats * 4);
			s->blocks[t] = want;
		}
		p += floats * 4;
	}
}

static void load(struct model_samples *s)
{
	char *path = cache_path(s->model);
	size_t n;

	s->loaded = true;
	if (path && file_exists(path)) {
		char *text = file_read_all(path, (size_t)4 * SAMPLE_BYTES, &n, NULL);
		if (text)
			parse(s, text, n);
		free(text);
	}
	free(path);
}

const float *samples_get(struct model_samples *s, size_t tensor, const struct sample *at,
	size_t want, struct err *e)
{
	pthread_mutex_lock(&s->lock);
	if (!s->loaded)
		load(s);
	const float *x = s->blocks[tensor] == want ? s->x[tensor] : NULL;
	pthread_mutex_unlock(&s->lock);
	if (x)
		return x;
	float *read = xtry_malloc((at->n * SAMPLE_BLOCK + 1) * sizeof(float));
	if (!read) {
		err_set(e, ERR_MEMORY, s->model->name, NULL, "no memory for a sample");
		return NULL;
	}
	if (!sample_read(&s->model->source, tensor, at, read, e)) {
		free(read);
		return NULL;
	}
	pthread_mutex_lock(&s->lock);
	if (s->x[tensor]) { /* another slot reads other places, or was quicker; both stay in use */
		*vec_push(&s->extra) = read;
	} else {
		s->x[tensor] = read;
		s->blocks[tensor] = (uint32_t)want;
		s->dirty = true;
	}
	pthread_mutex_unlock(&s->lock);
	return read;
}

static void add_all(struct model_samples *s, struct str *out)
{
	uint64_t count = 0;
	uint8_t head[16];

	str_addn(out, MAGIC "\0\0\0\0\0\0\0\0", 16);
	for (size_t t = 0; t < s->model->source.n_tensors; t++) {
		if (!s->x[t])
			continue;
		size_t floats = floats_of(&s->model->source.tensors[t], s->blocks[t]);
		put_le32(head, (uint32_t)t);
		put_le32(head + 4, s->blocks[t]);
		put_le64(head + 8, floats);
		str_addn(out, (const char *)head, sizeof head);
		str_addn(out, (const char *)s->x[t], floats * 4);
		count++;
	}
	put_le64(out->s + 8, count);
	struct hash h = hash_bytes(out->s, out->n);
	str_addn(out, (const char *)h.b, sizeof h.b);
}

void samples_save(struct model_samples *s)
{
	struct str out = STR_INIT;

	pthread_mutex_lock(&s->lock);
	bool dirty = s->dirty;
	s->dirty = false;
	char *path = dirty ? cache_path(s->model) : NULL;
	if (path)
		add_all(s, &out);
	pthread_mutex_unlock(&s->lock);
	if (path) { /* a cache that cannot be written is only slower */
		char *dir = cache_dir();
		if (dir && file_mkdirs(dir, NULL) && file_write_all(path, out.s, out.n, NULL))
			cache_prune(dir, CACHE_FILES);
		free(dir);
	}
	free(path);
	str_fini(&out);
}
