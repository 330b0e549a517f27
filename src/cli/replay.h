/* replay: a run made again. What verb_replay.c asks of the kinds of runs. Main thread. */
#ifndef CUPEL_CLI_REPLAY_H
#define CUPEL_CLI_REPLAY_H
#include "cli/quantizing.h"

/* The quantization that a run was: r: its recipe if it merged one, else NULL, merged as o says.
 * quantizing_close in any case. */
bool replay_quantize_open(struct quantizing *q, struct cli *c, const struct catalog_run *run,
	const struct catalog_input *in, size_t n_in, const struct recipe *r,
	const struct plan_options *o, struct err *e);
/* Into out->output; bounds of files and what became of NaN as its command line said. */
bool replay_quantize(struct quantizing *q, const struct catalog_run *run, struct catalog *cat,
	struct quantize_options *o, struct run_result *out, struct err *e);
#endif
