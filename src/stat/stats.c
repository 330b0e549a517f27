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
