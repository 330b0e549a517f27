#include "config.h"
#include <inttypes.h>
#include <stdio.h>
#include "base/str.h"
#include "cli/merging.h"
#include "cli/quantizing.h"
#include "system/process.h"

static bool tell(void *ctx, const struct run_progress *p)
{
	(void)ctx;
	cli_progress(p->done, p->total, p->rate, p->left, p->tensor);
	return !atomic_load(&process_cancelled);
}

static void print(const struct quantizing *q, const struct run_result *r)
{
	struct str s = STR_INIT;
	char hex[HASH_HEX_SIZE];

	hash_hex(r->hash, hex);
	str_add_bytes(&s, r->bytes);
	printf("%s: %s, %.3f bits per weight, %" PRIu64 " tensors, ", r->output, s.s,
		q->plan->bits_per_weight, r->tensors);
	str_clear(&s);
	str_add_seconds(&s, r->seconds);
	printf("%s\n", s.s);
	str_fini(&s);
	if (r->resumed)
		printf("%" PRIu64 " tensors were there already\n", r->resumed);
	if (r->nonfinite)
		printf("%" PRIu64 " weights that were not finite are zeros now\n", r->nonfinite);
	printf("hash %s", hex);
	if (r->run)
		printf(", run %" PRId64, r->run);
	putchar('\n');
}

bool quantizing_run(struct quantizing *q, struct catalog *cat, struct quantize_options *o,
	struct run_result *r, struct err *e)
{
	bool ok;

	o->imatrix = q->imatrix;
	o->merge = q->merge;
	process_catch_signals();
	ok = quantize_run(q->plan, cat, cli_pool(q->c), o, tell, NULL, r, e);
	cli_progress_end();
	if (ok)
		merging_say_unremembered(r);
	if (ok && cat && catalog_is_read_only(cat))
		r->run = 0; /* a number that nothing will find again */
	return ok;
}

int quantizing_write(struct quantizing *q, struct quantize_options *o, struct err *e)
{
	struct cli *c = q->c;
	struct run_result r;
	bool ok;

	quantizing_say(q);
	ok = quantizing_run(q, c->catalog, o, &r, e);
	if (o->job)
		catalog_job_end(c->catalog, o->job, ok ? "done"
			: e->code == ERR_CANCELLED ? "cancelled" : "failed", r.run,
			ok ? NULL : e->what, NULL);
	if (!ok)
		return err_exit_status(e->code);
	if (c->json) {
		json_t *j = merging_json(&r);
		json_print(j);
		json_decref(j);
	} else {
		print(q, &r);
	}
	return 0;
}
