/* card_reading: what the parts of the reader of model cards share. A card is cut into lines; each
 * reader takes the lines that are its own and marks them, so that no later one reads them again.
 * Private to src/import; one thread per card. */
#ifndef CUPEL_IMPORT_CARD_READING_H
#define CUPEL_IMPORT_CARD_READING_H
#include "import/card.h"
#include "import/reading.h"
#include "catalog/task.h"

enum line_use {
	LINE_TEXT,
	LINE_FRONT,  /* front matter, with what stands around it */
	LINE_FENCE,  /* ``` */
	LINE_CODE,   /* between fences */
	LINE_RECIPE,
	LINE_TABLE,  /* of a table, or of a list that is one */
	LINE_HUB,    /* what the page shows beside the card */
};
struct card_line {
	char *s;     /* ends in 0, no line end, no blanks behind */
	enum line_use use;
};
struct card_reader {
	struct import_file *f;
	struct card *c;
	char *copy;  /* the text, cut into lines */
	struct { struct card_line *v; size_t n, cap; } line; /* line[i] is line i + 1 of the file */
	bool wikitext; /* the card speaks of it */
	char *title; /* of the card: its first heading, or NULL */
	char *hub;   /* owner/name as the page has it, or NULL */
	size_t recipe_end, blocks; /* behind the last line of recipes; how many blocks of them */
	bool full;   /* no more tables are read */
	json_t *protocol; /* what the prose says of how its tables were measured, once wanted */
	size_t front_from, front_to; /* lines of front matter, from 0; to 0: none */
};

/* --- text: card_text.c, card_repair.c --- */
/* Valid UTF-8 without control characters but tab and line feed, every line in its place. Bytes that
 * are no UTF-8 are read as Windows-1252; UTF-8 that was taken for Windows-1252, Windows-1253 or ISO
 * 8859-7 is put right. repaired: how many pieces. free(). */
char *card_repair(const char *s, size_t n, size_t *out_n, size_t *repaired);
/* Without Markdown's and HTML's marks: links and emphasis, entities, tags; blanks are one.
 * free() */
char *card_plain(const char *s, size_t n);
bool card_blank(const char *s);
/* After a list's mark ("- ", "* ", "• ", "3. "): the text of the entry, or NULL. */
const char *card_bullet(const char *s);
/* The text of a heading that starts in this line (0-based), or NULL. free() */
char *card_heading(const struct card_reader *r, size_t i);
/* The heading above, within reach, or NULL. free() */
char *card_above(const struct card_reader *r, size_t i);
/* Of `text`: the word that begins at s looks like "owner/name"; its length or 0. */
size_t card_repository(const char *s);
/* `needle` in `s`, in any case of ASCII; NULL if it is not there. */
const char *card_find(const char *s, const char *needle);

/* --- values: card_value.c --- */
struct card_value {
	double value;
	bool percent, signed_, estimated;
	const char *unit;  /* what follows the number, into the text; "" */
	size_t n;          /* bytes of the number itself */
};
/* A number at the start: "0.481", "+4.95%", "~0.64", "87.1 %", "1,234", "0.642 (est)". */
bool card_value(const char *s, struct card_value *v);
/* The same, and behind it only a unit: nothing, "GB", "bpw", a note in brackets. */
bool card_is_value(const char *s, struct card_value *v);
/* "32B", "128K", "14.2 GB": with its size, else NaN. power: K is 1024. */
double card_scaled(const char *s, bool power);
/* The digits at the start as a number; -1 where there are none, or more than six. */
int card_count(const char *s);
/* A whole number as one. */
json_t *card_number(double v);
/* What a label of a row or a column means. */
struct card_label {
	const struct task *task;   /* NULL: unknown */
	char *task_name;           /* its name, or the label without the rest */
	char *metric;              /* "score" unless the label says more */
	int shots;                 /* -1: not said */
	bool difference, mean;
	bool bare;                 /* "PPL" alone: of which text is not said */
};
void card_label(const char *text, struct card_label *l);
void card_label_fini(struct card_label *l);
/* "q8-hi", "mxfp4", "Q4_K_M", "4.0bpw": a quantization in that word. */
bool card_quant_word(const char *s, size_t n);
/* The last such word of a name, its length; NULL if there is none. */
const char *card_quant_in(const char *name, size_t *n);

/* --- parts, in the order in which they are read --- */
void card_read_hub(struct card_reader *r);
void card_read_front(struct card_reader *r);
void card_read_front_figures(struct card_reader *r); /* once the model's name is known */
void card_read_fences(struct card_reader *r);
void card_read_recipe(struct card_reader *r);
void card_read_name(struct card_reader *r);
/* The model whose name stands alone right above this line (0-based), or NULL. free() */
char *card_model_above(const struct card_reader *r, size_t line);
void card_read_score_lines(struct card_reader *r);
void card_read_parents(struct card_reader *r);
void card_read_quantization(struct card_reader *r);
void card_read_lists(struct card_reader *r);

/* The value of model-index, of YAML that begins with line `first` (from 0). */
struct yaml_node;
void card_read_index(struct card_reader *r, const struct yaml_node *list, size_t first);

/* After all figures: what the card says of all of them, and which are there twice. */
void card_read_repeats(struct card_reader *r);

/* What they add. Names that are there already only get what is new; relation NULL: not said. */
void card_parent(struct card_reader *r, const char *name, const char *relation, int64_t line);
/* {"value": …, "line": …, "text": …} unless it is there. Takes value. */
void card_fact(struct card_reader *r, const char *key, json_t *value, size_t line);
/* Are there so many tables that no more are read? Said once. */
bool card_full(struct card_reader *r, size_t line);
struct card_table *card_table_new(struct card_reader *r, const char *kind, size_t line);
/* The variant as it is to be known, for a row or column under `name` (NULL: the card's model) with
 * the quantization `quant` (or NULL). free(); NULL: the card's model. */
char *card_variant(const struct card_reader *r, const char *name, const char *quant);
#endif
