#include "catalog/task.h"
#include <ctype.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/vec.h"
#include "system/file.h"

#define NAME_MAX_LEN 96
#define BRIEF 6 /* letters of a brief name, at most */

struct named {
	char *name;
	size_t task;
};
static vec(struct task) tasks;
static vec(struct named) names;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static bool plain(char out[NAME_MAX_LEN], const char *name)
{
	size_t n = strlen(name);

	if (n >= NAME_MAX_LEN)
		return false;
	for (size_t i = 0; i <= n; i++)
		out[i] = strchr("-/ .", name[i]) && name[i] ? '_' : (char)tolower((uint8_t)name[i]);
	return true;
}

static double number(const char *word)
{
	return strcmp(word, "-") ? strtod(word, NULL) : NAN;
}

static void read_row(char *line)
{
	char *save = NULL, *word[4], *more, name[NAME_MAX_LEN];

	for (int i = 0; i < 4; i++)
		if (!(word[i] = strtok_r(i ? NULL : line, " \t", &save)) || word[0][0] == '#')
			return;
	*vec_push(&tasks) = (struct task){ xstrdup(word[0]), strtoll(word[1], NULL, 10),
		number(word[2]), number(word[3]), NULL };
	for (more = word[0]; more; more = strtok_r(NULL, " \t", &save)) {
		struct task *t = &tasks.v[tasks.n - 1];

		if (!plain(name, more))
			continue;
		*vec_push(&names) = (struct named){ xstrdup(name), tasks.n - 1 };
		if (!t->brief && strlen(more) < strlen(t->name) && strlen(more) <= BRIEF &&
			strlen(more) > 3) /* "arc" could be either */
			t->brief = names.v[names.n - 1].name;
	}
}

static void load(void)
{
	char *path = file_data_path("tasks/tasks"), *save = NULL;
	size_t n;
	char *text = path ? file_read_all(path, (size_t)1 << 20, &n, NULL) : NULL;

	for (char *line = text ? strtok_r(text, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save))
		read_row(line);
	free(text);
	free(path);
}

const struct task *task_find(const char *name)
{
	char word[NAME_MAX_LEN];

	pthread_once(&once, load);
	if (!plain(word, name))
		return NULL;
	for (size_t i = 0; i < names.n; i++)
		if (!strcmp(names.v[i].name, word))
			return &tasks.v[names.v[i].task];
	return NULL;
}

const char *const task_share_metrics[] = { "acc", "acc_norm", "acc_bytes", "accuracy",
	"exact_match", "em", "mc1", "mc2", "pass@1", "pass_at_1", "same_top",
	"inst_level_strict_acc", "inst_level_loose_acc", "prompt_level_strict_acc",
	"prompt_level_loose_acc", "acc_mutual_info", "delta_p", "delta_p_rms", NULL };

bool task_is_share(const char *task, const char *metric)
{
	for (size_t i = 0; task_share_metrics[i]; i++)
		if (!strcmp(task_share_metrics[i], metric))
			return true;
	const struct task *t = strcmp(metric, "score") ? NULL : task_find(task);

	return t && strcmp(t->name, "wikitext") != 0 && strcmp(t->name, "average") != 0;
}
