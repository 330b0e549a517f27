/* Figures that came before their model. */
#include "config.h"
#include <stdlib.h>
#include "base/vec.h"
#include "catalog/measured.h"
#include "import/import.h"

bool import_adopt(struct catalog *c, struct err *e)
{
	size_t n_words, n_models = 0;
	char **words = catalog_unclaimed_words(c, &n_words, e);
	struct catalog_model *models = words && n_words ? catalog_models(c, &n_models, e) : NULL;
	vec(struct catalog_claim) claims = { 0 };
	bool ok = words && (!n_words || models);

	for (size_t i = 0; i < n_words && ok; i++) {
		int64_t model = import_model(models, n_models, words[i]);

		if (model)
			*vec_push(&claims) = (struct catalog_claim){ words[i], model };
	}
	ok = ok && (!claims.n || catalog_claim_words(c, claims.v, claims.n, e));
	for (size_t i = 0; i < n_words; i++)
		free(words[i]);
	free(words);
	vec_fini(&claims);
	catalog_models_free(models, n_models);
	return ok;
}
