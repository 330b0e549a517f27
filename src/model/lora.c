/* Opening an adapter, and laying it over a model. */
#include "model/lora.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "model/build.h"
#include "model/lora_in.h"
#include "model/text_part.h"

#define CONFIG_NAME "adapter_config.json"
#define CONFIG_MAX ((size_t)16 << 20)
#define NAMES_SHOWN 12
#define MOST_ASKED ((size_t)1 << 29) /* patterns times tensors */

static const char *const weights[] = { "adapter_model.safetensors", "adapters.safetensors" };

/* --- which files --- */

static bool has(const char *dir, const char *name)
{
	char *path = str_join_path(dir, name);
	bool is = file_exists(path);

	free(path);
	return is;
}

bool lora_is(const char *path)
{
	char *dir = file_folder(path);
	bool is = has(dir, CONFIG_NAME), named = false;

	for (size_t i = 0; i < 2; i++)
		named |= str_eq(str_base(path), weights[i]);
	is = is && (file_is_dir(path) ? !has(dir, "model.safetensors") &&
		!has(dir, "model.safetensors.index.json") : named);
	free(dir);
	return is;
}

static char *weights_of(const char *path, const char *dir, struct err *e)
{
	if (!file_is_dir(path))
		return xstrdup(path);
	for (size_t i = 0; i < 2; i++) {
		char *file = str_join_path(dir, weights[i]);

		if (file_exists(file))
			return file;
		free(file);
	}
	char *pickle = str_join_path(dir, "adapter_model.bin");
	if (file_exists(pickle))
		refuse_pickle(pickle, e);
	else
		err_set(e, ERR_INPUT, path,
			"an adapter is a folder with adapter_config.json and "
			"adapter_model.safetensors", "there is no adapter here");
	free(pickle);
	return NULL;
}

static json_t *config_of(const char *path, const char *dir, struct err *e)
{
	char *at = str_join_path(dir, CONFIG_NAME);
	json_t *j = NULL;

	if (file_exists(at))
		j = json_parse_file(at, CONFIG_MAX, e);
	else
		err_set(e, ERR_INPUT, path, "fetch the whole folder of the adapter",
			"it has no " CONFIG_NAME ", so nobody knows its scale");
	if (j && !json_is_object(j)) {
		err_set(e, ERR_INPUT, at, "fetch it again", "it is no JSON object");
		json_decref(j);
		j = NULL;
	}
	free(at);
	return j;
}

/* --- names of its tensors --- */

struct reading {
	struct lora *l;
	const char *where;
	struct err *e;
};

static bool cannot(struct reading *r, const char *tensor, const char *hint, const char *what)
{
	err_set(r->e, ERR_INPUT, r->where, hint, "%s: %s", tensor, what);
	return false;
}

/* PEFT wraps the model in two of its own; the same name in every version without them. */
static const char *without_wrapping(struct arena *a, const char *name)
{
	static const char *const inside[] = { ".modules_to_save.default", ".modules_to_save",
		".base_layer", ".lora_A.default", ".lora_B.default" };
	static const char *const instead[] = { "", "", "", ".lora_A", ".lora_B" };

	if (str_starts(name, "base_model.model."))
		name += strlen("base_model.model.");
	for (size_t i = 0; i < sizeof inside / sizeof *inside; i++) {
		const char *at = strstr(name, inside[i]);
		size_t n = strlen(inside[i]);

		if (at && (at[n] == '.' || !at[n]))
			name = arena_printf(a, "%.*s%s%s", (int)(at - name), name, instead[i],
				at + n);
	}
	return name;
}

/* Of a module's two factors the first, with the ending of the second. */
static const struct {
	const char *a, *b;
	bool embedding;
	enum lora_kind kind;
} endings[] = {
	{ ".lora_A.weight", ".lora_B.weight", false, LORA_PEFT },
	{ ".lora_embedding_A", ".lora_embedding_B", true, LORA_PEFT },
	{ ".lora_a", ".lora_b", false, LORA_MLX },
};
#define ENDINGS (sizeof endings / sizeof *endings)

static const struct {
	const char *part, *what;
} strange[] = {
	{ "lora_magnitude_vector", "a part of a DoRA adapter; only plain LoRA is applied" },
	{ ".lora_B.bias", "a bias of a LoRA factor, which is not applied" },
	{ "trainable_tokens_", "trainable tokens, which are not applied" },
	{ ".hada_", "a part of a LoHa adapter; only plain LoRA is applied" },
	{ ".lokr_", "a part of a LoKr adapter; only plain LoRA is applied" },
	{ ".ia3_", "a part of an (IA)3 adapter; only plain LoRA is applied" },
	{ ".oft_", "a part of an OFT adapter; only plain LoRA is applied" },
	{ "vera_lambda", "a part of a VeRA adapter; only plain LoRA is applied" },
};

