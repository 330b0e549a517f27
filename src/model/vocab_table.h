/* vocab_table: the whole vocabulary of a model: every token, its id, what the tokenizer makes of
 * it. Read from tokenizer.json, a SentencePiece tokenizer.model, vocab.json or a GGUF file.
 * The holder owns it: vocab_table_fini; texts live in it. Immutable once read: any thread then. */
#ifndef CUPEL_MODEL_VOCAB_TABLE_H
#define CUPEL_MODEL_VOCAB_TABLE_H
#include "base/arena.h"
#include "model/model.h"

/* Far beyond any vocabulary there is; what a file may make us allocate follows from it. */
#define VOCAB_MAX ((uint32_t)1 << 22)

enum vocab_flag { /* as added_tokens spells them */
	TOKEN_ADDED = 1,       /* found in text before the tokenizer splits it */
	TOKEN_SPECIAL = 2, TOKEN_LSTRIP = 4, TOKEN_RSTRIP = 8, TOKEN_SINGLE_WORD = 16,
	TOKEN_NORMALIZED = 32,
};
struct vocab_token {
	const char *text;      /* n bytes and a NUL; may hold others */
	size_t n;
	uint32_t id;
	unsigned flags;
};
/* How a token's text spells the bytes it stands for. */
enum vocab_spelling {
	SPELL_UNKNOWN,
	SPELL_BYTES,           /* a letter for every byte: GPT-2's */
	SPELL_BARS,            /* UTF-8, a low bar for the blank: SentencePiece's */
	SPELL_PIECES,          /* UTF-8, ## where a word goes on: BERT's */
	SPELL_PLAIN,
};
struct vocab_table {
	struct arena arena;
	struct vocab_token *v; /* by id; of equal ids as in the file */
	size_t n, cap;
	uint32_t *slot;        /* hashed by text: 1 + place in v */
	size_t slots;          /* a power of two */
	uint32_t top;          /* largest id + 1 */
	const char *kind;      /* "BPE", "Unigram", "WordPiece", "SentencePiece" …, a literal */
	enum vocab_spelling spelling;
	/* of the JSON of normalizer and pre_tokenizer; zero where the files say nothing */
	struct hash normalizer, pre_tokenizer;
	const char *from;      /* the file it was read from, without its folder */
};
bool vocab_table_read(struct vocab_table *t, const struct model *m, struct err *e);
void vocab_table_fini(struct vocab_table *t);
const struct vocab_token *vocab_table_find(const struct vocab_table *t, const char *text, size_t n);
/* The first token of an id; NULL if none. */
const struct vocab_token *vocab_table_at(const struct vocab_table *t, uint32_t id);
const char *vocab_spelling_name(enum vocab_spelling s);

/* The parts, also for tests: each fills an empty table. vocab_table_end sorts it. */
void vocab_table_init(struct vocab_table *t);
/* A token that is there already gets the id, unless it comes as an added one: those keep the id
 * that the model gave them. */
bool vocab_table_add(struct vocab_table *t, const char *text, size_t n, uint64_t id, unsigned flags,
	struct err *e);
void vocab_table_end(struct vocab_table *t);
bool vocab_read_json(struct vocab_table *t, const char *text, size_t n, const char *where,
	struct err *e);
bool vocab_read_pieces(struct vocab_table *t, const unsigned char *p, size_t n, const char *where,
	struct err *e);
bool vocab_read_gguf(struct vocab_table *t, const struct file *f, struct err *e);
/* {"TOKEN": ID, …}: vocab.json and added_tokens.json. */
bool vocab_read_map(struct vocab_table *t, const char *text, size_t n, unsigned flags,
	const char *where, struct err *e);
#endif
