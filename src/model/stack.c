#include "config.h"
#include "model/stack.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum part { PART_TEXT, PART_VISION, PART_PROJECTOR, PART_AUDIO, PART_COUNT };
static const struct {
	const char *name;
	enum part part;
} names[] = { /* the first of a part is what it is called */
	{ "text_decoder", PART_TEXT }, { "text", PART_TEXT }, { "language_model", PART_TEXT },
	{ "text_model", PART_TEXT }, { "llm", PART_TEXT },
	{ "vision_tower", PART_VISION }, { "vision_model", PART_VISION },
	{ "vision", PART_VISION }, { "visual", PART_VISION }, { "vision_encoder", PART_VISION },
	{ "multi_modal_projector", PART_PROJECTOR }, { "projector", PART_PROJECTOR },
	{ "audio_tower", PART_AUDIO }, { "audio", PART_AUDIO },
};
#define N_NAMES (sizeof names / sizeof *names)

static enum part part_of(const struct tensor *t)
{
	const char *role = t->role ? t->role : "";

	if (str_starts(role, "vision_proj"))
		return PART_PROJECTOR;
	if (str_starts(role, "vision_") || str_eq(role, "vision"))
		return PART_VISION;
	if (str_starts(role, "audio_") || str_eq(role, "audio"))
		return PART_AUDIO;
	return PART_TEXT;
}

const char *module_of(const struct tensor *t)
{
	enum part part = part_of(t);

	for (size_t i = 0; i < N_NAMES; i++)
		if (part != PART_TEXT && names[i].part == part)
			return names[i].name;
	return "default";
}

static int named_part(const char *module)
{
	for (size_t i = 0; i < N_NAMES; i++)
		if (strcmp(names[i].name, module) == 0)
			return (int)names[i].part;
	return -1;
}

/* Whether whole components of the name spell the module: "model.encoder" in "model.encoder.x". */
static bool spells(const char *name, const char *module)
{
	size_t n = strlen(module);

	for (const char *s = name; n && (s = strstr(s, module)); s++)
		if ((s == name || s[-1] == '.') && (s[n] == '.' || s[n] == '\0'))
			return true;
	return false;
}

bool module_has(const char *module, const struct tensor *t)
{
	int part;

	if (strcmp(module, "default") == 0)
		return true;
	part = named_part(module);
	return part >= 0 ? part_of(t) == (enum part)part : spells(t->name, module);
}

/* The first component that is a number; NULL if there is none. */
static const char *number_in(const char *name, size_t *n)
{
	for (const char *s = name; *s; s += *n, s += *s == '.') {
		size_t digits = strspn(s, "0123456789");

		*n = strcspn(s, ".");
		if (digits == *n && *n > 0 && *n < 9)
			return s;
	}
	return NULL;
}

static bool behind_layers(const char *name, const char *number)
{
	static const char *const words[] = { "layers", "blk", "blocks", "h", "layer", "block",
		"resblocks" };
	const char *s = number - 1;
	size_t n;

	if (number == name)
		return false;
	while (s > name && s[-1] != '.')
		s--;
	n = (size_t)(number - 1 - s);
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strlen(words[i]) == n && memcmp(words[i], s, n) == 0)
			return true;
	return false;
}

int module_layer(const char *module, const struct tensor *t)
{
	const char *number;
	size_t n;

	if (t->layer >= 0)
		return t->layer;
	/* "default" of a vision model is its language model with everything else beside. */
	if (strcmp(module, "default") == 0)
		return -1;
	number = number_in(t->name, &n);
	return number && behind_layers(t->name, number) ? atoi(number) : -1;
}

int64_t module_depth(const char *module, const struct model *m)
{
	int64_t deepest = -1;
	bool text = strcmp(module, "default") == 0 || named_part(module) == PART_TEXT;

	if (text && m->layers > 0)
		return m->layers;
	for (size_t i = 0; i < m->source.n_tensors; i++) {
		const struct tensor *t = &m->source.tensors[i];
		int layer = module_has(module, t) ? module_layer(module, t) : -1;

		if (layer > deepest)
			deepest = layer;
	}
	return deepest + 1;
}

bool module_ends(const char *module, const struct tensor *t)
{
	static const char *const words[] = { "score", "classifier", "pooler", "embed_out",
		"output_layer", "post_layernorm", "layernorm_post", "final_layer_norm",
		"final_layernorm", "predictions" };

	if (strcmp(module, "default") == 0 && part_of(t) != PART_TEXT)
		return false;
	if (t->role && (str_starts(t->role, "output") || str_ends(t->role, "post_ln")))
		return true;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (spells(t->name, words[i]))
			return true;
	return false;
}

void layer_name(struct str *out, const char *name, int64_t to)
{
	size_t n = 0;
	const char *number = number_in(name, &n);

	if (!number) {
		str_add(out, name);
		return;
	}
	str_addn(out, name, (size_t)(number - name));
	str_addf(out, "%lld%s", (long long)to, number + n);
}

void module_list(struct str *out, const struct model *m)
{
	bool has[PART_COUNT] = { false };
	size_t before = out->n;

	for (size_t i = 0; i < m->source.n_tensors; i++)
		has[part_of(&m->source.tensors[i])] = true;
	for (size_t i = 0; i < N_NAMES; i++)
		if (has[names[i].part]) {
			str_addf(out, "%s%s", out->n > before ? ", " : "", names[i].name);
			has[names[i].part] = false;
		}
}
