/* What llama-perplexity says, stdout and stderr in any mixture: perplexity, divergence from a base,
 * HellaSwag, WinoGrande, multiple choice. Its exit status says nothing, so a result is what a final
 * line says; a log that ends before it has none. */
#include "config.h"
#include "import/reading.h"
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "catalog/task.h"

#define LINE_MAX_BYTES 4096 /* of a line that is looked at; running values make longer ones */

struct log {
	struct import_file *f;
	struct import_lines l;
	char line[LINE_MAX_BYTES + 1];     /* without escape sequences */
	char section[16];                  /* of a summary: "Perplexity", "KL", "Token"; "" none */
	char *model, *text;                /* of the run at hand; text: the file that was read */
	int64_t chunks, context;
	int64_t selected;                  /* tasks that were to be asked */
	bool hellaswag, winogrande;
	bool finished;                     /* stdout and stderr may come in either order */
	/* the newest row of a task's table, and of running perplexities */
	struct { double value, low, high; int64_t n, line; char text[160]; } row, running;
};

bool llama_perplexity_is(const struct import_text *t)
{
	static const char *const signs[] = { "Final estimate: PPL", " statistics ======",
		"calculating perplexity over", "Final Winogrande score(", "Final result: ",
		"task\tacc_norm", "winogrande_score : " };

	for (size_t i = 0; !t->json && i < sizeof signs / sizeof signs[0]; i++)
		if (memmem(t->s, t->n, signs[i], strlen(signs[i])))
			return true;
	return false;
}

static void clean(struct log *g)
{
	size_t n = 0;

	for (size_t i = 0; i < g->l.n && n < LINE_MAX_BYTES; i++) {
		char c = g->l.s[i];

		if (c == '\033') {
			while (i < g->l.n && !((g->l.s[i] | 32) >= 'a' && (g->l.s[i] | 32) <= 'z'))
				i++;
			continue;
		}
		if (c)
			g->line[n++] = c;
	}
	g->line[n] = 0;
	/* "0.00.036.808 I " stands before what newer versions log. */
	n = strspn(g->line, "0123456789.");
	if (n >= 12 && g->line[n] == ' ' && strchr("DIWE", g->line[n + 1]) && g->line[n + 1] &&
		g->line[n + 2] == ' ')
		memmove(g->line, g->line + n + 3, strlen(g->line + n + 3) + 1);
}

static json_t *protocol(const struct log *g, const char *method)
{
	json_t *p = json_object();

	json_object_set_new(p, "tool", json_string("llama-perplexity"));
	json_object_set_new(p, "method", json_string(method));
	if (g->context > 0)
		json_object_set_new(p, "context", json_integer(g->context));
	if (g->chunks > 0)
		json_object_set_new(p, "chunks", json_integer(g->chunks));
	if (g->text)
		json_object_set_new(p, "text", json_textn(g->text));
	return p;
}

/* Of each chunk the second half is scored: context - context / 2 - 1 tokens. */
static int64_t tokens(const struct log *g)
{
	int64_t each = g->context - g->context / 2 - 1;

	return each > 0 && g->chunks > 0 && each < INT32_MAX && g->chunks < INT32_MAX ?
		each * g->chunks : 0;
}

static void fact(struct log *g, const struct import_figure *given, json_t *p)
{
	struct import_figure x = *given;

	x.variant = g->model;
	x.line = g->l.line;
	x.text = g->line;
	x.text_n = strlen(g->line);
	import_fact(g->f, &x, p);
}

static void unread(struct log *g, const char *why)
{
	import_unread(g->f, g->l.line, g->line, strlen(g->line), "%s", why);
}

/* "V +/- E" or "V ± E", with %; where it ends is of no interest. */
static bool measured(const char *s, struct import_figure *x)
{
	char *end;

	x->stderr_ = NAN;
	x->unit = UNIT_FRACTION;
	x->value = strtod(s, &end);
	if (end == s)
		return false;
	s = end + strspn(end, " ");
	if (str_starts(s, "+/-") || str_starts(s, "\302\261")) {
		s += *s == '+' ? 3 : 2;
		x->stderr_ = strtod(s, &end);
		if (end == s)
			x->stderr_ = NAN;
		s = end + strspn(end, " ");
	}
	if (*s == '%')
		x->unit = UNIT_PERCENT;
	return true;
}

