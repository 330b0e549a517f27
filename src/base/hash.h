/* hash: XXH3 digests, the formulas of tensor and model hashes, and hex text of them.
 * Values are plain; a stream is owned by its holder. Any thread, one stream per thread. */
#ifndef CUPEL_BASE_HASH_H
#define CUPEL_BASE_HASH_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hash {
	uint8_t b[16]; /* canonical (big-endian) XXH3-128 */
};
#define HASH_HEX_SIZE 33
struct hash hash_bytes(const void *p, size_t n);
uint64_t hash64_bytes(const void *p, size_t n);   /* XXH3-64, seed 0 */
void hash_hex(struct hash h, char out[HASH_HEX_SIZE]);
bool hash_parse(const char *hex, struct hash *h);
bool hash_eq(struct hash a, struct hash b);
bool hash_is_zero(struct hash h);

struct hash_stream *hash_stream_new(void);
void hash_stream_add(struct hash_stream *s, const void *p, size_t n);
struct hash hash_stream_end(struct hash_stream *s); /* digests and frees */

/* Tensor hash: XXH3-128 of dtype name, 0, each dimension u64 LE, then the canonical digests of
 * consecutive 4 MiB pieces of the stored bytes. Pieces may be hashed by different threads. */
#define HASH_PIECE ((size_t)4 << 20)
struct hash hash_tensor(const char *dtype, const uint64_t *shape, int rank,
	const struct hash *pieces, size_t n_pieces);
/* Model hash: over tensors sorted by name bytes: name, 0, digest. Arrays are sorted copies
 * inside. */
struct hash hash_model(const char *const *names, const struct hash *digests, size_t n);
#endif
