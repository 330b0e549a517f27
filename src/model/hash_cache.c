#include "model/hash_cache.h"
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/bytes.h"
#include "base/str.h"
#include "model/virtual.h"

#define RECORD 40
#define FILE_MAX_BYTES ((size_t)256 << 20)

/* A tensor's key and what its bytes hash to, once known. */
struct known {
	struct hash key, content;
	bool has;
};
struct hash_cache {
	pthread_mutex_t lock;
	struct known *of;        /* one to a tensor, made when first asked */
	unsigned char *loaded;   /* one to a file: its records are in `of` */
	size_t *slot, n_slots;   /* keys to tensors, open addressing; number + 1 */
};

static char *cache_path(const char *folder, const char *name)
{
	const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

	if (xdg && *xdg)
		return xasprintf("%s/cupel/%s/%s", xdg, folder, name);
	return home && *home ? xasprintf("%s/.cache/cupel/%s/%s", home, folder, name) : NULL;
}

struct hash_cache *hash_cache_new(void)
{
	struct hash_cache *c = xnew(struct hash_cache, 1);

	pthread_mutex_init(&c->lock, NULL);
	return c;
}

void hash_cache_free(struct hash_cache *c)
{
	if (!c)
		return;
	pthread_mutex_destroy(&c->lock);
	free(c->of);
	free(c->loaded);
	free(c->slot);
	free(c);
}

static void add_identity(struct hash_stream *s, const struct file_id *id)
{
	unsigned char b[32];

	put_le64(b, id->dev);
	put_le64(b + 8, id->ino);
	put_le64(b + 16, id->size);
	put_le64(b + 24, (uint64_t)id->mtime_ns);
	hash_stream_add(s, b, sizeof b);
}

/* Who a tensor's stored bytes are, as far as the files' identities tell. */
static struct hash tensor_place_key(const struct model_build *b, size_t t)
{
	struct hash_stream *s = hash_stream_new();
	const struct span *x;

	for (int i = 0; (x = layout_span(&b->layouts.v[t], i)); i++) {
		unsigned char place[16];
		add_identity(s, &b->files.v[x->file]->id);
		put_le64(place, x->offset);
		put_le64(place + 8, x->bytes);
		hash_stream_add(s, place, sizeof place);
	}
	return hash_stream_end(s);
}

static size_t *slot_of(struct hash_cache *c, struct hash key)
{
	size_t i = le64(key.b) & (c->n_slots - 1);

	while (c->slot[i] && !hash_eq(c->of[c->slot[i] - 1].key, key))
		i = (i + 1) & (c->n_slots - 1);
	return &c->slot[i];
}

static void prepare(struct hash_cache *c, const struct model_build *b)
{
	size_t n = b->tensors.n;

	if (c->of)
		return;
	for (c->n_slots = 16; c->n_slots < 2 * n; )
		c->n_slots *= 2;
	c->of = xnew(struct known, n + 1);
	c->slot = xnew(size_t, c->n_slots);
	c->loaded = xcalloc(b->files.n + 1, 1);
	for (size_t t = 0; t < n; t++) {
		c->of[t].key = tensor_place_key(b, t);
		*slot_of(c, c->of[t].key) = t + 1;
	}
}

static uint64_t check_of(const unsigned char *record)
{
	return hash64_bytes(record, 32);
}

static char *records_path(const struct model_build *b, int file)
{
	const struct file_id *id = &b->files.v[file]->id;
	char name[64];

	snprintf(name, sizeof name, "%llx-%llx", (unsigned long long)id->dev,
		(unsigned long long)id->ino);
	return cache_path("hashes", name);
}

/* A record that was not written whole fails its check; later ones of the same key win. */
static void load_records(struct hash_cache *c, const struct model_build *b, int file)
{
	char *path = records_path(b, file);
	size_t n = 0;
	char *bytes =
		path && file_exists(path) ? file_read_all(path, FILE_MAX_BYTES, &n, NULL) : NULL;

	for (size_t i = 0; bytes && i + RECORD <= n; i += RECORD) {
		const unsigned char *r = (const unsigned char *)bytes + i;
		struct hash key;
		if (le64(r + 32) != check_of(r))
			continue;
		memcpy(key.b, r, 16);
		size_t t = *slot_of(c, key);
		if (!t)
			continue;
		memcpy(c->of[t - 1].content.b, r + 16, 16);
		c->of[t - 1].has = true;
	}
	free(bytes);
	free(path);
	c->loaded[file] = 1;
}