/* --- the summary of divergence --- */

static const struct label {
	const char *says, *metric;
} labels[] = {
	{ "Mean PPL(Q)", "perplexity" }, { "Mean PPL(base)", "base_perplexity" },
	{ "Cor(ln(PPL(Q)), ln(PPL(base)))", "ln_perplexity_correlation" },
	{ "Mean ln(PPL(Q)/PPL(base))", "ln_perplexity_ratio" },
	{ "Mean PPL(Q)/PPL(base)", "perplexity_ratio" },
	{ "Mean PPL(Q)-PPL(base)", "perplexity_difference" },
	{ "Mean KLD", "kld" }, { "Maximum KLD", "kld_max" }, { "Median KLD", "kld_median" },
	{ "Minimum KLD", "kld_min" },
	{ "Mean \316\224p", "delta_p" }, { "Maximum \316\224p", "delta_p_max" },
	{ "Median \316\224p", "delta_p_median" }, { "Minimum \316\224p", "delta_p_min" },
	{ "RMS \316\224p", "delta_p_rms" }, { "Same top p", "same_top" },
};

/* The label with its blanks made single, up to the last ": ". NULL: none is there. */
static const char *label(const char *line, char out[64])
{
	const char *colon = NULL;
	size_t n = 0;

	for (const char *s = line; (s = strchr(s, ':')); s++)
		colon = s;
	if (!colon)
		return NULL;
	for (const char *s = line; s < colon && n < 62; s++)
		if (*s != ' ' || (n && out[n - 1] != ' '))
			out[n++] = *s;
	while (n && out[n - 1] == ' ')
		n--;
	out[n] = 0;
	return n ? colon + 1 : NULL;
}

/* "99.9% KLD" → "kld_99.9"; false if it is no quantile. */
static bool quantile(const char *says, char out[64])
{
	size_t n = strspn(says, "0123456789.");
	const char *of = says + n;

	if (!n || n > 8 || *of++ != '%')
		return false;
	snprintf(out, 64, "%s_%.*s", strstr(of, "KLD") ? "kld" : "delta_p", (int)n, says);
	return strstr(of, "KLD") || strstr(of, "\316\224p");
}

static void summary(struct log *g)
{
	char says[64], metric[64];
	const char *at = label(g->line, says), *name = NULL;
	struct import_figure x = { .task = "text", .n = tokens(g) };

	if (!at)
		return;
	for (size_t i = 0; !name && i < sizeof labels / sizeof labels[0]; i++)
		if (!strcmp(labels[i].says, says))
			name = labels[i].metric;
	if (!name && quantile(says, metric))
		name = metric;
	x.metric = name;
	if (name && measured(at, &x))
		fact(g, &x, protocol(g, strstr(name, "perplexity") ? "ppl/half" :
			"kld/llamacpp16"));
	else
		unread(g, name ? "no number there" : "no figure by that name");
}

/* --- final lines --- */

static void perplexity(struct log *g, const char *at)
{
	struct import_figure x = { .task = "text", .metric = "perplexity", .n = tokens(g) };

	if (measured(at, &x))
		fact(g, &x, protocol(g, "ppl/half"));
	else
		unread(g, "no number there");
	g->finished = true;
}

static void winogrande(struct log *g, const char *at)
{
	char *end;
	struct import_figure x = { .task = "winogrande", .metric = "acc",
		.n = strtoll(at, &end, 10) };
	const char *colon = strchr(end, ':');

	if (colon && measured(colon + 1, &x)) {
		x.unit = UNIT_PERCENT;
		fact(g, &x, protocol(g, "mc/llamacpp"));
	} else {
		unread(g, "no number there");
	}
	g->winogrande = false;
}

