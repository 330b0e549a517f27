/* role: which part of a model a tensor is, by its name: role, layer, expert. The rows are data,
 * read once a process from share/roles/ and the user's own folder (share/roles/language.role says
 * how); they live until the process ends. Any thread. */
#ifndef CUPEL_MODEL_ROLE_H
#define CUPEL_MODEL_ROLE_H
#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "tensor/tensor.h"

/* Fills role, layer and expert of n tensors from their names, of a model of `family` (model_type;
 * may be NULL). gguf: an unlisted stem is a role by itself. Strings from the arena or
 * the table. */
void role_classify(struct tensor *v, size_t n, const char *family, bool gguf, struct arena *a);
/* The Hugging Face name of a GGUF tensor: stem is its name after "blk.N." without its ending,
 * ending
 * ".weight", ".bias" or "". layer and expert -1: none. False if no row knows it. */
bool role_hf_name(struct str *out, const char *family, const char *stem, const char *ending,
	int layer, int expert);
/* The reverse: what GGUF calls a tensor of this Hugging Face name. Experts of one stack have one
 * name. False if no row with a full name knows it. */
bool role_gguf_name(struct str *out, const char *family, const char *name);
/* What was wrong with the files, one line; NULL if nothing was. */
const char *role_problem(void);
/* Whether the rows of share/roles/ were found at all. Who writes by roles (where a stack ends,
 * which type a tensor gets) asks first: without them the result would be another, and nothing
 * would show it. */
bool role_ready(struct err *e);
#endif