static void append_record(const struct model_build *b, size_t t, const struct known *k)
{
	char *path = records_path(b, b->tensors.v[t].file);
	unsigned char r[RECORD];
	struct err ignored;

	if (!path)
		return;
	memcpy(r, k->key.b, 16);
	memcpy(r + 16, k->content.b, 16);
	put_le64(r + 32, check_of(r));
	char *slash = strrchr(path, '/');
	*slash = 0;
	bool ok = file_mkdirs(path, &ignored);
	*slash = '/';
	int fd = ok ? open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666) : -1;
	/* A torn write would put every later record out of step: cut it off again. */
	if (fd >= 0) {
		off_t end = lseek(fd, 0, SEEK_END);
		off_t rest = end % RECORD;
		if (rest && ftruncate(fd, end - rest))
			ok = false;
		if (ok && write(fd, r, RECORD) != RECORD && ftruncate(fd, end - rest))
			ok = false;
		close(fd);
	}
	free(path);
}

bool model_hash_cached(const struct model *m, size_t t, struct hash *h)
{
	m = model_origin(m, t, &t);
	if (!m)
		return false;

	const struct model_build *b = build_of(m);
	struct hash_cache *c = b->hashes;
	int file = b->tensors.v[t].file;

	pthread_mutex_lock(&c->lock);
	prepare(c, b);
	if (!c->loaded[file])
		load_records(c, b, file);
	bool has = c->of[t].has;
	if (has)
		*h = c->of[t].content;
	pthread_mutex_unlock(&c->lock);
	return has;
}

void model_hash_store(const struct model *m, size_t t, struct hash h)
{
	m = model_origin(m, t, &t);
	if (!m)
		return;

	const struct model_build *b = build_of(m);
	struct hash_cache *c = b->hashes;
	struct hash old;

	if (model_hash_cached(m, t, &old) && hash_eq(old, h))
		return;
	pthread_mutex_lock(&c->lock);
	c->of[t].content = h;
	c->of[t].has = true;
	append_record(b, t, &c->of[t]);
	pthread_mutex_unlock(&c->lock);
}

struct hash model_tensor_key(const struct model *m, size_t t)
{
	struct hash h;

	return model_hash_cached(m, t, &h) ? h : model_tensor_place(m, t);
}

bool model_hash(const struct model *m, struct hash *h)
{
	size_t n = m->source.n_tensors, i = 0;
	const char **names = xnew(const char *, n + 1);
	struct hash *all = xnew(struct hash, n + 1);

	while (i < n && model_hash_cached(m, i, &all[i])) {
		names[i] = m->source.tensors[i].name;
		i++;
	}
	if (i == n)
		*h = hash_model(names, all, n);
	free(names);
	free(all);
	return i == n && n;
}

static char *facts_path(const char *path)
{
	struct file_id id;
	char name[HASH_HEX_SIZE];

	if (!file_stat_id(path, &id))
		return NULL;
	struct hash_stream *s = hash_stream_new();
	add_identity(s, &id);
	hash_hex(hash_stream_end(s), name);
	return cache_path("tokenizers", name);
}

json_t *facts_get(const char *path)
{
	char *at = facts_path(path);
	json_t *j = at && file_exists(at) ? json_parse_file(at, (size_t)1 << 20, NULL) : NULL;

	free(at);
	return j;
}

void facts_put(const char *path, json_t *facts)
{
	char *at = facts_path(path), *slash = at ? strrchr(at, '/') : NULL;
	struct err ignored;

	if (slash) {
		*slash = 0;
		bool ok = file_mkdirs(at, &ignored);
		*slash = '/';
		if (ok)
			json_write_file(at, facts, 0, &ignored);
	}
	free(at);
}

struct hash model_tensor_place(const struct model *m, size_t t)
{
	size_t at = t;
	const struct model *stored = model_origin(m, t, &at);

	return stored ? tensor_place_key(build_of(stored), at) : virtual_key(m, t);
}
