#include "stat/stats.h"

#include <math.h>
#include <string.h>

static const struct stat_info infos[STAT_COUNT] = {
#define STAT(id, name_, title_, ascii_, unit_, formula_, per_input_, better_, help_) \
	[STAT_##id] = { .name = name_, .title = title_, .ascii = ascii_, .unit = unit_, \
		.formula = formula_, .per_input = per_input_, .better = better_, .help = help_ },
#include "stat/stats.def"
#undef STAT
};

const struct stat_info *stat_info(enum stat_id s)
{
	return &infos[s];
}

enum stat_id stat_by_name(const char *name)
{
	size_t n = strlen(name);
	enum stat_id found = STAT_COUNT;
	for (int i = 0; i < STAT_COUNT; i++) {
		if (strncmp(infos[i].name, name, n) != 0)
			continue;
		if (infos[i].name[n] == '\0')
			return (enum stat_id)i;
		if (found != STAT_COUNT)
			found = STAT_COUNT + 1;
		else
			found = (enum stat_id)i;
	}
	return found > STAT_COUNT || n == 0 ? STAT_COUNT : found;
}

const char *figure_state_name(enum figure_state s)
{
	static const char *const names[] = { "none", "sampled", "closed", "exact", "failed" };
	return names[s];
}

struct figure figure_at(double value, enum figure_state s)
{
	return (struct figure){ value, value, value, s };
}

struct figure figure_none(void)
{
	return figure_at(NAN, FIG_NONE);
}

struct figure figure_failed(void)
{
	return figure_at(NAN, FIG_FAILED);
}
