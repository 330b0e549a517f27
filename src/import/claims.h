/* claims: what the prose of a model card states that figures could contradict. Sentences are
 * matched with the patterns of claims.def; each match is a struct card_claim (card.h): text is the
 * sentence, what has the members that its row names and
 *	at, n    the place of the match in text
 * A member is a number where its text is one ("three" is 3), else the text in lower case.
 * What stands in tables and in the code of a recipe is not read; a recipe's comments are.
 * One thread per card. */
#ifndef CUPEL_IMPORT_CLAIMS_H
#define CUPEL_IMPORT_CLAIMS_H
#include "import/card.h"
#include "import/import.h"

/* Adds to c->claims, in the order of the text; wants c->text, tables and recipe. */
void card_read_claims(struct card *c, struct import_file *f);

struct claim_row {
	const char *kind, *members, *pattern, *help;
};
const struct claim_row *claim_row_at(size_t i); /* NULL after the last */
#endif
