/* Numbers and labels of a card. */
#include "import/card_reading.h"
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/str.h"
#include "base/xalloc.h"

/* Digits with a point and an exponent, thousands with commas: bytes used. */
static size_t digits(const char *s, double *value)
{
	char number[64];
	size_t n = 0, k = 0, run = 0;
	bool commas = false;

	for (; n < 40; n++) {
		if (isdigit((uint8_t)s[n])) {
			run++;
			number[k++] = s[n];
		} else if (s[n] == ',' && run && run <= 3 && (!commas || run == 3) &&
			   isdigit((uint8_t)s[n + 1]) && isdigit((uint8_t)s[n + 2]) &&
			   isdigit((uint8_t)s[n + 3]) && !isdigit((uint8_t)s[n + 4]) && *s != '0') {
			commas = true;
			run = 0;
		} else {
			break;
		}
	}
	if (s[n] == '.' && isdigit((uint8_t)s[n + 1])) {
		number[k++] = s[n++];
		while (isdigit((uint8_t)s[n]) && k < 60)
			number[k++] = s[n++];
		run = 1;
	}
	number[k] = 0;
	if (!run || isdigit((uint8_t)s[n]))
		return 0;
	if ((s[n] | 32) == 'e' &&
		(isdigit((uint8_t)s[n + 1]) ||
			((s[n + 1] == '-' || s[n + 1] == '+') && isdigit((uint8_t)s[n + 2])))) {
		char *end;

		*value = strtod(s, &end);
		return commas || !isfinite(*value) ? 0 : (size_t)(end - s);
	}
	*value = strtod(number, NULL);
	return n;
}

bool card_value(const char *s, struct card_value *v)
{
	const char *p = s;
	bool minus = false;
	size_t n;

	*v = (struct card_value){ 0 };
	for (;; p++) {
		if (*p == '~')
			v->estimated = true;
		else if (str_starts(p, "≈"))
			v->estimated = true, p += 2;
		else
			break;
	}
	if (*p == '+' || *p == '-') {
		v->signed_ = true;
		minus = *p++ == '-';
	} else if (str_starts(p, "−")) {
		v->signed_ = minus = true;
		p += 3;
	}
	n = digits(p, &v->value);
	if (!n)
		return false;
	if (minus)
		v->value = -v->value;
	p += n;
	v->n = (size_t)(p - s);
	p += strspn(p, " ");
	if (*p == '%') {
		v->percent = true;
		v->n = (size_t)(++p - s);
		p += strspn(p, " ");
	}
	v->unit = p;
	v->estimated |= strncasecmp(p, "(est", 4) == 0 || strncasecmp(p, "est.", 4) == 0 ||
			strcasecmp(p, "est") == 0;
	return true;
}

bool card_is_value(const char *s, struct card_value *v)
{
	static const char *const units[] = { "B", "M", "K", "k", "T", "GB", "MB", "GiB", "MiB",
		"KB", "TB", "bpw", "bit", "bits", "x", "×", "pp", "points", "pts", "ms", "s", "G",
		"tokens", "params" };
	size_t n;

	if (!card_value(s, v))
		return false;
	n = strcspn(v->unit, " (,;");
	if (!n || str_starts(v->unit, "±") || str_starts(v->unit, "+/-") || v->unit[0] == '*')
		return true;
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
		if (strlen(units[i]) == n && !memcmp(units[i], v->unit, n))
			return true;
	return s[v->n] == ' ' || v->percent;
}

int card_count(const char *s)
{
	size_t n = strspn(s, "0123456789");

	return n && n <= 6 ? atoi(s) : -1;
}

