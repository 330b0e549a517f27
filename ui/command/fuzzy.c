#include "config.h"
#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include "base/str.h"
#include "ui/command/fuzzy.h"

static bool is_start(const char *name, size_t i)
{
	return i == 0 || strchr("-_ /.", name[i - 1]);
}

/* The next place of letter c in name at or after i; only
 * starts of words if `starts`. -1 if none. */
static long next_place(const char *name, size_t i, char c, bool starts)
{
	for (; name[i]; i++)
		if (tolower((unsigned char)name[i]) == tolower((unsigned char)c) &&
			(!starts || is_start(name, i)))
			return (long)i;
	return -1;
}

/* Letters of `typed` one after the other, the first at `from`. A letter goes on with the run, else
 * to the start of a word (if `leap`), else to its next place. 0 = some letter has none. */
static int score_from(const char *typed, const char *name, size_t from, bool leap, uint64_t *hits)
{
	size_t i = from;
	int score = 40;

	*hits = 0;
	for (; *typed; typed++) {
		long at, start;

		if (*typed == ' ')
			continue;
		at = next_place(name, i, *typed, false);
		if (at < 0)
			return 0;
		start = leap && (size_t)at != i ? next_place(name, i, *typed, true) : -1;
		if (start >= 0)
			at = start;
		score += 8 + (is_start(name, (size_t)at) ? 12 : 0) + ((size_t)at == i ? 10 : 0);
		if (at < 64)
			*hits |= 1ull << at;
		i = (size_t)at + 1;
	}
	return score;
}

static bool has_words(const char *typed, const char *help)
{
	while (*typed) {
		char word[64];
		size_t n = strcspn(typed, " ");

		if (n >= sizeof word)
			return false;
		memcpy(word, typed, n);
		word[n] = 0;
		if (n && !strcasestr(help, word))
			return false;
		typed += n + (typed[n] == ' ');
	}
	return true;
}

static int best_in_name(const char *typed, const char *name, uint64_t *hits)
{
	int best = 0;

	for (size_t from = 0; name[from]; from++) {
		if (tolower((unsigned char)name[from]) != tolower((unsigned char)*typed))
			continue;
		for (int leap = 0; leap < 2; leap++) {
			uint64_t h;
			int s = score_from(typed, name, from, leap, &h);

			s -= s ? (int)(from > 20 ? 20 : from) : 0;
			if (s > best) {
				best = s;
				*hits = h;
			}
		}
	}
	return best;
}

int fuzzy_score(const char *typed, const char *name, const char *help, uint64_t *hits)
{
	size_t n = strlen(typed), len = strlen(name);
	char but_last[64];
	int best;

	*hits = 0;
	if (!n)
		return 1;
	best = best_in_name(typed, name, hits);
	if (best)
		return best * 4 - (int)(len > 40 ? 40 : len);
	if (n >= 2 && has_words(typed, help))
		return 3;
	if (n < 3 || n >= sizeof but_last || strchr(typed, ' '))
		return 0;
	memcpy(but_last, typed, n - 1); /* the last letter may be a slip */
	but_last[n - 1] = 0;
	return str_starts(name, but_last) && best_in_name(but_last, name, hits) ? 2 : 0;
}
