#include "config.h"
#include "cli/doctor_catalog.h"
#include <inttypes.h>
#include <stdlib.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "catalog/keep.h"

static char *file_of(const struct cli *c)
{
	return c->catalog_path ? xstrdup(c->catalog_path) : catalog_default_path();
}

/* --- check --- */

static void print_faults(const char *path, const struct catalog_checked *k)
{
	char *safe = str_safe(path);

	if (!k->n)
		printf("%s is whole: %" PRIu64 " rows, every reference and the index of words\n",
			safe, k->rows);
	else
		printf("%s\n", safe);
	free(safe);
	for (size_t i = 0; i < k->n; i++) {
		safe = str_safe(k->v[i].text);
		printf("  %s\n", safe);
		free(safe);
	}
	if (k->mended)
		puts("`cupel doctor --repair` saves what can be read and keeps this file beside "
			"it.");
	else if (k->n)
		puts("A repair would not change this: what was stored is so.");
}

static json_t *faults_json(const char *path, const struct catalog_checked *k)
{
	json_t *j = json_object(), *list = json_array();

	for (size_t i = 0; i < k->n; i++) {
		json_t *f = json_object();

		json_object_set_new(f, "text", json_textn(k->v[i].text));
		json_object_set_new(f, "repairable", json_boolean(k->v[i].mended));
		json_array_append_new(list, f);
	}
	json_object_set_new(j, "file", json_textn(path));
	json_object_set_new(j, "whole", json_boolean(k->n == 0));
	json_object_set_new(j, "rows", json_integer((json_int_t)k->rows));
	json_object_set_new(j, "faults", list);
	return j;
}

static int tell_faults(const struct cli *c, const char *path, const struct catalog_checked *k)
{
	json_t *j;

	if (c->json) {
		j = faults_json(path, k);
		json_print(j);
		json_decref(j);
	} else {
		print_faults(path, k);
	}
	return k->n ? 1 : 0;
}

int doctor_check(struct cli *c, struct err *e)
{
	char *path = file_of(c);
	struct catalog_checked k;
	int status;

	if (catalog_examine(path, &k, e)) {
		status = tell_faults(c, path, &k);
		catalog_checked_fini(&k);
	} else {
		status = err_exit_status(e->code);
	}
	free(path);
	return status;
}

/* --- repair --- */

static void print_table(const struct catalog_repaired *t)
{
	struct str s = STR_INIT;

	str_addf(&s, "%" PRIu64 " saved", t->saved);
	if (t->pieced)
		str_addf(&s, ", %" PRIu64 " back in part", t->pieced);
	if (t->lost)
		str_addf(&s, ", %" PRIu64 " lost", t->lost);
	else if (t->pages && !t->pieced)
		str_addf(&s, ", %" PRIu64 " page%s could not be read", t->pages,
			t->pages == 1 ? "" : "s");
	if (t->bereft)
		str_addf(&s, ", %" PRIu64 " belonged to something lost", t->bereft);
	cli_item(stdout, t->what, s.s, 28, 100);
	str_fini(&s);
}

static void print_repair(const char *path, const struct catalog_repair *r)
{
	char *safe = str_safe(path), *aside = str_safe(r->aside);
	struct str s = STR_INIT;

	str_add_bytes(&s, r->bytes);
	printf("%s is a new file of %s, made of what could be read:\n", safe, s.s);
	for (size_t i = 0; i < r->n; i++)
		print_table(&r->v[i]);
	if (r->returned)
		printf("Of %" PRIu64 " lost run%s inputs, notes, tags or scores are left: they are "
			"there again, with that.\n", r->returned, r->returned == 1 ? "" : "s");
	if (r->start_lost)
		puts("The start of the file was gone: what had been deleted may be back.");
	printf("The damaged file is %s, as it was.\n", aside);
	str_fini(&s);
	free(safe);
	free(aside);
}

static void print_repair_json(const char *path, const struct catalog_repair *r)
{
	json_t *j = json_object(), *tables = json_array();

	for (size_t i = 0; i < r->n; i++) {
		const struct catalog_repaired *t = &r->v[i];
		json_t *row = json_object();

		json_object_set_new(row, "table", json_textn(t->table));
		json_object_set_new(row, "what", json_textn(t->what));
		json_object_set_new(row, "saved", json_integer((json_int_t)t->saved));
		json_object_set_new(row, "lost", json_integer((json_int_t)t->lost));
		json_object_set_new(row, "pieced", json_integer((json_int_t)t->pieced));
		json_object_set_new(row, "bereft", json_integer((json_int_t)t->bereft));
		json_object_set_new(row, "broken_pages", json_integer((json_int_t)t->pages));
		json_array_append_new(tables, row);
	}
	json_object_set_new(j, "file", json_textn(path));
	json_object_set_new(j, "repaired", json_true());
	json_object_set_new(j, "damaged", json_textn(r->aside));
	json_object_set_new(j, "bytes", json_integer((json_int_t)r->bytes));
	json_object_set_new(j, "seconds", json_number(r->seconds));
	json_object_set_new(j, "returned", json_integer((json_int_t)r->returned));
	json_object_set_new(j, "start_lost", json_boolean(r->start_lost));
	json_object_set_new(j, "tables", tables);
	json_print(j);
	json_decref(j);
}

static int repair(const struct cli *c, const char *path, struct err *e)
{
	struct catalog_repair r;

	if (!catalog_repair(path, &r, e))
		return err_exit_status(e->code);
	if (c->json)
		print_repair_json(path, &r);
	else
		print_repair(path, &r);
	catalog_repair_fini(&r);
	return 0;
}

int doctor_repair(struct cli *c, struct err *e)
{
	char *path = file_of(c);
	struct catalog_checked k = { 0 };
	int status;

	/* What a look cannot make out may be a catalog that begins with damage: the repair says. */
	if (!catalog_examine(path, &k, e) && e->code != ERR_INPUT)
		status = err_exit_status(e->code);
	else if (e->code == ERR_NONE && k.mended == 0)
		status = tell_faults(c, path, &k);
	else
		err_clear(e), status = repair(c, path, e);
	catalog_checked_fini(&k);
	free(path);
	return status;
}
