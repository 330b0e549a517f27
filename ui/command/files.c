#include "config.h"
#include <dirent.h>
#include "base/str.h"
#include "ui/command/files.h"

void files_list(const char *dir, void (*each)(void *ctx, const char *name), void *ctx)
{
	DIR *d = opendir(dir);
	struct dirent *f;
	int seen = 0;

	while (d && (f = readdir(d)) && seen++ < FILES_MAX) {
		struct str name = STR_INIT;

		if (f->d_name[0] == '.')
			continue;
		str_add(&name, f->d_name);
		if (f->d_type == DT_DIR)
			str_addc(&name, '/');
		each(ctx, name.s);
		str_fini(&name);
	}
	if (d)
		closedir(d);
}
