#include "model/virtual.h"
#include <stdlib.h>
#include <string.h>
#include "base/xalloc.h"
#include "model/build.h"
#include "model/hash_cache.h"
#include "model/tokenizer_files.h"

struct virtual { /* behind model.virtual */
	struct model *like;
	const struct virtual_ops *ops;
	void *ctx;
	struct virtual_tensor *v;
	size_t n;
};

static bool virtual_read(struct source *s, size_t t, uint64_t first, size_t n, float *out,
	struct err *e)
{
	struct virtual *x = ((struct model *)s)->virtual;
	const struct virtual_tensor *v = &x->v[t];

	return v->origin ? source_read(&v->origin->source, v->at, first, n, out, e)
		: x->ops->read(x->ctx, t, first, n, out, e);
}

static bool virtual_read_raw(struct source *s, size_t t, uint64_t offset, size_t n, void *out,
	struct err *e)
{
	const struct virtual_tensor *v = &((struct model *)s)->virtual->v[t];

	if (!v->origin)
		return err_set(e, ERR_INTERNAL, s->label, NULL,
			"tensor %s has no stored bytes: it is computed", s->tensors[t].name);
	return source_read_raw(&v->origin->source, v->at, offset, n, out, e);
}

static void virtual_free(struct source *s)
{
	struct model_build *b = (struct model_build *)s;
	struct virtual *x = b->m.virtual;

	if (x->ops && x->ops->free)
		x->ops->free(x->ctx);
	for (size_t t = 0; t < x->n; t++)
		model_unref(x->v[t].origin);
	model_unref(x->like);
	free(x->v);
	free(x);
	source_index_fini(s);
	json_decref(b->m.config);
	json_decref(b->m.tokenizer_config);
	json_decref(b->m.generation_config);
	json_decref(b->m.metadata);
	vec_fini(&b->tensors);
	vec_fini(&b->notes);
	hash_cache_free(b->hashes);
	arena_fini(&b->arena);
	free(b);
}

static const struct source_ops virtual_source = {
	.read = virtual_read,
	.read_raw = virtual_read_raw,
	.free = virtual_free,
};

struct model *model_origin(const struct model *m, size_t t, size_t *at)
{
	while (m->virtual) {
		const struct virtual_tensor *v = &m->virtual->v[t];

		if (!v->origin)
			return NULL;
		m = v->origin;
		t = v->at;
	}
	*at = t;
	return (struct model *)m;
}

/* A tensor that is passed on may be computed further below. */
struct hash virtual_key(const struct model *m, size_t t)
{
	while (m->virtual->v[t].origin) {
		const struct virtual_tensor *v = &m->virtual->v[t];

		m = v->origin;
		t = v->at;
	}
	return m->virtual->ops->key(m->virtual->ctx, t);
}

static void tensor_add(struct model_build *b, struct virtual *x, const struct virtual_tensor *v)
{
	struct tensor *t = vec_push(&b->tensors);
	struct virtual_tensor *kept = &x->v[x->n++];

	*kept = *v;
	if (kept->origin)
		model_ref(kept->origin);
	*t = v->about;
	t->name = arena_strdup(&b->arena, t->name);
	t->stored = t->stored ? arena_strdup(&b->arena, t->stored) : t->name;
	t->role = arena_strdup(&b->arena, t->role ? t->role : "other");
	t->dtype_text = t->dtype_text ? arena_strdup(&b->arena, t->dtype_text)
		: dtype_info(t->dtype)->name;
	t->file = -1;
	kept->about = *t;
	b->m.parameters += t->elements;
	b->m.bytes += t->bytes;
}

static void head_look(struct model_build *b)
{
	bool head = false, embedding = false;

	for (size_t i = 0; i < b->tensors.n; i++) {
		head |= !strcmp(b->tensors.v[i].role, "output");
		embedding |= !strcmp(b->tensors.v[i].role, "token_embd");
	}
	b->m.tied_head = embedding && !head;
}

static json_t *folder_json(const char *folder, const char *name)
{
	char *path = xasprintf("%s/%s", folder, name);
	json_t *j = file_exists(path) ? json_parse_file(path, (size_t)256 << 20, NULL) : NULL;

	free(path);
	return j;
}

/* Tokenizer files of its own. */
static void say_folder(struct model_build *b, const char *folder)
{
	struct model *m = &b->m;

	json_decref(m->tokenizer_config);
	json_decref(m->generation_config);
	m->path = arena_strdup(&b->arena, folder);
	m->tokenizer_config = folder_json(folder, "tokenizer_config.json");
	m->generation_config = folder_json(folder, "generation_config.json");
	m->tokenizer = (struct model_tokenizer){ .vocab_size = -1, .config_vocab_size = -1,
		.bos_id = -1, .eos_id = -1, .eos_generation = -1 };
	tokenizer_folder(b, folder);
}

/* What like says of itself; the strings live as long as the reference to it. */
static void say_like(struct model_build *b, const struct virtual_about *a)
{
	struct model *m = &b->m;

	m->path = a->like->path;
	m->name = m->source.label = arena_strdup(&b->arena, a->label);
	m->format = a->like->format;
	m->format_text = a->like->format_text;
	m->architecture = a->architecture ? arena_strdup(&b->arena, a->architecture)
		: a->like->architecture;
	m->arch_class = a->arch_class ? arena_strdup(&b->arena, a->arch_class)
		: a->like->arch_class;
	m->config = json_incref(a->config ? a->config : a->like->config);
	m->generation_config = json_incref(a->like->generation_config);
	m->tokenizer_config =
		json_incref(a->tokenizer_config ? a->tokenizer_config : a->like->tokenizer_config);
	m->metadata = json_incref(a->like->metadata);
	m->tokenizer = a->like->tokenizer;
	if (a->folder)
		say_folder(b, a->folder);
	m->tokenizer.config_vocab_size =
		json_int(m->config, "vocab_size", json_int(m->config, "text_config.vocab_size",
		m->tokenizer.config_vocab_size));
	m->layers = json_int(m->config, "num_hidden_layers",
		json_int(m->config, "text_config.num_hidden_layers", a->like->layers));
	m->partial = a->like->partial;
}

struct model *model_virtual(const struct virtual_about *a, const struct virtual_tensor *v, size_t n,
	const struct virtual_ops *ops, void *ctx, struct err *e)
{
	struct model_build *b = xnew(struct model_build, 1);
	struct virtual *x = xnew(struct virtual, 1);
	struct source *s = &b->m.source;
	long twice;

	arena_init(&b->arena);
	b->hashes = hash_cache_new();
	s->ops = &virtual_source;
	atomic_init(&s->refs, 1);
	*x = (struct virtual){ .like = model_ref(a->like), .ops = ops, .ctx = ctx,
		.v = xnew(struct virtual_tensor, n + 1) };
	b->m.virtual = x;
	say_like(b, a);
	for (size_t i = 0; i < n; i++)
		tensor_add(b, x, &v[i]);
	b->m.bits_per_weight =
		b->m.parameters ? 8.0 * (double)b->m.bytes / (double)b->m.parameters : 0;
	s->tensors = b->tensors.v;
	s->n_tensors = n;
	head_look(b);
	if (a->note)
		build_note(b, "%s", a->note);
	*vec_push(&b->notes) = NULL;
	b->m.notes = b->notes.v;
	twice = source_index_init(s);
	if (twice < 0)
		return &b->m;
	err_set(e, ERR_INPUT, s->label, NULL, "tensor %s is there twice", s->tensors[twice].name);
	model_unref(&b->m);
	return NULL;
}
