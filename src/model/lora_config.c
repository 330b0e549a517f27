/* adapter_config.json of PEFT and of MLX-LM: what is read, and what is refused by its name. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "model/lora_in.h"

#define MOST_PATTERNS 20000
#define MOST_COMPILED 256 /* slow ones */
#define MOST_NAMED 1024
#define LONGEST_PATTERN 512

/* --- patterns: a regular expression that the module's name ends with --- */

/* Python's \d and (?: in the words of POSIX; NULL for what has none, or could run away. */
static char *posix_of(const char *key)
{
	struct str s = STR_INIT;

	str_add(&s, "^(.*\\.)?(");
	for (const char *p = key; *p; p++) {
		if (*p == '{' || (*p == '\\' && (!p[1] || strchr("123456789AbBDSWZ", p[1]))) ||
			(*p == '(' && p[1] == '?' && p[2] != ':')) {
			str_fini(&s);
			return NULL;
		}
		if (*p == '\\' && p[1] == 'd')
			str_add(&s, "[0-9]");
		else if (*p == '\\')
			str_addf(&s, "\\%c", p[1]);
		else if (str_starts(p, "(?:"))
			str_addc(&s, '(');
		else
			str_addc(&s, *p);
		p += *p == '\\' ? 1 : str_starts(p, "(?:") ? 2 : 0;
	}
	str_add(&s, ")$");
	return str_steal(&s);
}

/* A dot of a plain name stands for itself: that it could be anything makes no difference to the
 * names of modules. */
static bool pattern_compile(struct lora_pattern *p)
{
	char *posix;
	bool ok;

	p->plain = !strpbrk(p->key, "\\[](){}*+?|^$");
	if (p->plain)
		return true;
	posix = strlen(p->key) <= LONGEST_PATTERN ? posix_of(p->key) : NULL;
	ok = posix && !regcomp(&p->compiled, posix, REG_EXTENDED | REG_NOSUB);
	free(posix);
	return ok;
}

static bool pattern_fits(const struct lora_pattern *p, const char *module)
{
	size_t n = strlen(module), k = strlen(p->key);

	if (!p->plain)
		return n <= 4 * LONGEST_PATTERN && !regexec(&p->compiled, module, 0, NULL, 0);
	return k <= n && str_eq(module + n - k, p->key) && (k == n || module[n - k - 1] == '.');
}

static bool patterns_read(struct lora_patterns *v, const json_t *j, const char *name,
	const char *where, struct arena *a, struct err *e)
{
	size_t compiled = 0;
	const char *key;
	json_t *value;

	if (!j || json_is_null(j))
		return true;
	if (!json_is_object(j) || json_object_size(j) > MOST_PATTERNS)
		return err_set(e, ERR_INPUT, where, "fetch the adapter again",
			"%s is no map of names", name);
	json_object_foreach((json_t *)j, key, value) {
		struct lora_pattern p = { .key = arena_strdup(a, key),
			.value = json_number_value(value) };

		bool ok = json_is_number(value) && isfinite(p.value) && pattern_compile(&p);

		if (ok)
			*vec_push(v) = p;
		compiled += ok && !p.plain;
		if (!ok || compiled > MOST_COMPILED)
			return err_set(e, ERR_INPUT, where,
				"write plain names of modules, with numbers",
				"%s of \"%s\" cannot be used", name, key);
	}
	return true;
}

static void patterns_fini(struct lora_patterns *v)
{
	for (size_t i = 0; i < v->n; i++)
		if (!v->v[i].plain)
			regfree(&v->v[i].compiled);
	vec_fini(v);
}

static double of_module(const struct lora_patterns *v, const char *module, double otherwise)
{
	for (size_t i = 0; i < v->n; i++)
		if (pattern_fits(&v->v[i], module))
			return v->v[i].value;
	return otherwise;
}

double lora_config_rank(const struct lora_config *c, const char *module)
{
	return of_module(&c->ranks, module, c->rank);
}

double lora_config_alpha(const struct lora_config *c, const char *module)
{
	return of_module(&c->alphas, module, c->alpha);
}

void lora_config_fini(struct lora_config *c)
{
	patterns_fini(&c->ranks);
	patterns_fini(&c->alphas);
}

/* --- PEFT --- */

static bool is_set(const json_t *v)
{
	return v && !json_is_null(v) && !json_is_false(v) &&
		!(json_is_array(v) && !json_array_size(v)) &&
		!(json_is_object(v) && !json_object_size(v));
}

/* What changes how an adapter works in a way that W + B A does not say. */
static const struct {
	const char *key, *name;
} refused[] = {
	{ "use_dora", "a DoRA adapter: it scales the columns of W as well" },
	{ "use_qalora", "a QALoRA adapter" },
	{ "use_bdlora", "a BD-LoRA adapter" },
	{ "lora_bias", "an adapter with lora_bias, which trains biases of its own" },
	{ "layer_replication", "an adapter with layer_replication, for a model of more layers" },
	{ "target_parameters", "an adapter with target_parameters, on stacked experts" },
	{ "alora_invocation_tokens", "an activated LoRA, which is on for some tokens alone" },
	{ "trainable_token_indices", "an adapter with trainable tokens, rows of the embedding" },
	{ "megatron_config", "an adapter of a model split by Megatron" },
	{ "monteclora_config", "a MonteCLoRA adapter" },
	{ "arrow_config", "an Arrow mixture of adapters" },
	{ "kasa_config", "a KaSA adapter" },
};

