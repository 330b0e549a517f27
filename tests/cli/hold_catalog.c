/* hold_catalog FILE [exclusive]: takes the catalog's lock, says "held", and keeps it until its
 * standard input ends. */
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	const char *lock = argc > 2 && strcmp(argv[2], "exclusive") == 0 ?
		"PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; DELETE FROM meta WHERE key = ''"
		: "BEGIN IMMEDIATE";
	sqlite3 *db;

	if (argc < 2 || sqlite3_open(argv[1], &db) != SQLITE_OK ||
		sqlite3_exec(db, lock, NULL, NULL, NULL) != SQLITE_OK)
		return 1;
	puts("held");
	fflush(stdout);
	while (getchar() != EOF)
		;
	sqlite3_close(db);
	return 0;
}
