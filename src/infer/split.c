#include "config.h"
#include "infer/split.h"
#include <string.h>
#include <utf8proc.h>
#include "base/str.h"
#include "model/pretokenizer.h"

/* --- the ways --- */

static const struct split_rules rules[] = {
	{ .name = "llama-bpe", .digits = 3 },
	{ .name = "qwen2", .digits = 1 },
	{ .name = "qwen35", .digits = 1, .marks = true },
	{ .name = "gpt-2", .words = true },
	{ .name = "smollm", .words = true, .lone_digits = true },
};
/* Names of GGUF that cut like one of them. */
static const struct { const char *name, *like; } names[] = {
	{ "llama3", "llama-bpe" }, { "llama-v3", "llama-bpe" }, { "falcon3", "llama-bpe" },
	{ "falcon-h1", "llama-bpe" }, { "pixtral", "llama-bpe" }, { "lfm2", "llama-bpe" },
	{ "midm-2.0", "llama-bpe" }, { "dbrx", "llama-bpe" }, { "smaug-bpe", "llama-bpe" },
	{ "chatglm-bpe", "llama-bpe" }, { "glm4", "llama-bpe" },
	{ "deepseek-r1-qwen", "qwen2" }, { "stablelm2", "qwen2" }, { "megrez", "qwen2" },
	{ "hunyuan", "qwen2" }, { "solar-open", "qwen2" }, { "grok-2", "qwen2" },
	{ "starcoder", "smollm" }, { "refact", "smollm" }, { "command-r", "smollm" },
	{ "codeshell", "smollm" }, { "exaone", "smollm" }, { "minerva-7b", "smollm" },
	{ "phi-2", "gpt-2" }, { "mpt", "gpt-2" }, { "olmo", "gpt-2" }, { "jais", "gpt-2" },
	{ "trillion", "gpt-2" }, { "granite-docling", "gpt-2" }, { "gigachat", "gpt-2" },
	{ "modern-bert", "gpt-2" },
};

static const struct split_rules *by_name(const char *name)
{
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (str_eq(names[i].name, name))
			name = names[i].like;
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
		if (str_eq(rules[i].name, name))
			return &rules[i];
	return NULL;
}

const struct split_rules *split_of_gguf(const char *name, const char *where, struct err *e)
{
	const struct split_rules *r = name ? by_name(name) : NULL;

	if (!name)
		err_set(e, ERR_INPUT, where, "convert the model again with a converter that writes "
			"tokenizer.ggml.pre", "it does not say how its tokenizer splits text");
	else if (!r)
		err_set(e, ERR_INPUT, where, "measure the model in another tool",
			"its tokenizer splits text in the way '%s', which is not known here", name);
	return r;
}

const struct split_rules *split_of_json(const json_t *file, const char *where, struct err *e)
{
	char *steps = pretokenizer_steps(file);
	const char *name = pretokenizer_name(steps, false);
	const struct split_rules *r = name ? by_name(name) : NULL;

	if (!r)
		err_set(e, ERR_INPUT, where, "measure the model in another tool",
			"its tokenizer splits text in a way that is not known here: %.200s",
			*steps ? steps : "not at all");
	free(steps);
	return r;
}

/* --- classes --- */

enum class { OTHER, LETTER, NUMBER, SPACE };

/* Of the character at p; *n its bytes. */
static enum class class_at(const struct split_rules *r, const char *p, const char *end, size_t *n,
	uint32_t *cp)
{
	const utf8proc_property_t *property;

	if (!(*p & 0x80)) {
		*n = 1;
		*cp = (unsigned char)*p;
		if ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z'))
			return LETTER;
		if (*p >= '0' && *p <= '9')
			return NUMBER;
		return *p == ' ' || (*p >= 9 && *p <= 13) ? SPACE : OTHER;
	}
	*n = utf8_decode(p, (size_t)(end - p), cp);
	if (!*n) {
		*n = 1;
		*cp = 0xfffd;
		return OTHER;
	}
	if (*cp == 0x85)
		return SPACE;
	property = utf8proc_get_property((utf8proc_int32_t)*cp);
	switch (property->category) {
	case UTF8PROC_CATEGORY_LU: case UTF8PROC_CATEGORY_LL: case UTF8PROC_CATEGORY_LT:
	case UTF8PROC_CATEGORY_LM: case UTF8PROC_CATEGORY_LO:
		return LETTER;
	case UTF8PROC_CATEGORY_ND: case UTF8PROC_CATEGORY_NL: case UTF8PROC_CATEGORY_NO:
		return NUMBER;
	case UTF8PROC_CATEGORY_ZS: case UTF8PROC_CATEGORY_ZL: case UTF8PROC_CATEGORY_ZP:
		return SPACE;
	case UTF8PROC_CATEGORY_MN: case UTF8PROC_CATEGORY_MC: case UTF8PROC_CATEGORY_ME:
		return r->marks ? LETTER : OTHER;
	default:
		return OTHER;
	}
}