static bool refuse(const char *where, const char *what, struct err *e)
{
	return err_set(e, ERR_INPUT, where,
		"merge it into its model where it was trained (peft: merge_and_unload) and name "
		"the result", "this is %s; only plain LoRA is applied", what);
}

static bool peft_kind(const json_t *j, const char *where, struct err *e)
{
	const char *type = json_text(j, "peft_type", "");
	char what[80];

	if (!str_eq(type, "LORA")) {
		snprintf(what, sizeof what, "an adapter of type %.40s", type);
		return refuse(where, what, e);
	}
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
		if (is_set(json_object_get(j, refused[i].key)))
			return refuse(where, refused[i].name, e);
	return true;
}

/* A list as "a, b, c", a pattern as it is. */
static const char *names_text(const json_t *v, struct arena *a)
{
	struct str s = STR_INIT;
	const char *out = NULL;
	size_t i;
	json_t *one;

	if (json_is_string(v))
		return arena_strdup(a, json_string_value(v));
	json_array_foreach(v, i, one)
		if (json_is_string(one))
			str_addf(&s, "%s%s", s.n ? ", " : "", json_string_value(one));
	if (s.n)
		out = arena_strdup(a, s.s);
	str_fini(&s);
	return out;
}

/* Of lists alone: a pattern, or "all-linear", names nothing. */
static const char *const *named_in(const json_t *j, struct arena *a)
{
	static const char *const keys[] = { "target_modules", "modules_to_save" };
	size_t most = 0, n = 0, i;
	const char **v;
	json_t *one;

	for (int k = 0; k < 2; k++)
		most += json_array_size(json_object_get(j, keys[k]));
	v = arena_new(a, const char *, most + 1);
	for (int k = 0; k < 2 && most <= MOST_NAMED; k++)
		json_array_foreach(json_object_get(j, keys[k]), i, one)
			if (json_is_string(one) && *json_string_value(one))
				v[n++] = arena_strdup(a, json_string_value(one));
	return v;
}

static const char *text_of(const json_t *j, const char *key, struct arena *a)
{
	const char *s = json_text(j, key, NULL);

	return s && *s ? arena_strdup(a, s) : NULL;
}

static bool peft_read(struct lora_config *c, const json_t *j, const char *where, struct arena *a,
	struct err *e)
{
	if (!peft_kind(j, where, e))
		return false;
	c->kind = LORA_PEFT;
	c->rank = json_num(j, "r", 8);
	c->alpha = json_num(j, "lora_alpha", 8);
	c->rslora = json_flag(j, "use_rslora", false);
	c->transposed = json_flag(j, "fan_in_fan_out", false);
	c->base = text_of(j, "base_model_name_or_path", a);
	c->init = text_of(j, "init_lora_weights", a);
	c->targets = names_text(json_object_get(j, "target_modules"), a);
	c->named = named_in(j, a);
	if (!(c->rank >= 1 && c->rank <= 1e6 && c->rank == floor(c->rank)))
		return err_set(e, ERR_INPUT, where, "fetch the adapter again",
			"a rank r of %g is none", c->rank);
	if (!isfinite(c->alpha))
		return err_set(e, ERR_INPUT, where, "fetch the adapter again",
			"lora_alpha is no number");
	return patterns_read(&c->ranks, json_object_get(j, "rank_pattern"), "rank_pattern", where,
		a, e) && patterns_read(&c->alphas, json_object_get(j, "alpha_pattern"),
		"alpha_pattern", where, a, e);
}

/* --- MLX-LM --- */

static bool mlx_read(struct lora_config *c, const json_t *j, const char *where, struct arena *a,
	struct err *e)
{
	const char *type = json_text(j, "fine_tune_type", "lora");
	const json_t *p = json_object_get(j, "lora_parameters");

	c->base = text_of(j, "model", a);
	c->kind = str_eq(type, "full") ? LORA_FULL : LORA_MLX;
	if (c->kind == LORA_FULL)
		return true;
	if (str_eq(type, "dora") || json_flag(j, "use_dora", false))
		return refuse(where, refused[0].name, e);
	if (!str_eq(type, "lora"))
		return err_set(e, ERR_INPUT, where, "fuse it with mlx_lm.fuse and name the result",
			"an adapter of type %s cannot be applied", type);
	c->rank = json_num(p, "rank", NAN);
	c->scale = json_num(p, "scale", NAN);
	c->targets = names_text(json_object_get(p, "keys"), a);
	if (!isfinite(c->scale))
		return err_set(e, ERR_INPUT, where, "fetch the adapter again",
			"lora_parameters has no scale");
	return true;
}

bool lora_config_read(struct lora_config *c, const json_t *j, const char *where, struct arena *a,
	struct err *e)
{
	memset(c, 0, sizeof *c);
	if (json_object_get(j, "peft_type"))
		return peft_read(c, j, where, a, e);
	if (json_object_get(j, "lora_parameters") || json_object_get(j, "fine_tune_type"))
		return mlx_read(c, j, where, a, e);
	return err_set(e, ERR_INPUT, where, "an adapter is made by peft or by mlx_lm.lora",
		"it says neither peft_type nor fine_tune_type");
}
