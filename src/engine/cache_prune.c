#include "config.h"
#include "engine/cache_prune.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/str.h"

/* Removes the oldest regular file if there are more than keep; false when there is nothing to
 * do. */
static bool remove_oldest(const char *dir, size_t keep)
{
	DIR *d = opendir(dir);
	char *oldest = NULL;
	time_t at = 0;
	size_t n = 0;

	for (struct dirent *f; d && (f = readdir(d));) {
		struct stat st;
		char *path = str_join_path(dir, f->d_name);
		bool regular = f->d_name[0] != '.' && stat(path, &st) == 0 && S_ISREG(st.st_mode);
		n += regular;
		if (regular && (!oldest || st.st_mtime < at)) {
			free(oldest);
			oldest = path;
			at = st.st_mtime;
		} else {
			free(path);
		}
	}
	if (d)
		closedir(d);
	bool removed = oldest && n > keep && unlink(oldest) == 0;
	free(oldest);
	return removed;
}

void cache_prune(const char *dir, size_t keep)
{
	for (int i = 0; i < 8 && remove_oldest(dir, keep); i++)
		;
}
