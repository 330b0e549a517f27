#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/vec.h"
#include "engine/origins.h"
#include "engine/scan.h"
#include "import/import.h"

/* The same file from any folder. Links in the last part stay: a hub cache's names are links to
 * blobs without an extension. */
static char *absolute(const char *path)
{
	size_t n = strlen(path);
	char *copy, *slash, *dir, *out;

	while (n > 1 && path[n - 1] == '/')
		n--;
	copy = xstrndup(path, n);
	slash = strrchr(copy, '/');
	if (str_eq(str_base(copy), ".") || str_eq(str_base(copy), "..")) {
		dir = realpath(copy, NULL);
		free(copy);
		return dir ? dir : xstrdup(path);
	}
	dir = slash ? xstrndup(copy, slash == copy ? 1 : (size_t)(slash - copy)) : xstrdup(".");
	out = realpath(dir, NULL);
	free(dir);
	dir = out ? str_join_path(out, str_base(copy)) : xstrdup(path);
	free(out);
	free(copy);
	return dir;
}

/* --- rows --- */
static const char *kind_of(const struct origins *c, const char *architecture,
	enum model_format format, double bits)
{
	if (str_eq(architecture, "adapter"))
		return "adapter";
	if (str_eq(c->relation, "quantized") || (bits > 0 && bits < 12 &&
		(format == MODEL_GGUF || format == MODEL_MLX)))
		return "quant";
	if (c->merge || str_eq(c->relation, "merge") || c->firm > 1)
		return "merge";
	return c->firm ? "tune" : "base";
}

static const char *relation_of(const char *kind)
{
	return str_eq(kind, "quant") ? "quantized" : str_eq(kind, "merge") ? "merge" :
		str_eq(kind, "tune") ? "finetune" : str_eq(kind, "adapter") ? kind : NULL;
}

static bool same_folder(const char *a, const char *b)
{
	size_t n = (size_t)(str_base(a) - a);

	return n == (size_t)(str_base(b) - b) && !strncmp(a, b, n);
}

/* The registered model that a card's name means: of those so called the one that lies beside, else
 * one with that name in full, else one whose name ends so. */
static int64_t find_parent(const struct catalog_model *v, size_t n, const char *name,
	const char *near)
{
	const char *tail = str_base(name);
	int64_t found = 0;
	int best = 0;

	for (size_t i = 0; i < n; i++) {
		bool full = str_eq(v[i].name, name), ends = str_eq(str_base(v[i].name), tail);
		int fit = !full && !ends ? 0 : 1 + full + 2 * same_folder(v[i].path, near);

		if (fit > best && !str_eq(v[i].path, near)) {
			best = fit;
			found = v[i].id;
		}
	}
	return found;
}

static bool register_as(struct catalog *c, const struct model *m, const char *name, int64_t *id,
	struct err *e)
{
	struct origins o;
	char *path = absolute(m->path);
	struct catalog_model row = { .name = (char *)name, .path = path,
		.format = (char *)m->format_text, .architecture = (char *)m->architecture,
		.parameters = m->parameters, .bytes = m->bytes, .bits = m->bits_per_weight,
		.partial = (char *)m->partial, .state = m->partial ? "partial" : "on disk" };
	int64_t own;
	bool ok;

	origins_read(&o, path, m);
	row.kind = (char *)kind_of(&o, m->architecture, m->format,
		m->bits_per_weight);
	row.relation = (char *)relation_of(row.kind);
	row.license = o.license;
	row.dtype = o.dtype;
	ok = catalog_model_put(c, &row, id ? id : &own, e) &&
		origins_store(&o, c, id ? *id : own, name, row.kind, e);
	origins_fini(&o);
	free(path);
	return ok;
}

bool scan_register(struct catalog *c, const struct model *m, int64_t *id, struct err *e)
{
	return register_as(c, m, m->name, id, e);
}

/* Once all are known: whom each card names. A model never hangs under itself. */
static bool link_parents(struct catalog *c, struct err *e)
{
	size_t n = 0;
	struct catalog_model *v = catalog_models(c, &n, e);
	bool ok = v != NULL;

	for (size_t i = 0; ok && i < n; i++) {
		struct catalog_model row = v[i];
		struct origins o;

		if (v[i].parent || str_eq(v[i].kind, "base") || !file_exists(v[i].path))
			continue;
		origins_read(&o, v[i].path, NULL);
		row.parent = o.firm ? find_parent(v, n, origins_parent(&o), v[i].path) : 0;
		origins_fini(&o);
		if (row.parent)
			ok = catalog_model_put(c, &row, NULL, e);
	}
	catalog_models_free(v, n);
	return ok;
}

/* --- the scan --- */
struct list {
	vec(struct model_found) found;
};

static void take(void *ctx, const struct model_found *f)
{
	struct list *l = ctx;
	struct model_found *n = vec_push(&l->found);

	*n = *f;
	n->path = absolute(f->path);
	n->name = f->name ? xstrdup(f->name) : NULL;
	n->partial = f->partial ? xstrdup(f->partial) : NULL;
}

static bool is_known(const struct catalog_model *v, size_t n, const struct model_found *f)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(v[i].path, f->path))
			/* Without a dtype: not looked at since lineage is read. */
			return v[i].bytes > 0 && v[i].parameters > 0 && v[i].dtype &&
				!f->partial && !v[i].partial;
	return false;
}

static bool put_partial(struct catalog *c, const struct model_found *f, struct err *e)
{
	struct catalog_model row = { .name = f->name, .path = f->path, .partial = f->partial,
		.bytes = f->bytes, .state = "partial" };

	return catalog_model_put(c, &row, NULL, e);
}

static bool look_at(struct catalog *c, const struct model_found *f, struct scan_result *out,
	struct err *e)
{
	struct model *m = model_open(f->path, &out->refusal);
	bool ok;

	if (!m && f->partial) {
		out->registered++;
		return put_partial(c, f, e);
	}
	if (!m) {
		out->refused++;
		return true;
	}
	/* "model:tag" and "owner/name@revision" are told by the place, not by the file. */
	ok = register_as(c, m, strpbrk(f->name, ":@") ? f->name : m->name, NULL, e);
	out->registered += ok;
	model_unref(m);
	return ok;
}

bool scan_models(struct catalog *c, const struct model_roots *roots, atomic_bool *stop,
	struct scan_result *out, struct err *e)
{
	struct list list = { 0 };
	size_t n = 0;
	struct catalog_model *known = catalog_models(c, &n, e);
	bool ok = known != NULL;

	memset(out, 0, sizeof *out);
	if (ok)
		model_scan(roots, take, &list, stop);
	out->found = list.found.n;
	for (size_t i = 0; i < list.found.n; i++) {
		struct model_found *f = &list.found.v[i];

		if (ok && !(stop && atomic_load(stop)) && !is_known(known, n, f))
			ok = look_at(c, f, out, e);
		free(f->path);
		free(f->name);
		free(f->partial);
	}
	vec_fini(&list.found);
	catalog_models_free(known, n);
	return ok && (!out->registered || (link_parents(c, e) && import_adopt(c, e)));
}