/* A place in the text and what stands there; class is -1 at the end. */
struct place {
	const struct split_rules *r;
	const char *p, *end;
	size_t n;
	uint32_t cp;
	int class;
};

static void look(struct place *x)
{
	x->class = x->p < x->end ? (int)class_at(x->r, x->p, x->end, &x->n, &x->cp) : -1;
}

static void step(struct place *x)
{
	x->p += x->n;
	look(x);
}

static void run(struct place *x, int class)
{
	while (x->class == class)
		step(x);
}

static bool is_break(const struct place *x)
{
	return x->class >= 0 && (x->cp == '\r' || x->cp == '\n');
}

/* --- rules --- */

/* 's 't 'm 'd 're 've 'll; U+017F is a long s, which folds to one. */
static size_t contraction(const struct place *x, bool any_case)
{
	static const char *const two[] = { "re", "ve", "ll" };
	const char *p = x->p + 1;
	size_t left = (size_t)(x->end - x->p);
	char a, b;

	if (x->class < 0 || x->cp != '\'' || left < 2)
		return 0;
	if (any_case && left >= 3 && !memcmp(p, "\xc5\xbf", 2))
		return 3;
	a = any_case ? (char)(*p | 0x20) : *p;
	if (strchr("stmd", a) && a)
		return 2;
	b = left < 3 ? '\0' : any_case ? (char)(p[1] | 0x20) : p[1];
	for (size_t i = 0; i < 3; i++)
		if (a == two[i][0] && b == two[i][1])
			return 3;
	return 0;
}

/* Blanks: all of them at the end of the text, else the last goes with what follows. */
static const char *blanks(struct place x)
{
	const char *last = x.p, *first = x.p;

	while (x.class == SPACE) {
		last = x.p;
		step(&x);
	}
	return x.class < 0 || last == first ? x.p : last;
}

static const char *words_piece(struct place x)
{
	struct place next = x;
	size_t k = contraction(&x, false);

	if (k)
		return x.p + k;
	if (x.class == SPACE && x.cp == ' ') {
		step(&next);
		if (next.class >= 0 && next.class != SPACE)
			x = next;
	}
	if (x.class == SPACE)
		return blanks(x);
	run(&x, x.class);
	return x.p;
}

static const char *family_piece(struct place x)
{
	struct place next = x;
	size_t k = contraction(&x, true);
	const char *broken = NULL;

	if (k)
		return x.p + k;
	step(&next);
	if (x.class == LETTER || (x.class != NUMBER && !is_break(&x) && next.class == LETTER)) {
		run(&next, LETTER);
		return next.p;
	}
	if (x.class == NUMBER) {
		for (int i = 0; i < x.r->digits && x.class == NUMBER; i++)
			step(&x);
		return x.p;
	}
	if (x.class == OTHER || (x.cp == ' ' && next.class == OTHER)) {
		run(&next, OTHER);
		while (is_break(&next))
			step(&next);
		return next.p;
	}
	for (next = x; next.class == SPACE; step(&next))
		if (is_break(&next))
			broken = next.p + next.n;
	return broken ? broken : blanks(x);
}

void splitter_init(struct splitter *s, const struct split_rules *r, const char *text, size_t n)
{
	*s = (struct splitter){ .rules = r, .text = text, .n = n };
	if (!r->lone_digits)
		s->fence = n;
}

/* A digit is a piece; what stands between two is cut as if it were a text of its own. */
static bool fragment(struct splitter *s, struct place *x)
{
	if (x->class == NUMBER)
		return false;
	if (s->at >= s->fence) {
		struct place y = *x;

		while (y.class >= 0 && y.class != NUMBER)
			step(&y);
		s->fence = (size_t)(y.p - s->text);
	}
	x->end = s->text + s->fence;
	return true;
}

bool splitter_next(struct splitter *s, const char **piece, size_t *n)
{
	struct place x = { .r = s->rules, .p = s->text + s->at, .end = s->text + s->n };
	const char *end;

	look(&x);
	if (x.class < 0)
		return false;
	if (s->rules->lone_digits && !fragment(s, &x))
		end = x.p + x.n;
	else
		end = s->rules->words ? words_piece(x) : family_piece(x);
	*piece = x.p;
	*n = (size_t)(end - x.p);
	s->at += *n;
	return true;
}
