/* quant_record: a quantization as the catalog knows it: a run with its plan, the recipe it merged
 * (if any), the stored models and the importance matrix it read with their hashes, and the model
 * that came of it. All is borrowed from the run. One thread. */
#ifndef CUPEL_ENGINE_QUANT_RECORD_H
#define CUPEL_ENGINE_QUANT_RECORD_H
#include "engine/quant_out.h"

#define QUANT_ROLE_IMATRIX "imatrix"
struct quant_record {
	struct catalog *catalog;   /* NULL: nothing is recorded */
	struct pool *pool;         /* to hash the inputs */
	const struct quant_plan *plan;
	const struct quant_out *out;
	const struct quantize_options *o;
	int64_t id;                /* of the run; 0: none */
	char started[24];
};
void quant_record_begin(struct quant_record *r);
/* false: the output is whole, but the catalog could not be told. */
bool quant_record_end(struct quant_record *r, struct run_result *out, struct err *e);
void quant_record_failed(struct quant_record *r, double seconds, const struct err *e);
struct hash quant_imatrix_hash(const struct imatrix *m); /* of its numbers and their names */
#endif