static bool pair_shape(struct reading *r, struct lora_pair *p, bool mlx)
{
	const struct tensor *a = &r->l->adapter->source.tensors[p->a];
	const struct tensor *b = &r->l->adapter->source.tensors[p->b];
	uint64_t ra, rb;

	p->experts = 1;
	if (!dtype_is_float(a->dtype) || !dtype_is_float(b->dtype) || !a->readable || !b->readable)
		return cannot(r, a->name, "fetch the adapter again", "its numbers are no weights");
	if (mlx && a->rank == 3 && b->rank == 3 && a->shape[0] == b->shape[0]) {
		p->experts = a->shape[0];
		ra = a->shape[1];
		rb = b->shape[2];
	} else if (a->rank != 2 || b->rank != 2) {
		return cannot(r, a->name, "merge it where it was trained and name the result",
			"it is of a convolution; only matrices are changed");
	} else {
		ra = mlx ? a->shape[1] : a->shape[0];
		rb = mlx ? b->shape[0] : b->shape[1];
	}
	p->rank = ra;
	if (!a->elements || !b->elements || ra != rb)
		return cannot(r, a->name, "fetch the adapter again",
			"its two factors do not have one rank");
	return true;
}

/* alpha / rank, or what the adapter says instead. */
static bool pair_factor(struct reading *r, struct lora_pair *p)
{
	const struct lora_config *c = &r->l->config;
	double rank = lora_config_rank(c, p->module), f;

	if (c->kind == LORA_MLX) {
		p->factor = (float)c->scale;
		return true;
	}
	if (rank != (double)p->rank) {
		err_set(r->e, ERR_INPUT, r->where, "fetch the adapter again: its config and its "
			"weights belong to different trainings",
			"%s has rank %" PRIu64 ", and the config says %g", p->module, p->rank,
			rank);
		return false;
	}
	f = lora_config_alpha(c, p->module) / (c->rslora ? sqrt(rank) : rank);
	p->factor = (float)f;
	return isfinite(p->factor) || cannot(r, p->module, "fetch the adapter again",
		"its factor is no number");
}

static bool pair_add(struct reading *r, size_t t, const char *name, size_t k)
{
	struct lora *l = r->l;
	size_t n = strlen(name) - strlen(endings[k].a);
	const struct tensor *all = l->adapter->source.tensors;
	/* spelt as the first is spelt, wrapping and all */
	size_t full = strlen(all[t].name);
	bool inner = str_ends(all[t].name, ".lora_A.default.weight");
	const char *end_a = inner ? ".lora_A.default.weight" : endings[k].a;
	char *other = xasprintf("%.*s%s", (int)(full - strlen(end_a)), all[t].name,
		inner ? ".lora_B.default.weight" : endings[k].b);
	long b = source_find(&l->adapter->source, other);
	struct lora_pair p = { .module = arena_strndup(&l->arena, name, n), .a = t,
		.b = (size_t)b, .embedding = endings[k].embedding };

	free(other);
	if (b < 0)
		return cannot(r, all[t].name, "fetch the adapter again",
			"the other factor of the module is missing");
	if (!pair_shape(r, &p, endings[k].kind == LORA_MLX) || !pair_factor(r, &p))
		return false;
	*vec_push(&l->pairs) = p;
	return true;
}

static bool second_of_pair(struct reading *r, const char *name)
{
	const struct source *s = &r->l->adapter->source;

	for (size_t k = 0; k < ENDINGS; k++) {
		bool inner = str_ends(name, ".lora_B.default.weight") && k == 0;
		const char *end = inner ? ".lora_B.default.weight" : endings[k].b;

		if (!str_ends(name, end))
			continue;
		char *first = xasprintf("%.*s%s", (int)(strlen(name) - strlen(end)), name,
			inner ? ".lora_A.default.weight" : endings[k].a);
		bool there = source_find(s, first) >= 0;

		free(first);
		if (!there)
			cannot(r, name, "fetch the adapter again",
				"the other factor of the module is missing");
		return true;
	}
	return false;
}

