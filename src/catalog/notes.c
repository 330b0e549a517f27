#include "config.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "catalog/db.h"

#define TEXT_MAX ((size_t)16 << 20)

/* What a person adds to a run: kept or refused, never lost in silence. */
static struct db *write_to_run(struct catalog *c, int64_t run, struct err *e)
{
	bool failed, there = false;
	struct db *d;
	sqlite3_stmt *s;

	if (!db_keeps(c, e))
		return NULL;
	d = db_writing(c, e);
	if (!d)
		return NULL;
	s = db_prepare(d, "SELECT 1 FROM run WHERE id = ?", e);
	if (s && db_bind(d, s, e, "i", run)) {
		there = db_step(d, s, &failed, e);
		sqlite3_reset(s);
		if (there)
			return d;
		if (!failed)
			err_set(e, ERR_INPUT, c->path, "`cupel runs` lists them",
				"there is no run %lld",
				(long long)run);
	}
	db_done(d, false, NULL);
	return NULL;
}

bool catalog_note(struct catalog *c, int64_t run, const char *text, struct err *e)
{
	struct db *d;

	if (strlen(text) > TEXT_MAX)
		return err_set(e, ERR_INPUT, "note", "keep it in a file and note its name",
			"longer than 16 MiB");
	d = write_to_run(c, run, e);
	return d && db_done(d, db_run(d, e, "INSERT INTO note (run, text) VALUES (?, ?)", "it", run,
		text), e);
}

static bool tag_fits(const char *tag, struct err *e)
{
	size_t n = strlen(tag);

	for (const char *p = tag; *p; p++)
		if (isspace((unsigned char)*p) || (unsigned char)*p < 0x20 || *p == 0x7f ||
			*p == '"')
			n = 0;
	if (n > 0 && n <= 128 && tag[0] != '-' && tag[0] != '+' && utf8_valid(tag, n))
		return true;
	return err_set(e, ERR_USAGE, "tag", "write several tags apart",
		"'%.40s' cannot be a tag: one word of at most 128 bytes, not beginning with + or -",
		tag);
}

bool catalog_tag(struct catalog *c, int64_t run, const char *tag, bool add, struct err *e)
{
	struct db *d;

	if (!tag_fits(tag, e))
		return false;
	d = write_to_run(c, run, e);
	if (!d)
		return false;
	if (add)
		return db_done(d, db_run(d, e, "INSERT INTO tag (run, tag) VALUES (?, ?) "
			"ON CONFLICT DO NOTHING", "it", run, tag), e);
	return db_done(d, db_run(d, e, "DELETE FROM tag WHERE run = ? AND tag = ?", "it", run, tag),
		e);
}

bool catalog_rename(struct catalog *c, int64_t run, const char *name, struct err *e)
{
	struct db *d;

	if (strlen(name) > 1024)
		return err_set(e, ERR_USAGE, "name", NULL, "longer than 1024 bytes");
	d = write_to_run(c, run, e);
	return d && db_done(d,
		db_run(d, e, "UPDATE run SET name = ? WHERE id = ?", "ti", name, run), e);
}

bool catalog_archive(struct catalog *c, int64_t run, bool archived, struct err *e)
{
	struct db *d = write_to_run(c, run, e);

	return d && db_done(d, db_run(d, e, "UPDATE run SET archived = ? WHERE id = ?", "ii",
		(int64_t)archived, run), e);
}

static void read_note(sqlite3_stmt *s, void *row)
{
	struct catalog_note *note = row;

	note->created = db_text(s, 0);
	note->text = db_text(s, 1);
}

static void note_fini(void *row)
{
	struct catalog_note *note = row;

	free(note->created);
	free(note->text);
}

static const struct db_rows note_rows = { sizeof(struct catalog_note), read_note, note_fini };

struct catalog_note *catalog_notes(struct catalog *c, int64_t run, size_t *n, struct err *e)
{
	return db_list(c, &note_rows, n, e, "SELECT created, text FROM note WHERE run = ? ORDER "
		"BY id DESC", "i", run);
}

void catalog_notes_free(struct catalog_note *v, size_t n)
{
	db_list_free(&note_rows, v, n);
}
