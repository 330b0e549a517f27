#include "config.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/str.h"
#include "cli/inspect.h"
#include "model/lora.h"
#include "model/stored_as.h"

static void set(json_t *o, const char *key, json_t *v)
{
	json_object_set_new(o, key, v ? v : json_null());
}

/* Where -1 is "unknown" or "none". */
static json_t *known(int64_t v)
{
	return v >= 0 ? json_integer(v) : json_null();
}

static json_t *hash_text(bool has, struct hash h)
{
	char hex[HASH_HEX_SIZE];

	if (!has || hash_is_zero(h))
		return json_null();
	hash_hex(h, hex);
	return json_string(hex);
}

static json_t *tokenizer_json(const struct model_tokenizer *t)
{
	json_t *o = json_object();

	set(o, "kind", json_textn(t->kind));
	set(o, "vocab_size", known(t->vocab_size));
	set(o, "added", known(t->added));
	set(o, "config_vocab_size", known(t->config_vocab_size));
	set(o, "vocab_hash", hash_text(true, t->vocab_hash));
	set(o, "bos_id", known(t->bos_id));
	set(o, "eos_id", known(t->eos_id));
	set(o, "eos_generation", known(t->eos_generation));
	set(o, "eos_token", json_textn(t->eos_token));
	set(o, "chat_template", json_textn(t->chat_template));
	set(o, "chat_template_from", json_textn(t->chat_template_from));
	return o;
}

static json_t *shape_json(const struct tensor *t)
{
	json_t *a = json_array();

	for (int i = 0; i < t->rank; i++)
		json_array_append_new(a, json_u64(t->shape[i]));
	return a;
}

static json_t *tensor_json(const struct model *m, size_t i)
{
	const struct tensor *t = &m->source.tensors[i];
	json_t *o = json_object();
	struct hash h;
	bool has = model_hash_cached(m, i, &h);

	set(o, "name", json_textn(t->name));
	set(o, "role", json_textn(t->role));
	set(o, "layer", known(t->layer));
	set(o, "shape", shape_json(t));
	set(o, "dtype", json_textn(t->dtype_text));
	set(o, "bytes", json_u64(t->bytes));
	set(o, "hash", hash_text(has, h));
	set(o, "elements", json_u64(t->elements));
	set(o, "expert", known(t->expert));
	if (!str_eq(t->name, t->stored))
		set(o, "stored", json_textn(t->stored));
	if (!t->readable)
		set(o, "readable", json_false());
	return o;
}

/* A hub cache's file is a link to a blob that is named by its SHA-256: known without reading. */
static json_t *blob_sha256(const char *path)
{
	char target[4096];
	ssize_t n = readlink(path, target, sizeof target - 1);

	if (n <= 0)
		return json_null();
	target[n] = 0;
	const char *name = str_base(target);
	return strlen(name) == 64 && strspn(name, "0123456789abcdef") == 64 ? json_string(name) :
		json_null();
}

static json_t *files_json(const struct model *m)
{
	json_t *a = json_array();

	for (size_t i = 0; i < m->n_files; i++) {
		json_t *o = json_object();
		set(o, "name", json_textn(str_base(m->files[i]->path)));
		set(o, "bytes", json_u64(m->files[i]->id.size));
		set(o, "sha256", blob_sha256(m->files[i]->path));
		json_array_append_new(a, o);
	}
	return a;
}

static json_t *memory_json(const struct model *m, uint64_t context)
{
	uint64_t weights, kv;
	bool says = model_memory(m, context, &weights, &kv);
	json_t *o = json_object();

	set(o, "context", json_u64(context));
	set(o, "weights", json_u64(weights));
	set(o, "cache", says ? json_u64(kv) : json_null());
	return o;
}

/* Codes that are counted and not decoded. */
static json_t *packed_json(const struct model *m)
{
	char *text = stored_foreign(m);
	const json_t *q = json_at(m->config, "quantization_config");
	json_t *j = text ? json_object() : NULL;

	if (j) {
		set(j, "text", json_textn(text));
		set(j, "method", json_textn(json_text(q, "quant_method", NULL)));
		set(j, "bits", known(json_int(q, "bits", json_int(q, "w_bit", -1))));
		set(j, "group_size", known(json_int(q, "group_size",
			json_int(q, "q_group_size", -1))));
		set(j, "converter", json_textn(stored_converter(m)));
	}
	free(text);
	return j;
}

/* Of a folder that holds an adapter alone. */
static json_t *adapter_json(const struct model *m)
{
	struct lora *l = !m->virtual && lora_is(m->path) ? lora_open(m->path, NULL) : NULL;
	json_t *j = l ? lora_json(l) : NULL;

	lora_free(l);
	return j;
}

json_t *inspect_json(const struct model *m, uint64_t context, const struct hash *whole)
{
	json_t *o = json_object(), *tensors = json_array(), *notes = json_array();
	char *recipe = stored_recipe(m);

	set(o, "path", json_textn(m->path));
	set(o, "name", json_textn(m->name));
	set(o, "format", json_textn(m->format_text));
	set(o, "architecture", json_textn(m->architecture));
	set(o, "class", json_textn(m->arch_class));
	set(o, "parameters", json_u64(m->parameters));
	set(o, "bytes", json_u64(m->bytes));
	set(o, "bits_per_weight", json_number(m->bits_per_weight));
	set(o, "layers", known(m->layers));
	set(o, "hash", whole ? hash_text(true, *whole) : json_null());
	set(o, "partial", json_textn(m->partial));
	set(o, "tied_head", json_boolean(m->tied_head));
	set(o, "tokenizer", tokenizer_json(&m->tokenizer));
	set(o, "memory", memory_json(m, context));
	set(o, "files", files_json(m));
	for (size_t i = 0; m->notes[i]; i++)
		json_array_append_new(notes, json_textn(m->notes[i]));
	set(o, "notes", notes);
	set(o, "adapter", adapter_json(m));
	set(o, "packed", packed_json(m));
	set(o, "made_by", json_textn(recipe));
	free(recipe);
	set(o, "config", json_incref(m->config));
	set(o, "metadata", json_incref(m->metadata));
	for (size_t i = 0; i < m->source.n_tensors; i++)
		json_array_append_new(tensors, tensor_json(m, i));
	set(o, "tensors", tensors);
	return o;
}