/* A benchmark that a file is named after: "arc-easy-validation.bin", "mmlu.log". */
static const struct task *task_in(const char *path)
{
	char *name = xstrdup(path ? str_base(path) : "");
	const struct task *found = NULL;
	size_t n = strlen(name), best = 2;

	for (size_t from = 0; from < n; from++) {
		if (from && isalnum((unsigned char)name[from - 1]))
			continue;
		for (size_t to = n; to > from + best; to--) {
			char end = name[to];

			if (isalnum((unsigned char)end))
				continue;
			name[to] = '\0';
			if (task_find(name + from)) {
				found = task_find(name + from);
				best = to - from;
			}
			name[to] = end;
		}
	}
	free(name);
	return found;
}

/* The program calls every such test TruthfulQA: which it was, only the names of files tell. */
static void choice(struct log *g, const char *at)
{
	const struct task *task = task_in(g->text) ? task_in(g->text) : task_in(g->f->path);
	struct import_figure x = { .task = task ? task->name : "multiple_choice", .metric = "acc",
		.n = g->row.n };

	if (measured(at, &x)) {
		x.unit = UNIT_PERCENT;
		fact(g, &x, protocol(g, "mc/llamacpp"));
	} else {
		unread(g, "no number there");
	}
}

static void hellaswag_end(struct log *g)
{
	struct import_figure x = { .variant = g->model, .task = "hellaswag",
		.metric = "acc_norm", .value = g->row.value, .stderr_ = NAN, .unit = UNIT_PERCENT,
		.n = g->row.n, .line = g->row.line, .text = g->row.text,
		.text_n = strlen(g->row.text) };

	if (!g->hellaswag || !g->row.n)
		return;
	json_t *p = protocol(g, "mc/llamacpp");
	if (!isnan(g->row.high)) {
		json_object_set_new(p, "low", json_number(g->row.low / 100));
		json_object_set_new(p, "high", json_number(g->row.high / 100));
	}
	if (g->selected > g->row.n && g->row.n)
		json_object_set_new(p, "selected", json_integer(g->selected));
	import_fact(g->f, &x, p);
	g->hellaswag = false;
}

/* --- where a run begins and ends --- */

static void end_run(struct log *g)
{
	hellaswag_end(g);
	if (g->running.n && !g->finished)
		import_unread(g->f, g->running.line, g->running.text, strlen(g->running.text),
			"the log ends before the final estimate");
	if (g->winogrande && g->row.n)
		import_unread(g->f, g->row.line, g->row.text, strlen(g->row.text),
			"the program gives no score of fewer than 100 tasks");
	g->hellaswag = g->winogrande = g->finished = false;
	g->section[0] = '\0';
	memset(&g->row, 0, sizeof g->row);
	memset(&g->running, 0, sizeof g->running);
}

static void set_model(struct log *g, const char *s, size_t n)
{
	free(g->model);
	g->model = xstrndup(s, n);
	if (!g->f->model)
		g->f->model = xstrdup(g->model);
}

/* The word behind an option of a command line, free(); NULL: it is not there. */
static char *option(const char *line, const char *const *names)
{
	for (; *names; names++) {
		const char *s = line;
		size_t n = strlen(*names);

		while ((s = strstr(s, *names)) && !(s > line && s[-1] == ' ' && s[n] == ' '))
			s += n;
		if (!s)
			continue;
		s += n + strspn(s + n, " ");
		if (*s == '"' || *s == '\'')
			return xstrndup(s + 1, strcspn(s + 1, *s == '"' ? "\"" : "'"));
		return xstrndup(s, strcspn(s, " "));
	}
	return NULL;
}

