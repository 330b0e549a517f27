/* What the tests of src/infer share: golden cases, and a folder for the models made of them. Included
 * behind cmocka. */
#ifndef CUPEL_TESTS_INFER_TEST_H
#define CUPEL_TESTS_INFER_TEST_H
#include "golden.h"
#include "scratch_models.h"

static json_t *cases;
static char *folder;

static inline int infer_setup(void **state, const char *golden)
{
	(void)state;
	cases = golden_load(golden);
	folder = scratch_dir();
	return cases ? 0 : -1;
}

static inline int infer_teardown(void **state)
{
	(void)state;
	json_decref(cases);
	file_remove_tree(folder, NULL);
	free(folder);
	return 0;
}
#endif
