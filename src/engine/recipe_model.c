#include "config.h"
#include "engine/recipe_model.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "engine/output.h"
#include "engine/overhear.h"
#include "engine/plan_key.h"
#include "engine/warm.h"
#include "model/virtual.h"
#include "system/file.h"

#define DESKS 64 /* kept; more readers at once make and free their own */

struct made { /* what the virtual model's ctx is */
	struct plan *plan;
	struct warm *warm;
	struct overhear *inputs;   /* their hashes, while they are read */
	char *folder;              /* tokenizer files of its own; NULL: those of an input */
	_Atomic(struct desk *) desks[DESKS];
};
struct reader { /* where the parts of one read go */
	struct made *made;
	const struct plan_tensor *t;
	const struct dtype_info *stored;
	struct desk *desk;
	uint64_t first;
	float *out;
};

/* --- desks: lent without a lock, for every part of every level asks --- */

static struct desk *desk_take(struct made *m)
{
	for (size_t i = 0; i < DESKS; i++) {
		struct desk *d = atomic_load_explicit(&m->desks[i], memory_order_relaxed);

		if (d && atomic_compare_exchange_strong(&m->desks[i], &d, NULL))
			return d;
	}
	return xnew(struct desk, 1);
}

static void desk_drop(struct desk *d)
{
	if (d)
		desk_fini(d);
	free(d);
}

static void desk_give(struct made *m, struct desk *d)
{
	for (size_t i = 0; i < DESKS; i++) {
		struct desk *none = NULL;

		if (!atomic_load_explicit(&m->desks[i], memory_order_relaxed) &&
			atomic_compare_exchange_strong(&m->desks[i], &none, d))
			return;
	}
	desk_drop(d);
}

/* --- reading --- */

/* The one rounding of this stage. */
static bool round_part(void *ctx, uint64_t first, size_t n, const float *const *in,
	const float *merged, struct err *e)
{
	struct reader *r = ctx;
	float *out = r->out + (first - r->first);

	(void)in, (void)e;
	if (r->stored->encode && r->stored->bytes < sizeof *out) {
		r->stored->encode(merged, r->desk->raw, n);
		r->stored->decode(r->desk->raw, out, n);
	} else {
		memcpy(out, merged, n * sizeof *out);
	}
	return true;
}

static void overhear_part(void *ctx, int k, uint64_t first, size_t n, const void *stored)
{
	struct reader *r = ctx;
	const struct model *m = r->made->plan->inputs->v[r->t->input[k]].model;
	size_t t = (size_t)r->t->source[k], size = dtype_info(m->source.tensors[t].dtype)->bytes;

	overhear(r->made->inputs, m, t, first * size, stored, n * size);
}

static bool made_read(void *ctx, size_t t, uint64_t first, size_t n, float *out, struct err *e)
{
	struct made *m = ctx;
	const struct plan_tensor *about = &m->plan->tensors[t];
	struct reader r = {.made = m, .t = about, .stored = dtype_info(about->dtype),
		.desk = desk_take(m), .first = first, .out = out};
	struct warm_tensor *w = warm_take(m->warm, t, r.desk, e);
	bool ok = w && work_apply(warm_work(w), first, n, r.desk, round_part,
		overhear_part, &r, e);

	if (w)
		warm_give(m->warm, w);
	desk_give(m, r.desk);
	return ok;
}

static struct hash made_key(void *ctx, size_t t)
{
	return plan_place(((struct made *)ctx)->plan, t);
}

static void made_free(void *ctx)
{
	struct made *m = ctx;

	for (size_t i = 0; i < DESKS; i++)
		desk_drop(atomic_load(&m->desks[i]));
	warm_free(m->warm);
	overhear_free(m->inputs);
	if (m->folder)
		file_remove_tree(m->folder, NULL);
	free(m->folder);
	plan_unref(m->plan);
	free(m);
}