double card_scaled(const char *s, bool power)
{
	static const struct {
		const char *name;
		double size;
	} units[] = {
		{ "GiB", 1073741824.0 },
		{ "MiB", 1048576.0 },
		{ "KiB", 1024.0 },
		{ "TB", 1e12 },
		{ "GB", 1e9 },
		{ "MB", 1e6 },
		{ "KB", 1e3 },
		{ "T", 1e12 },
		{ "B", 1e9 },
		{ "G", 1e9 },
		{ "M", 1e6 },
	};
	struct card_value v;

	if (!card_value(s, &v))
		return NAN;
	if ((*v.unit | 32) == 'k' && !isalpha((uint8_t)v.unit[1]))
		return v.value * (power ? 1024 : 1000);
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		size_t n = strlen(units[i].name);

		if (!strncmp(v.unit, units[i].name, n) && !isalpha((uint8_t)v.unit[n]))
			return v.value * units[i].size;
	}
	if (strncasecmp(v.unit, "billion", 7) == 0)
		return v.value * 1e9;
	return strncasecmp(v.unit, "million", 7) == 0 ? v.value * 1e6 : v.value;
}

json_t *card_number(double v)
{
	return fabs(v) < 9e15 && v == trunc(v) ? json_integer((json_int_t)v) : json_number(v);
}

/* --- labels --- */

static bool word_in(const char *s, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = s; (p = card_find(p, word)); p += n)
		if ((p == s || !isalnum((uint8_t)p[-1])) && !isalnum((uint8_t)p[n]))
			return true;
	return false;
}

static bool is_difference(const char *s)
{
	static const char *const words[] = { "difference", "diff", "delta", "change", "gain",
		"improvement", "loss", "drop", "increase", "decrease", "vs", "relative", "gap" };

	if (strstr(s, "Δ"))
		return true;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (word_in(s, words[i]))
			return true;
	return false;
}

/* Words behind a task's name that say how it is scored. */
static const struct {
	const char *word, *metric;
} metrics[] = {
	{ "acc_norm,none", "acc_norm" },
	{ "acc,none", "acc" },
	{ "acc_norm", "acc_norm" },
	{ "acc norm", "acc_norm" },
	{ "normalized accuracy", "acc_norm" },
	{ "accuracy", "acc" },
	{ "acc", "acc" },
	{ "perplexity", "perplexity" },
	{ "ppl", "perplexity" },
	{ "exact match", "exact_match" },
	{ "exact_match", "exact_match" },
	{ "em", "exact_match" },
	{ "pass@1", "pass@1" },
	{ "mc2", "mc2" },
	{ "mc1", "mc1" },
	{ "f1", "f1" },
	{ "strict", "prompt_level_strict_acc" },
	{ "kld", "kld" },
	{ "score", "score" },
	{ "bleu", "bleu" },
};

static void cut_end(char *s)
{
	size_t n = strlen(s);

	while (n && strchr(" ,:;-↑↓*", s[n - 1]) && !(s[n - 1] & 0x80))
		s[--n] = 0;
	if (n >= 3 && (str_ends(s, "↑") || str_ends(s, "↓"))) {
		s[n - 3] = 0;
		cut_end(s);
	}
}

/* A metric's word at the end comes off; true if one did. */
static bool cut_metric(char *s, struct card_label *l)
{
	size_t n = strlen(s);

	for (size_t i = 0; i < sizeof metrics / sizeof metrics[0]; i++) {
		size_t k = strlen(metrics[i].word);

		if (n >= k && !strcasecmp(s + n - k, metrics[i].word) &&
			(n == k || strchr(" (,/:_-|", s[n - k - 1]))) {
			free(l->metric);
			l->metric = xstrdup(metrics[i].metric);
			s[n - k] = 0;
			cut_end(s);
			return true;
		}
	}
	return false;
}

/* "25-shot", "(5 shot)", "0shot" anywhere: comes off, with its brackets. */
static void cut_shots(char *s, struct card_label *l)
{
	char *at = (char *)card_find(s, "shot"), *start = at, *end = at ? at + 4 : NULL;

	if (!at)
		return;
	end += *end == 's';
	while (start > s && (start[-1] == '-' || start[-1] == ' '))
		start--;
	char *last = start;
	while (start > s && isdigit((uint8_t)start[-1]))
		start--;
	if (start == last || last - start > 4)
		return;
	l->shots = card_count(start);
	while (start > s && strchr(" ([", start[-1]))
		start--;
	end += strspn(end, ")] ");
	memmove(start, end, strlen(end) + 1);
	cut_end(s);
}

