/* A pre_tokenizer is written down as one line to a step, and looked up. */
#include "config.h"
#include "model/pretokenizer.h"
#include <string.h>
#include "base/str.h"

#define CONTRACTIONS "(?i:'s|'t|'re|'ve|'m|'ll|'d)|"
#define WORDS "[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|"
#define REST "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
#define CASED(after) "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*" \
	"[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+" after "|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}" \
	"\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*" after "|"
#define SLASHES "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
#define HAN "[\xe4\xb8\x80-\xe9\xbe\xa5" /* U+4E00 to U+9FA5 */
#define HAN_AND_MORE HAN "\xe0\xa0\x80-\xe4\xb8\x80\xea\xb0\x80-\xed\x9f\xbf]+"
#define HAN_AND_KANA HAN "\xe3\x81\x80-\xe3\x82\x9f\xe3\x82\xa0-\xe3\x83\xbf]+"
#define PUNCTUATION "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~]"

/* merged: the name of one that merges a text though it is a token as a whole; whole: of one that
 * does not. */
static const struct {
	const char *steps, *whole, *merged;
} known[] = {
	{ "split " CONTRACTIONS WORDS "\\p{N}{1,3}" REST "\nbytes", "llama-bpe", "dbrx" },
	{ "split " CONTRACTIONS WORDS "\\p{N}" REST "\nbytes", NULL, "qwen2" },
	{ "split " CONTRACTIONS "[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+|\\p{N}| ?[^\\s\\p{L}\\p{M}"
		"\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+\nbytes", NULL, "qwen35" },
	{ "split " CASED("(?i:'s|'t|'re|'ve|'m|'ll|'d)?") "\\p{N}{1,3}" SLASHES "\nbytes", NULL,
		"gpt-4o" },
	{ "split " CASED("") "\\p{N}" SLASHES "\nbytes", "tekken", NULL },
	{ "split " CONTRACTIONS WORDS "\\p{N}{1}| ?[^\\s\\p{L}\\p{N}\\r\\n]+|\\s*[\\r\\n]+"
		"|\\s+(?!\\S)|\\s+\nbytes", NULL, "seed-coder" },
	{ "split '(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}+|\\p{N}| ?[^\\s\\p{L}"
		"\\p{N}]++[\\r\\n]*|\\s*[\\r\\n]|\\s+(?!\\S)|\\s+\nbytes", NULL, "bailingmoe" },
	{ "split [\\r\\n]\nsplit \\s?\\p{L}+\nsplit \\s?\\p{P}+\nsplit " HAN_AND_MORE
		"\ndigits\nbytes", NULL, "deepseek-coder" },
	{ "split \\p{N}{1,3}\nsplit " HAN_AND_KANA "\nsplit " PUNCTUATION "[A-Za-z]+|[^\\r\\n\\p{L}"
		"\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)"
		"|\\s+\nbytes", NULL, "deepseek-v3" },
	{ "words", NULL, "gpt-2" },
	{ "digits\nwords", NULL, "smollm" },
};
/* Between the two: the cased letters of Unicode, range by range. */
static const char llm_head[] = "split [\\r\\n]\nsplit \\s?[A-Za-z\xc2\xb5";
static const char llm_tail[] = "]+\nsplit \\s+$\nsplit " HAN_AND_MORE "\ndigits\nbytes";
/* A line break inside a regex may be one, or be spelled as one. */
static void add_regex(struct str *s, const char *regex)
{
	for (; *regex; regex++)
		if (*regex == '\r')
			str_add(s, "\\r");
		else if (*regex == '\n')
			str_add(s, "\\n");
		else
			str_addc(s, *regex);
}

/* What is found becomes a part of its own; to remove what is not found comes to the same where
 * everything is. */
static bool isolates(const json_t *split)
{
	const char *how = json_text(split, "behavior", "");

	return str_eq(how, "Isolated") ||
		(str_eq(how, "Removed") && json_flag(split, "invert", false));
}

static void add_step(struct str *s, const json_t *step)
{
	const char *type = json_text(step, "type", "nothing");
	const char *regex = json_text(step, "pattern.Regex", NULL);

	if (s->n)
		str_addc(s, '\n');
	if (str_eq(type, "ByteLevel")) {
		str_add(s, json_flag(step, "use_regex", true) ? "words" : "bytes");
	} else if (str_eq(type, "Digits") && json_flag(step, "individual_digits", false)) {
		str_add(s, "digits");
	} else if (str_eq(type, "Split") && regex && isolates(step)) {
		str_add(s, "split ");
		add_regex(s, regex);
	} else {
		str_add(s, type);
	}
}

const char *pretokenizer_name(const char *steps, bool whole)
{
	if (str_starts(steps, llm_head) && str_ends(steps, llm_tail))
		return "deepseek-llm";
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (str_eq(steps, known[i].steps))
			return (whole && known[i].whole) || !known[i].merged ? known[i].whole
				: known[i].merged;
	return NULL;
}

char *pretokenizer_steps(const json_t *file)
{
	const json_t *pre = json_object_get(file, "pre_tokenizer");
	const json_t *list = json_object_get(pre, "pretokenizers");
	struct str s = STR_INIT;
	size_t i;
	json_t *j;

	str_add(&s, "");
	json_array_foreach(list, i, j)
		add_step(&s, j);
	if (!json_is_array(list))
		add_step(&s, pre);
	return str_steal(&s);
}
