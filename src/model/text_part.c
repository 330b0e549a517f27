#include "model/text_part.h"
#include <string.h>

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