static bool tensor_read(struct reading *r, size_t t)
{
	struct lora *l = r->l;
	const struct tensor *x = &l->adapter->source.tensors[t];
	const char *name = without_wrapping(&l->arena, x->name);

	for (size_t i = 0; i < sizeof strange / sizeof *strange; i++)
		if (strstr(name, strange[i].part))
			return cannot(r, x->name,
				"merge it into its model where it was trained and name the result",
				strange[i].what);
	for (size_t k = 0; k < ENDINGS; k++)
		if (str_ends(name, endings[k].a) && l->config.kind == endings[k].kind)
			return pair_add(r, t, name, k);
	err_clear(r->e);
	if (second_of_pair(r, x->name))
		return r->e->code == ERR_NONE;
	if (!strstr(name, ".original_module."))
		*vec_push(&l->saved) = (struct lora_saved){ name, t };
	return true;
}

/* --- what is known of it --- */

/* The last word of a module's or tensor's name, once each. */
static void names_add(struct str *s, size_t *n, const char *name)
{
	size_t len = strlen(name);

	if (str_ends(name, ".weight"))
		len -= 7;
	else if (str_ends(name, ".bias"))
		len -= 5;
	const char *p = name + len;
	while (p > name && p[-1] != '.')
		p--;
	char *word = xstrndup(p, len - (size_t)(p - name));
	char *at = s->s ? strstr(s->s, word) : NULL;
	size_t k = strlen(word);

	while (at && !((at == s->s || at[-1] == ' ') && (!at[k] || at[k] == ',')))
		at = strstr(at + 1, word);
	if (!at && ++*n <= NAMES_SHOWN)
		str_addf(s, "%s%s", s->n ? ", " : "", word);
	else if (!at && *n == NAMES_SHOWN + 1)
		str_add(s, " …");
	free(word);
}

static const char *caution_of(const struct lora_config *c)
{
	static const char *const moved[] = { "pissa", "olora", "corda", "loftq", "lora_ga",
		"lora-ga" };

	for (size_t i = 0; c->init && i < sizeof moved / sizeof *moved; i++)
		if (str_starts(c->init, moved[i]))
			return "its training began by changing the model itself: it fits only if "
				"it was converted back to plain LoRA when it was saved";
	return NULL;
}

/* name is the module, or a whole end of its path. */
static bool ends_as(const char *path, const char *name)
{
	size_t n = strlen(path), k = strlen(name);

	return k <= n && str_eq(path + n - k, name) && (k == n || path[n - k - 1] == '.');
}

static bool has_module(const struct lora *l, const char *name)
{
	bool has = false;

	for (size_t i = 0; i < l->pairs.n && !has; i++)
		has = ends_as(l->pairs.v[i].module, name);
	for (size_t i = 0; i < l->saved.n && !has; i++) {
		const char *saved = l->saved.v[i].name, *dot = strrchr(saved, '.');
		char *module = dot ? xstrndup(saved, (size_t)(dot - saved)) : xstrdup(saved);

		has = ends_as(module, name) || strstr(module, name);
		free(module);
	}
	return has;
}

static const char *absent_of(struct lora *l)
{
	struct str s = STR_INIT;
	const char *out = NULL;
	size_t n = 0;

	for (size_t i = 0; l->config.named && l->config.named[i]; i++)
		if (!has_module(l, l->config.named[i]) && ++n <= NAMES_SHOWN)
			str_addf(&s, "%s%s", s.n ? ", " : "", l->config.named[i]);
	if (s.n)
		out = arena_printf(&l->arena, "%s%s", s.s, n > NAMES_SHOWN ? " …" : "");
	str_fini(&s);
	return out;
}

static void facts_fill(struct lora *l)
{
	struct lora_facts *f = &l->facts;
	struct str targets = STR_INIT, saves = STR_INIT;
	size_t n = 0, m = 0;
	float factor = 0;

	f->kind = l->config.kind == LORA_PEFT ? "LoRA" : l->config.kind == LORA_MLX ?
		"LoRA (MLX)" : "full weights (MLX)";
	f->base = l->config.base;
	f->asked = l->config.targets;
	f->alpha = l->config.kind == LORA_PEFT ? l->config.alpha : NAN;
	f->rslora = l->config.rslora;
	f->caution = caution_of(&l->config);
	f->absent = absent_of(l);
	for (size_t i = 0; i < l->pairs.n; i++) {
		const struct lora_pair *p = &l->pairs.v[i];

		f->patterns |= i && (p->rank != f->rank_most || p->factor != factor);
		f->rank_least = i && f->rank_least < p->rank ? f->rank_least : p->rank;
		if (p->rank >= f->rank_most)
			factor = p->factor;
		f->rank_most = f->rank_most > p->rank ? f->rank_most : p->rank;
		names_add(&targets, &n, p->module);
	}
	for (size_t i = 0; i < l->saved.n; i++)
		names_add(&saves, &m, l->saved.v[i].name);
	f->factor = factor;
	f->pairs = l->pairs.n;
	f->saved = l->saved.n;
	f->targets = targets.n ? arena_strdup(&l->arena, targets.s) : NULL;
	f->saves = saves.n ? arena_strdup(&l->arena, saves.s) : NULL;
	f->parameters = l->adapter->parameters;
	f->bytes = l->adapter->bytes;
	str_fini(&targets);
	str_fini(&saves);
}

