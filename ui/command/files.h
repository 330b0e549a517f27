/* files: names in a folder, for completion. Apart, because dirent.h and tensor/dtype.h both have a
 * DT_UNKNOWN. UI thread only. */
#ifndef CUPEL_UI_FILES_H
#define CUPEL_UI_FILES_H

#define FILES_MAX 2000
/* Every name that does not begin with a dot, folders with a '/' behind; at most FILES_MAX. */
void files_list(const char *dir, void (*each)(void *ctx, const char *name), void *ctx);
#endif