static const struct virtual_ops made_ops = { made_read, made_key, made_free };

/* --- making --- */

/* A tensor that only passes through is its source's own, bytes and all. */
static bool copied(const struct plan *p, const struct plan_tensor *t)
{
	const struct model *m = p->inputs->v[t->input[0]].model;
	const struct tensor *from = &m->source.tensors[t->source[0]];

	return t->verbatim || (t->spec.n_inputs == 1 && t->dtype == from->dtype &&
		str_eq(t->spec.method->name, "passthrough") && t->spec.input[0][P_SCALE] == 1.0);
}

static void describe(const struct plan *p, size_t i, struct virtual_tensor *v)
{
	const struct plan_tensor *t = &p->tensors[i];

	v->about = *t->like;
	v->about.name = t->spec.name;
	v->about.stored = NULL;
	v->about.dtype = t->dtype;
	v->about.dtype_text = NULL;
	v->about.bytes = t->bytes;
	v->about.readable = true;
	if (copied(p, t)) {
		v->origin = p->inputs->v[t->input[0]].model;
		v->at = (size_t)t->source[0];
	}
}

/* Whose files it is like: the tokenizer's, for those are copied. */
static struct model *like(const struct plan *p)
{
	const struct inputs *in = p->inputs;

	return in->v[in->donor >= 0 ? in->donor : in->base >= 0 ? in->base : 0].model;
}

static char *note_of(const struct plan *p)
{
	struct str s = STR_INIT;

	str_addf(&s, "computed while it is read: %s of", p->recipe->method->name);
	for (size_t i = 0; i < p->inputs->n; i++)
		str_addf(&s, "%s %s", i ? "," : "", p->inputs->v[i].text);
	return str_steal(&s);
}

/* A tokenizer or template that no input has: its files, in a folder for as long as the model is
 * open. NULL and no error: it has none of its own. */
static char *own_folder(const struct plan *p, struct err *e)
{
	const char *tmp = getenv("TMPDIR");
	struct output o = {.plan = p};
	char *folder, *path, *text;
	size_t n = 0;
	bool ok;

	if (!p->inputs->vocabulary && !p->recipe->chat_template)
		return NULL;
	folder = xasprintf("%s/cupel-tokenizer-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	if (!mkdtemp(folder)) {
		err_errno(e, folder, "make a folder");
		free(folder);
		return NULL;
	}
	o.path = o.tmp = folder;
	text = output_config(p, &n, e);
	path = str_join_path(folder, "config.json");
	ok = e->code == ERR_NONE && (!text || file_write_all(path, text, n, e)) &&
		output_tokenizer(&o, p->inputs->donor, e);
	free(path);
	free(text);
	if (ok)
		return folder;
	file_remove_tree(folder, NULL);
	free(folder);
	return NULL;
}

struct model *recipe_model(struct plan *p, const char *label, struct err *e)
{
	struct err why = {0}, ignored = {0};
	char *folder = own_folder(p, &why), *config, *note;
	struct virtual_tensor *v;
	struct made *ctx;
	struct model *m;

	if (why.code) {
		if (e)
			*e = why;
		return NULL;
	}
	config = output_config(p, &(size_t){0}, &ignored);
	note = note_of(p);
	struct virtual_about about = {.like = like(p), .label = label, .note = note,
		.folder = folder, .config = config ? json_parse(config, strlen(config),
			"config.json", false, NULL) : NULL};
	v = xnew(struct virtual_tensor, p->n + 1);
	for (size_t i = 0; i < p->n; i++)
		describe(p, i, &v[i]);
	ctx = xnew(struct made, 1);
	ctx->plan = plan_ref(p);
	ctx->warm = warm_new(p);
	ctx->inputs = overhear_new();
	ctx->folder = folder;
	m = model_virtual(&about, v, p->n, &made_ops, ctx, e);
	json_decref(about.config);
	free(config);
	free(note);
	free(v);
	return m;
}
