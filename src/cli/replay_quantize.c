#include "config.h"
#include "cli/replay.h"
#include <string.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "engine/quant_record.h"

static const struct catalog_input *of_role(const struct catalog_input *in, size_t n,
	const char *role)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(in[i].role, role))
			return &in[i];
	return NULL;
}

/* Another file of that name is another result: said before anything is made. */
static bool same_imatrix(const struct quantizing *q, const struct catalog_input *im, struct err *e)
{
	char hex[HASH_HEX_SIZE];

	if (!im || !im->hash)
		return true;
	hash_hex(quant_imatrix_hash(q->imatrix), hex);
	return str_eq(hex, im->hash) || err_set(e, ERR_INPUT, im->path ? im->path : im->name,
		"give it back", "this is not the importance matrix that the run used");
}

bool replay_quantize_open(struct quantizing *q, struct cli *c, const struct catalog_run *run,
	const struct catalog_input *in, size_t n_in, const struct recipe *r,
	const struct plan_options *o, struct err *e)
{
	const struct catalog_input *model = of_role(in, n_in, "input");
	const struct catalog_input *im = of_role(in, n_in, QUANT_ROLE_IMATRIX);
	const char *name = run->recipe_path ? run->recipe_path : "recipe";
	struct quantizing_from from = { .recipe = r, .merge = o };
	struct quant_spec *s;
	bool ok;

	memset(q, 0, sizeof *q);
	if (!run->plan_text || (!r && (!model || !model->path)))
		return err_set(e, ERR_INPUT, c->argv[0], NULL,
			"this run does not say what it quantized");
	s = quant_spec_parse(run->plan_text, strlen(run->plan_text),
		r ? NULL : run->recipe_path, e);
	from.spec = s;
	from.name = r ? name : model->path;
	from.imatrix = im ? im->path ? im->path : im->name : NULL;
	ok = s && quantizing_from(q, c, &from, e) && same_imatrix(q, im, e);
	quant_spec_unref(s);
	return ok;
}

/* The word behind an option of the recorded command line; caller frees. */
static char *word_after(const char *command, const char *option)
{
	char *key = xasprintf(" %s ", option), *word = NULL;
	const char *at = command ? strstr(command, key) : NULL;

	if (at) {
		at += strlen(key);
		word = xstrndup(at, strcspn(at, " "));
	}
	free(key);
	return word;
}

bool replay_quantize(struct quantizing *q, const struct catalog_run *run, struct catalog *cat,
	struct quantize_options *o, struct run_result *out, struct err *e)
{
	const char *said = run->command ? run->command : "";
	char *split = word_after(said, "--split"), *shard = word_after(said, "--shard-size");
	const char *size = split ? split : shard;
	bool ok = !size || str_parse_size(size, &o->split) || err_set(e, ERR_INPUT, q->c->argv[0],
		NULL, "its command line names no size of files: %s", said);

	o->nonfinite = strstr(said, " --allow-nonfinite") != NULL;
	o->command = run->command;
	o->parent_run = run->id;
	ok = ok && quantizing_run(q, cat, o, out, e);
	free(split);
	free(shard);
	return ok;
}
