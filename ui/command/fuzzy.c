#include "config.h"
#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include "ui/command/fuzzy.h"

static bool is_start(const char *name, size_t i)
{
	return i == 0 || strchr("-_ /.", name[i - 1]);
}

/* Greedy from `from`: each letter at its first place, a start of a word preferred. */
static int score_from(const char *typed, const char *name, size_t from, uint64_t *hits)
{
	int score = 0;
	bool run = false;
	size_t i = from;

	*hits = 0;
	for (; *typed; typed++) {
		size_t first = 0, at = 0;
		bool found = false;

		if (*typed == ' ')
			continue;
		for (size_t k = i; name[k]; k++) {
			if (tolower((unsigned char)name[k]) != tolower((unsigned char)*typed))
				continue;
			if (!found)
				first = at = k;
			found = true;
			if (run && k == i)
				break;
			if (is_start(name, k)) {
				at = k;
				break;
			}
		}
		if (!found)
			return 0;
		if (at != first && !is_start(name, at))
			at = first;
		run = at == i && at > from;
		score += 8 + (is_start(name, at) ? 12 : 0) + (at == i ? 10 : 0) - (at > i + 6 ? 3 : 0);
		if (at < 64)
			*hits |= 1ull << at;
		i = at + 1;
		run = true;
	}
	return score + 40;
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

int fuzzy_score(const char *typed, const char *name, const char *help, uint64_t *hits)
{
	int best = 0;
	size_t n = strlen(name);

	*hits = 0;
	if (!*typed)
		return 1;
	for (size_t from = 0; from < n; from++) {
		uint64_t h;
		int s;

		if (tolower((unsigned char)name[from]) != tolower((unsigned char)*typed))
			continue;
		s = score_from(typed, name, from, &h) - (int)(from > 20 ? 20 : from);
		if (s > best) {
			best = s;
			*hits = h;
		}
	}
	if (best)
		return best * 4 - (int)(n > 40 ? 40 : n);
	return strlen(typed) >= 2 && has_words(typed, help) ? 2 : 0;
}
