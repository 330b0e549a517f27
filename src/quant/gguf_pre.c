/* How text is split before its parts are merged: the names that GGUF has for it. */
#include "config.h"
#include <stdlib.h>
#include "base/str.h"
#include "model/pretokenizer.h"
#include "quant/gguf_make.h"

/* Split in one way, named by who does. */
static const struct {
	const char *name, *architecture, *own;
} named[] = {
	{ "smollm", "granite", "refact" }, { "smollm", "starcoder", "starcoder" },
	{ "smollm", "command-r", "command-r" }, { "smollm", "cohere", "command-r" },
	{ "dbrx", "glm4", "glm4" }, { "llama-bpe", "glm4", "glm4" },
};

const char *gguf_pre_name(const struct quant_targets *t, const json_t *file, struct err *e)
{
	char *steps = pretokenizer_steps(file);
	const char *name = pretokenizer_name(steps, json_flag(file, "model.ignore_merges", false));

	for (size_t i = 0; name && i < sizeof named / sizeof *named; i++)
		if (str_eq(name, named[i].name) &&
			str_starts(t->architecture, named[i].architecture)) {
			name = named[i].own;
			break;
		}
	if (!name)
		err_set(e, ERR_INPUT, t->model->source.label,
			"name a GGUF of the same family as the model, whose tokenizer is taken "
			"over",
			"its tokenizer splits text in a way that GGUF has no name for: %.200s",
			*steps ? steps : "nothing");
	free(steps);
	return name;
}