struct lora *lora_open(const char *path, struct err *e)
{
	struct lora *l = xnew(struct lora, 1);
	struct err own = { 0 };
	struct reading r = { .l = l, .where = path, .e = e ? e : &own };
	char *dir = file_folder(path), *file = weights_of(path, dir, r.e);
	json_t *j = file ? config_of(path, dir, r.e) : NULL;
	bool ok;

	arena_init(&l->arena);
	ok = j && lora_config_read(&l->config, j, path, &l->arena, r.e) &&
		(l->adapter = model_open(file, r.e));
	size_t patterns = l->config.ranks.n + l->config.alphas.n;
	if (ok && patterns * l->adapter->source.n_tensors > MOST_ASKED)
		ok = err_set(r.e, ERR_INPUT, path, "fetch the adapter again",
			"its config has more patterns than its modules have use for");
	for (size_t t = 0; ok && t < l->adapter->source.n_tensors; t++)
		ok = tensor_read(&r, t);
	if (ok && !l->pairs.n && !l->saved.n)
		ok = err_set(r.e, ERR_INPUT, path, "fetch the adapter again",
			"it changes nothing: it has no tensors");
	if (ok)
		facts_fill(l);
	json_decref(j);
	free(file);
	free(dir);
	if (ok)
		return l;
	lora_free(l);
	return NULL;
}

void lora_free(struct lora *l)
{
	if (!l)
		return;
	model_unref(l->adapter);
	lora_config_fini(&l->config);
	vec_fini(&l->pairs);
	vec_fini(&l->saved);
	arena_fini(&l->arena);
	free(l);
}

const struct lora_facts *lora_facts(const struct lora *l)
{
	return &l->facts;
}

char *lora_text(const struct lora *l)
{
	const struct lora_facts *f = &l->facts;
	struct str s = STR_INIT;

	str_add(&s, f->kind);
	if (f->pairs) {
		str_addf(&s, ", rank %" PRIu64, f->rank_most);
		if (f->rank_least != f->rank_most)
			str_addf(&s, " (from %" PRIu64 ")", f->rank_least);
		if (isfinite(f->alpha))
			str_addf(&s, ", alpha %g%s", f->alpha, f->rslora ? " (rslora)" : "");
		str_addf(&s, ", factor %g%s; changes %zu module%s: %s", f->factor,
			f->patterns ? " and others" : "", f->pairs, f->pairs == 1 ? "" : "s",
			f->targets);
	}
	if (f->saved)
		str_addf(&s, "; keeps %zu tensor%s whole: %s", f->saved, f->saved == 1 ? "" : "s",
			f->saves);
	return str_steal(&s);
}

json_t *lora_json(const struct lora *l)
{
	const struct lora_facts *f = &l->facts;
	json_t *j = json_object();

	json_object_set_new(j, "kind", json_textn(f->kind));
	json_object_set_new(j, "base", json_textn(f->base));
	json_object_set_new(j, "rank", f->pairs ? json_u64(f->rank_most) : json_null());
	json_object_set_new(j, "rank_least", f->pairs ? json_u64(f->rank_least) : json_null());
	json_object_set_new(j, "alpha", json_number(f->alpha));
	json_object_set_new(j, "rslora", json_boolean(f->rslora));
	json_object_set_new(j, "factor", json_number(f->factor));
	json_object_set_new(j, "modules", json_u64(f->pairs));
	json_object_set_new(j, "targets", json_textn(f->targets));
	json_object_set_new(j, "target_modules", json_textn(f->asked));
	json_object_set_new(j, "saved", json_u64(f->saved));
	json_object_set_new(j, "modules_to_save", json_textn(f->saves));
	json_object_set_new(j, "absent", json_textn(f->absent));
	json_object_set_new(j, "parameters", json_u64(f->parameters));
	json_object_set_new(j, "bytes", json_u64(f->bytes));
	return j;
}
