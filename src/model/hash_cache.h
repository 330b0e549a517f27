/* hash_cache: content hashes of tensors and facts about tokenizers, remembered between programs in
 * $XDG_CACHE_HOME/cupel (or ~/.cache/cupel) under who the files are: device, inode, size, time.
 * Loss of any of it costs a read, never a wrong answer.
 *
 *	hashes/DEV-INO     one to a weight file; records are appended whole
 *	| key 16 | hash 16 | check 8 |     key: of the tensor's spans and their files' identities
 *	tokenizers/KEY     JSON, written whole
 *
 * A cache belongs to the model that opened it; any thread may ask and store. */
#ifndef CUPEL_MODEL_HASH_CACHE_H
#define CUPEL_MODEL_HASH_CACHE_H
#include "model/build.h"

struct hash_cache *hash_cache_new(void);
void hash_cache_free(struct hash_cache *c);
/* Facts kept under a file's identity; new reference, NULL if unknown. */
json_t *facts_get(const char *path);
void facts_put(const char *path, json_t *facts);
#endif
