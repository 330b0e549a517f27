#include "config.h"
#include "recipe/template.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/xalloc.h"

/* The formats are those of the models they are named after. Content is trimmed where the format's
 * own templates trim it. */
static const struct chat_template templates[] = {
	{ "alpaca",
		"{%- set system = messages | selectattr('role', 'equalto', 'system')"
		" | map(attribute='content') | list -%}\n"
		"{{- (system | last | trim if system else '') + '\\n\\n' -}}\n"
		"{%- set titles = {'user': 'Instruction', 'assistant': 'Response',"
		" 'user_context': 'Input'} -%}\n"
		"{%- for turn in messages if turn['role'] in titles -%}\n"
		"{{- '### ' + titles[turn['role']] + ':\\n' + (turn['content'] | trim) -}}\n"
		"{{- '' if loop.last else '\\n\\n' -}}\n"
		"{%- endfor -%}\n"
		"{%- if add_generation_prompt and messages[-1]['role'] != 'assistant' -%}\n"
		"{{- '\\n\\n### Response:\\n' -}}\n"
		"{%- endif -%}\n" },
	{ "chatml",
		"{%- for turn in messages -%}\n"
		"{{- '<|im_start|>' ~ turn['role'] ~ '\\n' -}}\n"
		"{{- turn['content'] ~ '<|im_end|>\\n' -}}\n"
		"{%- endfor -%}\n"
		"{%- if add_generation_prompt -%}\n"
		"{{- '<|im_start|>assistant\\n' -}}\n"
		"{%- endif -%}\n" },
	{ "exaone",
		"{%- if messages and messages[0]['role'] != 'system' -%}\n"
		"{{- '[|system|][|endofturn|]\\n' -}}\n"
		"{%- endif -%}\n"
		"{%- for turn in messages -%}\n"
		"{%- set end = '\\n' if turn['role'] == 'user' else '[|endofturn|]\\n' -%}\n"
		"{{- '[|' ~ turn['role'] ~ '|]' ~ turn['content'] ~ end -}}\n"
		"{%- endfor -%}\n"
		"{%- if add_generation_prompt -%}\n"
		"{{- '[|assistant|]' -}}\n"
		"{%- endif -%}\n" },
	{ "llama3",
		"{{- bos_token -}}\n"
		"{%- for turn in messages -%}\n"
		"{{- '<|start_header_id|>' ~ turn['role'] ~ '<|end_header_id|>\\n\\n' -}}\n"
		"{{- (turn['content'] | trim) ~ '<|eot_id|>' -}}\n"
		"{%- endfor -%}\n"
		"{%- if add_generation_prompt -%}\n"
		"{{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' -}}\n"
		"{%- endif -%}\n" },
	{ "mistral",
		"{%- set first = messages[0]['role'] == 'system' -%}\n"
		"{%- set turns = messages[1:] if first else messages -%}\n"
		"{{- bos_token -}}\n"
		"{%- for turn in turns -%}\n"
		"{%- if turn['role'] != ('assistant' if loop.index0 % 2 else 'user') -%}\n"
		"{{- raise_exception('user and assistant must take turns, user first') -}}\n"
		"{%- elif turn['role'] == 'user' -%}\n"
		"{{- ' [INST] ' -}}\n"
		"{{- messages[0]['content'] ~ '\\n\\n' if first and loop.first else '' -}}\n"
		"{{- turn['content'] ~ ' [/INST]' -}}\n"
		"{%- else -%}\n"
		"{{- ' ' ~ turn['content'] ~ eos_token -}}\n"
		"{%- endif -%}\n"
		"{%- endfor -%}\n" },
};

const struct chat_template *template_at(size_t i)
{
	return i < sizeof templates / sizeof *templates ? &templates[i] : NULL;
}

static const char *template_builtin(const char *name)
{
	for (size_t i = 0; i < sizeof templates / sizeof *templates; i++)
		if (str_eq(templates[i].name, name))
			return templates[i].text;
	return NULL;
}

/* Text long enough to be a template: 20 characters, one of them a brace. */
static bool template_literal(const char *text)
{
	return strlen(text) >= 20 && strchr(text, '{');
}

bool template_means(const char *text)
{
	return !*text || str_eq(text, "auto") || template_builtin(text) || template_literal(text);
}

/* Without the blanks at its ends. */
static char *trimmed(const char *s)
{
	size_t n;

	s += strspn(s, " \t\r\n\v\f");
	for (n = strlen(s); n && strchr(" \t\r\n\v\f", s[n - 1]); n--)
		;
	return n ? xstrndup(s, n) : NULL;
}

static char *most_frequent(struct model *const *models, size_t n, int *from)
{
	char **text = xnew(char *, n + 1), *best = NULL;
	size_t most = 0;

	for (size_t i = 0; i < n; i++)
		if (models[i] && models[i]->tokenizer.chat_template)
			text[i] = trimmed(models[i]->tokenizer.chat_template);
	for (size_t i = 0; i < n; i++) {
		size_t same = 0;

		for (size_t k = 0; text[i] && k < n; k++)
			same += str_eq(text[i], text[k]);
		if (same > most) {
			most = same;
			*from = (int)i;
		}
	}
	if (most)
		best = xstrdup(text[*from]);
	for (size_t i = 0; i < n; i++)
		free(text[i]);
	free(text);
	return best;
}

char *template_of(const struct recipe *r, struct model *const *models, size_t n, int *from)
{
	const char *asked = r->chat_template, *builtin;

	*from = -1;
	if (!asked || !*asked)
		return NULL;
	if (str_eq(asked, "auto"))
		return most_frequent(models, n, from);
	builtin = template_builtin(asked);
	return xstrdup(builtin ? builtin : asked);
}
