/* replay: a run made again: its recipe or plan and inputs opened as they were, its inputs hashed
 * as they are now. For the verbs replay and drop. Main thread. */
#ifndef CUPEL_CLI_REPLAY_H
#define CUPEL_CLI_REPLAY_H
#include "cli/quantizing.h"

struct input_now {
	const char *name;
	struct model *model;
	struct hash hash;
};
struct replay {
	struct cli *c;
	struct catalog_run *run;
	struct catalog_input *in;
	size_t n_in;
	struct plan *plan;                  /* NULL: a stored model was quantized */
	struct quantizing q;                /* of a quantization */
	bool quantized;
	struct input_now *now;              /* the stored models it reads */
	size_t n_now;
};
/* Opens what run `id` of c->catalog was made of; argv[0] is how errors call it. replay_close in any
 * case. */
bool replay_open(struct replay *r, struct cli *c, int64_t id, struct err *e);
/* The inputs' hashes now, into `now`; reads what nobody has hashed yet. */
bool replay_hash(struct replay *r, struct err *e);
const char *replay_recorded(const struct replay *r, const char *name); /* hash then; NULL unknown */
bool replay_changed(const struct replay *r, const struct input_now *l);
bool replay_any_changed(const struct replay *r);
void replay_close(struct replay *r);

/* The quantization that a run was: r: its recipe if it merged one, else NULL, merged as o says.
 * quantizing_close in any case. */
bool replay_quantize_open(struct quantizing *q, struct cli *c, const struct catalog_run *run,
	const struct catalog_input *in, size_t n_in, const struct recipe *r,
	const struct plan_options *o, struct err *e);
/* Into out->output; bounds of files and what became of NaN as its command line said. */
bool replay_quantize(struct quantizing *q, const struct catalog_run *run, struct catalog *cat,
	struct quantize_options *o, struct run_result *out, struct err *e);
#endif
