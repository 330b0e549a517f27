#include "model/text_part.h"
#include <stdlib.h>
#include <string.h>
#include "base/xalloc.h"
#include "model/virtual.h"

/* Longest first: the first that fits is the one. */
static const struct {
	const char *part, *plain;
} prefixes[] = {
	{ "model.language_model.lm_head.", "lm_head." },
	{ "model.language_model.model.", "model." },
	{ "model.language_model.", "model." },
	{ "language_model.lm_head.", "lm_head." },
	{ "language_model.model.", "model." },
	{ "language_model.", "model." },
	{ "model.text_model.", "model." },
	{ "thinker.model.", "model." },
	{ "thinker.lm_head.", "lm_head." },
	{ "model.lm_head.", "lm_head." },
	{ "transformer.h.", "h." },
	{ "transformer.w", "w" },
	{ "transformer.ln_f.", "ln_f." },
};
#define PREFIXES (sizeof prefixes / sizeof *prefixes)

const char *text_part_plain(const char *name, struct str *buf)
{
	for (size_t i = 0; i < PREFIXES; i++)
		if (str_starts(name, prefixes[i].part)) {
			str_clear(buf);
			str_addf(buf, "%s%s", prefixes[i].plain,
				name + strlen(prefixes[i].part));
			return buf->s;
		}
	return name;
}

long text_part_find(const struct source *s, const char *name, struct str *buf)
{
	struct str plain = STR_INIT;
	long at = source_find(s, name);

	if (at >= 0)
		return at;
	name = text_part_plain(name, &plain);
	at = source_find(s, name);
	for (size_t i = 0; at < 0 && i < PREFIXES; i++) {
		if (!str_starts(name, prefixes[i].plain))
			continue;
		str_clear(buf);
		str_addf(buf, "%s%s", prefixes[i].part, name + strlen(prefixes[i].plain));
		at = source_find(s, buf->s);
	}
	str_fini(&plain);
	return at;
}

bool text_part_has(const char *name)
{
	static const char *const alone[] = { "model.layers.", "model.embed_tokens.", "model.norm.",
		"lm_head.", "h.", "wte.", "wpe.", "ln_f.", "model.rotary_emb." };
	struct str buf = STR_INIT;
	const char *plain = text_part_plain(name, &buf);
	bool has = false;

	for (size_t i = 0; i < sizeof alone / sizeof *alone; i++)
		has |= str_starts(plain, alone[i]);
	str_fini(&buf);
	return has;
}

bool model_sees(const struct model *m)
{
	static const char *const keys[] = { "vision_config", "audio_config", "mm_vision_tower",
		"thinker_config", "vision_tower" };
	static const char *const towers[] = { "visual.", "vision_tower.", "vision_model.",
		"model.visual.", "model.vision_tower.", "model.vision_model.", "audio_tower.",
		"model.audio_tower." };

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		const json_t *v = json_object_get(m->config, keys[i]);

		if (v && !json_is_null(v))
			return true;
	}
	for (size_t t = 0; t < m->source.n_tensors; t++)
		for (size_t i = 0; i < sizeof towers / sizeof *towers; i++)
			if (str_starts(m->source.tensors[t].name, towers[i]))
				return true;
	return false;
}

struct model *text_view(struct model *m, const struct model *like)
{
	size_t n = m->source.n_tensors, renamed = 0;
	struct virtual_tensor *v = xnew(struct virtual_tensor, n + 1);
	struct virtual_about about = { .like = m, .label = m->source.label,
		.architecture = like->architecture, .arch_class = like->arch_class };
	struct str buf = STR_INIT;
	struct model *view = NULL;

	for (size_t t = 0; t < n; t++) {
		const struct tensor *x = &m->source.tensors[t];
		long at = text_part_find(&like->source, x->name, &buf);

		v[t] = (struct virtual_tensor){ .about = *x, .origin = m, .at = t };
		if (at >= 0 && !str_eq(like->source.tensors[at].name, x->name)) {
			v[t].about.name = like->source.tensors[at].name;
			renamed++;
		}
	}
	/* two tensors that would have one name: a model of neither layout, left as it is */
	if (renamed)
		view = model_virtual(&about, v, n, NULL, NULL, NULL);
	str_fini(&buf);
	free(v);
	return view;
}