/* A line of the shell, or a script's trace, that starts the program. */
static bool command(struct log *g)
{
	static const char *const models[] = { "-m", "--model", NULL };
	static const char *const texts[] = { "-f", "--file", "-bf", "--binary-file", NULL };
	char *model;

	if (!strstr(g->line, "perplexity ") || !strstr(g->line, " -m ") ||
		strstr(g->line, "perplexity: "))
		return false;
	end_run(g);
	model = option(g->line, models);
	if (model)
		set_model(g, model, strlen(model));
	free(model);
	free(g->text);
	g->text = option(g->line, texts);
	if (g->text && strchr(g->text, '/'))
		memmove(g->text, str_base(g->text), strlen(str_base(g->text)) + 1);
	g->chunks = g->context = 0;
	return true;
}

static void setup(struct log *g)
{
	const char *s, *end;

	if ((s = strstr(g->line, " over ")) && strstr(s, "chunks")) {
		end_run(g);
		g->chunks = strtoll(s + 6, NULL, 10);
		if ((s = strstr(s, "n_ctx")))
			g->context = strtoll(s + 5 + strspn(s + 5, " ="), NULL, 10);
	} else if ((s = strstr(g->line, "hellaswag_score : selecting "))) {
		g->selected = strtoll(s + strlen("hellaswag_score : selecting "), NULL, 10);
	} else if (strstr(g->line, "winogrande_score : calculating")) {
		end_run(g);
		g->winogrande = true;
	} else if (strstr(g->line, "llama_model_loader: loaded meta data") &&
		(s = strstr(g->line, " from ")) && (end = strstr(s, " (version"))) {
		end_run(g);
		set_model(g, s + 6, (size_t)(end - s - 6));
	}
}


/* "N\tV%\t[L%, H%]", or "N\tV". */
static bool row(struct log *g)
{
	char *end;
	const char *s = g->line;
	long long n = strtoll(s, &end, 10);
	double value, low, high;

	if (end == s || *end != '\t' || n <= 0)
		return false;
	s = end + 1;
	value = strtod(s, &end);
	if (end == s)
		return false;
	g->row.low = g->row.high = NAN;
	g->row.value = value;
	g->row.n = n;
	g->row.line = g->l.line;
	if ((s = strchr(end, '[')) && sscanf(s, "[%lf%%, %lf%%]", &low, &high) == 2) {
		g->row.low = low;
		g->row.high = high;
	}
	str_safe_copy(g->row.text, sizeof g->row.text, g->line, strlen(g->line));
	return true;
}

static void look(struct log *g)
{
	static const struct {
		const char *sign;
		void (*take)(struct log *, const char *);
	} ends[] = {
		{ "Final estimate: PPL =", perplexity }, { "Final Winogrande score(", winogrande },
		{ "Final result:", choice },
	};
	const char *s;

	if (command(g))
		return;
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
		if ((s = strstr(g->line, ends[i].sign))) {
			ends[i].take(g, s + strlen(ends[i].sign));
			return;
		}
	if (strstr(g->line, "Unexpected negative standard deviation"))
		unread(g, "the perplexity could not be estimated"), g->finished = true;
	else if ((s = strstr(g->line, "====== ")) && strstr(s, " statistics ======"))
		snprintf(g->section, sizeof g->section, "%.*s", (int)strcspn(s + 7, " "), s + 7);
	else if (strstr(g->line, "task\tacc_norm"))
		end_run(g), g->hellaswag = true;
	else if (row(g))
		return;
	else if (g->section[0] && g->line[0] && !strstr(g->line, "llama_") &&
		!strstr(g->line, "perf"))
		summary(g);
	else if (g->line[0] == '[' && g->line[1] >= '0' && g->line[1] <= '9') {
		g->running.n = 1;
		g->running.line = g->l.line;
		str_safe_copy(g->running.text, sizeof g->running.text, g->line,
			strcspn(g->line, ","));
	} else
		setup(g);
}

void llama_perplexity_read(const struct import_text *t, struct import_file *f)
{
	struct log *g = xnew(struct log, 1);

	g->f = f;
	import_lines_init(&g->l, t);
	while (import_lines_next(&g->l)) {
		clean(g);
		look(g);
	}
	end_run(g);
	free(g->model);
	free(g->text);
	free(g);
}