/* Brackets at the end come off; a metric in them stays known. */
static void cut_brackets(char *s, struct card_label *l)
{
	size_t n = strlen(s);
	char *open = n && s[n - 1] == ')' ? strrchr(s, '(') : NULL;

	if (!open || open == s)
		return;
	s[n - 1] = 0;
	cut_metric(open + 1, l);
	*open = 0;
	cut_end(s);
}

void card_label(const char *text, struct card_label *l)
{
	char *s = xstrdup(text);

	*l = (struct card_label){ .metric = xstrdup("score"), .shots = -1 };
	cut_end(s);
	l->task = task_find(s);
	cut_shots(s, l);
	for (int turn = 0; turn < 3 && !l->task; turn++) {
		l->task = task_find(s);
		if (l->task)
			break;
		if (turn == 0)
			cut_brackets(s, l);
		else
			cut_metric(s, l);
		l->task = task_find(s);
	}
	l->bare = !l->task && !*s && !strcmp(l->metric, "perplexity");
	if (l->bare)
		l->task = task_find("wikitext");
	l->task_name = xstrdup(l->task ? l->task->name : *s ? s : text);
	l->difference = !l->task && is_difference(text);
	l->mean = l->task && !strcmp(l->task->name, "average");
	free(s);
}

void card_label_fini(struct card_label *l)
{
	free(l->task_name);
	free(l->metric);
}

/* --- words for quantizations --- */

static size_t span(const char *s, size_t n, const char *set)
{
	size_t i = 0;

	while (i < n && strchr(set, s[i]) && s[i])
		i++;
	return i;
}

/* qN[-hi], qxAB[-hi], QN_K[_S], QN_0, IQ2_XXS, mxfp4, nvfp4, bf16, fp16, 4bit, 4.0bpw, mixed_3_6 */
bool card_quant_word(const char *s, size_t n)
{
	static const char digit[] = "0123456789";
	size_t k;

	if (n > 3 && !strncasecmp(s + n - 3, "-hi", 3))
		n -= 3;
	if (n > 12 || n < 2)
		return false;
	if (!strncasecmp(s, "mxfp", 4) || !strncasecmp(s, "nvfp", 4))
		return n == 5 && isdigit((uint8_t)s[4]);
	if (!strncasecmp(s, "bf16", n) || !strncasecmp(s, "fp16", n) || !strncasecmp(s, "fp8", n) ||
		!strncasecmp(s, "f16", n) || !strncasecmp(s, "fp32", n))
		return n >= 3;
	if (!strncasecmp(s, "mixed_", 6))
		return span(s + 6, n - 6, "0123456789_") == n - 6 && n > 7;
	k = span(s, n, "0123456789.");
	if (k && k < n && isdigit((uint8_t)*s))
		return (n - k == 3 && !strncasecmp(s + k, "bpw", 3)) ||
		       (n - k == 3 && !strncasecmp(s + k, "bit", 3)) ||
		       (n - k == 4 && !strncasecmp(s + k, "-bit", 4));
	k = (*s | 32) == 'i';
	if (n < k + 2 || (s[k] | 32) != 'q')
		return false;
	k++;
	k += (s[k] | 32) == 'x' && k + 1 < n;
	size_t d = span(s + k, n - k, digit);
	if (!d || d > 3)
		return false;
	k += d;
	if (k == n)
		return true;
	return s[k] == '_' && span(s + k, n - k, "_01KSMLXNkslmxnTQtq") == n - k;
}

const char *card_quant_in(const char *name, size_t *n)
{
	const char *found = NULL;

	for (const char *p = name; *p;) {
		size_t k = strcspn(p, "-/ .:+");
		size_t more =
			k +
			(strncasecmp(p + k, "-hi", 3) == 0 && !isalnum((uint8_t)p[k + 3]) ? 3 : 0);

		if (p[k] == '.' && isdigit((uint8_t)p[k + 1])) /* "4.0bpw" */
			more = k = k + 1 + strcspn(p + k + 1, "-/ .:+");
		if (card_quant_word(p, more)) {
			found = p;
			*n = more;
		}
		p += k + (p[k] != 0);
	}
	return found;
}
