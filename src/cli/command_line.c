#include "config.h"
#include "cli/command_line.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/vec.h"
#include "base/xalloc.h"
#include "engine/job.h"

static void add_word(struct str *s, const char *word)
{
	if (*word && !word[strcspn(word, " \t\n\"'\\$`*?[]{}()<>|&;#~!")]) {
		str_addf(s, " %s", word);
		return;
	}
	str_add(s, " '");
	for (; *word; word++)
		if (*word == '\'')
			str_add(s, "'\\''");
		else
			str_addc(s, *word);
	str_addc(s, '\'');
}

void command_line_of(struct command_line *l, const struct cli *c, const char *verb)
{
	struct str s = STR_INIT;

	l->words = xnew(const char *, 2 * c->n_options + (size_t)c->argc + 4);
	l->n = 0;
	l->words[l->n++] = verb;
	for (size_t i = 0; i < c->n_options; i++) {
		if (str_eq(c->options[i].name, "--detach") || str_eq(c->options[i].name, "--job"))
			continue;
		l->words[l->n++] = c->options[i].name;
		if (c->options[i].value)
			l->words[l->n++] = c->options[i].value;
	}
	l->words[l->n++] = "--";
	for (int i = 0; i < c->argc; i++)
		l->words[l->n++] = c->argv[i];
	str_add(&s, "cupel");
	for (size_t i = 0; i < l->n; i++)
		if (!str_eq(l->words[i], "--"))
			add_word(&s, l->words[i]);
	l->text = str_steal(&s);
}

bool command_line_detach(const struct command_line *l, struct cli *c, struct err *e)
{
	int64_t id = job_start_verb(c->catalog, l->words, l->n, (const char *const *)c->roots,
		c->n_roots, c->threads, e);

	if (!id)
		return false;
	if (c->json) {
		json_t *j = json_pack("{s:I}", "job", (json_int_t)id);

		json_print(j);
		json_decref(j);
	} else {
		printf("job %" PRId64 ": see it with `cupel jobs`, stop it with `cupel cancel %"
			PRId64 "`\n", id, id);
	}
	return true;
}

void command_line_fini(struct command_line *l)
{
	free(l->words);
	free(l->text);
}
